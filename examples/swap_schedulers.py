# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
The same noise through every scheduler of diffusers that can follow CodeFusion's schedule, at 10 and 20 steps:

    pip install "codefusion-hf[samplers]"   # scipy and torchsde, for two of them
    python examples/swap_schedulers.py "find all files larger than 10 MB"

"agreement" is the share of the tokens of eight candidates that are those of the checkpoint's own scheduler at 100
steps, from the same noise. Samplers that add noise on their way end elsewhere, which need not be worse.
"""

import sys
import time

import diffusers
import torch
from rich.console import Console
from rich.table import Table

from codefusion_hf import CodeFusionPipeline
from codefusion_hf.checkpoints import checkpoint_path
from codefusion_hf.pipelines import SUPPORTED_SCHEDULERS


NUM_CANDIDATES = 8


def main():
    # The schedulers warn of fields of our config that they do not have; those they need, they have.
    diffusers.utils.logging.set_verbosity_error()
    prompt = " ".join(sys.argv[1:]) or "find all files larger than 10 MB"
    pipe = CodeFusionPipeline.from_pretrained(checkpoint_path("bash-tiny"))
    pipe.set_progress_bar_config(disable=True)
    own_scheduler = pipe.scheduler

    encoder_hidden_states, attention_mask, _, slot_values = pipe.encode_prompt(prompt)
    target_length = int(pipe.prepare_lengths(encoder_hidden_states, attention_mask, 1))
    latents = torch.randn(
        NUM_CANDIDATES, target_length, pipe.model.config.latent_size, generator=torch.Generator().manual_seed(0)
    )

    def generate(num_inference_steps: int):
        latent = pipe(
            prompt,
            num_inference_steps=num_inference_steps,
            num_return_sequences=NUM_CANDIDATES,
            latents=latents,
            generator=torch.Generator().manual_seed(0),
            output_type="latent",
        ).latents
        if not latent.isfinite().all():
            raise RuntimeError(f"{type(pipe.scheduler).__name__} gave latents that are not finite.")
        # Candidates in the order of their noise, not ranked, so that they can be compared one by one.
        return pipe.decode_drafts(latent[0], pipe.lengths, slot_values), latent[0]

    def tokens(latent: torch.Tensor) -> torch.Tensor:
        return (latent @ pipe.model.embedding.normalized_weight().T).argmax(dim=-1)

    _, reference = generate(100)
    table = Table(title=f"{prompt} ({NUM_CANDIDATES} candidates of {target_length} tokens)")
    for column in ("scheduler", "steps", "evaluations", "seconds", "agreement", "first candidate"):
        table.add_column(column, overflow="fold")
    for name in ("CodeFusionScheduler", *SUPPORTED_SCHEDULERS):
        if name == "CodeFusionScheduler":
            pipe.scheduler = own_scheduler
        else:
            pipe.scheduler = getattr(diffusers, name).from_config(own_scheduler.config)
        for num_inference_steps in (10, 20):
            started = time.perf_counter()
            drafts, latent = generate(num_inference_steps)
            seconds = time.perf_counter() - started
            agreement = (tokens(latent) == tokens(reference)).float().mean().item()
            table.add_row(
                name.removesuffix("Scheduler"),
                str(num_inference_steps),
                str(pipe.num_timesteps),
                f"{seconds:.2f}",
                f"{agreement:.0%}",
                next((draft for draft in drafts if draft), ""),
            )
            if not any(drafts):
                raise RuntimeError(f"{name} gave no code in {num_inference_steps} steps.")
    Console(width=None if sys.stdout.isatty() else 140, markup=False).print(table)


if __name__ == "__main__":
    main()
