# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
How fast programs are generated on this machine, beside a plain loop of 1,200 steps and a T5 of the same size:

    python -m benchmarks.sampling --output sampling.json

What is measured and how is in the README beside this file.
"""

import argparse
import inspect
import json
import multiprocessing
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from diffusers.utils import logging as diffusers_logging
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode
from transformers import T5ForConditionalGeneration
from transformers.utils import logging as transformers_logging

from benchmarks.training import CPU_ATTENTION_FLOPS, make_tokenizer, measure_matrix_rate
from codefusion_hf.checkpoints import checkpoint_path
from codefusion_hf.files import write_text
from codefusion_hf.inference.loading import quantize_denoiser
from codefusion_hf.modeling import CodeFusionModel
from codefusion_hf.pipelines import CodeFusionPipeline, CodeFusionScheduler
from codefusion_hf.training.baseline import t5_config
from codefusion_hf.training.presets import load_preset
from codefusion_hf.training.run import config_from_preset


PROMPTS = (
    "list all files",
    "show the current date",
    "print the last 20 lines of server.log",
    "count the lines of every python file below the current folder",
    "find all files larger than 10 MB in the home folder",
    "delete all empty folders below /tmp",
    "copy the folder docs with all that is in it to backup",
    "show how much of the disk is free",
    "find all files that were changed in the last two days and sort them by size",
    "replace every tab by a space in notes.txt",
    "show the ten largest files below the current folder",
    "make a compressed archive of the folder photos",
    "search for the word error in all log files, with line numbers",
    "rename all files that end in .jpeg so that they end in .jpg",
    "show all processes of the user anna",
    "print the second column of table.csv without duplicates",
)

# Tokens of a program where weights are random, and so is the length they predict: NL2Bash's mean is about as long.
RANDOM_TARGET_LENGTH = 24

PAPER_STEPS = 1200
CANDIDATES = 5
CANVAS_LENGTHS = (16, 32, 64, 128)
CANDIDATE_COUNTS = (1, 5, 20)
DEFAULT_STEPS = inspect.signature(CodeFusionPipeline.__call__).parameters["num_inference_steps"].default

OURS = "CodeFusion"
PLAIN = "plain loop"
PLAIN_STEP = "plain loop, 1 step"
BEAM = "T5, beam 5"
SAMPLES = "T5, 5 samples"


@dataclass
class Subject:
    """
    What is measured.

    Args:
        name (`str`):
            Name in the report.
        pipe ([`CodeFusionPipeline`]):
            The pipeline.
        t5 ([`~transformers.T5ForConditionalGeneration`]):
            As large as its model, with random weights.
        target_length (`int`, *optional*):
            Length of all canvases; predicted by default.
        steps (`int`):
            Denoising steps.
    """

    name: str
    pipe: CodeFusionPipeline
    t5: T5ForConditionalGeneration
    target_length: int | None
    steps: int

    def generate(self, prompts: Sequence[str], **arguments: Any) -> Any:
        """The pipeline's output, with a fixed seed."""
        settings = {"num_return_sequences": CANDIDATES, "target_length": self.target_length, **arguments}
        # As many as are returned, whatever the checkpoint says, as T5 has beams.
        settings.setdefault("num_candidates", settings["num_return_sequences"])
        # On the device: a generator of the CPU would send its noise over at each step.
        generator = torch.Generator(self.pipe.device).manual_seed(0)
        return self.pipe(list(prompts), self.steps, generator=generator, **settings)

    def plain_loop(self, prompt: str, steps: int) -> list[str]:
        """[`plain_loop`] for as many candidates as `generate` gives."""
        return plain_loop(self.pipe, prompt, CANDIDATES, steps)

    def t5_generate(self, prompts: Sequence[str], num_tokens: int, **arguments: Any) -> list[str]:
        """The T5's programs, of `num_tokens` tokens each."""
        tokenizer = self.pipe.tokenizer
        inputs = tokenizer(list(prompts), padding=True, truncation=True, return_tensors="pt").to(self.t5.device)
        token_ids = self.t5.generate(
            inputs.input_ids,
            attention_mask=inputs.attention_mask,
            min_new_tokens=num_tokens,
            max_new_tokens=num_tokens,
            num_return_sequences=CANDIDATES,
            use_cache=True,
            **arguments,
        )
        return tokenizer.batch_decode(token_ids, skip_special_tokens=True)


@torch.no_grad()
def plain_loop(pipe: CodeFusionPipeline, prompt: str, candidates: int, steps: int) -> list[str]:
    """
    The first steps of the paper's 1,200, as one would write them down: on the longest canvas, with the prompt repeated
    for each candidate, and all that depends on it, on the time or on the weights alone made anew at each step.

    Args:
        pipe ([`CodeFusionPipeline`]):
            Model, tokenizer and scheduler.
        prompt (`str`):
            The prompt.
        candidates (`int`):
            Programs to generate.
        steps (`int`):
            How many steps to take.

    Returns:
        `list[str]`: the programs as they stand then.
    """
    model, config = pipe.model, pipe.model.config
    scheduler = CodeFusionScheduler.from_config(pipe.scheduler.config)
    scheduler.set_timesteps(PAPER_STEPS)
    inputs = pipe.tokenizer([prompt] * candidates, return_tensors="pt").to(model.device)
    encoder_hidden_states = model.encode(inputs.input_ids, inputs.attention_mask)
    shape = (candidates, config.max_code_length, config.latent_size)
    latents = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(model.device)
    mask = torch.ones(shape[:2], device=model.device)
    estimate = None
    for timestep in scheduler.timesteps[:steps]:
        alpha_prod_t = scheduler.alphas_cumprod[timestep].to(latents.device)
        denoised = model.denoise(
            latents,
            timestep,
            alpha_prod_t,
            model.denoiser.project_prompt(encoder_hidden_states),
            attention_mask=mask,
            encoder_attention_mask=inputs.attention_mask,
            self_condition=estimate,
        )
        estimate = model.to_original_sample(denoised.sample, latents, alpha_prod_t)
        latents = scheduler.step(denoised.sample, timestep, latents).prev_sample
    key_values = model.decoder.project_prompt(encoder_hidden_states)
    logits, _ = model.decode(latents, key_values, mask, inputs.attention_mask, denoiser_logits=denoised.logits)
    return pipe.tokenizer.batch_decode(logits.argmax(dim=-1), skip_special_tokens=True)


def load_subject(
    name: str, device: torch.device, steps: int, compile_denoiser: bool = False, int8: bool = False
) -> Subject:
    """
    A bundled checkpoint or a folder of one, or a preset's model with random weights.

    Args:
        name (`str`):
            Name of the checkpoint or of the preset, or a path.
        device (`torch.device`):
            Where to put it.
        steps (`int`):
            Denoising steps.
        compile_denoiser (`bool`, *optional*, defaults to `False`):
            Whether to compile the denoiser.
        int8 (`bool`, *optional*, defaults to `False`):
            Whether the denoiser computes with 8-bit integers.

    Returns:
        [`Subject`]
    """
    torch.manual_seed(0)
    if name == "bash-tiny" or (Path(name) / "model_index.json").is_file():
        pipe = CodeFusionPipeline.from_pretrained(checkpoint_path(name) if name == "bash-tiny" else name)
        target_length = None
    else:
        preset = load_preset(name)
        tokenizer, _ = make_tokenizer(preset)
        config = config_from_preset(preset, tokenizer)
        scheduler = CodeFusionScheduler(
            num_train_timesteps=config.num_train_timesteps,
            schedule_offset=config.schedule_offset,
            noise_factor=config.noise_factor,
            prediction_type=config.prediction_type,
        )
        pipe = CodeFusionPipeline(CodeFusionModel(config).eval(), tokenizer, scheduler)
        target_length = RANDOM_TARGET_LENGTH
    pipe.set_progress_bar_config(disable=True)
    pipe.to(device)
    t5 = T5ForConditionalGeneration(t5_config(pipe.model.config, pipe.model.num_parameters())).to(device).eval()
    if int8:
        quantize_denoiser(pipe)
    if compile_denoiser:
        pipe.model.denoiser = torch.compile(pipe.model.denoiser)
    return Subject(Path(name).stem, pipe, t5, target_length, steps)


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def measure_in_turns(
    contenders: dict[str, Callable[[], Any]], rounds: int, device: torch.device, label: str
) -> dict[str, list[float]]:
    """
    Seconds that functions take, called in turn; once before that to warm up.

    Args:
        contenders (`dict[str, Callable]`):
            The functions by their names.
        rounds (`int`):
            Turns of each.
        device (`torch.device`):
            Where they run.
        label (`str`):
            What to call the measurement on the terminal.

    Returns:
        `dict[str, list[float]]`: the seconds of each call.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, function in contenders.items():
            _synchronize(device)
            start = time.perf_counter()
            function()
            _synchronize(device)
            if number > 0:
                seconds[name].append(time.perf_counter() - start)
                print(f"{label}, {number}/{rounds}: {name}, {seconds[name][-1]:.3f} s", file=sys.stderr)
    return seconds


def extrapolate(first_step: float, measured: float, steps: int) -> float:
    """
    Seconds of the plain loop's 1,200 steps. Encoder and decoder run once, whatever the steps.

    Args:
        first_step (`float`):
            Seconds of one step, encoder and decoder included.
        measured (`float`):
            Seconds of `steps` steps, so too.
        steps (`int`):
            How many these are, at least 2.

    Returns:
        `float`: the seconds.
    """
    return first_step + (measured - first_step) * (PAPER_STEPS - 1) / (steps - 1)


def make_rows(seconds: dict[str, list[float]]) -> list[dict[str, Any]]:
    """
    Median seconds, and ratios to the first contender.

    Args:
        seconds (`dict[str, list[float]]`):
            From [`measure_in_turns`].

    Returns:
        `list[dict]`: for each contender `contender`, `seconds`, `ratio` (of the medians), `ratio_of_rounds` (the
        lowest and the highest of a single round) and `seconds_of_rounds`.
    """
    first = next(iter(seconds.values()))
    rows = []
    for name, values in seconds.items():
        ratios = [value / ours for value, ours in zip(values, first, strict=True)]
        rows.append(
            {
                "contender": name,
                "seconds": statistics.median(values),
                "ratio": statistics.median(values) / statistics.median(first),
                "ratio_of_rounds": [min(ratios), max(ratios)],
                "seconds_of_rounds": values,
            }
        )
    return rows


def measure_subject(
    subject: Subject, batch_prompts: int, plain_steps: int, rounds: int, matrix_size: int
) -> dict[str, Any]:
    """
    All times of a model.

    Args:
        subject ([`Subject`]):
            The model.
        batch_prompts (`int`):
            Prompts of the large batch.
        plain_steps (`int`):
            Steps of the plain loop that are measured, at least 2; all after the first count as often as 1,200 need.
        rounds (`int`):
            Turns of each contender.
        matrix_size (`int`):
            Rows and columns of the matrices for [`~benchmarks.training.measure_matrix_rate`].

    Returns:
        `dict`: `model`, `parameters`, `t5_parameters`, `steps`, `tokens` (of a T5's program), `matrix_gflops`,
        `gflop` and `share_of_matrix_rate` (of one prompt), and the rows of `one_prompt`, `batch`, `canvas_length` and
        `candidates`, as [`make_rows`] makes them.
    """
    model = subject.pipe.model
    device = model.device
    one = PROMPTS[4:5]
    many = [PROMPTS[index % len(PROMPTS)] for index in range(batch_prompts)]

    num_tokens = subject.target_length
    if num_tokens is None:
        sequences = subject.generate(PROMPTS, output_type="token_ids").sequences
        num_tokens = round((sequences != model.config.pad_token_id).sum(dim=-1).float().mean().item())

    def contenders(prompts: Sequence[str]) -> dict[str, Callable[[], Any]]:
        return {
            OURS: lambda: subject.generate(prompts),
            BEAM: lambda: subject.t5_generate(prompts, num_tokens, num_beams=CANDIDATES, do_sample=False),
            SAMPLES: lambda: subject.t5_generate(prompts, num_tokens, num_beams=1, do_sample=True),
        }

    with FlopCounterMode(display=False, custom_mapping=CPU_ATTENTION_FLOPS) as counter:
        subject.generate(one)
    flops = counter.get_total_flops()
    matrix_rate = measure_matrix_rate(device, matrix_size)
    one_prompt = measure_in_turns(
        {
            **contenders(one),
            PLAIN: lambda: subject.plain_loop(one[0], plain_steps),
            PLAIN_STEP: lambda: subject.plain_loop(one[0], 1),
        },
        rounds,
        device,
        f"{subject.name}, one prompt",
    )
    one_prompt[PLAIN] = [
        extrapolate(first, measured, plain_steps)
        for first, measured in zip(one_prompt.pop(PLAIN_STEP), one_prompt[PLAIN], strict=True)
    ]
    batch = measure_in_turns(contenders(many), rounds, device, f"{subject.name}, {batch_prompts} prompts")
    canvas_length = measure_in_turns(
        {
            str(length): lambda length=length: subject.generate(one, target_length=length)
            for length in CANVAS_LENGTHS
            if length <= model.config.max_code_length
        },
        rounds,
        device,
        f"{subject.name}, canvas",
    )
    candidates = measure_in_turns(
        {str(k): lambda k=k: subject.generate(one, num_return_sequences=k) for k in CANDIDATE_COUNTS},
        rounds,
        device,
        f"{subject.name}, candidates",
    )
    matrix_rate = max(matrix_rate, measure_matrix_rate(device, matrix_size))
    return {
        "model": subject.name,
        "parameters": model.num_parameters(),
        "t5_parameters": subject.t5.num_parameters(),
        "steps": subject.steps,
        "tokens": num_tokens,
        "batch_prompts": batch_prompts,
        "matrix_gflops": matrix_rate / 1e9,
        "gflop": flops / 1e9,
        "share_of_matrix_rate": flops / statistics.median(one_prompt[OURS]) / matrix_rate,
        "one_prompt": make_rows(one_prompt),
        "batch": make_rows(batch),
        "canvas_length": make_rows(canvas_length),
        "candidates": make_rows(candidates),
    }


def _peak_memory_of(
    name: str, device_type: str, steps: int, contender: str, num_tokens: int, batch_prompts: int
) -> tuple[float, float]:
    """Megabytes before a call and at its peak, in a process of its own."""
    device = torch.device(device_type)
    subject = load_subject(name, device, steps)
    prompts = [PROMPTS[index % len(PROMPTS)] for index in range(batch_prompts)]

    def megabytes() -> float:
        if device.type == "cuda":
            return torch.cuda.max_memory_allocated(device) / 2**20
        # Linux; `ru_maxrss` would begin at what the parent had.
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return int(status.partition("VmHWM:")[2].split()[0]) / 2**10

    before = megabytes()
    if contender == OURS:
        subject.generate(prompts)
    elif contender == PLAIN:
        subject.plain_loop(prompts[0], 3)
    elif contender == BEAM:
        subject.t5_generate(prompts, num_tokens, num_beams=CANDIDATES, do_sample=False)
    else:
        subject.t5_generate(prompts, num_tokens, num_beams=1, do_sample=True)
    return before, megabytes()


def measure_memory(name: str, device: torch.device, steps: int, num_tokens: int, batch_prompts: int) -> list[dict]:
    """
    Peak memory of each contender, in a fresh process, both models loaded.

    Args:
        name (`str`):
            As of [`load_subject`].
        device (`torch.device`):
            Where to run.
        steps (`int`):
            Denoising steps.
        num_tokens (`int`):
            Tokens of a T5's program.
        batch_prompts (`int`):
            Prompts of the large batch.

    Returns:
        `list[dict]`: `contender`, `prompts`, `before_mb` and `peak_mb`.
    """
    rows = []
    for contender, prompts in (
        *((contender, 1) for contender in (OURS, BEAM, SAMPLES, PLAIN)),
        *((contender, batch_prompts) for contender in (OURS, BEAM, SAMPLES)),
    ):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            before, peak = pool.apply(_peak_memory_of, (name, device.type, steps, contender, num_tokens, prompts))
        rows.append({"contender": contender, "prompts": prompts, "before_mb": before, "peak_mb": peak})
    return rows


def profile_subject(subject: Subject, calls: int = 3, rows: int = 20) -> list[dict[str, Any]]:
    """
    Where the time of five candidates for one prompt goes, by torch's profiler.

    Args:
        subject ([`Subject`]):
            The model.
        calls (`int`, *optional*, defaults to 3):
            Calls of the pipeline.
        rows (`int`, *optional*, defaults to 20):
            How many operations to return.

    Returns:
        `list[dict]`: `operation`, `share` of the time of all operations, and `calls`; the largest share first.
    """
    subject.generate(PROMPTS[4:5])
    activities = [ProfilerActivity.CPU]
    on_cuda = subject.pipe.device.type == "cuda"
    if on_cuda:
        activities.append(ProfilerActivity.CUDA)
    with profile(activities=activities) as profiler:
        for _ in range(calls):
            subject.generate(PROMPTS[4:5])
    times = [
        (event.self_device_time_total if on_cuda else event.self_cpu_time_total, event.count, event.key)
        for event in profiler.key_averages()
    ]
    total = sum(microseconds for microseconds, _, _ in times)
    return [
        {"operation": key, "share": microseconds / total, "calls": count / calls}
        for microseconds, count, key in sorted(times, reverse=True)[:rows]
    ]


def report_tables(result: dict[str, Any]) -> str:
    """
    Render the result of a model as Markdown.

    Args:
        result (`dict`):
            From [`measure_subject`], with `memory` from [`measure_memory`].

    Returns:
        `str`: three tables.
    """

    def ratio(row: dict[str, Any]) -> str:
        low, high = row["ratio_of_rounds"]
        return f"{row['ratio']:.2f} ({low:.2f}-{high:.2f})"

    memory = {(row["contender"], row["prompts"]): row for row in result["memory"]}
    lines = [
        f"`{result['model']}`, {result['parameters']:,} parameters, {result['steps']} steps, {CANDIDATES} candidates; "
        f"T5 of {result['t5_parameters']:,}, {result['tokens']} tokens; {result['gflop']:.1f} GFLOP a prompt at "
        f"{100 * result['share_of_matrix_rate']:.0f} % of {result['matrix_gflops']:,.0f} GFLOP/s",
        "",
        "| | prompts | ms | time / CodeFusion's | peak MB | of which the call |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for prompts, name in ((1, "one_prompt"), (result["batch_prompts"], "batch")):
        for row in result[name]:
            used = memory[row["contender"], prompts]
            lines.append(
                f"| {row['contender']} | {prompts} | {1000 * row['seconds']:,.0f} | {ratio(row)} | "
                f"{used['peak_mb']:,.0f} | {used['peak_mb'] - used['before_mb']:,.0f} |"
            )
    for name, title in (("canvas_length", "canvas"), ("candidates", "candidates")):
        lines += ["", f"| {title} | ms | time / the first |", "|---:|---:|---:|"]
        lines += [f"| {row['contender']} | {1000 * row['seconds']:,.0f} | {ratio(row)} |" for row in result[name]]
    return "\n".join(lines)


def report_profile(name: str, rows: list[dict[str, Any]]) -> str:
    """Render what [`profile_subject`] returns as Markdown."""
    lines = [f"`{name}`", "", "| operation | % of the time | calls |", "|---|---:|---:|"]
    lines += [f"| `{row['operation']}` | {100 * row['share']:.1f} | {row['calls']:,.0f} |" for row in rows]
    return "\n".join(lines)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {number}")
    return number


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """
    Measure, print the tables of each model, and write all figures as JSON.

    Args:
        argv (`Sequence[str]`, *optional*):
            Arguments of the command line.

    Returns:
        `dict`: what is written: `machine`, `settings`, and `models` or, with `--profile`, `profiles`.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--model",
        nargs="+",
        default=["bash-tiny", "paper"],
        help="bash-tiny, folders of checkpoints, or names or paths of presets, whose weights are random",
    )
    parser.add_argument(
        "--steps", type=_positive, default=DEFAULT_STEPS, help="denoising steps (default: %(default)s)"
    )
    parser.add_argument("--prompts", type=_positive, default=64, help="prompts of the large batch (default: 64)")
    parser.add_argument("--rounds", type=_positive, default=5, help="turns of each contender (default: 5)")
    parser.add_argument(
        "--plain-steps",
        type=_positive,
        default=60,
        help=f"steps of the plain loop to measure, at least 2; the time is scaled to {PAPER_STEPS} (default: 60)",
    )
    parser.add_argument("--threads", type=_positive, help="threads of torch (default: torch's own choice)")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="where to run (default: cpu)")
    parser.add_argument("--compile", action="store_true", help="compile the denoiser")
    parser.add_argument("--int8", action="store_true", help="the denoiser in 8-bit integers, on the CPU")
    parser.add_argument("--matrix-size", type=_positive, help="of the product measured (default: 2048; 8192 on cuda)")
    parser.add_argument("--profile", action="store_true", help="profile CodeFusion, and measure nothing else")
    parser.add_argument("--output", type=Path, help="JSON file for the figures")
    args = parser.parse_args(argv)
    if args.plain_steps < 2:
        parser.error(f"argument --plain-steps: must be at least 2, got {args.plain_steps}")
    if args.threads is not None:
        torch.set_num_threads(args.threads)
    transformers_logging.set_verbosity_error()
    diffusers_logging.set_verbosity_error()
    device = torch.device(args.device)
    matrix_size = args.matrix_size or (8192 if device.type == "cuda" else 2048)

    report: dict[str, Any] = {
        "machine": {
            "platform": platform.platform(),
            "device": torch.cuda.get_device_name() if device.type == "cuda" else platform.processor(),
            "threads": torch.get_num_threads(),
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
        "settings": {
            "steps": args.steps,
            "prompts": args.prompts,
            "rounds": args.rounds,
            "plain_steps": args.plain_steps,
            "compile": args.compile,
            "int8": args.int8,
            "matrix_size": matrix_size,
        },
        "profiles" if args.profile else "models": [],
    }
    for name in args.model:
        subject = load_subject(name, device, args.steps, args.compile, args.int8)
        if args.profile:
            rows = profile_subject(subject)
            print(report_profile(subject.name, rows))
            report["profiles"].append({"model": subject.name, "rows": rows})
            continue
        result = measure_subject(subject, args.prompts, args.plain_steps, args.rounds, matrix_size)
        result["memory"] = measure_memory(name, device, args.steps, result["tokens"], args.prompts)
        print(report_tables(result))
        report["models"].append(result)
    if args.output is not None:
        write_text(args.output, json.dumps(report, indent=2) + "\n")
    return report


if __name__ == "__main__":
    main()
