# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
From pairs of your own to a model that knows them:

    pip install "codefusion-hf[training]"
    python examples/train_your_own.py examples/pairs.csv runs/depot

pairs.csv has a column `text`, what the code shall do, and a column `code`; it is about a command that does not exist.
The bundled checkpoint of the language is trained on them for up to 2.5 minutes, and then writes code for the first
prompts, and for those given with --try. With --push user/repo it goes to the Hub (`hf auth login` first), as a private
repository.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from codefusion_hf import CodeFusionPipeline
from codefusion_hf.checkpoints import language_checkpoint
from codefusion_hf.cli import main as codefusion
from codefusion_hf.hub.arguments import PushArguments
from codefusion_hf.hub.push import push_checkpoint
from codefusion_hf.inference.loading import silence_libraries
from codefusion_hf.languages import LANGUAGES


def parse_args(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a model on pairs of your own.")
    parser.add_argument("pairs", type=Path, help="CSV file with the columns text and code")
    parser.add_argument("output_dir", type=Path, help="folder of the trained pipeline")
    parser.add_argument("--language", choices=LANGUAGES, default="bash", help="language of the code (bash)")
    parser.add_argument("--steps", type=int, default=400, help="steps of training (400)")
    parser.add_argument("--minutes", type=float, default=2.5, help="the most that training takes (2.5)")
    parser.add_argument("--try", dest="prompts", nargs="+", default=[], metavar="PROMPT", help="more prompts to show")
    parser.add_argument("--push", metavar="USER/REPO", help="push the result to the Hub")
    parser.add_argument("--license", help="licence of what is pushed, as the Hub spells it")
    return parser.parse_args(arguments)


def train(pairs: Path, output_dir: Path, language: str, steps: int, minutes: float) -> None:
    """The bundled checkpoint, trained on the pairs of a file: `codefusion train` with these arguments."""
    settings = {
        "finetune.max_steps": steps,
        "training.max_minutes": minutes,
        "training.export_unfinished": "true",
        # Few pairs: small batches, a learning rate that falls from the start, and an average over fewer steps.
        "training.per_device_train_batch_size": 16,
        "training.lr_scheduler_type": "linear",
        "training.lr_scheduler_kwargs": "null",
        "training.warmup_steps": min(50, steps // 10),
        "training.ema_decay": 0.98,
        # They are to be learned by heart.
        "finetune.prompt_dropout_probability": 0.0,
        "training.save_strategy": "no",
        "training.logging_steps": 100,
    }
    arguments = ["--phase", "finetune", "--train-data", str(pairs), "--output-dir", str(output_dir)]
    arguments += ["--preset", f"{language}-tiny", "--init-from", language_checkpoint(language)]
    for name, value in settings.items():
        arguments += ["--set", f"{name}={value}"]
    if codefusion(["train", *arguments]) != 0:
        sys.exit(2)  # what is wrong has been said


def first_prompts(pairs: Path, number: int) -> list[str]:
    with pairs.open(encoding="utf-8", newline="") as file:
        return [row["text"] for _, row in zip(range(number), csv.DictReader(file), strict=False)]


def main(arguments: Sequence[str] | None = None) -> list[str]:
    args = parse_args(arguments)
    silence_libraries()
    train(args.pairs, args.output_dir, args.language, args.steps, args.minutes)

    pipe = CodeFusionPipeline.from_pretrained(args.output_dir)
    pipe.set_progress_bar_config(disable=True)
    prompts = [*first_prompts(args.pairs, 5), *args.prompts]
    codes = [codes[0] for codes in pipe(prompts, generator=torch.Generator().manual_seed(0)).codes]
    for prompt, code in zip(prompts, codes, strict=True):
        print(f"{prompt}\n    {code}")
    print(f"Written to {args.output_dir}")
    if args.push is not None:
        print(
            push_checkpoint(
                PushArguments(folder=str(args.output_dir), repo_id=args.push, private=True, license=args.license)
            )
        )
    return codes


if __name__ == "__main__":
    main()
