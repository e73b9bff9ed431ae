# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Five ranked Bash candidates for a sentence, and how the first draft became code:

    python examples/generate.py "find all files larger than 10 MB"
"""

import sys

import torch

from codefusion_hf import CodeFusionPipeline
from codefusion_hf.checkpoints import checkpoint_path


def show_drafts(pipe, step, timestep, tensors):
    """What the first candidate looks like after each step."""
    print(f"step {step + 1:>2}  {tensors['drafts'][0]}")
    return tensors


def main():
    prompt = " ".join(sys.argv[1:]) or "find all files larger than 10 MB"
    pipe = CodeFusionPipeline.from_pretrained(checkpoint_path("bash-tiny"))
    pipe.set_progress_bar_config(disable=True)
    output = pipe(
        prompt,
        num_return_sequences=5,
        generator=torch.Generator().manual_seed(0),
        callback_on_step_end=show_drafts,
        callback_on_step_end_tensor_inputs=["drafts"],
    )
    print(f"\n{prompt}")
    for code, score in zip(output.codes[0], output.scores[0], strict=True):
        print(f"{score:6.2f}  {code}")


if __name__ == "__main__":
    main()
