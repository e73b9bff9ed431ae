# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
The tokens of the spans that may be masked in code-specific continuous paragraph denoising (CPD), and drawing those
that are.

CPD is one of CodeFusion's two unsupervised tasks (https://huggingface.co/papers/2310.17680, pre-training): only the
identifiers and built-in keywords of a snippet are masked, the encoder reads the masked snippet, and the model has to
give back the snippet. Finding the spans is up to the language
([`~codefusion_hf.languages.language.Language.maskable_spans`]); it is slow and always gives the same answer, so it is
done once, when the data set is built. Drawing some of them is fast and has to differ in every epoch, so it is done in
the training step.
"""

from collections.abc import Sequence

import torch


# Our choice: we know of no share that the paper gives. On the paper's Bash pre-training snippets, half of the spans
# (and at least one) is 15 % of the tokens, the share that BERT and T5 mask.
DEFAULT_MASK_PROBABILITY = 0.5


def token_span_ids(offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]) -> list[int]:
    """
    Which span each token of a snippet belongs to.

    A token belongs to a span if they have a character in common. Byte-level BPE glues blanks and neighbouring
    punctuation to words, and a token that is part of a name must not give the name away. Spans that share a token
    count as one.

    Args:
        offsets (`Sequence[tuple[int, int]]` of length `num_tokens`):
            Start and end of every token in characters of the snippet, the `offset_mapping` of a fast tokenizer.
            Special tokens have the empty offset `(0, 0)`, and belong to no span.
        spans (`Sequence[tuple[int, int]]`):
            Start and end of what may be masked, sorted and disjoint: the `spans` of
            [`~codefusion_hf.languages.snippets.MaskableSpans`].

    Returns:
        `list[int]` of length `num_tokens`: 0 for a token that is never masked, otherwise the number of its span, from
        1 on without gaps.
    """
    span_ids = [0] * len(offsets)
    span_id = 0
    for span_start, span_end in spans:
        tokens = [index for index, (start, end) in enumerate(offsets) if start < span_end and end > span_start]
        if not tokens:  # as after truncation
            continue
        if not span_ids[tokens[0]]:
            span_id += 1
        for index in tokens:
            span_ids[index] = span_id
    return span_ids


def draw_cpd_mask(span_ids: torch.Tensor, draws: torch.Tensor, mask_probability: float) -> torch.Tensor:
    """
    Draws the spans that are masked. Each is masked whole or not at all; where chance takes none of a snippet, the one
    that came closest is taken.

    Args:
        span_ids (`torch.LongTensor` of shape `(batch_size, code_length)`):
            From [`token_span_ids`], padded with 0.
        draws (`torch.FloatTensor` of shape `(batch_size, num_spans)`):
            Uniform in [0, 1): a draw for each span, at least `span_ids.max()` of them, and at least one.
        mask_probability (`float`):
            Share of the spans that are masked, in (0, 1].

    Returns:
        `torch.BoolTensor` of shape `(batch_size, code_length)`: the tokens to mask.
    """
    numbers = torch.arange(1, draws.shape[1] + 1, device=span_ids.device)
    exists = (span_ids[:, :, None] == numbers).any(dim=1)
    draws = draws.masked_fill(~exists, 2.0)
    chosen = (draws < mask_probability) | ((draws == draws.amin(dim=1, keepdim=True)) & exists)
    # Number 0 is what no span has.
    chosen = torch.nn.functional.pad(chosen, (1, 0), value=False)
    return chosen.gather(1, span_ids)


def mask_code_tokens(
    input_ids: Sequence[int],
    offsets: Sequence[tuple[int, int]],
    spans: Sequence[tuple[int, int]],
    mask_token_id: int,
    mask_probability: float = DEFAULT_MASK_PROBABILITY,
    generator: torch.Generator | None = None,
) -> list[int]:
    r"""
    Masks the tokens of some of the spans, the input of code-specific CPD
    (https://huggingface.co/papers/2310.17680, pre-training). A span is masked whole or not at all, one mask token for
    each of its tokens, so the length stays and labels line up.

    Args:
        input_ids (`Sequence[int]` of length `num_tokens`):
            Token ids of the snippet, special tokens and padding included.
        offsets (`Sequence[tuple[int, int]]` of length `num_tokens`):
            Start and end of every token in characters of the snippet: the `offset_mapping` of a fast tokenizer.
        spans (`Sequence[tuple[int, int]]`):
            What may be masked, in characters: the `spans` of
            [`~codefusion_hf.languages.snippets.MaskableSpans`]; see [`token_span_ids`].
        mask_token_id (`int`):
            The id that takes the place of a masked token.
        mask_probability (`float`, *optional*, defaults to `DEFAULT_MASK_PROBABILITY`):
            Probability of every span to be masked, in (0, 1]; see [`draw_cpd_mask`].
        generator (`torch.Generator`, *optional*):
            A CPU generator, for a reproducible choice. Defaults to torch's global one.

    Returns:
        `list[int]` of length `num_tokens`: `input_ids` with the chosen tokens replaced by `mask_token_id`.

    Raises:
        ValueError: if `offsets` is not as long as `input_ids`, or `mask_probability` is outside (0, 1].
    """
    if len(offsets) != len(input_ids):
        raise ValueError(
            f"`offsets` must be as long as `input_ids`, which has {len(input_ids)} tokens, got {len(offsets)} offsets."
        )
    if not 0.0 < mask_probability <= 1.0:
        raise ValueError(f"`mask_probability` must be above 0 and at most 1, got {mask_probability}.")
    span_ids = token_span_ids(offsets, spans)
    if not any(span_ids):
        return list(input_ids)
    draws = torch.rand(1, max(span_ids), generator=generator)
    masked = draw_cpd_mask(torch.tensor([span_ids]), draws, mask_probability)[0].tolist()
    return [mask_token_id if is_masked else token_id for token_id, is_masked in zip(input_ids, masked, strict=True)]


__all__ = ["DEFAULT_MASK_PROBABILITY", "draw_cpd_mask", "mask_code_tokens", "token_span_ids"]
