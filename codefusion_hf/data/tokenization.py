# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A byte-level BPE of its own for small models; the paper's sizes use CodeT5's tokenizer."""

import re
from collections.abc import Iterable, Iterator, Sequence

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from codefusion_hf.pipelines import slot_tokens
from codefusion_hf.pipelines.neighbors import NEIGHBOR_TOKENS
from codefusion_hf.pipelines.prompts import SLOT_VALUES, encode_prompts, keeps_slot_values


# In this order, so that the ids are CodeT5's: 0 to 4.
SPECIAL_TOKENS = {
    "pad_token": "<pad>",
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "mask_token": "<mask>",
}


def train_tokenizer(
    texts: Iterable[str],
    vocab_size: int,
    model_max_length: int = 128,
    split_digits: bool = False,
    split_pattern: str | None = None,
    added_tokens: Sequence[str] = (),
    slots: bool = False,
    slot_values: bool = False,
    neighbors: bool = False,
) -> PreTrainedTokenizerFast:
    """
    Train a byte-level BPE for prompts and code alike, as CodeT5's is.

    Args:
        texts (`Iterable[str]`):
            Prompts and programs.
        vocab_size (`int`):
            Tokens in all, of which 256 are bytes and 5 special ones; fewer come out where the texts have fewer.
        model_max_length (`int`, *optional*, defaults to 128):
            Longest prompt in tokens; longer ones are cut.
        split_digits (`bool`, *optional*, defaults to `False`):
            Whether each digit is a token of its own. A number is then spelled in the same way wherever it stands, and
            can be copied digit by digit.
        split_pattern (`str`, *optional*):
            Regular expression of more places where tokens end, such as `"'"`: a match is a token by itself.
        added_tokens (sequence of `str`, *optional*):
            Strings that are one token wherever they stand, such as `"c[0]"`. They count as part of `vocab_size`.
        slots (`bool`, *optional*, defaults to `False`):
            Whether slots ([`~codefusion_hf.pipelines.slots.slot_tokens`]) are tokens, each of them also with the blank
            in front, which would be a token of its own otherwise. They count as part of `vocab_size`. What a model
            with this tokenizer reads and writes then has slots, and so should `texts`: see
            [`~codefusion_hf.data.preparation.tokenizer_rows`].
        slot_values (`bool`, *optional*, defaults to `False`):
            With `slots`: whether a model also reads the values of a prompt, behind their slots. It is kept with the
            tokenizer, see [`keeps_slot_values`].
        neighbors (`bool`, *optional*, defaults to `False`):
            Whether the tokens between a prompt and its neighbours ([`~codefusion_hf.pipelines.neighbors`]) are among
            the special ones, for models that are trained with a memory. They count as part of `vocab_size`.

    Returns:
        [`~transformers.PreTrainedTokenizerFast`]: with the ids of CodeT5's special tokens (`<pad>` 0, `<s>` 1, `</s>`
        2, `<unk>` 3, `<mask>` 4), ending each text with `</s>`, and giving back every string to the byte, one that
        contains `</s>` as well.

    Raises:
        ValueError: if `vocab_size` leaves no room beside the bytes and the special tokens, or `slot_values` is set
            without `slots`.
    """
    if slot_values and not slots:
        raise ValueError("`slot_values` needs `slots`, got `slot_values=True` and `slots=False`.")
    slot_forms = [form for slot in slot_tokens() for form in (slot, f" {slot}")] if slots else []
    neighbor_tokens = NEIGHBOR_TOKENS if neighbors else ()
    smallest = len(neighbor_tokens) + len(added_tokens) + len(slot_forms) + 256 + len(SPECIAL_TOKENS)
    if vocab_size < smallest:
        raise ValueError(f"`vocab_size` must be at least {smallest}, got {vocab_size}.")
    tokenizer = Tokenizer(models.BPE())
    splits: list[pre_tokenizers.PreTokenizer] = []
    if split_digits:
        splits.append(pre_tokenizers.Digits(individual_digits=True))
    if split_pattern is not None:
        splits.append(pre_tokenizers.Split(Regex(split_pattern), behavior="isolated"))
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*splits, byte_level]) if splits else byte_level
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(neighbor_tokens) - len(added_tokens) - len(slot_forms),
        special_tokens=list(SPECIAL_TOKENS.values()),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_without(slot_forms, texts) if slots else texts, trainer)
    tokenizer.add_tokens(list(added_tokens))
    # Special tokens would be none in a text, see `split_special_tokens`, and be left out when they are decoded.
    tokenizer.add_tokens([AddedToken(form, special=False, normalized=False) for form in slot_forms])
    tokenizer.add_special_tokens(list(neighbor_tokens))
    end = SPECIAL_TOKENS["eos_token"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {end}", special_tokens=[(end, tokenizer.token_to_id(end))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=model_max_length,
        clean_up_tokenization_spaces=False,
        # `sed 's/<s>//'` is code: what looks like a special token in a text is none.
        split_special_tokens=True,
        **({SLOT_VALUES: True} if slot_values else {}),
        **({"additional_special_tokens": list(neighbor_tokens)} if neighbors else {}),
        **SPECIAL_TOKENS,
    )


def _without(tokens: Sequence[str], texts: Iterable[str]) -> Iterator[str]:
    """What stands between the tokens, of which merges would otherwise be made."""
    between = re.compile("|".join(map(re.escape, sorted(tokens, key=len, reverse=True))))
    for text in texts:
        yield from filter(None, between.split(text))


__all__ = ["SPECIAL_TOKENS", "encode_prompts", "keeps_slot_values", "train_tokenizer"]
