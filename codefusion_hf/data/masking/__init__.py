# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Code-specific continuous paragraph denoising (CPD): which parts of a snippet may be masked, and masking their tokens.

CPD is one of CodeFusion's two unsupervised tasks (https://huggingface.co/papers/2310.17680, pre-training): only the
identifiers and built-in keywords of a snippet are masked, the encoder reads the masked snippet, and the model has to
give back the snippet. Finding the spans is slow and always gives the same answer, so it is done once, when
the data set is built; drawing some of them is fast and has to differ in every epoch, so it is done in the training
step.

What counts is up to the language's own parser, and each module says it for its language:
[`~codefusion_hf.data.masking.bash`] (bashlex), [`~codefusion_hf.data.masking.python`] (`ast` and `tokenize`) and
[`~codefusion_hf.data.masking.cf`] (our parser of CF rules). In Bash and Python nothing within a string literal is
masked; the texts of CF rules are what those languages' identifiers are, and are masked. Each module also states its
lexical rule for what does not parse.
"""

from .languages import LANGUAGES, maskable_spans
from .spans import MaskableSpans
from .tokens import DEFAULT_MASK_PROBABILITY, draw_cpd_mask, mask_code_tokens, token_span_ids


__all__ = [
    "DEFAULT_MASK_PROBABILITY",
    "LANGUAGES",
    "MaskableSpans",
    "draw_cpd_mask",
    "mask_code_tokens",
    "maskable_spans",
    "token_span_ids",
]
