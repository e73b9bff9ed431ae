# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Code with gaps: its pieces, how many tokens each gap takes, and the program that comes of both."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedTokenizerBase

from .batching import share_out
from .program_texts import ProgramTexts, TextPiece


MASK = "<mask>"

# What the first token of a gap can be, as rows of [`allowed_tokens`].
ANY, BLANK, WORD, BLANK_AND_WORD = range(4)


@dataclass
class GappedCode:
    """
    Code with gaps.

    Args:
        pieces (`list[str]`):
            What stands before, between and behind the gaps, one more than there are gaps.
        tokens (`list[list[int]]`):
            The tokens of each piece, without the blank before a gap: in a program, it is part of the first token
            behind it.
        has_blank (`list[bool]`):
            Of each gap, whether there is such a blank.
    """

    pieces: list[str]
    tokens: list[list[int]]
    has_blank: list[bool]

    @property
    def num_tokens(self) -> int:
        """How many tokens the pieces are, with the end-of-sequence token."""
        return sum(map(len, self.tokens)) + 1

    def spans(self, lengths: Sequence[int]) -> list[tuple[int, int]]:
        """
        Where the gaps are.

        Args:
            lengths (`Sequence[int]`):
                Tokens of each gap.

        Returns:
            `list[tuple[int, int]]`: first position of each, and the one behind its last.
        """
        spans, end = [], 0
        for tokens, length in zip(self.tokens, lengths, strict=False):
            start = end + len(tokens)
            end = start + length
            spans.append((start, end))
        return spans


def placeholder_for(code: str) -> str:
    """A character that stands for a gap, and is none of the code's: no letter, digit, quote or blank."""
    return next(letter for number in range(0xE000, 0xF900) if (letter := chr(number)) not in code)


def gap_lengths(num_gaps: int, longest: int, max_tokens: int) -> Iterator[tuple[int, ...]]:
    """
    Lengths that the gaps may have, those with the fewest tokens first.

    Args:
        num_gaps (`int`):
            How many gaps there are.
        longest (`int`):
            Most tokens of a gap, at least 1.
        max_tokens (`int`):
            Most tokens of all together.

    Yields:
        `tuple[int, ...]`: a number of tokens, at least 1, for each gap.
    """

    def parts(total: int, number: int) -> Iterator[tuple[int, ...]]:
        if number == 1:
            if 1 <= total <= longest:
                yield (total,)
            return
        for first in range(max(1, total - longest * (number - 1)), min(longest, total - number + 1) + 1):
            for rest in parts(total - first, number - 1):
                yield (first, *rest)

    for total in range(num_gaps, min(num_gaps * longest, max_tokens) + 1):
        yield from parts(total, num_gaps)


def share_out_lengths(num_gaps: int, longest: int, max_tokens: int, num_candidates: int) -> list[tuple[int, ...]]:
    """
    How many tokens each candidate has for each gap.

    Args:
        num_gaps, longest, max_tokens (`int`):
            As for [`gap_lengths`].
        num_candidates (`int`):
            How many candidates there are.

    Returns:
        `list[tuple[int, ...]]`: the lengths of each candidate. A token more is half as likely, and candidates are
        shared out in proportion to that: their numbers are the prior that their votes are weighed with.
    """
    # No more of them can have a candidate each, as the first ones are the likeliest.
    choices = list(itertools.islice(gap_lengths(num_gaps, longest, max_tokens), num_candidates))
    probabilities = torch.tensor([[0.5 ** (sum(lengths) - num_gaps) for lengths in choices]], dtype=torch.float64)
    return [choices[choice] for choice in share_out(probabilities, num_candidates)[0].tolist()]


def allowed_tokens(tokenizer: PreTrainedTokenizerBase, vocab_size: int) -> torch.Tensor:
    """
    What tokens a gap can have.

    Args:
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            The tokenizer.
        vocab_size (`int`):
            The model's number of tokens.

    Returns:
        `torch.BoolTensor` of shape `(4, vocab_size)`: for the rows `ANY`, `BLANK` (those that begin with one), `WORD`
        (those that are not blank) and `BLANK_AND_WORD`.
    """
    special = set(tokenizer.all_special_ids)
    names = tokenizer.convert_ids_to_tokens(list(range(min(vocab_size, len(tokenizer)))))
    allowed = torch.zeros(4, vocab_size, dtype=torch.bool)
    for token, name in enumerate(names):
        # A blank as byte-level and as SentencePiece tokenizers write it, and as added tokens have it.
        text = (
            (name or "").replace("\u0120", " ").replace("\u2581", " ").replace("\u010a", "\n").replace("\u0109", "\t")
        )
        if token not in special and text:
            begins, is_word = text.startswith(" "), bool(text.strip())
            allowed[:, token] = torch.tensor([True, begins, is_word, begins and is_word])
    return allowed


class InfilledTexts(ProgramTexts):
    """
    Programs of given pieces and infilled tokens.

    Args:
        texts ([`ProgramTexts`]):
            For a call's tokens.
        codes (`list[GappedCode]`):
            The code of each prompt.
        lengths (`list[tuple[int, ...]]`):
            Tokens of each gap, for each candidate of the call.
    """

    def __init__(self, texts: ProgramTexts, codes: list[GappedCode], lengths: list[tuple[int, ...]]):
        super().__init__(texts.model, texts.tokenizer, texts.slot_values, texts.num_candidates)
        self.codes = codes
        self.lengths = lengths

    def read(self, row: int, token_ids: torch.Tensor) -> list[str]:
        code = self.codes[row // self.num_candidates]
        programs = [code.pieces[0]] * len(token_ids)
        for number, (start, end) in enumerate(code.spans(self.lengths[row])):
            infills = self._decode(row, token_ids[:, start:end])
            if code.has_blank[number]:
                infills = [infill.removeprefix(" ") for infill in infills]
            piece = code.pieces[number + 1]
            programs = [f"{program}{infill}{piece}" for program, infill in zip(programs, infills, strict=True)]
        return programs

    def split(self, row: int, token_ids: torch.Tensor) -> list[TextPiece]:
        code = self.codes[row // self.num_candidates]
        pieces = [TextPiece(code.pieces[0], None)]
        for number, (start, end) in enumerate(code.spans(self.lengths[row])):
            texts = self.texts_of_tokens(row, token_ids[start:end].tolist())
            if code.has_blank[number] and "".join(texts).startswith(" "):
                first = next(index for index, text in enumerate(texts) if text)
                texts[first] = texts[first].removeprefix(" ")
            pieces += [TextPiece(text, start + offset) for offset, text in enumerate(texts)]
            pieces.append(TextPiece(code.pieces[number + 1], None))
        return [piece for piece in pieces if piece.text]

    def _decode(self, row: int, token_ids: torch.Tensor) -> list[str]:
        """As [`~codefusion_hf.pipelines.decoding.to_texts`], but with the white space around."""
        return ["".join(self.texts_of_tokens(row, tokens)) for tokens in token_ids.tolist()]


__all__ = [
    "MASK",
    "GappedCode",
    "InfilledTexts",
    "allowed_tokens",
    "gap_lengths",
    "placeholder_for",
    "share_out_lengths",
]
