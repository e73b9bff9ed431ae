# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
How fast training is on this machine, beside its matrix products, a stock T5 of the same size, and naive choices:

    python benchmarks/training.py --output training.json

What is measured and how is in the README beside this file.
"""

import argparse
import dataclasses
import itertools
import json
import math
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rich
import torch
import torch.nn.functional as F
import transformers
from datasets import Dataset
from rich.table import Table
from torch.utils.flop_counter import FlopCounterMode, sdpa_backward_flop_count, sdpa_flop_count
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerBase,
    T5ForConditionalGeneration,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)
from transformers.trainer_callback import PrinterCallback
from transformers.utils import logging as transformers_logging

from codefusion_hf.data.bucketing import BATCHES_PER_POOL, BucketSampler
from codefusion_hf.data.collators import PairCollator
from codefusion_hf.data.datasets import build_pair_dataset
from codefusion_hf.data.tokenization import train_tokenizer
from codefusion_hf.files import write_text
from codefusion_hf.modeling import CodeFusionConfig, CodeFusionModel
from codefusion_hf.training.baseline import t5_config
from codefusion_hf.training.presets import load_preset
from codefusion_hf.training.run import config_from_preset
from codefusion_hf.training.trainer import CodeFusionTrainer, CodeFusionTrainingArguments


# Median and 95th percentile of the tokens of a row, end included, as a BPE of 4,096 cuts NL2Bash (nearly log-normal).
PROMPT_LENGTHS = (18, 36)
CODE_LENGTHS = (15, 39)
NORMAL_95TH_PERCENTILE = 1.645

# The canvas of the paper, to which a naive run pads.
NAIVE_LENGTH = 128
NO_BUCKETS = ["model.predict_length=false", f"model.max_code_length={NAIVE_LENGTH}"]
DROPOUT = ["model.encoder_config.dropout_rate=0.1"]


@dataclass
class Contender:
    """
    One way to train.

    Args:
        name (`str`):
            What the table calls it.
        is_t5 (`bool`, *optional*, defaults to `False`):
            Whether it is a T5 of the size of the preset's model, in stock `Trainer`.
        overrides (`list[str]`, *optional*):
            Changes of the preset, see [`~codefusion_hf.training.presets.load_preset`].
        dropout (`float`, *optional*, defaults to 0.0):
            Dropout of the T5.
        bucketed (`bool`, *optional*, defaults to `True`):
            Whether a batch has rows of about the same length.
        pad_to (`int`, *optional*):
            Length that prompts and code are padded to; the longest of the batch by default.
    """

    name: str
    is_t5: bool = False
    overrides: list[str] = dataclasses.field(default_factory=list)
    dropout: float = 0.0
    bucketed: bool = True
    pad_to: int | None = None


# The first is what the others are compared with.
CONTENDERS = (
    Contender("CodeFusion"),
    Contender("T5", is_t5=True),
    Contender("T5, dropout 0.1", is_t5=True, dropout=0.1),
    Contender("dropout 0.1 in the encoder", overrides=DROPOUT),
    Contender("no buckets", bucketed=False),
    Contender("all padded to 128", overrides=NO_BUCKETS, bucketed=False, pad_to=NAIVE_LENGTH),
    Contender("all padded to 128, dropout 0.1", overrides=NO_BUCKETS + DROPOUT, bucketed=False, pad_to=NAIVE_LENGTH),
)


@dataclass
class FixedLengthCollator(PairCollator):
    """[`PairCollator`] that pads every prompt and program to `length` tokens (`int`)."""

    length: int = NAIVE_LENGTH

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        batch = super().__call__(rows)
        padding_values = {"input_ids": self.tokenizer.pad_token_id, "attention_mask": 0, "labels": -100}
        return {
            name: F.pad(tensor, (0, self.length - tensor.shape[1]), value=padding_values[name])
            for name, tensor in batch.items()
        }


def alternate_self_conditioning(model: PreTrainedModel, probability: float, step: int) -> None:
    """
    Decide whether step number `step` is self-conditioned, so that a share `probability` of them is, as evenly as can
    be. Left to chance, one contender would get more of these longer steps than the other.
    """
    model.config.self_conditioning_probability = float(
        math.floor((step + 1) * probability) > math.floor(step * probability)
    )


class StepClock(TrainerCallback):
    """
    Measures steps from the end of one to the end of the next, so that all of it counts: batch, model, optimizer,
    moving average, logging.

    Args:
        self_conditioning_probability (`float`, *optional*):
            That of the model; `None` for one that has no self-conditioning.
    """

    def __init__(self, self_conditioning_probability: float | None = None):
        self.self_conditioning_probability = self_conditioning_probability
        self.ends: list[float] = []

    def on_train_begin(self, args, state, control, **kwargs):
        self.ends.clear()

    def on_step_begin(self, args, state, control, model: PreTrainedModel, **kwargs):
        if self.self_conditioning_probability is not None:
            alternate_self_conditioning(model, self.self_conditioning_probability, state.global_step)

    def on_step_end(self, args, state, control, **kwargs):
        _synchronize(args.device)
        self.ends.append(time.perf_counter())

    @property
    def seconds(self) -> list[float]:
        """Duration of each step but the first, of which the beginning was not seen."""
        return [end - start for start, end in itertools.pairwise(self.ends)]


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def measure_matrix_rate(device: torch.device, size: int, repeats: int = 8) -> float:
    """
    Rate of a float32 matrix product, the best of some.

    Args:
        device (`torch.device`):
            Where to measure.
        size (`int`):
            Rows and columns of the matrices.
        repeats (`int`, *optional*, defaults to 8):
            Products.

    Returns:
        `float`: floating-point operations a second.
    """
    left, right = torch.randn(2, size, size, device=device)
    result = left @ right
    seconds = []
    for _ in range(repeats):
        _synchronize(device)
        start = time.perf_counter()
        torch.mm(left, right, out=result)
        _synchronize(device)
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / min(seconds)


def make_tokenizer(preset: dict[str, Any]) -> tuple[PreTrainedTokenizerBase, list[str]]:
    """A tokenizer with as many tokens as a preset asks for, and words that are one token each."""
    settings = dict(preset["tokenizer"])
    if settings.pop("name_or_path", None) is not None:  # not needed for nonsense
        settings["vocab_size"] = preset["model"]["vocab_size"]
    vocab_size = settings["vocab_size"]
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(word) for word in itertools.product(letters, repeat=4)]
    words = random.Random(0).sample(words, 2 * vocab_size)
    # Frequent words become tokens first, at four merges each; the others fill the vocabulary.
    frequent = words[: vocab_size // 16]
    tokenizer = train_tokenizer([f" {word}" for word in words + 100 * frequent], **settings)
    return tokenizer, frequent


def make_pairs(count: int, words: Sequence[str], seed: int = 0) -> list[dict[str, str]]:
    """
    Nonsense with the lengths of NL2Bash.

    Args:
        count (`int`):
            Pairs to make.
        words (`Sequence[str]`):
            Words of one token each.
        seed (`int`, *optional*, defaults to 0):
            Seed of the draw.

    Returns:
        `list[dict[str, str]]`: rows with `text` and `code`.
    """
    generator = random.Random(seed)

    def draw(median: int, percentile: int) -> str:
        sigma = math.log(percentile / median) / NORMAL_95TH_PERCENTILE
        length = round(generator.lognormvariate(math.log(median), sigma))
        return " ".join(generator.choices(words, k=max(length - 1, 1)))  # the end-of-sequence token follows

    return [{"text": draw(*PROMPT_LENGTHS), "code": draw(*CODE_LENGTHS)} for _ in range(count)]


def make_t5(config: CodeFusionConfig, num_parameters: int, dropout: float) -> T5ForConditionalGeneration:
    """
    A T5 as large as a CodeFusion model, as [`~codefusion_hf.training.baseline.t5_config`] makes it, but with encoder
    layers as there and decoder layers as denoiser and decoder have together. (It could not `generate`.)

    Args:
        config ([`CodeFusionConfig`]):
            Of the model to be like.
        num_parameters (`int`):
            Of the same.
        dropout (`float`):
            Its dropout, in [0, 1].

    Returns:
        [`~transformers.T5ForConditionalGeneration`]
    """
    return T5ForConditionalGeneration(
        t5_config(
            config,
            num_parameters,
            num_layers=config.encoder_config.num_hidden_layers,
            num_decoder_layers=config.num_denoiser_layers + config.num_decoder_layers,
            dropout_rate=dropout,
        )
    )


def make_dataset(
    pairs: Sequence[dict[str, str]],
    tokenizer: PreTrainedTokenizerBase,
    max_code_length: int,
    language: str,
    batch_size: int,
    warmup: int,
    steps: int,
) -> tuple[Dataset, Dataset]:
    """
    Rows in the order in which they are trained on: of `warmup + steps` batches as [`BucketSampler`] makes them, and
    the same with those of the last `steps` shuffled.
    """
    rows = build_pair_dataset(pairs, tokenizer, max_code_length, language)
    order = list(BucketSampler(rows["length"], batch_size))[: (warmup + steps) * batch_size]
    measured = order[warmup * batch_size :]
    random.Random(0).shuffle(measured)
    return rows.select(order), rows.select(order[: warmup * batch_size] + measured)


def make_trainer(
    contender: Contender,
    preset_name: str,
    tokenizer: PreTrainedTokenizerBase,
    datasets: tuple[Dataset, Dataset],
    arguments: dict[str, Any],
) -> tuple[Trainer, StepClock]:
    """
    The trainer of a contender, and the clock in it.

    Args:
        contender ([`Contender`]):
            The contender.
        preset_name (`str`):
            Name or path of the preset.
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            From [`make_tokenizer`].
        datasets (`tuple[Dataset, Dataset]`):
            From [`make_dataset`].
        arguments (`dict`):
            Training arguments that replace the preset's.

    Returns:
        `tuple[Trainer, StepClock]`
    """
    torch.manual_seed(0)
    preset = load_preset(preset_name, contender.overrides)
    config = config_from_preset(preset, tokenizer)
    settings = {**preset["training"], **preset["finetune"], **arguments}
    if contender.is_t5:
        with torch.device("meta"):
            num_parameters = CodeFusionModel(config).num_parameters()
        # Trainer's smoothing takes the labels from the model, which would have nothing to shift to the right then.
        stock = {field.name for field in dataclasses.fields(TrainingArguments)} - {"label_smoothing_factor"}
        trainer_class: type[Trainer] = Trainer
        model: PreTrainedModel = make_t5(config, num_parameters, contender.dropout)
        args = TrainingArguments(**{name: value for name, value in settings.items() if name in stock})
        clock = StepClock()
    else:
        trainer_class, model = CodeFusionTrainer, CodeFusionModel(config)
        args = CodeFusionTrainingArguments(**settings)
        clock = StepClock(config.self_conditioning_probability)
    collator = PairCollator(tokenizer)
    if contender.pad_to is not None:
        collator = FixedLengthCollator(tokenizer, length=contender.pad_to)
    trainer = trainer_class(
        model=model,
        args=args,
        data_collator=collator,
        train_dataset=datasets[0 if contender.bucketed else 1],
        processing_class=tokenizer,
    )
    # Behind the moving average of `CodeFusionTrainer`, which is then in the time of its step.
    trainer.add_callback(clock)
    trainer.remove_callback(PrinterCallback)
    return trainer, clock


def _attention_flops(query: torch.Size, key: torch.Size, value: torch.Size, *args, **kwargs) -> int:
    return sdpa_flop_count(query, key, value)


def _attention_backward_flops(
    grad: torch.Size, query: torch.Size, key: torch.Size, value: torch.Size, *args, **kwargs
) -> int:
    return sdpa_backward_flop_count(grad, query, key, value)


# torch knows the formulas, but not that they hold for its kernel on CPU, which it counts as nothing.
CPU_ATTENTION_FLOPS = {
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention_flops,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward_flops,
}


def count_work(trainer: Trainer, clock: StepClock, warmup: int) -> dict[str, int]:
    """
    What the measured steps do: tokens without padding, and the operations of all matrix products of one forward and
    backward pass over the same batches, counted while they run.

    Args:
        trainer ([`~transformers.Trainer`]):
            A trainer that has trained.
        clock ([`StepClock`]):
            Its clock.
        warmup (`int`):
            Batches to leave out.

    Returns:
        `dict[str, int]`: `code_tokens`, `prompt_tokens` and `flops`.
    """
    counts = {"code_tokens": 0, "prompt_tokens": 0, "flops": 0}
    for step, batch in enumerate(trainer.get_train_dataloader()):
        if step < warmup:
            continue
        counts["code_tokens"] += int((batch["labels"] != -100).sum())
        counts["prompt_tokens"] += int(batch["attention_mask"].sum())
        if clock.self_conditioning_probability is not None:
            alternate_self_conditioning(trainer.model, clock.self_conditioning_probability, step)
        with FlopCounterMode(display=False, custom_mapping=CPU_ATTENTION_FLOPS) as counter:
            trainer.training_step(trainer.model, batch)
        counts["flops"] += counter.get_total_flops()
        trainer.model.zero_grad()
    return counts


def typical_seconds(rounds: Sequence[Sequence[float]]) -> float:
    """Seconds of all steps: of each step the median over the rounds."""
    return sum(statistics.median(step) for step in zip(*rounds, strict=True))


def measure_preset(
    preset_name: str,
    device: torch.device,
    steps: int,
    warmup: int,
    rounds: int,
    matrix_size: int,
    compile_models: bool = False,
) -> dict[str, Any]:
    """
    Measure all contenders on one preset, in turn, as often as there are rounds.

    Args:
        preset_name (`str`):
            Name or path of the preset.
        device (`torch.device`):
            Where to train.
        steps (`int`):
            Steps that are measured in each round, 1 or more.
        warmup (`int`):
            Steps before them, 1 or more.
        rounds (`int`):
            Rounds, 1 or more.
        matrix_size (`int`):
            Rows and columns of the matrices for [`measure_matrix_rate`].
        compile_models (`bool`, *optional*, defaults to `False`):
            Whether to compile the models, T5 as well.

    Returns:
        `dict`: `preset`, `matrix_gflops`, `batch_size` and `rows`, one a contender.
    """
    preset = load_preset(preset_name)
    tokenizer, words = make_tokenizer(preset)
    max_code_length = config_from_preset(preset, tokenizer).max_code_length
    batch_size = preset["training"]["per_device_train_batch_size"]
    # One pool of the sampler at least, or batches would be less alike than in a real run.
    pairs = make_pairs(max(BATCHES_PER_POOL, warmup + steps + 1) * batch_size, words)
    datasets = make_dataset(pairs, tokenizer, max_code_length, preset["language"], batch_size, warmup, steps)
    matrix_rates = []
    trainers: list[tuple[Trainer, StepClock]] = []
    seconds: list[list[list[float]]] = [[] for _ in CONTENDERS]
    with tempfile.TemporaryDirectory() as folder:
        arguments = {
            "output_dir": folder,
            "max_steps": warmup + steps,
            # The datasets are in order already.
            "train_sampling_strategy": "sequential",
            "per_device_train_batch_size": batch_size,
            "gradient_accumulation_steps": 1,
            "eval_strategy": "no",
            "save_strategy": "no",
            "report_to": "none",
            "disable_tqdm": True,
            "use_cpu": device.type == "cpu",
            "torch_compile": compile_models,
        }
        for contender in CONTENDERS:
            trainers.append(make_trainer(contender, preset_name, tokenizer, datasets, arguments))
        for number in range(1, rounds + 1):
            matrix_rates.append(measure_matrix_rate(device, matrix_size))
            for contender, (trainer, clock), times in zip(CONTENDERS, trainers, seconds, strict=True):
                trainer.train()
                times.append(clock.seconds[-steps:])
                mean = statistics.mean(times[-1])
                print(f"{preset_name}, {number}/{rounds}: {contender.name}, {mean:.3f} s a step", file=sys.stderr)
        work = [count_work(trainer, clock, warmup) for trainer, clock in trainers]

    matrix_rate = max(matrix_rates)
    rows = []
    for contender, (trainer, _), times, counts in zip(CONTENDERS, trainers, seconds, work, strict=True):
        total = typical_seconds(times)
        ratios = [sum(theirs) / sum(ours) for theirs, ours in zip(times, seconds[0], strict=True)]
        rows.append(
            {
                "contender": contender.name,
                "parameters": trainer.model.num_parameters(),
                "step_seconds": total / steps,
                "code_tokens_per_second": counts["code_tokens"] / total,
                "tokens_per_second": (counts["code_tokens"] + counts["prompt_tokens"]) / total,
                "gflop_per_step": counts["flops"] / steps / 1e9,
                "share_of_matrix_rate": counts["flops"] / total / matrix_rate,
                # All contenders train on the same tokens.
                "codefusion_speed_ratio": total / typical_seconds(seconds[0]),
                "codefusion_speed_ratio_of_rounds": [min(ratios), max(ratios)],
                "seconds_of_rounds": times,
                **counts,
            }
        )
    return {"preset": preset_name, "matrix_gflops": matrix_rate / 1e9, "batch_size": batch_size, "rows": rows}


def report_table(result: dict[str, Any]) -> Table:
    """
    Render the result of a preset for the terminal.

    Args:
        result (`dict`):
            From [`measure_preset`].

    Returns:
        `rich.table.Table`: one row a contender.
    """
    title = (
        f"{result['preset']}, {result['rows'][0]['parameters']:,} parameters, batch {result['batch_size']}; matrix "
        f"products {result['matrix_gflops']:,.0f} GFLOP/s"
    )
    table = Table(title=title)
    table.add_column("")
    for name in ("ms/step", "tokens/s", "GFLOP/step", "% of matrix rate", "CodeFusion's speed / this"):
        table.add_column(name, justify="right")
    for row in result["rows"]:
        low, high = row["codefusion_speed_ratio_of_rounds"]
        table.add_row(
            row["contender"],
            f"{1000 * row['step_seconds']:,.0f}",
            f"{row['tokens_per_second']:,.0f}",
            f"{row['gflop_per_step']:,.1f}",
            f"{100 * row['share_of_matrix_rate']:.0f}",
            f"{row['codefusion_speed_ratio']:.2f} ({low:.2f}-{high:.2f})",
        )
    return table


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {number}")
    return number


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """
    Measure, print a table a preset, and write them all as JSON.

    Args:
        argv (`Sequence[str]`, *optional*):
            Arguments of the command line.

    Returns:
        `dict`: what is written: `machine`, `settings` and `presets`, one result of [`measure_preset`] each.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", nargs="+", default=["bash-tiny", "small"], help="names or paths of presets")
    parser.add_argument("--steps", type=_positive, default=8, help="steps measured a round; even is best (default: 8)")
    parser.add_argument("--warmup", type=_positive, default=2, help="steps before them (default: 2)")
    parser.add_argument("--rounds", type=_positive, default=3, help="turns of each contender (default: 3)")
    parser.add_argument("--threads", type=_positive, help="threads of torch (default: torch's own choice)")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="where to train (default: cpu)")
    parser.add_argument("--compile", action="store_true", help="compile the models; takes --warmup 40 or so")
    parser.add_argument("--matrix-size", type=_positive, help="of the product measured (default: 2048; 8192 on cuda)")
    parser.add_argument("--output", type=Path, help="JSON file for the figures")
    args = parser.parse_args(argv)
    if args.threads is not None:
        torch.set_num_threads(args.threads)
    transformers_logging.set_verbosity_error()
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
            "warmup": args.warmup,
            "rounds": args.rounds,
            "compile": args.compile,
            "matrix_size": matrix_size,
        },
        "presets": [],
    }
    for preset_name in args.preset:
        result = measure_preset(
            preset_name, device, args.steps, args.warmup, args.rounds, matrix_size, compile_models=args.compile
        )
        rich.print(report_table(result))
        report["presets"].append(result)
    if args.output is not None:
        write_text(args.output, json.dumps(report, indent=2) + "\n")
    return report


if __name__ == "__main__":
    main()
