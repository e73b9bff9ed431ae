# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
CodeBERTScore (Zhou et al., EMNLP 2023, https://huggingface.co/papers/2302.05527): BERTScore (Zhang et al., ICLR 2020,
https://huggingface.co/papers/1904.09675) with an encoder of code.

Every token of the candidate is matched with the most similar token of the reference, by the cosine of their hidden
states; the mean over the candidate's tokens is the precision. Recall is the same from the reference's side. F1 is
their harmonic mean; F3 = 10 P R / (9 P + R) weighs recall more. With several references, the best of each figure
counts.

The settings are the defaults of the authors' library (https://github.com/neulab/code-bert-score): layer 10 for their
models, no weights by document frequency, no rescaling, the prompt is not encoded; tokens of nothing but whitespace and
punctuation (arithmetic and logical operators are none) take no part; the special tokens around a text are not averaged
over, but may be what a token is matched with. Two things differ: code of nothing but punctuation is compared by all
its tokens, so that it equals itself, where the library gives 0; and a text of more than 512 tokens is cut, where the
library encodes it in overlapping windows.
"""

import os
import string
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase


# The figure bears its name with these models and this layer only.
AUTHORS_MODELS = frozenset(f"neulab/codebert-{language}" for language in ("c", "cpp", "java", "javascript", "python"))
AUTHORS_LAYER = 10

IGNORED_CHARACTERS = frozenset(string.punctuation) - frozenset("+-*/&|~")
# How byte-level BPE writes a space, a line feed and a tab, and SentencePiece a space.
WHITESPACE_MARKS = "\u0120\u010a\u0109\u2581"

# What the authors' encoders take; code of this project is far shorter.
MAX_TOKENS = 512


class CodeBERTScore:
    """
    Similarity of candidates and references by the hidden states of an encoder; the module's docstring has the
    definition. It is made by [`~CodeBERTScore.from_pretrained`].

    Args:
        model ([`~transformers.PreTrainedModel`]):
            The encoder.
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            Its tokenizer.
        model_name (`str`):
            What to call the encoder in reports.
        layer (`int`):
            The layer whose outputs are compared, from 1 to the number of layers.
        batch_size (`int`, *optional*, defaults to 32):
            Pairs of candidate and reference that are compared at once, and codes that are embedded at once, 1 or more.

    Raises:
        `ValueError`: If the model is no encoder, or `layer` or `batch_size` is out of its range.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        model_name: str,
        layer: int,
        batch_size: int = 32,
    ) -> None:
        if model.config.is_encoder_decoder:
            raise ValueError(f"`model` must be an encoder, got the encoder-decoder {type(model).__name__}.")
        if not 1 <= layer <= model.config.num_hidden_layers:
            raise ValueError(f"`layer` must be from 1 to {model.config.num_hidden_layers}, got {layer}.")
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be 1 or more, got {batch_size}.")
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.model_name = model_name
        self.layer = layer
        self.batch_size = batch_size
        vocabulary = tokenizer.get_vocab()
        is_compared = [True] * (max(vocabulary.values()) + 1)
        for token, index in vocabulary.items():
            is_compared[index] = not IGNORED_CHARACTERS.issuperset(token.strip(WHITESPACE_MARKS))
        self.is_compared = torch.tensor(is_compared)

    @classmethod
    def from_pretrained(
        cls,
        model_name_or_path: str | os.PathLike[str] = "neulab/codebert-python",
        layer: int | None = None,
        batch_size: int = 32,
        device: str | torch.device = "cpu",
    ) -> "CodeBERTScore":
        """
        Load an encoder and its tokenizer.

        Args:
            model_name_or_path (`str` or `os.PathLike`, *optional*, defaults to `"neulab/codebert-python"`):
                Hub id or folder of an encoder that `AutoModel` loads.
            layer (`int`, *optional*):
                The layer whose outputs are compared, from 1 up. Defaults to the authors' choice, 10, for their models,
                and to the last layer for others.
            batch_size (`int`, *optional*, defaults to 32):
                Pairs that are compared at once, 1 or more.
            device (`str` or `torch.device`, *optional*, defaults to `"cpu"`):
                Where the encoder runs.

        Returns:
            [`CodeBERTScore`]: The metric.

        Raises:
            `ValueError`: If the model is no encoder, or `layer` or `batch_size` is out of its range.
        """
        model_name = os.fspath(model_name_or_path)
        model = AutoModel.from_pretrained(model_name, dtype=torch.float32, use_safetensors=True).to(device)
        tokenizer = AutoTokenizer.from_pretrained(model_name)
        if os.path.isdir(model_name):
            # A folder may hold any model, whatever it is called.
            model_name = os.path.basename(os.path.realpath(model_name))
        if layer is None:
            layer = AUTHORS_LAYER if model_name in AUTHORS_MODELS else model.config.num_hidden_layers
        return cls(model, tokenizer, model_name, layer, batch_size)

    @property
    def name(self) -> str:
        """`CodeBERTScore` with a model of its authors and their layer, otherwise `BERTScore (model, layer)`."""
        if self.model_name in AUTHORS_MODELS and self.layer == AUTHORS_LAYER:
            return "CodeBERTScore"
        return f"BERTScore ({self.model_name}, layer {self.layer})"

    def compute(self, candidates: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, list[float]]:
        """
        All the figures of one candidate a prompt.

        Args:
            candidates (sequence of `str`):
                One candidate for each prompt, one or more. A blank one scores 0.
            references (sequence of sequences of `str`):
                The right answers of every prompt, at least one each.

        Returns:
            `dict[str, list[float]]`: `precision`, `recall`, `f1` and `f3`, each one value a prompt from 0 to 1, the
            best over the references. Negative cosines count as 0.

        Raises:
            `ValueError`: If there are no candidates, the two lengths differ, or a prompt has no reference.
        """
        if len(candidates) == 0 or len(candidates) != len(references):
            raise ValueError(
                "`candidates` and `references` must have one entry for each of one or more prompts, "
                f"got {len(candidates)} and {len(references)}."
            )
        for index, right in enumerate(references):
            if len(right) == 0:
                raise ValueError(
                    f"`references` must have at least one code for each prompt, got none at index {index}."
                )
        pairs = [
            (candidate.strip(), reference.strip())
            for candidate, right in zip(candidates, references, strict=True)
            for reference in right
        ]
        matches = [
            self._match(pairs[start : start + self.batch_size]) for start in range(0, len(pairs), self.batch_size)
        ]
        precision, recall = torch.cat(matches, dim=1)
        # Where both are 0, so is the product, and the divisor does not matter.
        tiny = torch.finfo(precision.dtype).tiny
        f1 = 2 * precision * recall / (precision + recall).clamp(min=tiny)
        f3 = 10 * precision * recall / (9 * precision + recall).clamp(min=tiny)
        by_prompt = torch.stack([precision, recall, f1, f3]).split([len(right) for right in references], dim=1)
        best = torch.stack([figures.amax(dim=1) for figures in by_prompt], dim=1)
        return dict(zip(("precision", "recall", "f1", "f3"), best.tolist(), strict=True))

    def score(self, candidates: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
        """
        F1 of one candidate a prompt, the best over the references; see [`~CodeBERTScore.compute`].

        Args:
            candidates (sequence of `str`):
                One candidate for each prompt, one or more.
            references (sequence of sequences of `str`):
                The right answers of every prompt, at least one each.

        Returns:
            `list[float]`: One value a prompt, from 0 to 1.

        Raises:
            `ValueError`: If there are no candidates, the two lengths differ, or a prompt has no reference.
        """
        return self.compute(candidates, references)["f1"]

    @torch.no_grad()
    def embed(self, codes: Sequence[str]) -> torch.Tensor:
        """
        Embed programs by the mean of the layer's hidden states over all tokens, the special ones too.

        Args:
            codes (sequence of `str`):
                The programs, one or more.

        Returns:
            `torch.Tensor`: float32 of shape `(number of programs, hidden size)`, on the CPU.
        """
        embeddings = []
        for start in range(0, len(codes), self.batch_size):
            batch = self._encode([code.strip() for code in codes[start : start + self.batch_size]])
            embeddings.append(_masked_mean(batch.states, batch.is_token.unsqueeze(-1)).cpu())
        return torch.cat(embeddings)

    @torch.no_grad()
    def _match(self, pairs: Sequence[tuple[str, str]]) -> torch.Tensor:
        """Precision and recall of candidates and references: a tensor of shape `(2, number of pairs)`."""
        codes = list(dict.fromkeys(code for pair in pairs for code in pair))
        batch = self._encode(codes)
        states = functional.normalize(batch.states, dim=-1)
        rows = {code: row for row, code in enumerate(codes)}
        left, right = torch.tensor([[rows[code] for code in pair] for pair in pairs], device=states.device).unbind(
            dim=1
        )
        similarity = states[left] @ states[right].transpose(1, 2)
        # 0 is where cosines are cut, so it hides what takes no part.
        similarity = (
            similarity.clamp(0, 1) * batch.is_partner[left].unsqueeze(2) * batch.is_partner[right].unsqueeze(1)
        )
        precision = _masked_mean(similarity.amax(dim=2), batch.is_scored[left])
        recall = _masked_mean(similarity.amax(dim=1), batch.is_scored[right])
        is_defined = batch.is_scored[left].any(dim=1) & batch.is_scored[right].any(dim=1)
        return (torch.stack([precision, recall]) * is_defined).cpu()

    def _encode(self, codes: list[str]) -> "_EncodedCodes":
        inputs = self.tokenizer(
            codes,
            padding=True,
            truncation=True,
            max_length=min(MAX_TOKENS, self.tokenizer.model_max_length),
            return_special_tokens_mask=True,
            return_tensors="pt",
        )
        is_token = inputs.attention_mask.bool()
        is_text = is_token & ~inputs.special_tokens_mask.bool()
        is_compared = self.is_compared[inputs.input_ids]
        has_compared = (is_text & is_compared).any(dim=1, keepdim=True)
        is_partner = is_token & (is_compared | ~has_compared)
        is_scored = is_partner & is_text
        device = self.model.device
        outputs = self.model(
            input_ids=inputs.input_ids.to(device),
            attention_mask=inputs.attention_mask.to(device),
            output_hidden_states=True,
        )
        states = outputs.hidden_states[self.layer]
        return _EncodedCodes(states, is_token.to(device), is_partner.to(device), is_scored.to(device))


class _EncodedCodes(NamedTuple):
    """Hidden states `(codes, tokens, size)`; which tokens are no padding, may be matched with, are averaged over."""

    states: torch.Tensor
    is_token: torch.Tensor
    is_partner: torch.Tensor
    is_scored: torch.Tensor


def _masked_mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over the tokens (dimension 1) in the mask; 0 where there are none."""
    return (values * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
