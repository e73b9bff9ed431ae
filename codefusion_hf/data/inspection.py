# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
What is in a data file, before a model is trained on it: `codefusion data inspect FILE`.

It prints the number of rows, of malformed and of duplicate ones, the lengths of prompts and code in tokens, which
language's parser accepts the code, and five examples, one of them as code-specific CPD masks it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from rich.text import Text
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from codefusion_hf.checkpoints import checkpoint_path
from codefusion_hf.data.deduplication import deduplicate
from codefusion_hf.data.masking import mask_code_tokens
from codefusion_hf.data.pairs import LoadedRows, normalize_prompt
from codefusion_hf.errors import loading
from codefusion_hf.languages import LANGUAGES, get_language
from codefusion_hf.terminal import printable


# Snippets that the parsers are tried on, evenly spaced. bashlex takes about a millisecond for each.
LANGUAGE_SAMPLE = 500
NUM_EXAMPLES = 5
EXAMPLE_CHARACTERS = 600


def guess_language(snippets: Sequence[str]) -> dict[str, float]:
    """
    The share of snippets that the parser of each language accepts.

    Args:
        snippets (`Sequence[str]`):
            The code. Of many, an evenly spaced sample is tried.

    Returns:
        `dict[str, float]`: shares in [0, 1] by language, the most likely one first.
    """
    sample = _evenly_spaced(snippets, LANGUAGE_SAMPLE)
    # The strictest grammar first, as it wins a tie: a CF rule is a call to Python, and to Bash most words are a
    # command.
    shares = {
        name: sum(get_language(name).maskable_spans(snippet).parsed for snippet in sample) / len(sample)
        for name in reversed(LANGUAGES)
    }
    return dict(sorted(shares.items(), key=lambda item: item[1], reverse=True))


def mask_example(code: str, tokenizer: PreTrainedTokenizerBase, language: str) -> str:
    """
    A snippet as the encoder reads it in code-specific CPD.

    Args:
        code (`str`):
            The snippet.
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            A fast tokenizer with a mask token.
        language (`str`):
            Language of the snippet, one of [`~codefusion_hf.languages.LANGUAGES`].

    Returns:
        `str`: the snippet with the mask token for each masked token, always the same for the same snippet. It is
        `code` itself if there is nothing to mask.
    """
    encoded = tokenizer(code, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    token_ids = mask_code_tokens(
        encoded.input_ids,
        encoded.offset_mapping,
        get_language(language).maskable_spans(code).spans,
        tokenizer.mask_token_id,
        generator=torch.Generator().manual_seed(0),
    )
    if token_ids == encoded.input_ids:
        return code
    return str(tokenizer.decode(token_ids, clean_up_tokenization_spaces=False))


def print_report(
    loaded: LoadedRows, tokenizer: PreTrainedTokenizerBase, language: str | None = None, console: Console | None = None
) -> None:
    """
    Print what is in a data file.

    Args:
        loaded ([`~codefusion_hf.data.pairs.LoadedRows`]):
            The rows and what was skipped.
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            A fast tokenizer with a mask token.
        language (`str`, *optional*):
            Language that the masked example is parsed as. Defaults to the one that most snippets parse as.
        console (`rich.console.Console`, *optional*):
            Where to print. Defaults to standard output.
    """
    console = console or Console()
    rows = loaded.rows
    snippets = [row["code"] for row in rows]
    prompts = [row["text"] for row in rows if "text" in row]
    shares = guess_language(snippets)
    guess = next(iter(shares))
    if language is None and shares[guess]:
        language = guess

    summary = Table("", "", show_header=False)
    summary.add_row("format", loaded.format)
    summary.add_row("rows", f"{len(rows):,}")
    summary.add_row("with a prompt", f"{len(prompts):,}")
    if any("data" in row for row in rows):
        summary.add_row("with a table", f"{sum('data' in row for row in rows):,}")
    summary.add_row("malformed, skipped", f"{loaded.num_malformed:,}")
    summary.add_row("duplicates", f"{deduplicate(rows)[1]:,}")
    summary.add_row("language, by its looks", guess if shares[guess] else "unknown")
    summary.add_row("accepted by the parser of", ", ".join(f"{name} {share:.0%}" for name, share in shares.items()))
    console.print(summary)

    for message in loaded.messages:
        console.print(_printable(f"malformed: {message}"))
    if loaded.num_malformed > len(loaded.messages):
        console.print(Text(f"malformed: {loaded.num_malformed - len(loaded.messages):,} more"))

    lengths = Table("tokens", "min", "median", "95 %", "max")
    for column in lengths.columns[1:]:
        column.justify = "right"
    if prompts:
        normal = [normalize_prompt(prompt) for prompt in prompts]
        lengths.add_row("prompt", *_quantiles([len(ids) for ids in tokenizer(normal, verbose=False).input_ids]))
    # As in training, which adds the end-of-sequence token itself.
    code_ids = tokenizer(snippets, add_special_tokens=False, verbose=False).input_ids
    lengths.add_row("code", *_quantiles([len(ids) + 1 for ids in code_ids]))
    console.print(lengths)

    console.print(Text("Examples", style="bold"))
    is_masked_shown = False
    for row in _evenly_spaced(rows, NUM_EXAMPLES):
        console.rule()
        if "text" in row:
            console.print(_labelled("prompt", row["text"]))
        if "data" in row:
            header = ", ".join(str(cell) for cell in next(iter(row["data"]), []))
            console.print(_labelled("table", f"{header} ({max(len(row['data']) - 1, 0)} rows)"))
        console.print(_labelled("code", row["code"]))
        if language is not None and not is_masked_shown:
            masked = mask_example(row["code"], tokenizer, language)
            if masked != row["code"]:
                console.print(_labelled(f"as CPD masks it ({language})", masked))
                is_masked_shown = True


def _evenly_spaced(items: Sequence[Any], number: int) -> list[Any]:
    return [items[index * len(items) // number] for index in range(number)] if len(items) > number else list(items)


def _quantiles(lengths: list[int]) -> list[str]:
    return [f"{length}" for length in np.quantile(lengths, [0, 0.5, 0.95, 1], method="inverted_cdf").astype(int)]


def _printable(text: str) -> Text:
    """Text of the file as it may reach a terminal: no control character of it does, nor is it read as markup."""
    if len(text) > EXAMPLE_CHARACTERS:
        text = text[:EXAMPLE_CHARACTERS] + "…"
    return Text("\n".join(map(printable, text.split("\n"))))


def _labelled(label: str, text: str) -> Text:
    # What has several lines begins on one of its own, so that its columns stand under each other.
    return Text.assemble((f"{label}:", "bold"), "\n" if "\n" in text else " ", _printable(text))


def load_tokenizer(path: str | None = None) -> PreTrainedTokenizerBase:
    """
    Load a tokenizer for [`print_report`].

    Args:
        path (`str`, *optional*):
            Folder or Hub id. Defaults to the tokenizer of the bundled checkpoint for Bash.

    Returns:
        [`~transformers.PreTrainedTokenizerBase`]

    Raises:
        ValueError: if it cannot be loaded, is no fast one or has no mask token.
    """
    path = path or str(checkpoint_path("bash-tiny") / "tokenizer")
    with loading(f"the tokenizer {path!r}"):
        tokenizer = AutoTokenizer.from_pretrained(path)
    if not tokenizer.is_fast or tokenizer.mask_token_id is None:
        raise ValueError(f"the tokenizer must be a fast one with a mask token, for CPD, got {path!r}.")
    return tokenizer


__all__ = ["guess_language", "load_tokenizer", "mask_example", "print_report"]
