# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
The `codefusion` command: `codefusion generate | train | evaluate`.

Each command imports what it needs when it runs: `codefusion --help` does not wait for torch.
"""

import argparse
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codefusion_hf.terminal import OneLineErrorParser, printable


if TYPE_CHECKING:
    import torch

    from codefusion_hf.pipelines import CodeFusionPipeline

DEFAULT_CHECKPOINT = "bash-tiny"


def load_pipeline(checkpoint: str, scheduler: str | None = None) -> "CodeFusionPipeline":
    """
    Load a checkpoint for inference, with the scheduler swapped if one is named.

    Args:
        checkpoint (`str`):
            Name of a bundled checkpoint, folder of a pipeline or Hub id.
        scheduler (`str`, *optional*):
            Class of the scheduler, with or without "Scheduler" at its end: [`CodeFusionScheduler`] or one of
            `SUPPORTED_SCHEDULERS`. The checkpoint's own if not given.

    Returns:
        [`CodeFusionPipeline`]: without progress bar, on a GPU where there is one.

    Raises:
        ValueError: if there is no such checkpoint or scheduler.
    """
    import diffusers
    import torch
    import transformers

    from codefusion_hf.checkpoints import available_checkpoints, checkpoint_path
    from codefusion_hf.pipelines import SUPPORTED_SCHEDULERS, CodeFusionPipeline, CodeFusionScheduler

    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()

    classes = {"CodeFusionScheduler": CodeFusionScheduler}
    classes |= {name: getattr(diffusers, name) for name in SUPPORTED_SCHEDULERS}
    if scheduler is not None and scheduler not in classes and f"{scheduler}Scheduler" not in classes:
        raise ValueError(f"unknown scheduler {scheduler!r}; known are {', '.join(classes)}.")

    if checkpoint in available_checkpoints():
        checkpoint = str(checkpoint_path(checkpoint))
    elif Path(checkpoint).exists() and not (Path(checkpoint) / "model_index.json").is_file():
        raise ValueError(f"{checkpoint!r} is no checkpoint: it has no model_index.json.")
    try:
        # Half precision, which a checkpoint may be stored in, is many times slower on a CPU.
        pipe = CodeFusionPipeline.from_pretrained(checkpoint, dtype=torch.float32)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"cannot load checkpoint {checkpoint!r}, which is neither bundled ({', '.join(available_checkpoints())}) "
            f"nor a folder or Hub id that can be read: {error}"
        ) from error
    if scheduler is not None:
        scheduler_class = classes.get(scheduler) or classes[f"{scheduler}Scheduler"]
        pipe.scheduler = scheduler_class.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    return pipe.to("cuda" if torch.cuda.is_available() else "cpu")


def _read_prompts(args: argparse.Namespace) -> list[str]:
    """Prompts from the command line, a file, or standard input if neither is given."""
    if args.prompts and args.input:
        raise ValueError("give prompts either as arguments or with --input, not both.")
    if args.prompts:
        prompts = args.prompts
    else:
        if args.input and args.input != "-":
            text = Path(args.input).read_text(encoding="utf-8")
        elif args.input or not sys.stdin.isatty():
            text = sys.stdin.read()
        else:
            raise ValueError("no prompt: give one as an argument, with --input FILE, or on standard input.")
        prompts = [line for line in text.splitlines() if line.strip()]
    if not prompts or not all(prompt.strip() for prompt in prompts):
        raise ValueError("the prompt is empty.")
    return prompts


def _show_step(pipe: "CodeFusionPipeline", step: int, timestep: "torch.Tensor", tensors: dict[str, Any]) -> dict:
    for draft in pipe.decode_drafts(tensors["pred_original_sample"], pipe.lengths):
        print(f"step {step + 1:>4}/{pipe.num_timesteps}  t {float(timestep):>6.1f}  {printable(draft)}", flush=True)
    return tensors


def _generate(args: argparse.Namespace, prompts: list[str]) -> Iterator[dict[str, Any]]:
    import torch

    pipe = load_pipeline(args.checkpoint, args.scheduler)
    num_return_sequences = args.num_return_sequences
    if num_return_sequences is None:
        num_return_sequences = 1 if args.show_steps else 5
    for prompt in prompts:
        if args.show_steps:
            print(printable(prompt))
        # A generator for each prompt: its candidates do not depend on the prompts before it.
        output = pipe(
            prompt,
            num_inference_steps=args.num_inference_steps,
            num_return_sequences=num_return_sequences,
            temperature=args.temperature,
            guidance_scale=args.guidance_scale,
            generator=torch.Generator().manual_seed(args.seed),
            callback_on_step_end=_show_step if args.show_steps else None,
            callback_on_step_end_tensor_inputs=["pred_original_sample"],
        )
        yield {
            "prompt": prompt,
            "candidates": [
                {"code": code, "score": score} for code, score in zip(output.codes[0], output.scores[0], strict=True)
            ],
        }


def generate_command(args: argparse.Namespace) -> None:
    """`codefusion generate`: print ranked candidates for each prompt."""
    for result in _generate(args, _read_prompts(args)):
        if args.json:
            print(json.dumps(result, ensure_ascii=False), flush=True)
            continue
        if not args.show_steps:
            print(printable(result["prompt"]))
        for rank, candidate in enumerate(result["candidates"], 1):
            print(f"  {rank}  {candidate['score']:6.2f}  {printable(candidate['code'])}", flush=True)


def train_command(args: argparse.Namespace) -> None:
    """`codefusion train`: one training phase, from data files to a pipeline folder."""
    from codefusion_hf.training.presets import load_preset
    from codefusion_hf.training.run import run_training

    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s")
    overrides = args.set if args.language is None else [*args.set, f"language={args.language}"]
    data_options = {name: getattr(args, name) for name in ("format", "text_column", "code_column")}
    run_training(
        load_preset(args.preset, overrides),
        phase=args.phase,
        train_data=args.train_data,
        output_dir=args.output_dir,
        validation_data=args.validation_data,
        init_from=args.init_from,
        resume=args.resume,
        exclude_overlap_with=args.exclude_overlap,
        drop_duplicates=args.drop_duplicates,
        train_split=args.split,
        validation_split=args.validation_split,
        exclude_split=args.exclude_split,
        data_options={**data_options, "on_malformed": "skip" if args.skip_malformed else "raise"},
    )


def evaluate_command(args: argparse.Namespace) -> None:
    """`codefusion evaluate`: score a checkpoint on pairs, beside the nearest-neighbour floor."""
    import rich

    from codefusion_hf.data.pairs import load_pairs
    from codefusion_hf.evaluation import evaluate_checkpoint, report_table

    pairs = load_pairs(args.data)
    train_pairs = load_pairs(args.train_data) if args.train_data else None
    report = evaluate_checkpoint(
        load_pipeline(args.checkpoint, args.scheduler),
        pairs,
        train_pairs,
        num_inference_steps=args.num_inference_steps,
        num_return_sequences=args.num_return_sequences,
        temperature=args.temperature,
        guidance_scale=args.guidance_scale,
        batch_size=args.batch_size,
        limit=args.limit,
        seed=args.seed,
        output_dir=args.output_dir,
    )
    rich.print(report_table(report))


def _add_sampling_arguments(parser: argparse.ArgumentParser, num_return_sequences: int | None, help_: str) -> None:
    parser.add_argument(
        "--checkpoint", default=DEFAULT_CHECKPOINT, help="bundled name, pipeline folder or Hub id (%(default)s)"
    )
    parser.add_argument(
        "--num-inference-steps", type=int, default=20, metavar="N", help="denoising steps (%(default)s)"
    )
    parser.add_argument("--num-return-sequences", type=int, default=num_return_sequences, metavar="K", help=help_)
    parser.add_argument(
        "--temperature", type=float, default=0.05, metavar="T", help="below 1: likelier tokens (%(default)s)"
    )
    parser.add_argument(
        "--guidance-scale", type=float, default=1.0, metavar="S", help="above 1: further from no prompt (%(default)s)"
    )
    parser.add_argument("--scheduler", metavar="NAME", help="scheduler class (the checkpoint's own)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the noise (%(default)s)")


def make_parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    parser = OneLineErrorParser(prog="codefusion", description="CodeFusion: code from a prompt, by diffusion.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    generate = commands.add_parser("generate", help="write code for prompts")
    generate.add_argument("prompts", nargs="*", metavar="PROMPT", help="what the code shall do")
    generate.add_argument("--input", metavar="FILE", help="read prompts from a file, one a line; - is standard input")
    generate.add_argument("--json", action="store_true", help="print one JSON object a prompt")
    generate.add_argument("--show-steps", action="store_true", help="print the draft as it is revised at each step")
    _add_sampling_arguments(generate, None, "candidates a prompt (5; 1 with --show-steps)")
    generate.set_defaults(command=generate_command)

    train = commands.add_parser("train", help="train a model: one phase, from data files to a pipeline folder")
    train.add_argument("--preset", required=True, help="name of a preset, or path of a YAML file")
    train.add_argument("--phase", required=True, choices=("pretrain", "finetune"), help="training phase")
    train.add_argument(
        "--train-data", required=True, nargs="+", metavar="FILE", help="files, folders or hf://datasets/OWNER/NAME"
    )
    train.add_argument("--validation-data", default=[], nargs="+", metavar="FILE", help="files to evaluate on")
    train.add_argument("--output-dir", required=True, help="folder of the checkpoints and of the finished pipeline")
    train.add_argument("--init-from", help="pipeline folder or Hub id to start from (default: random weights)")
    train.add_argument("--resume", action="store_true", help="go on from the last checkpoint in --output-dir")
    train.add_argument("--language", help="language of the code, in place of the preset's")
    train.add_argument(
        "--exclude-overlap", default=[], nargs="+", metavar="FILE", help="leave out what is in these (test) files"
    )
    train.add_argument("--drop-duplicates", action="store_true", help="train on equal rows once")
    train.add_argument("--format", help="format of the files (by their names and content)")
    train.add_argument("--text-column", metavar="NAME", help="column of the prompts (the format's)")
    train.add_argument("--code-column", metavar="NAME", help="column of the programs (the format's)")
    train.add_argument("--split", help="split of the training data, where it has several (train)")
    train.add_argument("--validation-split", metavar="SPLIT", help="the same, of the validation data")
    train.add_argument("--exclude-split", metavar="SPLIT", help="the same, of the files of --exclude-overlap")
    train.add_argument("--skip-malformed", action="store_true", help="skip malformed rows and count them")
    train.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="change the preset")
    train.set_defaults(command=train_command)

    evaluate = commands.add_parser("evaluate", help="score a checkpoint on pairs of a prompt and Bash")
    evaluate.add_argument("--data", required=True, metavar="FILE", help="JSON Lines of pairs to evaluate on")
    evaluate.add_argument("--train-data", metavar="FILE", help="training pairs, for the nearest-neighbour floor")
    evaluate.add_argument("--limit", type=int, metavar="N", help="number of prompts, drawn with a fixed seed (all)")
    evaluate.add_argument("--batch-size", type=int, default=16, metavar="N", help="prompts at once (%(default)s)")
    evaluate.add_argument("--output-dir", metavar="FOLDER", help="where report.json and predictions.jsonl go")
    _add_sampling_arguments(evaluate, 5, "candidates a prompt (%(default)s)")
    evaluate.set_defaults(command=evaluate_command)
    return parser


def main(argv: list[str] | None = None) -> int:
    """
    Run the command line.

    Args:
        argv (`list[str]`, *optional*):
            Its arguments; those of the process by default.

    Returns:
        `int`: exit code: 0, 2 for bad input (with one line on standard error), 130 when interrupted.
    """
    args = make_parser().parse_args(argv)
    try:
        args.command(args)
    except (ImportError, OSError, ValueError) as error:
        print(f"codefusion: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
