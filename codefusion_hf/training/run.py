# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""One training phase from data files to a pipeline folder: what `codefusion train` runs."""

import dataclasses
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset
from huggingface_hub.errors import StrictDataclassError
from transformers import AutoTokenizer, PreTrainedTokenizerBase, set_seed

from codefusion_hf.data.collators import PairCollator, PretrainingCollator
from codefusion_hf.data.datasets import build_code_dataset, build_pair_dataset
from codefusion_hf.data.pairs import load_pairs, load_snippets, normalize_prompt
from codefusion_hf.data.tokenization import train_tokenizer
from codefusion_hf.modeling import CodeFusionConfig, CodeFusionModel
from codefusion_hf.pipelines import CodeFusionPipeline, CodeFusionScheduler

from .trainer import CodeFusionTrainer, CodeFusionTrainingArguments


logger = logging.getLogger(__name__)

PHASES = ("pretrain", "finetune")


def run_training(
    preset: dict[str, Any],
    phase: str,
    train_data: Sequence[str | Path],
    output_dir: str | Path,
    validation_data: Sequence[str | Path] = (),
    init_from: str | Path | None = None,
    resume: bool = False,
) -> CodeFusionPipeline:
    """
    Run one training phase and save the result, with the averaged weights, as a pipeline folder.

    Args:
        preset (`dict`):
            From [`~codefusion_hf.training.presets.load_preset`].
        phase (`str`):
            `"pretrain"`, unsupervised pre-training on code alone, or `"finetune"`, supervised fine-tuning on pairs
            (phase 2 of the paper).
        train_data (`Sequence[str | Path]`):
            Files for [`~codefusion_hf.data.pairs.load_pairs`] or, in pre-training,
            [`~codefusion_hf.data.pairs.load_snippets`]. In fine-tuning a file that is named twice counts twice.
        output_dir (`str` or `Path`):
            Where checkpoints go during training (`checkpoint-N`) and the pipeline at the end.
        validation_data (`Sequence[str | Path]`, *optional*):
            Files to evaluate on during training.
        init_from (`str` or `Path`, *optional*):
            Pipeline folder or Hub id to start from; the preset's `model` and `tokenizer` then do not count. By default
            the weights are random and the tokenizer is trained on `train_data`.
        resume (`bool`, *optional*, defaults to `False`):
            Whether to go on from the last checkpoint in `output_dir`.

    Returns:
        [`CodeFusionPipeline`]: as it was saved.

    Raises:
        ValueError: if `phase` is unknown, the preset or a data file is malformed, or there is nothing to resume.
    """
    if phase not in PHASES:
        raise ValueError(f"`phase` must be one of {', '.join(PHASES)}, got {phase!r}.")
    output_dir = Path(output_dir)
    settings = {**preset["training"], **preset[phase]}
    if not validation_data:
        settings["eval_strategy"] = "no"
    _check_keys("training", settings, CodeFusionTrainingArguments)
    args = CodeFusionTrainingArguments(output_dir=str(output_dir), **settings)
    # Trainer does it too late for the initial weights.
    set_seed(args.seed)

    if init_from is not None:
        pipeline = CodeFusionPipeline.from_pretrained(init_from)
        model, tokenizer = pipeline.model, pipeline.tokenizer
    else:
        tokenizer = _tokenizer(preset["tokenizer"], train_data, output_dir / "tokenizer", reuse=resume)
        model = CodeFusionModel(_config(preset["model"], tokenizer))
    logger.info("Parameters: %s, %d in all.", model.num_parameters_by_component(), model.num_parameters())

    collator: PairCollator | PretrainingCollator
    if phase == "finetune":
        collator = PairCollator(tokenizer)
    else:
        collator = PretrainingCollator(tokenizer)
    trainer = CodeFusionTrainer(
        model=model,
        args=args,
        data_collator=collator,
        train_dataset=_dataset(preset, phase, train_data, tokenizer, model.config.max_code_length),
        eval_dataset=(
            _dataset(preset, phase, validation_data, tokenizer, model.config.max_code_length)
            if validation_data
            else None
        ),
        processing_class=tokenizer,
    )
    trainer.train(resume_from_checkpoint=resume)

    scheduler = CodeFusionScheduler(
        num_train_timesteps=model.config.num_train_timesteps,
        schedule_offset=model.config.schedule_offset,
        noise_factor=model.config.noise_factor,
        prediction_type=model.config.prediction_type,
    )
    trainer.ema_callback.copy_to(model)
    pipeline = CodeFusionPipeline(model=model.eval(), tokenizer=tokenizer, scheduler=scheduler)
    if trainer.is_world_process_zero():
        pipeline.save_pretrained(output_dir)
    return pipeline


def _tokenizer(
    settings: dict[str, Any], train_data: Sequence[str | Path], folder: Path, reuse: bool
) -> PreTrainedTokenizerBase:
    """A tokenizer trained on the data, saved at once so that a resumed run finds the same one."""
    if reuse:
        if not folder.is_dir():
            raise ValueError(f"Cannot resume: `output_dir` has no tokenizer, {folder} is missing.")
        return AutoTokenizer.from_pretrained(folder)
    texts: list[str] = []
    for path in train_data:
        if Path(path).suffix == ".jsonl":
            pairs = load_pairs(path)
            texts += [normalize_prompt(pair["text"]) for pair in pairs] + [pair["code"] for pair in pairs]
        else:
            texts += load_snippets(path)
    tokenizer = train_tokenizer(texts, **settings)
    tokenizer.save_pretrained(folder)
    return tokenizer


def _check_keys(section: str, keys: Iterable[str], dataclass: type) -> None:
    """Unknown keys of a preset are refused: a configuration would keep them and train another model than was meant."""
    known = {field.name for field in dataclasses.fields(dataclass)}
    if unknown := sorted(set(keys) - known):
        raise ValueError(
            f"The preset's `{section}` has unknown keys {', '.join(unknown)}: no {dataclass.__name__} field."
        )


def _config(settings: dict[str, Any], tokenizer: PreTrainedTokenizerBase) -> CodeFusionConfig:
    _check_keys("model", settings, CodeFusionConfig)
    special_tokens = {name: getattr(tokenizer, name) for name in ("pad_token_id", "bos_token_id", "eos_token_id")}
    encoder_config = {**settings.get("encoder_config", {}), "vocab_size": len(tokenizer), **special_tokens}
    try:
        return CodeFusionConfig(
            **{**settings, "encoder_config": encoder_config, "vocab_size": len(tokenizer), **special_tokens}
        )
    except StrictDataclassError as error:
        raise ValueError(f"The preset's `model` is malformed: {error}") from error


def _dataset(
    preset: dict[str, Any],
    phase: str,
    paths: Sequence[str | Path],
    tokenizer: PreTrainedTokenizerBase,
    max_code_length: int,
) -> Dataset:
    if phase == "finetune":
        return build_pair_dataset([pair for path in paths for pair in load_pairs(path)], tokenizer, max_code_length)
    snippets = [snippet for path in paths for snippet in load_snippets(path)]
    return build_code_dataset(snippets, tokenizer, max_code_length, preset["language"])


__all__ = ["PHASES", "run_training"]
