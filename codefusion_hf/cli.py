# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
The `codefusion` command: `codefusion generate | train | train-baseline | evaluate | push | data`.

Each command imports what it needs when it runs: `codefusion --help` does not wait for torch.
"""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codefusion_hf.commands.data import add_data_parser
from codefusion_hf.commands.memory import add_memory_parser
from codefusion_hf.terminal import OneLineErrorParser, printable


if TYPE_CHECKING:
    import torch

    from codefusion_hf.pipelines import CodeFusionPipeline

LANGUAGES = ("bash", "python", "cf")


def _checkpoint_name(args: argparse.Namespace) -> str:
    return args.checkpoint or f"{args.language or LANGUAGES[0]}-tiny"


def _ranking(args: argparse.Namespace) -> str | Callable[[str, str], float]:
    if args.ranking == "votes":
        return "votes"
    from codefusion_hf.evaluation.metrics.text_similarity import sentence_chrf

    return sentence_chrf


def _validity_check(args: argparse.Namespace) -> Callable[[str], bool] | None:
    if not args.valid_first:
        return None
    if args.checkpoint and not args.language:
        raise ValueError("--valid-first with --checkpoint needs --language: a checkpoint does not say what it writes.")
    from codefusion_hf.evaluation.scoring import VALIDITY_CHECKS

    return VALIDITY_CHECKS[args.language or LANGUAGES[0]]


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


def _read_prompts(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Rows with a `prompt` from the command line, a file, or standard input if neither is given."""
    from codefusion_hf.inference.generation import read_prompts

    if args.prompts and args.input:
        raise ValueError("give prompts either as arguments or with --input, not both.")
    if args.prompts:
        rows = [{"prompt": prompt} for prompt in args.prompts]
    elif args.input and args.input != "-":
        rows = list(read_prompts(args.input))
    elif args.input or not sys.stdin.isatty():
        rows = [{"prompt": line} for line in sys.stdin.read().splitlines() if line.strip()]
    else:
        raise ValueError("no prompt: give one as an argument, with --input FILE, or on standard input.")
    if not rows or not all(row["prompt"].strip() for row in rows):
        raise ValueError("the prompt is empty.")
    return rows


def _show_step(pipe: "CodeFusionPipeline", step: int, timestep: "torch.Tensor", tensors: dict[str, Any]) -> dict:
    for draft in pipe.decode_drafts(tensors["pred_original_sample"], pipe.lengths):
        print(f"step {step + 1:>4}/{pipe.num_timesteps}  t {float(timestep):>6.1f}  {printable(draft)}", flush=True)
    return tensors


def _generate(args: argparse.Namespace, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    import torch

    # Before a checkpoint is loaded in vain.
    ranking, is_valid = _ranking(args), _validity_check(args)
    pipe = load_pipeline(_checkpoint_name(args), args.scheduler)
    num_return_sequences = args.num_return_sequences
    if num_return_sequences is None:
        num_return_sequences = 1 if args.show_steps else 5
    for row in rows:
        if args.show_steps:
            print(printable(row["prompt"]))
        # A generator for each prompt: its candidates do not depend on the prompts before it.
        output = pipe(
            row["prompt"],
            num_inference_steps=args.num_inference_steps,
            num_return_sequences=num_return_sequences,
            temperature=args.temperature,
            guidance_scale=args.guidance_scale,
            num_candidates=args.num_candidates,
            ranking=ranking,
            is_valid=is_valid,
            generator=torch.Generator().manual_seed(args.seed),
            callback_on_step_end=_show_step if args.show_steps else None,
            callback_on_step_end_tensor_inputs=["pred_original_sample"],
        )
        yield {
            **row,
            "candidates": [
                {"code": code, "score": score} for code, score in zip(output.codes[0], output.scores[0], strict=True)
            ],
        }


def _generate_to_file(args: argparse.Namespace) -> None:
    from codefusion_hf.inference.generation import generate_to_file
    from codefusion_hf.inference.processes import process_state

    if args.prompts or args.input in (None, "-"):
        raise ValueError("--output needs --input FILE: prompts from elsewhere cannot be read again to go on.")
    if args.json or args.show_steps:
        raise ValueError("--json and --show-steps are for printing, not for --output.")
    # Before the pipeline is loaded: with several processes, each has to know its GPU.
    process_state()
    generate_to_file(
        load_pipeline(_checkpoint_name(args), args.scheduler),
        args.input,
        args.output,
        num_inference_steps=args.num_inference_steps,
        num_return_sequences=5 if args.num_return_sequences is None else args.num_return_sequences,
        temperature=args.temperature,
        guidance_scale=args.guidance_scale,
        num_candidates=args.num_candidates,
        ranking=_ranking(args),
        is_valid=_validity_check(args),
        batch_size=args.batch_size,
        seed=args.seed,
        overwrite=args.overwrite,
    )


def generate_command(args: argparse.Namespace) -> None:
    """`codefusion generate`: print ranked candidates for each prompt, or write them to a file."""
    if args.checkpoint and args.language and not args.valid_first:
        raise ValueError("--language with --checkpoint, which it does not pick, is for --valid-first alone.")
    if args.output is not None:
        _generate_to_file(args)
        return
    if args.overwrite:
        raise ValueError("--overwrite needs --output.")
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
    from codefusion_hf.checkpoints import available_checkpoints, checkpoint_path
    from codefusion_hf.training.run import run_training

    init_from = checkpoint_path(args.init_from) if args.init_from in available_checkpoints() else args.init_from
    run_training(phase=args.phase, **{**_training_options(args), "init_from": init_from})


def train_baseline_command(args: argparse.Namespace) -> None:
    """`codefusion train-baseline`: the auto-regressive model to compare with, from data files to its folder."""
    from codefusion_hf.checkpoints import available_checkpoints, checkpoint_path
    from codefusion_hf.training.baseline import train_baseline

    tokenizer = checkpoint_path(args.tokenizer) if args.tokenizer in available_checkpoints() else args.tokenizer
    train_baseline(tokenizer=tokenizer, phase=args.phase, **_training_options(args))


def _training_options(args: argparse.Namespace) -> dict[str, Any]:
    """What both trainings are told."""
    from codefusion_hf.training.presets import load_preset

    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s")
    overrides = args.set if args.language is None else [*args.set, f"language={args.language}"]
    data_options = {name: getattr(args, name) for name in ("format", "text_column", "code_column")}
    return {
        "preset": load_preset(args.preset, overrides),
        "train_data": args.train_data,
        "output_dir": args.output_dir,
        "validation_data": args.validation_data,
        "init_from": args.init_from,
        "new_tokenizer": args.new_tokenizer,
        "resume": args.resume,
        "exclude_overlap_with": args.exclude_overlap,
        "drop_duplicates": args.drop_duplicates,
        "train_split": args.split,
        "validation_split": args.validation_split,
        "exclude_split": args.exclude_split,
        "data_options": {**data_options, "on_malformed": "skip" if args.skip_malformed else "raise"},
    }


def _rows_to_evaluate(args: argparse.Namespace, paths: list[str], split: str | None) -> list[dict[str, Any]]:
    from codefusion_hf.data.pairs import load_rows, log_malformed
    from codefusion_hf.data.preparation import prepare_rows

    rows = []
    for path in paths:
        loaded = load_rows(
            path,
            args.text_column,
            args.code_column,
            format=args.format,
            split=split,
            on_malformed="skip" if args.skip_malformed else "raise",
            prompts="required",
        )
        log_malformed(path, loaded)
        rows += loaded.rows
    return prepare_rows(rows, args.language)


def evaluate_command(args: argparse.Namespace) -> None:
    """`codefusion evaluate`: score a checkpoint on pairs, beside the baselines."""
    import rich

    from codefusion_hf.checkpoints import available_checkpoints, baseline_path, checkpoint_path
    from codefusion_hf.evaluation.baselines.auto_regressive import AutoRegressiveBaseline
    from codefusion_hf.evaluation.comparison import evaluate_systems
    from codefusion_hf.evaluation.curves import save_curves
    from codefusion_hf.evaluation.examples import group_examples, select_examples
    from codefusion_hf.evaluation.metrics.code_bert_score import CodeBERTScore
    from codefusion_hf.evaluation.provenance import checkpoint_hash
    from codefusion_hf.evaluation.report import report_table
    from codefusion_hf.evaluation.systems import (
        System,
        auto_regressive_systems,
        checkpoint_system,
        nearest_neighbour_system,
    )
    from codefusion_hf.inference.processes import process_state

    if args.num_return_sequences < max(args.ks):
        raise ValueError(
            f"--num-return-sequences must be at least the largest of --ks ({max(args.ks)}), got "
            f"{args.num_return_sequences}."
        )
    if args.novel and not args.train_data:
        raise ValueError("--novel needs --train-data: new is what does not occur there.")
    if (args.plots or args.compare_steps) and not args.output_dir:
        raise ValueError("--plots and --compare-steps need --output-dir.")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s")
    # Before anything is loaded: with several processes, each has to know its GPU.
    state = process_state()
    examples = select_examples(group_examples(_rows_to_evaluate(args, [args.data], args.split)), args.limit)
    train_rows = _rows_to_evaluate(args, args.train_data, args.train_split)

    name = _checkpoint_name(args)
    pipe = load_pipeline(name, args.scheduler)
    path = checkpoint_path(name) if name in available_checkpoints() else Path(name)

    def checkpoint_at(num_inference_steps: int, **overrides: Any) -> System:
        names = ("num_return_sequences", "num_candidates", "temperature", "guidance_scale")
        arguments = {name: getattr(args, name) for name in names}
        return checkpoint_system(
            pipe,
            num_inference_steps=num_inference_steps,
            rounding=args.rounding,
            ranking=_ranking(args),
            is_valid=_validity_check(args),
            seed=args.seed,
            **arguments,
            checkpoint=path.name,
            checkpoint_hash=checkpoint_hash(path) if path.is_dir() else None,
            **overrides,
        )

    systems = [checkpoint_at(args.num_inference_steps)]
    if train_rows:
        systems.append(nearest_neighbour_system(train_rows, args.num_return_sequences))
    baseline = args.baseline or baseline_path(args.language)
    if baseline is not None:
        systems += auto_regressive_systems(
            AutoRegressiveBaseline.from_pretrained(baseline),
            args.num_return_sequences,
            args.seed,
            checkpoint=Path(baseline).name,
            checkpoint_hash=checkpoint_hash(Path(baseline)) if Path(baseline).is_dir() else None,
        )
    encoder = None
    if args.encoder is not None:
        encoder = CodeBERTScore.from_pretrained(args.encoder, layer=args.encoder_layer)

    report = evaluate_systems(
        systems,
        examples,
        args.language,
        ks=args.ks,
        batch_size=args.batch_size,
        train_codes=[row["code"] for row in train_rows] if train_rows else None,
        encoder=encoder,
        output_dir=args.output_dir,
        data=Path(args.data).name,
        limit=args.limit,
    )
    if args.plots or args.compare_steps:
        save_curves(
            pipe,
            systems,
            lambda steps: checkpoint_at(steps, name=f"checkpoint_{steps}_steps"),
            examples,
            args.language,
            args.output_dir,
            num_inference_steps=args.num_inference_steps,
            compare_steps=args.compare_steps,
            batch_size=args.batch_size,
            seed=args.seed,
            temperature=args.temperature,
            guidance_scale=args.guidance_scale,
            rounding=args.rounding,
        )
    if state.is_main_process:
        rich.print(report_table(report, novel=args.novel))


def push_command(args: argparse.Namespace) -> None:
    """`codefusion push`: a checkpoint, with its card, to the Hub."""
    import diffusers
    import transformers

    from codefusion_hf.checkpoints import available_checkpoints, checkpoint_path
    from codefusion_hf.hub.push import push_checkpoint

    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()
    print(
        push_checkpoint(
            checkpoint_path(args.folder) if args.folder in available_checkpoints() else args.folder,
            args.repo_id,
            private=args.private,
            variant=args.variant,
            revision=args.revision,
            commit_message=args.commit_message,
            report=args.report,
            license=args.license,
            datasets=args.dataset,
            token=args.token,
        )
    )


def _add_training_arguments(parser: argparse.ArgumentParser, result: str) -> None:
    parser.add_argument("--preset", required=True, help="name of a preset, or path of a YAML file")
    parser.add_argument(
        "--train-data", required=True, nargs="+", metavar="FILE", help="files, folders or hf://datasets/OWNER/NAME"
    )
    parser.add_argument("--validation-data", default=[], nargs="+", metavar="FILE", help="files to evaluate on")
    parser.add_argument("--output-dir", required=True, help=f"folder of the checkpoints and of the finished {result}")
    parser.add_argument("--init-from", help=f"{result} folder or Hub id to start from (default: random weights)")
    parser.add_argument(
        "--new-tokenizer",
        action="store_true",
        help="with --init-from: the preset's tokenizer all the same; tokens that both have keep their embeddings",
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint in --output-dir")
    parser.add_argument("--language", help="language of the code, in place of the preset's")
    parser.add_argument(
        "--exclude-overlap", default=[], nargs="+", metavar="FILE", help="leave out what is in these (test) files"
    )
    parser.add_argument("--drop-duplicates", action="store_true", help="train on equal rows once")
    _add_format_arguments(parser)
    parser.add_argument("--split", help="split of the training data, where it has several (train)")
    parser.add_argument("--validation-split", metavar="SPLIT", help="the same, of the validation data")
    parser.add_argument("--exclude-split", metavar="SPLIT", help="the same, of the files of --exclude-overlap")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="change the preset")


def _add_format_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", help="format of the files (by their names and content)")
    parser.add_argument("--text-column", metavar="NAME", help="column of the prompts (the format's)")
    parser.add_argument("--code-column", metavar="NAME", help="column of the programs (the format's)")
    parser.add_argument("--skip-malformed", action="store_true", help="skip malformed rows and count them")


def _add_sampling_arguments(parser: argparse.ArgumentParser, num_return_sequences: int | None, help_: str) -> None:
    parser.add_argument(
        "--num-inference-steps", type=int, default=10, metavar="N", help="denoising steps (%(default)s)"
    )
    parser.add_argument("--num-return-sequences", type=int, default=num_return_sequences, metavar="K", help=help_)
    parser.add_argument(
        "--num-candidates", type=int, metavar="N", help="candidates to draw and choose these from (as many)"
    )
    parser.add_argument(
        "--ranking",
        choices=("votes", "chrf"),
        default="votes",
        help="best is what is drawn most often, or what the others are most like, by chrF (%(default)s)",
    )
    parser.add_argument(
        "--valid-first", action="store_true", help="what is no well-formed program of the language comes last"
    )
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
    generate.add_argument(
        "--input", metavar="FILE", help="read prompts, JSON Lines (.jsonl) or one a line; - is standard input"
    )
    generate.add_argument("--output", metavar="FILE", help="write JSON Lines; the same command resumes if interrupted")
    generate.add_argument("--overwrite", action="store_true", help="replace an --output that is there")
    generate.add_argument(
        "--batch-size", type=int, default=16, metavar="N", help="prompts at once, with --output (%(default)s)"
    )
    generate.add_argument("--json", action="store_true", help="print one JSON object a prompt")
    generate.add_argument("--show-steps", action="store_true", help="print the draft as it is revised at each step")
    generate.add_argument(
        "--language",
        choices=LANGUAGES,
        help=f"take its bundled checkpoint ({LANGUAGES[0]}); for --valid-first, what --checkpoint writes",
    )
    generate.add_argument("--checkpoint", help="another one: bundled name, pipeline folder or Hub id")
    _add_sampling_arguments(generate, None, "candidates a prompt (5; 1 with --show-steps)")
    generate.set_defaults(command=generate_command)

    train = commands.add_parser("train", help="train a model: one phase, from data files to a pipeline folder")
    _add_training_arguments(train, "pipeline")
    train.add_argument("--phase", required=True, choices=("pretrain", "finetune"), help="training phase")
    train.set_defaults(command=train_command)

    baseline = commands.add_parser("train-baseline", help="train the auto-regressive T5 that a model is compared with")
    _add_training_arguments(baseline, "baseline")
    baseline.add_argument(
        "--tokenizer",
        metavar="CHECKPOINT",
        help="bundled name, pipeline folder or Hub id to take the tokenizer from (the preset's)",
    )
    baseline.add_argument(
        "--phase", default="finetune", choices=("pretrain", "finetune"), help="training phase (%(default)s)"
    )
    baseline.set_defaults(command=train_baseline_command)

    evaluate = commands.add_parser("evaluate", help="score a checkpoint on pairs of a prompt and code")
    evaluate.add_argument("--language", choices=LANGUAGES, default=LANGUAGES[0], help="(%(default)s)")
    evaluate.add_argument(
        "--checkpoint", help="bundled name, pipeline folder or Hub id (the bundled one of the language)"
    )
    evaluate.add_argument("--data", required=True, metavar="FILE", help="pairs to evaluate on")
    evaluate.add_argument(
        "--train-data", default=[], nargs="+", metavar="FILE", help="training pairs, for the nearest-neighbour floor"
    )
    evaluate.add_argument("--novel", action="store_true", help="show programs that are not in --train-data apart, too")
    evaluate.add_argument("--baseline", metavar="MODEL", help="folder or Hub id of a T5 (the bundled one)")
    evaluate.add_argument("--encoder", metavar="MODEL", help="folder or Hub id, for CodeBERTScore and similarity")
    evaluate.add_argument("--encoder-layer", type=int, metavar="N", help="its layer to compare (its authors' choice)")
    evaluate.add_argument("--ks", type=int, nargs="+", default=[1, 3, 5], metavar="K", help="candidates to look at")
    evaluate.add_argument(
        "--rounding",
        choices=("decoder", "grounding", "clamping"),
        default="decoder",
        help="the last two are the paper's ablations (%(default)s)",
    )
    evaluate.add_argument("--limit", type=int, metavar="N", help="number of prompts, drawn with a fixed seed (all)")
    evaluate.add_argument("--batch-size", type=int, default=16, metavar="N", help="prompts at once (%(default)s)")
    evaluate.add_argument("--output-dir", metavar="FOLDER", help="where report, predictions and plots go")
    evaluate.add_argument("--plots", action="store_true", help="plot match against k and edit distance against step")
    evaluate.add_argument(
        "--compare-steps", type=int, nargs="+", default=[], metavar="N", help="plot match against numbers of steps"
    )
    _add_format_arguments(evaluate)
    evaluate.add_argument("--split", help="split of the data, where it has several (train)")
    evaluate.add_argument("--train-split", metavar="SPLIT", help="the same, of the training data")
    _add_sampling_arguments(evaluate, 5, "candidates a prompt (%(default)s)")
    evaluate.set_defaults(command=evaluate_command)

    push = commands.add_parser("push", help="push a checkpoint to the Hub, with its card")
    push.add_argument("folder", metavar="FOLDER", help="pipeline folder or bundled name")
    push.add_argument("repo_id", metavar="USER/REPO", help="repository; made if it is missing")
    push.add_argument("--private", action="store_const", const=True, help="make it a private one")
    push.add_argument("--variant", choices=("fp16", "bf16"), help="cast the weights, beside those that are there")
    push.add_argument("--revision", metavar="BRANCH", help="branch, made if it is missing (main)")
    push.add_argument("--commit-message", metavar="TEXT", help="title of the commit")
    push.add_argument(
        "--report", metavar="FILE", help="report.json of `codefusion evaluate`, for the card (that in FOLDER)"
    )
    push.add_argument("--license", metavar="ID", help="licence of the weights, as the Hub spells it (the card's)")
    push.add_argument(
        "--dataset",
        action="append",
        default=[],
        metavar="ID[=LICENCE]",
        help="data that it is trained on, and its licence; several times for several (the card's)",
    )
    push.add_argument("--token", help="token of the Hub (the stored one, or HF_TOKEN)")
    push.set_defaults(command=push_command)

    add_data_parser(commands)
    add_memory_parser(commands)
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
