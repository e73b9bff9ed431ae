# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
An animation of how a draft becomes code, or with a .png a strip of its steps:

    pip install "codefusion-hf[pictures]"
    python examples/show_revisions.py "find all files larger than 10 MB" out.gif
    python examples/show_revisions.py "list all text files" out.png --code "find . -name '*.py'"

With --code, that is revised; with <mask> in it, the gap is filled in. `make gif` draws the README's animation with it.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from codefusion_hf import CodeFusionInfillPipeline, CodeFusionRevisePipeline
from codefusion_hf.inference.loading import load_pipeline
from codefusion_hf.inference.pictures import show_revisions


def parse_args(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Draw how a draft becomes code.")
    parser.add_argument("prompt", help="what the code shall do")
    parser.add_argument("output", type=Path, help="the picture, .gif or .png")
    parser.add_argument(
        "--checkpoint", default="bash-tiny", help="bundled name, pipeline folder or Hub id (bash-tiny)"
    )
    parser.add_argument("--code", help="a draft to revise, or code with <mask> to fill in")
    parser.add_argument("--title", help="the line above the code (the prompt)")
    parser.add_argument("--num-inference-steps", type=int, help="steps (the checkpoint's)")
    parser.add_argument("--columns", type=int, default=72, help="characters of a line (72)")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> Path:
    args = parse_args(arguments)
    pipe = load_pipeline(args.checkpoint)
    given = {}
    if args.code is not None:
        cls = CodeFusionInfillPipeline if "<mask>" in args.code else CodeFusionRevisePipeline
        pipe, given = cls.from_pipe(pipe), {"code": args.code}
        pipe.set_progress_bar_config(disable=True)
    revisions = pipe.stream(
        args.prompt,
        num_inference_steps=args.num_inference_steps,
        generator=torch.Generator().manual_seed(args.seed),
        **given,
    )
    title = args.prompt if args.title is None else args.title
    path = show_revisions(revisions, args.output, title=title, columns=args.columns)
    print(f"Written to {path}")
    return path


if __name__ == "__main__":
    main()
