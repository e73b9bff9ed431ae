# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What is asked of the model, and its answer step by step. Code is parsed and shown, never run."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from limits import (
    MAX_CANDIDATES,
    MAX_CODE_CHARACTERS,
    MAX_PROMPT_CHARACTERS,
    MAX_SEED,
    MAX_SHOWN,
    MAX_STEPS,
    RequestError,
    check_choice,
    check_share,
    check_text,
    check_whole_number,
)

from codefusion_hf.checkpoints import language_checkpoint
from codefusion_hf.inference.loading import load_pipeline, scheduler_class
from codefusion_hf.languages import LANGUAGES, get_language
from codefusion_hf.pipelines import CodeFusionInfillPipeline, CodeFusionPipeline, CodeFusionRevisePipeline


# Those that need nothing but diffusers. The first is the checkpoints' own.
SCHEDULERS = (
    "CodeFusionScheduler",
    "DDIMScheduler",
    "DDPMScheduler",
    "DPMSolverMultistepScheduler",
    "EulerAncestralDiscreteScheduler",
    "EulerDiscreteScheduler",
    "HeunDiscreteScheduler",
    "LCMScheduler",
    "UniPCMultistepScheduler",
)
PIPELINES: dict[str, type[CodeFusionPipeline]] = {
    "generate": CodeFusionPipeline,
    "revise": CodeFusionRevisePipeline,
    "infill": CodeFusionInfillPipeline,
}
MASK = "<mask>"


@dataclass(frozen=True)
class Settings:
    """
    How to sample.

    Args:
        language (`str`, *optional*, defaults to `"bash"`):
            `bash`, `python` or `cf`.
        steps (`int`, *optional*, defaults to 10):
            Denoising steps, in [1, 30].
        candidates (`int`, *optional*, defaults to 10):
            Programs to draw, in [1, 20]; the best five of them are returned.
        scheduler (`str`, *optional*, defaults to `"CodeFusionScheduler"`):
            One of `SCHEDULERS`.
        seed (`int`, *optional*, defaults to 0):
            Seed of the noise, in [0, 2^32 - 1].

    Raises:
        [`RequestError`]: if one of them is not allowed.
    """

    language: str = LANGUAGES[0]
    steps: int = 10
    candidates: int = 10
    scheduler: str = SCHEDULERS[0]
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice("Language", self.language, LANGUAGES)
        check_choice("Scheduler", self.scheduler, SCHEDULERS)
        limits = {"steps": (1, MAX_STEPS), "candidates": (1, MAX_CANDIDATES), "seed": (0, MAX_SEED)}
        for name, (low, high) in limits.items():
            object.__setattr__(self, name, check_whole_number(name.capitalize(), getattr(self, name), low, high))


@dataclass(frozen=True)
class Draft:
    """
    A program at a step.

    Args:
        code (`str`):
            The program.
        candidate (`int`):
            Which of the candidates it is of.
        page (`str`):
            The program as HTML, what changed coloured.
    """

    code: str
    candidate: int
    page: str


@dataclass(frozen=True)
class Candidate:
    """
    A program that is returned.

    Args:
        code (`str`):
            The program.
        score (`float`):
            Mean log-probability of its tokens, at most 0.
        is_valid (`bool`):
            Whether it is well-formed.
        candidate (`int`):
            Which of those that were drawn it is.
    """

    code: str
    score: float
    is_valid: bool
    candidate: int


@dataclass(frozen=True)
class Step:
    """
    What a call has come to.

    Args:
        step (`int`), num_steps (`int`):
            Which evaluation of the denoiser this is, from 0, of how many. The answer is one behind the last.
        drafts (`list[Draft]`):
            All candidates in their order; at the end, those that are returned, the best first.
        candidates (`list[Candidate]`, *optional*):
            At the end, the answer, the best first.
    """

    step: int
    num_steps: int
    drafts: list[Draft]
    candidates: list[Candidate] | None = None

    def to_json(self) -> dict[str, Any]:
        """
        The step as the API has it. From step to step, its lists never get shorter: Gradio sends differences, and its
        client cannot put together those of lists that do.
        """
        return {
            "waiting": 0,
            "step": self.step,
            "num_steps": self.num_steps,
            "drafts": [draft.code for draft in self.drafts[:MAX_SHOWN]],
            "candidates": [
                {"code": candidate.code, "score": candidate.score, "is_valid": candidate.is_valid}
                for candidate in self.candidates or ()
            ],
        }


class Writer:
    """
    The checkpoints of all languages, and the pipelines that share them.

    Args:
        checkpoints (`Mapping[str, str]`, *optional*):
            For each language a checkpoint: bundled name, folder or Hub id. Defaults to those that are bundled.
    """

    def __init__(self, checkpoints: Mapping[str, str] | None = None):
        checkpoints = checkpoints or {language: language_checkpoint(language) for language in LANGUAGES}
        self._loaded = {language: load_pipeline(checkpoint) for language, checkpoint in checkpoints.items()}
        self._pipelines: dict[tuple[str, str, str], CodeFusionPipeline] = {}
        self._lock = threading.Lock()

    def generate(self, settings: Settings, prompt: Any) -> Iterator[Step]:
        """
        Programs for a prompt.

        Args:
            settings ([`Settings`]):
                How to sample.
            prompt (`str`):
                What the code shall do.

        Returns:
            `Iterator[Step]`: the steps; the arguments are checked at once.

        Raises:
            [`RequestError`]: if an argument is not allowed.
        """
        return self._stream("generate", settings, prompt=check_text("Prompt", prompt, MAX_PROMPT_CHARACTERS))

    def revise(self, settings: Settings, prompt: Any, code: Any, strength: Any) -> Iterator[Step]:
        """
        A draft, revised under a prompt.

        Args:
            settings ([`Settings`]), prompt (`str`):
                As of [`~Writer.generate`]; the prompt may be empty.
            code (`str`):
                The draft.
            strength (`float`):
                Share of the noise schedule that it is noised to, in [0, 1].

        Returns:
            `Iterator[Step]`: the steps; the arguments are checked at once.

        Raises:
            [`RequestError`]: if an argument is not allowed.
        """
        return self._stream(
            "revise",
            settings,
            prompt=check_text("Prompt", prompt, MAX_PROMPT_CHARACTERS, may_be_blank=True),
            code=check_text("Draft", code, MAX_CODE_CHARACTERS),
            strength=check_share("Strength", strength),
        )

    def infill(self, settings: Settings, prompt: Any, code: Any) -> Iterator[Step]:
        """
        Code, its gaps filled in.

        Args:
            settings ([`Settings`]), prompt (`str`):
                As of [`~Writer.generate`]; the prompt may be empty.
            code (`str`):
                The code, with `<mask>` in place of what is missing.

        Returns:
            `Iterator[Step]`: the steps; the arguments are checked at once.

        Raises:
            [`RequestError`]: if an argument is not allowed.
        """
        prompt = check_text("Prompt", prompt, MAX_PROMPT_CHARACTERS, may_be_blank=True)
        code = check_text("Code", code, MAX_CODE_CHARACTERS)
        if MASK not in code:
            raise RequestError(f"Code: write {MASK} where something is to be filled in.")
        return self._stream("infill", settings, prompt=prompt, code=code)

    def write_rule(self, settings: Settings, prompt: str) -> Iterator[Step]:
        """
        Rules for a prompt that says what is in a table.

        Args:
            settings ([`Settings`]):
                How to sample; the language is `cf`.
            prompt (`str`):
                From [`~codefusion_hf.languages.cf.prompts.cf_prompt`].

        Returns:
            `Iterator[Step]`: the steps.
        """
        return self._stream("generate", settings, prompt=prompt)

    def _pipeline(self, task: str, settings: Settings) -> CodeFusionPipeline:
        key = (task, settings.language, settings.scheduler)
        with self._lock:
            if key not in self._pipelines:
                loaded = self._loaded[settings.language]
                scheduler = scheduler_class(settings.scheduler).from_config(loaded.scheduler.config)
                pipe = PIPELINES[task](
                    model=loaded.model,
                    tokenizer=loaded.tokenizer,
                    scheduler=scheduler,
                    sampling_defaults=loaded.config.sampling_defaults,
                )
                pipe.set_progress_bar_config(disable=True)
                self._pipelines[key] = pipe
            return self._pipelines[key]

    def _stream(self, task: str, settings: Settings, **arguments: Any) -> Iterator[Step]:
        """A generator: what takes time is done when it is asked for the first step."""
        pipe, is_valid = self._pipeline(task, settings), get_language(settings.language).is_valid
        try:
            revisions = pipe.stream(
                **arguments,
                num_inference_steps=settings.steps,
                num_candidates=settings.candidates,
                num_return_sequences=min(settings.candidates, MAX_SHOWN),
                is_valid=is_valid if pipe.sampling_defaults["valid_first"] else None,
                generator=torch.Generator().manual_seed(settings.seed),
            )
        except ValueError as error:  # such as code with too many tokens
            raise RequestError(f"{error}") from error
        for revision in revisions:
            (drafts,) = revision.drafts
            candidates = None
            if revision.is_last:
                candidates = [
                    Candidate(draft.text, round(draft.score, 4), is_valid(draft.text), draft.candidate)
                    for draft in drafts
                ]
            yield Step(
                revision.step,
                revision.num_steps,
                [Draft(draft.text, draft.candidate, draft.to_html()) for draft in drafts],
                candidates,
            )


__all__ = ["MASK", "SCHEDULERS", "Candidate", "Draft", "Settings", "Step", "Writer"]
