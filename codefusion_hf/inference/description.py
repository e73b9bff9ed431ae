# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Sentences for code that has none, written by a causal language model: more pairs to train on (back-translation,
https://huggingface.co/papers/1511.06709), for those who have scripts and no prompts.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from codefusion_hf.errors import loading
from codefusion_hf.languages import get_language


if TYPE_CHECKING:
    from codefusion_hf.pipelines import CodeFusionPipeline

INSTRUCTION = "Say in one short sentence what the code does, as an order to a colleague. Keep its names and values."
MAX_NEW_TOKENS = 64


class CodeDescriber:
    """
    A causal language model that says what code does.

    Args:
        model ([`~transformers.PreTrainedModel`]):
            The model, in evaluation mode.
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            Its tokenizer. If it has a chat template, the model is asked in it.
        examples (`Sequence[dict[str, Any]]`, *optional*):
            Rows with `text` and `code` that it is shown first. A model that was trained for this needs none; to a
            small one that was not, three to eight say more than the instruction.
    """

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, examples: Sequence[dict[str, Any]] = ()
    ):
        self.model = model
        self.tokenizer = tokenizer
        self.examples = tuple(examples)
        tokenizer.padding_side = "left"
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token

    @classmethod
    def from_pretrained(
        cls, name_or_path: str, gguf_file: str | None = None, examples: Sequence[dict[str, Any]] = ()
    ) -> "CodeDescriber":
        """
        Load a describer, in single precision, on a GPU where there is one.

        Args:
            name_or_path (`str`):
                Folder or Hub id of a model that `AutoModelForCausalLM` loads. No code of it is run.
            gguf_file (`str`, *optional*):
                A GGUF file in it, for which the package `gguf` is needed.
            examples (`Sequence[dict[str, Any]]`, *optional*):
                As of [`CodeDescriber`].

        Returns:
            [`CodeDescriber`]

        Raises:
            ImportError: if a library is missing that the file needs.
            ValueError: if it cannot be loaded.
        """
        options: dict[str, Any] = {"gguf_file": gguf_file} if gguf_file else {}
        with loading(f"the language model {name_or_path!r}"):
            tokenizer = AutoTokenizer.from_pretrained(name_or_path, **options)
            weights = {} if gguf_file else {"use_safetensors": True}
            model = AutoModelForCausalLM.from_pretrained(name_or_path, dtype=torch.float32, **weights, **options)
        return cls(model.to("cuda" if torch.cuda.is_available() else "cpu").eval(), tokenizer, examples)

    @torch.no_grad()
    def describe(self, codes: Sequence[str]) -> list[str]:
        """
        Say what programs do.

        Args:
            codes (`Sequence[str]`):
                The programs, generated for at once.

        Returns:
            `list[str]`: a sentence for each, on one line; empty where the model says nothing.
        """
        prompts = [self._prompt(code) for code in codes]
        has_template = self.tokenizer.chat_template is not None
        inputs = self.tokenizer(prompts, padding=True, add_special_tokens=not has_template, return_tensors="pt")
        inputs = {name: inputs[name].to(self.model.device) for name in ("input_ids", "attention_mask")}
        output = self.model.generate(
            **inputs, do_sample=False, max_new_tokens=MAX_NEW_TOKENS, pad_token_id=self.tokenizer.pad_token_id
        )
        texts = self.tokenizer.batch_decode(output[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        return [_first_line(text) for text in texts]

    def _prompt(self, code: str) -> str:
        pairs = [(str(row["code"]), str(row["text"])) for row in self.examples]
        if self.tokenizer.chat_template is None:
            shown = "".join(f"Code: {shown_code}\nSentence: {text}\n\n" for shown_code, text in pairs)
            return f"{INSTRUCTION}\n\n{shown}Code: {code}\nSentence:"
        messages = [{"role": "system", "content": INSTRUCTION}]
        for shown_code, text in pairs:
            messages += [{"role": "user", "content": shown_code}, {"role": "assistant", "content": text}]
        messages.append({"role": "user", "content": code})
        return str(self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))


def _first_line(text: str) -> str:
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    return lines[0].strip("\"'` ") if lines else ""


def describe_rows(
    describer: CodeDescriber,
    codes: Sequence[str],
    language: str,
    batch_size: int = 16,
    pipe: "CodeFusionPipeline | None" = None,
) -> Iterator[dict[str, Any]]:
    """
    Pairs of programs and what a model says of them.

    Args:
        describer ([`CodeDescriber`]):
            The model.
        codes (`Sequence[str]`):
            The programs.
        language (`str`):
            Their language.
        batch_size (`int`, *optional*, defaults to 16):
            Programs at once.
        pipe ([`CodeFusionPipeline`], *optional*):
            A checkpoint for a round trip: a pair is kept only if one of its five candidates for the sentence is the
            program again, see [`~codefusion_hf.languages.language.Language.is_same`].

    Yields:
        `dict[str, Any]`: rows with `text` and `code`; without those for which the model said nothing, or whose program
        was not found again.
    """
    is_same = get_language(language).is_same
    for start in range(0, len(codes), batch_size):
        chunk = codes[start : start + batch_size]
        rows = [
            {"text": text, "code": code} for text, code in zip(describer.describe(chunk), chunk, strict=True) if text
        ]
        if pipe is None or not rows:
            yield from rows
            continue
        generator = torch.Generator().manual_seed(start)
        candidates = pipe([row["text"] for row in rows], num_return_sequences=5, generator=generator).codes
        for row, of_row in zip(rows, candidates, strict=True):
            if any(is_same(candidate, row["code"]) for candidate in of_row):
                yield row


__all__ = ["CodeDescriber", "describe_rows"]
