# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""How the tokens of a canvas become a program, as a whole and token by token."""

from dataclasses import dataclass

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from .decoding import to_texts
from .prompts import TOKENIZER_LOCK
from .slots import fill_slots


@dataclass
class TextPiece:
    """
    A part of a program.

    Args:
        text (`str`):
            The part. All of them together are the program.
        position (`int`, *optional*):
            The position of the canvas that it comes from; `None` for what was given.
    """

    text: str
    position: int | None


class ProgramTexts:
    """
    The programs of a call's canvases.

    Args:
        model ([`CodeFusionModel`]), tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            The model that writes them, and its tokenizer.
        slot_values (`list[dict[str, str]]`):
            For each prompt, what stands behind its slots.
        num_candidates (`int`):
            Candidates of each prompt.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        slot_values: list[dict[str, str]],
        num_candidates: int,
    ):
        self.model = model
        self.tokenizer = tokenizer
        self.slot_values = slot_values
        self.num_candidates = num_candidates

    def read(self, row: int, token_ids: torch.Tensor) -> list[str]:
        """
        The programs that a candidate can be read as.

        Args:
            row (`int`):
                Which candidate of the call.
            token_ids (`torch.LongTensor` of shape `(num_programs, canvas_length)`):
                Their tokens.

        Returns:
            `list[str]`: the programs.
        """
        return to_texts(self.model, self.tokenizer, token_ids, self.slot_values[row // self.num_candidates])

    def split(self, row: int, token_ids: torch.Tensor) -> list[TextPiece]:
        """
        A program token by token.

        Args:
            row (`int`):
                Which candidate of the call.
            token_ids (`torch.LongTensor` of shape `(canvas_length,)`):
                Its tokens.

        Returns:
            `list[TextPiece]`: the parts, which together are the program.
        """
        config = self.model.config
        ids = token_ids.tolist()
        ends = [position for position, token in enumerate(ids) if token in (config.eos_token_id, config.pad_token_id)]
        texts = self.texts_of_tokens(row, ids[: ends[0]] if ends else ids)
        whole = "".join(texts)
        # Without the white space around it, as the program is returned.
        left, right = len(whole) - len(whole.lstrip()), len(whole.rstrip())
        pieces, end = [], 0
        for position, text in enumerate(texts):
            start, end = end, end + len(text)
            pieces.append(TextPiece(whole[max(start, left) : max(min(end, right), left)], position))
        return pieces

    def texts_of_tokens(self, row: int, token_ids: list[int]) -> list[str]:
        """
        What each token is of a text, slots filled.

        Args:
            row (`int`):
                Which candidate of the call.
            token_ids (`list[int]`):
                The tokens.

        Returns:
            `list[str]`: a part for each; of a letter of several tokens, the last one has it.
        """
        values = self.slot_values[row // self.num_candidates]

        def decode(token_lists: list[list[int]]) -> list[str]:
            with TOKENIZER_LOCK:
                texts = self.tokenizer.batch_decode(token_lists, skip_special_tokens=True)
            return [fill_slots(text, values) for text in texts] if self.model.config.copy_token_groups else texts

        if not token_ids:
            return []
        whole, *alone = decode([token_ids, *([token] for token in token_ids)])
        if "".join(alone) == whole:
            return alone
        # What the first tokens are is what the texts of the first k and of all of them begin with alike.
        texts, end = [], 0
        for text in decode([token_ids[: number + 1] for number in range(len(token_ids))]):
            start = end
            while end < min(len(text), len(whole)) and text[end] == whole[end]:
                end += 1
            texts.append(whole[start:end])
        texts[-1] += whole[end:]
        return texts


class GivenTexts(ProgramTexts):
    """
    Programs that have been given, whatever their tokens would make of them.

    Args:
        codes (`list[str]`):
            The program of each prompt.
        texts ([`ProgramTexts`]):
            For the rest.
    """

    def __init__(self, codes: list[str], texts: ProgramTexts):
        super().__init__(texts.model, texts.tokenizer, texts.slot_values, texts.num_candidates)
        self.codes = codes

    def read(self, row: int, token_ids: torch.Tensor) -> list[str]:
        return [self.codes[row // self.num_candidates]] * len(token_ids)

    def split(self, row: int, token_ids: torch.Tensor) -> list[TextPiece]:
        pieces = super().split(row, token_ids)
        code = self.codes[row // self.num_candidates]
        return pieces if "".join(piece.text for piece in pieces) == code else [TextPiece(code, None)]


__all__ = ["GivenTexts", "ProgramTexts", "TextPiece"]
