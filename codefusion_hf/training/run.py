# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""One training phase from data files to a pipeline folder: what `codefusion train` runs."""

import dataclasses
import inspect
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset
from huggingface_hub.errors import StrictDataclassError
from transformers import AutoTokenizer, PreTrainedTokenizerBase, set_seed
from transformers.integrations import is_tensorboard_available

from codefusion_hf.data.collators import PairCollator, PretrainingCollator
from codefusion_hf.data.datasets import build_code_dataset, build_pair_dataset
from codefusion_hf.data.deduplication import deduplicate, exclude_overlap
from codefusion_hf.data.pairs import load_rows, log_malformed, normalize_prompt
from codefusion_hf.data.preparation import prepare_rows, tokenizer_rows
from codefusion_hf.data.tokenization import train_tokenizer
from codefusion_hf.inference.loading import load_checkpoint
from codefusion_hf.modeling import CodeFusionConfig, CodeFusionModel
from codefusion_hf.pipelines import CodeFusionPipeline, check_sampling_defaults, slot_token_ids
from codefusion_hf.pipelines.neighbors import neighbor_token_ids

from .arguments import TrainingDataArguments
from .base_trainer import checkpoint_to_resume
from .export import build_pipeline, export_pipeline
from .lora import add_lora
from .neighbors import check_neighbor_tokens, find_neighbors, load_training_memory
from .presets import PHASES
from .samples import SampleCallback
from .trainer import CodeFusionTrainer, CodeFusionTrainingArguments
from .vocabulary import with_vocabulary


logger = logging.getLogger(__name__)


def run_training(
    preset: dict[str, Any],
    phase: str,
    data: TrainingDataArguments,
    output_dir: str | Path,
    *,
    init_from: str | Path | None = None,
    new_tokenizer: bool = False,
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
        data ([`~codefusion_hf.training.arguments.TrainingDataArguments`]):
            What is trained and evaluated on. In pre-training, the prompts of `train_data`, if they have any, only
            count for the tokenizer. In fine-tuning, a file that is named twice counts twice.
        output_dir (`str` or `Path`):
            Where checkpoints go during training (`checkpoint-N`) and the pipeline at the end.
        init_from (`str` or `Path`, *optional*):
            Pipeline folder or Hub id to start from; the preset's `model` and `tokenizer` then do not count. By default
            the weights are random and the tokenizer is trained on `train_data`.
        new_tokenizer (`bool`, *optional*, defaults to `False`):
            With `init_from`: make the preset's tokenizer all the same and keep the weights, those of a token where
            both tokenizers have it (see [`~codefusion_hf.training.vocabulary.with_vocabulary`]): from one language to
            another.
        resume (`bool`, *optional*, defaults to `False`):
            Whether to go on from the last checkpoint in `output_dir`.

    Returns:
        [`CodeFusionPipeline`]: as it was saved; where `max_minutes` has stopped the training, as it would be, and it
        is saved only with `export_unfinished`.

    Raises:
        TrainingDivergedError: if a loss or a weight is not finite. Nothing is exported, and the message names the last
            good checkpoint.
        ValueError: if `phase` is unknown, the preset or a data file is malformed, there is nothing to resume or its
            checkpoint is damaged, `init_from` is, or `new_tokenizer` is set without it; or `memory` is none, is of
            another language, or cannot be read by the model.
        OSError: if a checkpoint or the pipeline cannot be written.
    """
    if phase not in PHASES:
        raise ValueError(f"`phase` must be one of {', '.join(PHASES)}, got {phase!r}.")
    if new_tokenizer and init_from is None:
        raise ValueError("`new_tokenizer` needs `init_from`: random weights have a new tokenizer in any case.")
    look_up = load_training_memory(data.memory, phase, preset["language"])
    # In single precision, whatever it was saved in; `bf16` mixes the two.
    start = None if init_from is None else load_checkpoint(init_from)
    output_dir = Path(output_dir)
    args = make_training_arguments(preset, phase, output_dir, has_validation_data=bool(data.validation_data))
    check_sampling_defaults(preset["sampling"])
    # Refuses before the tokenizer of another run is replaced. A checkpoint has its own, which its manifest knows.
    checkpoint = checkpoint_to_resume(args, resume)
    tokenizer_folder = output_dir / "tokenizer" if checkpoint is None else Path(checkpoint)
    # Trainer does it too late for the initial weights.
    set_seed(args.seed)

    train_rows, validation_rows = load_training_rows(preset["language"], phase, data)

    sampling_defaults = preset["sampling"]
    token_rows = tokenizer_rows(train_rows, preset["tokenizer"], preset["language"])
    if start is not None:
        model, tokenizer = start.model, start.tokenizer
        sampling_defaults = sampling_defaults or start.config.sampling_defaults
        if new_tokenizer:
            tokenizer = make_tokenizer(preset["tokenizer"], token_rows, tokenizer_folder, args, reuse=resume)
            model = with_vocabulary(model, start.tokenizer, tokenizer)
    elif preset["lora"]:
        raise ValueError(
            "`lora` needs `init_from`: adapters of random weights, which stay as they are, learn nothing."
        )
    else:
        tokenizer = make_tokenizer(preset["tokenizer"], token_rows, tokenizer_folder, args, reuse=resume)
        model = CodeFusionModel(config_from_preset(preset, tokenizer))
    if tokenizer.mask_token_id is None and (phase == "pretrain" or args.prompt_mask_probability > 0.0):
        raise ValueError("The tokenizer has no mask token, which CPD and `prompt_mask_probability` need.")
    logger.info("Parameters: %s, %d in all.", model.num_parameters_by_component(), model.num_parameters())
    if preset["lora"]:
        model = add_lora(model, preset["lora"])

    check_neighbor_tokens(look_up, tokenizer)

    def build_dataset(rows: list[dict[str, Any]]) -> Dataset:
        if phase == "finetune":
            neighbors = None if look_up is None else find_neighbors(look_up, rows, data.num_neighbors)
            return build_pair_dataset(rows, tokenizer, model.config.max_code_length, preset["language"], neighbors)
        snippets = [row["code"] for row in rows]
        return build_code_dataset(snippets, tokenizer, model.config.max_code_length, preset["language"])

    trainer = CodeFusionTrainer(
        model=model,
        args=args,
        data_collator=PairCollator(tokenizer) if phase == "finetune" else PretrainingCollator(tokenizer),
        train_dataset=build_dataset(train_rows),
        eval_dataset=build_dataset(validation_rows) if validation_rows else None,
        processing_class=tokenizer,
    )
    if preset["lora"] and trainer.is_fsdp_enabled:
        raise ValueError("`lora` cannot be merged where FSDP shards the weights; train it with DDP.")
    # Sharded weights are whole on no process that could sample alone.
    if phase == "finetune" and validation_rows and args.num_sample_prompts and not trainer.is_fsdp_enabled:
        samples = validation_rows[: args.num_sample_prompts]
        trainer.add_callback(SampleCallback(samples, tokenizer, trainer.ema_callback))
    trainer.train(resume_from_checkpoint=resume)

    pipeline = build_pipeline(trainer.averaged_model(), tokenizer, sampling_defaults)
    if trainer.is_unfinished and not args.export_unfinished:
        logger.info("Not exported: the training is not finished. `--resume` goes on with it.")
    elif trainer.is_world_process_zero():
        export_pipeline(pipeline, output_dir)
    trainer.accelerator.wait_for_everyone()
    return pipeline


def make_training_arguments(
    preset: dict[str, Any], phase: str, output_dir: str | Path, has_validation_data: bool
) -> CodeFusionTrainingArguments:
    """
    The training arguments that a preset gives a phase.

    Args:
        preset (`dict`):
            From [`~codefusion_hf.training.presets.load_preset`].
        phase (`str`):
            One of `PHASES`; its section comes before `training`.
        output_dir (`str` or `Path`):
            Where checkpoints go.
        has_validation_data (`bool`):
            Whether there is anything to evaluate on; if not, the preset's `eval_strategy` does not count.

    Returns:
        [`~codefusion_hf.training.trainer.CodeFusionTrainingArguments`]

    Raises:
        ValueError: if the preset has an unknown argument, or one out of range.
    """
    settings: dict[str, Any] = {"report_to": "tensorboard" if is_tensorboard_available() else "none"}
    settings |= {**preset["training"], **preset[phase]}
    if not has_validation_data:
        settings["eval_strategy"] = "no"
    _check_keys("training", settings, CodeFusionTrainingArguments)
    return CodeFusionTrainingArguments(output_dir=str(output_dir), **settings)


def load_training_rows(
    language: str, phase: str, data: TrainingDataArguments
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """
    The rows of a training, as a model of the language sees them.

    Args:
        language (`str`):
            Language of the code, see [`~codefusion_hf.data.preparation.prepare_rows`].
        phase (`str`):
            One of `PHASES`: in `"finetune"` every row must have a prompt.
        data ([`~codefusion_hf.training.arguments.TrainingDataArguments`]):
            The files.

    Returns:
        `tuple` of two `list[dict[str, Any]]`: the rows to train on and those to evaluate on, with `code` and, in
        fine-tuning, `text`; in pre-training, a prompt goes by the name of `prompt`.

    Raises:
        ValueError: if a data file is malformed.
        OSError: if a data file cannot be read.
    """

    def load(paths: Sequence[str | Path], split: str | None) -> list[dict[str, Any]]:
        return _load(paths, phase, language, split=split, **data.load_options())

    train_rows = load(data.train_data, data.split)
    validation_rows = load(data.validation_data, data.validation_split)
    for path in data.exclude_overlap:
        train_rows, taken_out = exclude_overlap(train_rows, load([path], data.exclude_split))
        logger.info("Took out %d rows that overlap with %s; %d are left.", taken_out, path, len(train_rows))
    if data.drop_duplicates:
        train_rows, taken_out = deduplicate(train_rows)
        logger.info("Took out %d duplicates; %d rows are left.", taken_out, len(train_rows))
    return train_rows, validation_rows


def _load(paths: Sequence[str | Path], phase: str, language: str, **options: Any) -> list[dict[str, Any]]:
    """
    Rows as a model of the language sees them: `code` and, in fine-tuning, `text`. In pre-training, prompts are not
    trained on nor compared, but a tokenizer has to know their words: they go by the name of `prompt`.
    """
    rows: list[dict[str, Any]] = []
    for path in paths:
        loaded = load_rows(path, prompts="required" if phase == "finetune" else "optional", **options)
        log_malformed(path, loaded)
        rows += loaded.rows
    rows = prepare_rows(rows, language)
    if phase == "finetune":
        return rows
    return [{"code": row["code"]} | ({"prompt": row["text"]} if "text" in row else {}) for row in rows]


def make_tokenizer(
    settings: dict[str, Any],
    rows: Sequence[dict[str, Any]],
    folder: Path,
    args: CodeFusionTrainingArguments,
    reuse: bool = False,
) -> PreTrainedTokenizerBase:
    """
    A tokenizer as a preset describes it: a ready one (`name_or_path`), or one that is trained on the data, and saved
    at once so that a resumed run finds the same one.

    Args:
        settings (`dict[str, Any]`):
            Section `tokenizer` of the preset.
        rows (`Sequence[dict[str, Any]]`):
            Prompts and programs to train it on, from [`~codefusion_hf.data.preparation.tokenizer_rows`].
        folder (`Path`):
            Where to save one that is trained.
        args ([`~codefusion_hf.training.trainer.CodeFusionTrainingArguments`]):
            Of the training: its main process trains the tokenizer, the others wait.
        reuse (`bool`, *optional*, defaults to `False`):
            Whether to load the one in `folder` instead.

    Returns:
        [`~transformers.PreTrainedTokenizerBase`]

    Raises:
        ValueError: if `settings` has neither `name_or_path` nor `vocab_size`, or has an unknown key, or there is none
            to reuse.
    """
    if "name_or_path" in settings:
        return AutoTokenizer.from_pretrained(settings["name_or_path"])
    known = inspect.signature(train_tokenizer).parameters.keys() - {"texts"}
    if "vocab_size" not in settings or not settings.keys() <= known:
        raise ValueError(
            "The preset's `tokenizer` must have `name_or_path`, or `vocab_size` and none but "
            f"{', '.join(sorted(known))}; got {', '.join(settings) or 'nothing'}."
        )
    if reuse:
        try:
            return AutoTokenizer.from_pretrained(folder)
        except Exception as error:  # of libraries that parse what is in it, and raise what they like
            message = " ".join(str(error).split())
            raise ValueError(f"Cannot resume: {folder} has no tokenizer that loads: {message[:200]}") from error
    with args.main_process_first(desc="training the tokenizer"):
        if args.process_index == 0:
            texts = [normalize_prompt(row[name]) for row in rows for name in ("text", "prompt") if name in row]
            texts += [row["code"] for row in rows]
            train_tokenizer(texts, **settings).save_pretrained(folder)
    return AutoTokenizer.from_pretrained(folder)


def _check_keys(section: str, keys: Iterable[str], dataclass: type) -> None:
    """Unknown keys of a preset are refused: a configuration would keep them and train another model than was meant."""
    known = {field.name for field in dataclasses.fields(dataclass)}
    if unknown := sorted(set(keys) - known):
        raise ValueError(
            f"The preset's `{section}` has unknown keys {', '.join(unknown)}: no {dataclass.__name__} field."
        )


def config_from_preset(preset: dict[str, Any], tokenizer: PreTrainedTokenizerBase) -> CodeFusionConfig:
    """
    The configuration that a preset describes, with the vocabulary of a tokenizer.

    Args:
        preset (`dict`):
            From [`~codefusion_hf.training.presets.load_preset`].
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            Tokenizer of prompts and code.

    Returns:
        [`CodeFusionConfig`]

    Raises:
        ValueError: if the preset's `model` has an unknown key or does not fit together.
    """
    settings = preset["model"]
    _check_keys("model", settings, CodeFusionConfig)
    special_tokens = {name: getattr(tokenizer, name) for name in ("pad_token_id", "bos_token_id", "eos_token_id")}
    if slots := slot_token_ids(tokenizer.get_vocab()):
        settings = {**settings, "copy_token_groups": [list(token_ids) for token_ids in slots.values()]}
    if neighbor_tokens := neighbor_token_ids(tokenizer):
        settings = {**settings, "neighbor_token_ids": list(neighbor_tokens)}
    # A vocabulary may be larger than the tokenizer's: CodeT5's has 100 more ids.
    vocab_size = max(settings.get("vocab_size", 0), len(tokenizer))
    encoder_config = {**settings.get("encoder_config", {}), "vocab_size": vocab_size, **special_tokens}
    try:
        return CodeFusionConfig(
            **{**settings, "encoder_config": encoder_config, "vocab_size": vocab_size, **special_tokens}
        )
    except StrictDataclassError as error:
        raise ValueError(f"The preset's `model` is malformed: {error}") from error


__all__ = [
    "config_from_preset",
    "load_training_rows",
    "make_tokenizer",
    "make_training_arguments",
    "run_training",
]
