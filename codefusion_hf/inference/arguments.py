# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""How programs are sampled: the arguments that generation and evaluation share."""

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal


if TYPE_CHECKING:
    import torch

# Seeds are added to the indices of prompts, and a generator takes 64 bits.
MAX_SEED = 2**62
# Each candidate is a row of a batch.
MAX_CANDIDATES = 2**16
MAX_FLOAT = 3.4e38  # of single precision


@dataclass(kw_only=True)
class SamplingArguments:
    """
    How a checkpoint is sampled, see [`CodeFusionPipeline`].

    Args:
        num_inference_steps (`int`, *optional*, defaults to 10):
            Denoising steps.
        num_return_sequences (`int`, *optional*, defaults to 5):
            Programs for each prompt, 65,536 at most.
        num_candidates (`int`, *optional*):
            Programs to draw for each prompt, of which the best `num_return_sequences` are returned. Defaults to as
            many; 65,536 at most.
        ranking (`str`, *optional*, defaults to `"votes"`):
            What comes first: `"votes"`, what is drawn most often, or `"chrf"`, what the others are most similar to by
            chrF.
        valid_first (`bool`, *optional*, defaults to `False`):
            Whether what is no well-formed program of its language comes last.
        temperature (`float`, *optional*, defaults to 0.05):
            Below 1, tokens that are likelier are drawn more often.
        guidance_scale (`float`, *optional*, defaults to 1.0):
            Above 1, programs are moved further from what is written without a prompt.
        rounding (`str`, *optional*, defaults to `"decoder"`):
            How embeddings become tokens: `"decoder"`, or one of the paper's ablations, `"grounding"` and `"clamping"`.
        scheduler (`str`, *optional*):
            Class of the scheduler, for [`~codefusion_hf.inference.loading.load_pipeline`]. Defaults to the
            checkpoint's own.
        seed (`int`, *optional*, defaults to 0):
            Seed of the noise, from -2^62 to 2^62.

    Raises:
        ValueError: if a number is larger than can be worked with. The pipeline checks the rest.
    """

    num_inference_steps: int = field(default=10, metadata={"metavar": "N", "help": "denoising steps (%(default)s)"})
    num_return_sequences: int = field(
        default=5, metadata={"metavar": "K", "help": "candidates a prompt (%(default)s)"}
    )
    num_candidates: int | None = field(
        default=None, metadata={"metavar": "N", "help": "candidates to draw and choose these from (as many)"}
    )
    ranking: Literal["votes", "chrf"] = field(
        default="votes",
        metadata={"help": "best is what is drawn most often, or what the others are most like, by chrF (%(default)s)"},
    )
    valid_first: bool = field(
        default=False, metadata={"help": "what is no well-formed program of the language comes last"}
    )
    temperature: float = field(
        default=0.05, metadata={"metavar": "T", "help": "below 1: likelier tokens (%(default)s)"}
    )
    guidance_scale: float = field(
        default=1.0, metadata={"metavar": "S", "help": "above 1: further from no prompt (%(default)s)"}
    )
    rounding: Literal["decoder", "grounding", "clamping"] = field(
        default="decoder", metadata={"help": "the last two are the paper's ablations (%(default)s)"}
    )
    scheduler: str | None = field(
        default=None, metadata={"metavar": "NAME", "help": "scheduler class (the checkpoint's own)"}
    )
    seed: int = field(default=0, metadata={"help": "seed of the noise (%(default)s)"})

    def __post_init__(self) -> None:
        if not -MAX_SEED <= self.seed <= MAX_SEED:
            raise ValueError(f"`seed` must be from -2**62 to 2**62, got {self.seed}.")
        for name in ("num_return_sequences", "num_candidates"):
            count = getattr(self, name)
            if count is not None and count > MAX_CANDIDATES:
                raise ValueError(f"`{name}` must be at most {MAX_CANDIDATES}, got {count}.")
        for name in ("temperature", "guidance_scale"):
            if not abs(getattr(self, name)) <= MAX_FLOAT:  # neither is NaN
                raise ValueError(f"`{name}` must be a number in single precision, got {getattr(self, name)}.")

    def call_arguments(self, language: str | None = None) -> dict[str, Any]:
        """
        What a pipeline is called with.

        Args:
            language (`str`, *optional*):
                Language of the code, whose parser decides what `valid_first` puts last.

        Returns:
            `dict[str, Any]`: arguments of [`CodeFusionPipeline`], all but prompt and generator.

        Raises:
            ImportError: if `ranking` or `valid_first` need a library that is not installed.
            ValueError: if `valid_first` is set and the language is not given, or unknown.
        """
        arguments = asdict(self)
        for name in ("valid_first", "scheduler", "seed"):
            del arguments[name]
        if self.ranking == "chrf":
            from codefusion_hf.evaluation.metrics.text_similarity import sentence_chrf

            arguments["ranking"] = sentence_chrf
        if self.valid_first:
            from codefusion_hf.evaluation.scoring import VALIDITY_CHECKS

            if language not in VALIDITY_CHECKS:
                raise ValueError(
                    f"`language` must be one of {', '.join(VALIDITY_CHECKS)} with `valid_first`, got {language!r}."
                )
            arguments["is_valid"] = VALIDITY_CHECKS[language]
        return arguments

    def generator(self, start: int = 0) -> "torch.Generator":
        """
        Where the noise of a batch comes from.

        Args:
            start (`int`, *optional*, defaults to 0):
                Index of the first prompt of the batch. It is added to the seed, so that batches share no noise.

        Returns:
            `torch.Generator`
        """
        import torch

        return torch.Generator().manual_seed(self.seed + start)


__all__ = ["MAX_SEED", "SamplingArguments"]
