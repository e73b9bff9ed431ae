# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Programs that do not parse are written anew where the parser fails."""

import re
from collections.abc import Callable

import torch

from ..modeling.argument_checks import check_integer
from .drafting import pair_up
from .infilling import MASK
from .pipeline_codefusion import CodeFusionPipeline
from .pipeline_codefusion_infill import CodeFusionInfillPipeline


MAX_TRIES = 10
CODE_WORD = re.compile(r"\w+|[^\w\s]+")


@torch.no_grad()
def resample_errors(
    pipe: CodeFusionPipeline,
    prompt: str | list[str],
    code: str | list[str],
    find_error: Callable[[str], int | None],
    max_tries: int = 3,
    generator: torch.Generator | None = None,
) -> list[str]:
    """
    Mend programs that do not parse. The word where the parser fails is filled in anew
    ([`CodeFusionInfillPipeline`]), at a second try with a word on either side of it, then with three, seven and so on;
    all else stays.

    Args:
        pipe ([`CodeFusionPipeline`]):
            A pipeline whose model has been trained with positions at t = 0.
        prompt (`str` or `list[str]`), code (`str` or `list[str]`):
            Programs and what they shall do, as for [`~CodeFusionRevisePipeline.__call__`].
        find_error (`Callable`):
            A function from a program to the place, in characters, where it cannot be parsed, and to `None` where it
            can, such as [`~codefusion_hf.languages.language.Language.find_error`].
        max_tries (`int`, *optional*, defaults to 3):
            Tries for a program at most, in [1, 10].
        generator (`torch.Generator`, *optional*):
            For a reproducible result.

    Returns:
        `list[str]`: the programs. Those that parse, those for which no try has found one that does, and those that are
        too long for a canvas are as they were.

    Raises:
        ValueError: if an argument is not allowed.
    """
    check_integer("max_tries", max_tries, 1, MAX_TRIES)
    prompts, codes = pair_up(prompt, code)
    codes = list(codes)
    errors = {row: place for row, place in enumerate(map(find_error, codes)) if place is not None}
    filler = CodeFusionInfillPipeline(**pipe.components, sampling_defaults=pipe.config.sampling_defaults)
    filler.set_progress_bar_config(disable=True)
    longest = pipe.model.config.max_code_length
    for number in range(max_tries):
        gapped = {row: cut_out(codes[row], place, 2**number) for row, place in errors.items()}
        # With room for a token, and for the one that ends the program.
        gapped = {
            row: code for row, code in gapped.items() if len(filler._tokenize(code.replace(MASK, ""))) <= longest - 2
        }
        if not gapped:
            continue
        output = filler(
            [prompts[row] for row in gapped],
            list(gapped.values()),
            max_mask_length=min(8 * 2**number, longest - 1),
            is_valid=lambda candidate: find_error(candidate) is None,
            num_return_sequences=1,
            generator=generator,
        )
        for row, (candidate, *_) in zip(gapped, output.codes, strict=True):
            if find_error(candidate) is None:
                codes[row] = candidate
                del errors[row]
    return codes


def cut_out(code: str, place: int, num_words: int) -> str:
    """
    A program with a mask in the place of the words around an error.

    Args:
        code (`str`):
            The program.
        place (`int`):
            The error, in characters.
        num_words (`int`):
            Words on either side, the one with the error among both.

    Returns:
        `str`: the program with one `<mask>`.
    """
    words = [match.span() for match in CODE_WORD.finditer(code)] or [(0, len(code))]
    number = max(sum(start <= place for start, _ in words) - 1, 0)
    start = words[max(number - num_words + 1, 0)][0]
    end = words[min(number + num_words - 1, len(words) - 1)][1]
    return f"{code[:start]}{MASK}{code[end:]}"


__all__ = ["resample_errors"]
