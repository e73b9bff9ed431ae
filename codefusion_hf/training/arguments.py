# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What a training phase starts from and reads; how it trains is in the presets."""

from dataclasses import dataclass, field

from codefusion_hf.data.arguments import DataArguments


@dataclass(kw_only=True)
class TrainingDataArguments(DataArguments):
    """
    The data files of a training phase, and how they are read. `split` is that of `train_data`.

    Args:
        train_data (`list[str]`):
            Files, folders or data sets of the Hub to train on.
        validation_data (`list[str]`, *optional*):
            Files to evaluate on during training.
        exclude_overlap (`list[str]`, *optional*):
            Files, such as a test file, whose rows must not be trained on.
        drop_duplicates (`bool`, *optional*, defaults to `False`):
            Whether to train on equal rows once.
        validation_split (`str`, *optional*):
            Split of `validation_data`, where it has several. Defaults to `train`.
        exclude_split (`str`, *optional*):
            Split of `exclude_overlap`, where it has several. Defaults to `train`.
        memory (`str`, *optional*):
            In fine-tuning, folder or Hub id of a memory to read neighbours from, or `cookbook:LANGUAGE`.
        num_neighbors (`int`, *optional*, defaults to 3):
            With a memory, neighbours of each prompt at most, 1 or more.
        format, text_column, code_column, skip_malformed, split:
            As of [`~codefusion_hf.data.arguments.DataArguments`], for all files.
    """

    train_data: list[str] = field(
        metadata={"metavar": "FILE", "help": "files, folders or hf://datasets/OWNER/NAME to train on"}
    )
    validation_data: list[str] = field(
        default_factory=list, metadata={"metavar": "FILE", "help": "files to evaluate on"}
    )
    exclude_overlap: list[str] = field(
        default_factory=list, metadata={"metavar": "FILE", "help": "leave out what is in these (test) files"}
    )
    drop_duplicates: bool = field(default=False, metadata={"help": "train on equal rows once"})
    validation_split: str | None = field(
        default=None, metadata={"metavar": "SPLIT", "help": "the same as --split, of the validation data"}
    )
    exclude_split: str | None = field(
        default=None, metadata={"metavar": "SPLIT", "help": "the same, of the files of --exclude-overlap"}
    )

    memory: str | None = field(
        default=None,
        metadata={"help": "in finetune: folder or Hub id of a memory to read neighbours from, or cookbook:LANGUAGE"},
    )
    num_neighbors: int = field(
        default=3, metadata={"metavar": "N", "help": "with --memory: neighbours of each prompt (%(default)s)"}
    )

    def __post_init__(self) -> None:
        if self.num_neighbors < 1:
            raise ValueError(f"`num_neighbors` must be 1 or more, got {self.num_neighbors}.")


@dataclass(kw_only=True)
class PhaseArguments:
    """
    A training phase: what it starts from, and where its result goes.

    Args:
        preset (`str`):
            Name of a preset, or path of a YAML file, see [`~codefusion_hf.training.presets.load_preset`].
        phase (`str`):
            `"pretrain"` or `"finetune"`.
        output_dir (`str`):
            Folder of the checkpoints, and of the result.
        init_from (`str`, *optional*):
            Name of a bundled checkpoint, folder or Hub id of a pipeline to start from. Defaults to random weights.
        new_tokenizer (`bool`, *optional*, defaults to `False`):
            With `init_from`, whether to make the preset's tokenizer all the same.
        resume (`bool`, *optional*, defaults to `False`):
            Whether to go on from the last checkpoint in `output_dir`.
        language (`str`, *optional*):
            Language of the code. Defaults to the preset's.
        set (`list[str]`, *optional*):
            Changes of the preset, each `section.key=value`.
    """

    preset: str = field(metadata={"help": "name of a preset, or path of a YAML file"})
    phase: str = field(metadata={"choices": ("pretrain", "finetune"), "help": "training phase"})
    output_dir: str = field(metadata={"help": "folder of the checkpoints and of the finished pipeline"})
    init_from: str | None = field(
        default=None, metadata={"help": "pipeline folder or Hub id to start from (default: random weights)"}
    )
    new_tokenizer: bool = field(
        default=False,
        metadata={
            "help": "with --init-from: the preset's tokenizer all the same; tokens that both have keep their "
            "embeddings"
        },
    )
    resume: bool = field(default=False, metadata={"help": "go on from the last checkpoint in --output-dir"})
    language: str | None = field(default=None, metadata={"help": "language of the code, in place of the preset's"})
    set: list[str] = field(
        default_factory=list,
        metadata={"action": "append", "metavar": "SECTION.KEY=VALUE", "help": "change the preset"},
    )

    def overrides(self) -> list[str]:
        """
        The changes of the preset.

        Returns:
            `list[str]`: `set`, and the language.
        """
        return self.set if self.language is None else [*self.set, f"language={self.language}"]


__all__ = ["PhaseArguments", "TrainingDataArguments"]
