# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""How programs are sampled: the arguments that generation and evaluation share."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from codefusion_hf.languages import get_language


if TYPE_CHECKING:
    import torch

    from codefusion_hf.memory import CodeFusionMemory

# Seeds are added to the indices of prompts, and a generator takes 64 bits.
MAX_SEED = 2**62
# Where the checkpoint has a memory, and it shall not be looked up in.
NO_MEMORY = "none"
# As of [`~codefusion_hf.memory.load_memory`].
COOKBOOK_PREFIX = "cookbook:"


@dataclass(kw_only=True)
class SamplingArguments:
    """
    How a checkpoint is sampled, see [`CodeFusionPipeline`]. What is not given is as the checkpoint says.

    Args:
        num_inference_steps (`int`, *optional*):
            Denoising steps.
        num_return_sequences (`int`, *optional*, defaults to 5):
            Programs for each prompt.
        num_candidates (`int`, *optional*):
            Programs to draw for each prompt, of which the best `num_return_sequences` are returned.
        ranking (`str`, *optional*):
            What comes first: `"votes"`, what is drawn most often, or `"chrf"`, what the others are most similar to by
            chrF.
        valid_first (`bool`, *optional*):
            Whether what is no well-formed program of its language comes last.
        temperature (`list[float]`, *optional*):
            Below 1, tokens that are likelier are drawn more often. Of several, the candidates take one after the
            other.
        guidance_scale (`float`, *optional*):
            Above 1, programs are moved further from what is written without a prompt.
        commit_tokens (`bool`, *optional*):
            Whether tokens are committed in the order of confidence.
        rounding (`str`, *optional*, defaults to `"decoder"`):
            How embeddings become tokens: `"decoder"`, or one of the paper's ablations, `"grounding"` and `"clamping"`.
        scheduler (`str`, *optional*):
            Class of the scheduler, for [`~codefusion_hf.inference.loading.load_pipeline`]. Defaults to the
            checkpoint's own.
        int8 (`bool`, *optional*, defaults to `False`):
            Whether the denoiser computes with 8-bit integers, which is faster on a CPU.
        memory (`str`, *optional*):
            Folder or Hub id of a memory to look up in, `cookbook:LANGUAGE`, or `none`.
        num_neighbors (`int`, *optional*, defaults to 3):
            With a memory: how many neighbours of a prompt are read.
        seed (`int`, *optional*, defaults to 0):
            Seed of the noise, from -2^62 to 2^62.

    Raises:
        ValueError: if `seed` is out of its range. The pipeline checks the rest.
    """

    num_inference_steps: int | None = field(
        default=None, metadata={"metavar": "N", "help": "denoising steps (the checkpoint's)"}
    )
    num_return_sequences: int = field(
        default=5, metadata={"metavar": "K", "help": "candidates a prompt (%(default)s)"}
    )
    num_candidates: int | None = field(
        default=None, metadata={"metavar": "N", "help": "candidates to draw and choose these from (the checkpoint's)"}
    )
    ranking: Literal["votes", "chrf"] | None = field(
        default=None,
        metadata={
            "help": "best is what is drawn most often, or what the others are most like, by chrF (the checkpoint's)"
        },
    )
    valid_first: bool | None = field(
        default=None,
        metadata={"help": "what is no well-formed program of the language comes last (the checkpoint's)"},
    )
    temperature: list[float] | None = field(
        default=None,
        metadata={
            "metavar": "T",
            "help": "below 1: likelier tokens; of several, candidates take one each (the checkpoint's)",
        },
    )
    guidance_scale: float | None = field(
        default=None, metadata={"metavar": "S", "help": "above 1: further from no prompt (the checkpoint's)"}
    )
    commit_tokens: bool | None = field(
        default=None, metadata={"help": "tokens are committed in the order of confidence (the checkpoint's)"}
    )
    rounding: Literal["decoder", "grounding", "clamping"] = field(
        default="decoder", metadata={"help": "the last two are the paper's ablations (%(default)s)"}
    )
    scheduler: str | None = field(
        default=None, metadata={"metavar": "NAME", "help": "scheduler class (the checkpoint's own)"}
    )
    int8: bool = field(default=False, metadata={"help": "8-bit integers in the denoiser: faster on a CPU"})
    memory: str | None = field(
        default=None,
        metadata={"help": "folder or Hub id to look up in, cookbook:LANGUAGE, or none (the checkpoint's)"},
    )
    num_neighbors: int = field(
        default=3, metadata={"metavar": "N", "help": "with a memory: neighbours of a prompt (%(default)s)"}
    )
    seed: int = field(default=0, metadata={"help": "seed of the noise (%(default)s)"})

    def __post_init__(self) -> None:
        if not -MAX_SEED <= self.seed <= MAX_SEED:
            raise ValueError(f"`seed` must be from -2**62 to 2**62, got {self.seed}.")

    def settings(self, sampling_defaults: Mapping[str, Any]) -> dict[str, Any]:
        """
        How a checkpoint is sampled with these arguments, with nothing left open.

        Args:
            sampling_defaults (`Mapping[str, Any]`):
                What the checkpoint says: `pipe.sampling_defaults`.

        Returns:
            `dict[str, Any]`: by the names of these arguments and of the checkpoint's, ready for JSON.

        Raises:
            ValueError: if the checkpoint names a memory other than a cookbook.
        """
        given = {name: value for name, value in asdict(self).items() if value is not None or name == "scheduler"}
        settings = {**sampling_defaults, **given}
        if self.temperature is not None and len(self.temperature) == 1:
            settings["temperature"] = self.temperature[0]
        if self.num_candidates is None:
            settings["num_candidates"] = max(settings["num_candidates"] or 1, self.num_return_sequences)
        if settings["memory"] == NO_MEMORY:
            settings["memory"] = None
        elif self.memory is None and not str(settings["memory"] or COOKBOOK_PREFIX).startswith(COOKBOOK_PREFIX):
            raise ValueError(
                f"the checkpoint's `memory` must be {COOKBOOK_PREFIX}LANGUAGE, as nothing is fetched unasked, got "
                f"{settings['memory']!r}: give it with --memory."
            )
        return settings

    def call_arguments(self, sampling_defaults: Mapping[str, Any], language: str | None = None) -> dict[str, Any]:
        """
        What a pipeline is called with.

        Args:
            sampling_defaults (`Mapping[str, Any]`):
                What the checkpoint says: `pipe.sampling_defaults`.
            language (`str`, *optional*):
                Language of the code, whose parser decides what `valid_first` puts last. Defaults to the checkpoint's.

        Returns:
            `dict[str, Any]`: arguments of [`CodeFusionPipeline`], all but prompt and generator. A memory is loaded.

        Raises:
            ImportError: if `ranking`, `valid_first` or `memory` need a library that is not installed.
            OSError: if the memory cannot be read.
            ValueError: if `valid_first` is set and the language is not known, or the memory is none or of another one.
        """
        arguments = self.settings(sampling_defaults)
        valid_first, default_language = arguments.pop("valid_first"), arguments.pop("language")
        for name in ("scheduler", "int8", "seed"):
            del arguments[name]
        if arguments["ranking"] == "chrf":
            from codefusion_hf.evaluation.metrics.text_similarity import sentence_chrf

            arguments["ranking"] = sentence_chrf
        language = language or default_language
        arguments["memory"] = self.load_memory(sampling_defaults, language)
        if valid_first:
            if language is None:
                raise ValueError("--valid-first needs --language: the checkpoint does not say what it writes.")
            arguments["is_valid"] = get_language(language).is_valid
        return arguments

    def load_memory(
        self, sampling_defaults: Mapping[str, Any], language: str | None = None
    ) -> "CodeFusionMemory | None":
        """
        The memory that is looked up in.

        Args:
            sampling_defaults (`Mapping[str, Any]`):
                What the checkpoint says: `pipe.sampling_defaults`.
            language (`str`, *optional*):
                Language of the code. Defaults to the checkpoint's, else to the memory's.

        Returns:
            [`~codefusion_hf.memory.CodeFusionMemory`], *optional*

        Raises:
            ImportError: if it needs a library that is not installed.
            OSError: if it cannot be read.
            ValueError: if it is none, or of another language.
        """
        name = self.settings(sampling_defaults)["memory"]
        if name is None:
            return None
        from codefusion_hf.memory import load_memory

        return load_memory(name, language or sampling_defaults["language"])

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


__all__ = ["MAX_SEED", "NO_MEMORY", "SamplingArguments"]
