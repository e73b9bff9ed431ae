# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
The auto-regressive model that CodeFusion is compared with: a T5 of the same size, trained on the same batches. What
`codefusion train-baseline` runs.
"""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from torch import nn
from transformers import (
    AutoTokenizer,
    PreTrainedTokenizerBase,
    T5Config,
    T5ForConditionalGeneration,
    set_seed,
)
from transformers.trainer_pt_utils import LabelSmoother
from transformers.utils import CONFIG_NAME

from codefusion_hf.data.collators import PairCollator
from codefusion_hf.data.datasets import build_masked_code_dataset, build_pair_dataset
from codefusion_hf.data.preparation import tokenizer_rows
from codefusion_hf.files import staged_folder
from codefusion_hf.modeling import CodeFusionConfig, CodeFusionModel

from .arguments import TrainingDataArguments
from .base_trainer import BaseTrainer, checkpoint_to_resume
from .neighbors import NeighborDraw, check_neighbor_tokens, find_neighbors, load_training_memory
from .presets import PHASES
from .randomness import row_generator
from .run import config_from_preset, load_training_rows, make_tokenizer, make_training_arguments
from .vocabulary import with_vocabulary


logger = logging.getLogger(__name__)

# T5's relative attention biases are all that it knows of order, start near 0 and have to reach several units to single
# out a neighbour. AdamW moves a parameter by at most a learning rate a step, whatever its size, so that they need one
# of their own. (T5's own optimizer, Adafactor, makes steps in proportion to a parameter's size.)
POSITION_BIAS_LEARNING_RATE = 50.0


def t5_config(config: CodeFusionConfig, num_parameters: int, **kwargs: Any) -> T5Config:
    """
    The T5 that is as large as a CodeFusion model: of its width, heads, vocabulary and special tokens, without dropout,
    its layers shared out equally among encoder and decoder, one more where their number is odd. (As many in the one as
    in the other: `generate` makes a cache of `num_layers` layers, which is too short for a deeper decoder.) What is
    left to choose is the width of the feed-forward layers: the multiple of 8 that gets nearest the number of
    parameters, which is within 1 % for all presets.

    Args:
        config ([`CodeFusionConfig`]):
            Of the model to be like.
        num_parameters (`int`):
            Of the same.
        kwargs (`dict[str, Any]`, *optional*):
            Other fields of [`~transformers.T5Config`], or other values, such as `dropout_rate` or `num_layers` and
            `num_decoder_layers`.

    Returns:
        [`~transformers.T5Config`]

    Raises:
        ValueError: if a T5 of that width and depth cannot be as small as that.
    """
    encoder_layers = config.encoder_config.num_hidden_layers  # type: ignore[union-attr]  # a configuration by now
    num_layers = -(-(encoder_layers + config.num_denoiser_layers + config.num_decoder_layers) // 2)
    settings = {
        "vocab_size": config.vocab_size,
        "d_model": config.hidden_size,
        "d_kv": config.hidden_size // config.num_attention_heads,
        "num_heads": config.num_attention_heads,
        "num_layers": num_layers,
        "num_decoder_layers": num_layers,
        "feed_forward_proj": config.hidden_act,
        "dropout_rate": 0.0,
        "pad_token_id": config.pad_token_id,
        "bos_token_id": config.bos_token_id,
        "eos_token_id": config.eos_token_id,
        "decoder_start_token_id": config.pad_token_id,
        **kwargs,
    }
    with torch.device("meta"):  # counts, without weights
        first, second = (
            T5ForConditionalGeneration(T5Config(**settings, d_ff=d_ff)).num_parameters() for d_ff in (8, 16)
        )
    if num_parameters < first:
        raise ValueError(
            f"`num_parameters` must be at least {first}, which a T5 of width {settings['d_model']} with "
            f"{settings['num_layers']} + {settings['num_decoder_layers']} layers has, got {num_parameters}."
        )
    d_ff = 8 * (1 + round((num_parameters - first) / (second - first)))
    return T5Config(**settings, d_ff=d_ff)


class BaselineTrainer(BaseTrainer):
    """
    [`~transformers.Trainer`] with the batches and checkpoints of CodeFusion's, whose labels are smoothed in training
    alone. T5's position biases are trained with `POSITION_BIAS_LEARNING_RATE` times the learning rate.
    """

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """As [`~transformers.Trainer.create_optimizer`]; the position biases come last, in a group of their own."""
        optimizer = super().create_optimizer(model)
        named_parameters = (self.model if model is None else model).named_parameters()
        # A mapping keeps their order, by which a checkpoint's state of the optimizer is restored.
        biases = {parameter: name for name, parameter in named_parameters if "relative_attention_bias" in name}
        for group in optimizer.param_groups:
            group["params"] = [parameter for parameter in group["params"] if parameter not in biases]
        optimizer.add_param_group(
            {
                "params": [*biases],
                "lr": POSITION_BIAS_LEARNING_RATE * self.args.learning_rate,
                "weight_decay": 0.0,
            }
        )
        return optimizer

    def compute_loss(self, model: nn.Module, inputs: dict[str, Any], *args, **kwargs):
        self.label_smoother = None
        inputs = dict(inputs)
        if "neighbor_ids" in inputs:
            self._read_neighbors(inputs, model.training)
        if model.training:
            # At 0.0, too: T5's own loss is the mean of a batch, which Trainer takes for scaled when it accumulates.
            self.label_smoother = LabelSmoother(epsilon=self.args.label_smoothing_factor)
            # The model does not get the labels, which it would shift to the right itself.
            t5 = self.accelerator.unwrap_model(model)
            decoder_input_ids = t5.prepare_decoder_input_ids_from_labels(inputs["labels"])
            inputs = {**inputs, "decoder_input_ids": decoder_input_ids}
        return super().compute_loss(model, inputs, *args, **kwargs)

    def _read_neighbors(self, inputs: dict[str, Any], is_training: bool) -> None:
        """As CodeFusion reads them, each row with draws of its own."""
        first_row = self.args.process_index * len(inputs["labels"])
        key = (self.args.seed, int(is_training), self.state.global_step)

        def of_row(name: str, row: int) -> np.random.Generator:
            return row_generator(name, (*key, first_row + row))

        draw = NeighborDraw(self.args.neighbor_dropout_probability, self.args.neighbor_copy_steps)
        of_batch = row_generator("neighbors", key)
        draw.draw(inputs, self.processing_class, of_batch, of_row, self.state.global_step, is_training)


def train_baseline(
    preset: dict[str, Any],
    data: TrainingDataArguments,
    output_dir: str | Path,
    *,
    tokenizer: str | Path | None = None,
    init_from: str | Path | None = None,
    new_tokenizer: bool = False,
    phase: str = "finetune",
    resume: bool = False,
) -> T5ForConditionalGeneration:
    """
    Train a [`~transformers.T5ForConditionalGeneration`] of the size of a preset's CodeFusion model, as
    [`~codefusion_hf.training.run.run_training`] trains that, and save it.

    Rows, batches, learning rate and label smoothing are those of the preset's phase; what pre-training reads is
    [`~codefusion_hf.data.datasets.build_masked_code_dataset`]'s. What belongs to CodeFusion alone (moving average,
    dropped and masked prompts, sampled prompts) does nothing here. With validation data, the weights of the checkpoint
    with the lowest `eval_loss` are the result, as an auto-regressive model soon learns a small data set by heart, and
    would be compared at its worst; for that, a checkpoint is saved at each evaluation and not every `save_steps`.

    Args:
        preset (`dict`):
            From [`~codefusion_hf.training.presets.load_preset`].
        data ([`~codefusion_hf.training.arguments.TrainingDataArguments`]):
            What is trained on, and evaluated on, to choose the best weights by.
        output_dir (`str` or `Path`):
            Where checkpoints go during training (`checkpoint-N`) and the model and its tokenizer at the end, for
            [`~transformers.AutoModelForSeq2SeqLM`] and [`~transformers.AutoTokenizer`].
        tokenizer (`str` or `Path`, *optional*):
            Pipeline folder or Hub id of a CodeFusion checkpoint, to take the tokenizer from. By default it is made as
            the preset says.
        init_from (`str` or `Path`, *optional*):
            Folder or Hub id of a baseline to start from, with its tokenizer; the preset's `model` and `tokenizer` then
            do not count. By default the weights are random.
        new_tokenizer (`bool`, *optional*, defaults to `False`):
            With `init_from`: make the preset's tokenizer all the same and keep the weights, those of a token where
            both tokenizers have it.
        phase (`str`, *optional*, defaults to `"finetune"`):
            `"finetune"`, on pairs, or `"pretrain"`, on code alone with both of the paper's tasks.
        resume (`bool`, *optional*, defaults to `False`):
            Whether to go on from the last checkpoint in `output_dir`.

    Returns:
        [`~transformers.T5ForConditionalGeneration`]: as it was saved (where `max_minutes` has stopped the training,
        only with `export_unfinished`), in evaluation mode. Its `generation_config` bounds programs by the preset's
        `max_code_length`.

    Raises:
        ValueError: if both `tokenizer` and `init_from` are given, `tokenizer` is a folder without one, `phase` is
            unknown, the preset has `lora` or is malformed, a data file is malformed, `output_dir` has checkpoints
            that are not to be resumed, there is nothing to resume, or `new_tokenizer` is set without `init_from`.
        OSError: if a checkpoint or the model cannot be written, or `tokenizer` or `init_from` cannot be read.
    """
    if tokenizer is not None and init_from is not None:
        raise ValueError(
            f"`tokenizer` must not be given with `init_from`, which brings its own, got {str(tokenizer)!r} and "
            f"{str(init_from)!r}."
        )
    if tokenizer is not None and Path(tokenizer).is_dir() and not (Path(tokenizer) / "tokenizer").is_dir():
        raise ValueError(f"`tokenizer` must be the folder of a pipeline, but {tokenizer} has no folder `tokenizer`.")
    if new_tokenizer and init_from is None:
        raise ValueError("`new_tokenizer` needs `init_from`: random weights have a new tokenizer in any case.")
    if phase not in PHASES:
        raise ValueError(f"`phase` must be one of {', '.join(PHASES)}, got {phase!r}.")
    if preset["lora"]:
        raise ValueError(f"The preset's `lora` is for CodeFusion and must be empty here, got {preset['lora']!r}.")
    look_up = load_training_memory(data.memory, phase, preset["language"])
    output_dir = Path(output_dir)
    if data.validation_data:
        preset = _keeping_the_best(preset, phase)
    args = make_training_arguments(preset, phase, output_dir, has_validation_data=bool(data.validation_data))
    # Refuses before the tokenizer of another run is replaced. A checkpoint has its own, which its manifest knows.
    checkpoint = checkpoint_to_resume(args, resume)
    # Trainer does it too late for the initial weights.
    set_seed(args.seed)
    train_rows, validation_rows = load_training_rows(preset["language"], phase, data)

    folder = output_dir / "tokenizer" if checkpoint is None else Path(checkpoint)
    rows_of_tokenizer = tokenizer_rows(train_rows, preset["tokenizer"], preset["language"])
    if init_from is not None:
        processor = AutoTokenizer.from_pretrained(init_from)
        # Weights that were saved in half precision are trained in single; `bf16` mixes the two.
        model = T5ForConditionalGeneration.from_pretrained(init_from, dtype=torch.float32)
        if new_tokenizer:
            known = processor
            processor = make_tokenizer(preset["tokenizer"], rows_of_tokenizer, folder, args, reuse=resume)
            model = with_vocabulary(model, known, processor)
    else:
        if tokenizer is not None:
            processor = AutoTokenizer.from_pretrained(tokenizer, subfolder="tokenizer")
        else:
            processor = make_tokenizer(preset["tokenizer"], rows_of_tokenizer, folder, args, reuse=resume)
        config = config_from_preset(preset, processor)
        with torch.device("meta"):  # a count, without weights
            num_parameters = CodeFusionModel(config).num_parameters()
        model = T5ForConditionalGeneration(t5_config(config, num_parameters))
        model.generation_config.max_new_tokens = config.max_code_length
        logger.info("Parameters: %d, of CodeFusion: %d.", model.num_parameters(), num_parameters)
    max_code_length = model.generation_config.max_new_tokens
    check_neighbor_tokens(look_up, processor)

    def build_dataset(rows: list[dict[str, Any]]) -> Dataset:
        if phase == "finetune":
            neighbors = None if look_up is None else find_neighbors(look_up, rows, data.num_neighbors)
            return build_pair_dataset(rows, processor, max_code_length, preset["language"], neighbors)
        return build_masked_code_dataset(
            [row["code"] for row in rows],
            processor,
            max_code_length,
            preset["language"],
            args.cpd_probability,
            args.cpd_mask_probability,
            args.seed,
        )

    trainer = BaselineTrainer(
        model=model,
        args=args,
        data_collator=PairCollator(processor),
        train_dataset=build_dataset(train_rows),
        eval_dataset=build_dataset(validation_rows) if validation_rows else None,
        processing_class=processor,
    )
    trainer.train(resume_from_checkpoint=resume)

    if trainer.is_unfinished and not args.export_unfinished:
        logger.info("Not exported: the training is not finished. `--resume` goes on with it.")
    elif trainer.is_world_process_zero():
        export_baseline(model, processor, output_dir)
    trainer.accelerator.wait_for_everyone()
    return model.eval()


def _keeping_the_best(preset: dict[str, Any], phase: str) -> dict[str, Any]:
    """The preset, with a checkpoint at each evaluation, the best of which is restored at the end."""
    settings = {**preset["training"], **preset[phase]}
    evaluation = {name: settings[f"eval_{name}"] for name in ("strategy", "steps") if f"eval_{name}" in settings}
    if evaluation.get("strategy", "no") == "no" or not settings.get("load_best_model_at_end", True):
        return preset
    saving = {f"save_{name}": value for name, value in evaluation.items()}
    return {**preset, phase: {**preset[phase], **saving, "load_best_model_at_end": True}}


def export_baseline(model: T5ForConditionalGeneration, tokenizer: PreTrainedTokenizerBase, folder: str | Path) -> None:
    """
    Save a model with its tokenizer so that a folder holds all of it or, as `config.json` comes last, is no model yet.

    Args:
        model ([`~transformers.T5ForConditionalGeneration`]):
            The model.
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            Its tokenizer.
        folder (`str` or `Path`):
            Where to. What else is in it stays; an older model is replaced.

    Raises:
        OSError: if it cannot be written; an older model is then as it was, or, if it was while it was being replaced,
            has no `config.json` any more.
    """
    with staged_folder(folder, last=CONFIG_NAME) as temporary:
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)


__all__ = ["BaselineTrainer", "export_baseline", "t5_config", "train_baseline"]
