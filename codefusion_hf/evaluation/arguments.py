# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What is evaluated, and on what."""

from dataclasses import dataclass, field

from codefusion_hf.languages import LANGUAGES


@dataclass(kw_only=True)
class EvaluationArguments:
    """
    What an evaluation compares, and on which prompts.

    Args:
        data (`str`):
            File of pairs to evaluate on.
        language (`str`, *optional*, defaults to `"bash"`):
            Language of the code.
        checkpoint (`str`, *optional*):
            Name of a bundled checkpoint, folder of a pipeline or Hub id. Defaults to the bundled one of the language.
        train_data (`list[str]`, *optional*):
            Files of the pairs trained on. They are the floor, as the nearest neighbours of the prompts, and tell which
            programs are new.
        novel (`bool`, *optional*, defaults to `False`):
            Whether the table shows the prompts whose programs are not in `train_data` apart, too.
        baseline (`str`, *optional*):
            Folder or Hub id of a T5 to compare with, as of `codefusion train-baseline`.
        encoder (`str`, *optional*):
            Folder or Hub id of an encoder, for CodeBERTScore and the similarity of candidates.
        encoder_layer (`int`, *optional*):
            Its layer to compare. Defaults to the choice of the score's authors.
        ks (`list[int]`, *optional*, defaults to `[1, 3, 5]`):
            How many candidates to look at, each 1 or more.
        limit (`int`, *optional*):
            Number of prompts, 1 or more, drawn with a fixed seed. Defaults to all.
        batch_size (`int`, *optional*, defaults to 16):
            Prompts generated for at once, 1 or more. The noise depends on it.
        output_dir (`str`, *optional*):
            Folder of the report, all predictions and the plots. What an interrupted evaluation has made is kept there.
        plots (`bool`, *optional*, defaults to `False`):
            Whether to plot match against k, and edit distance against the denoising step.
        compare_steps (`list[int]`, *optional*):
            Numbers of denoising steps to plot match against.
        train_split (`str`, *optional*):
            Split of `train_data`, where it has several. Defaults to `train`.

    Raises:
        ValueError: if a number is out of its range, or an argument needs another one that is not given.
    """

    language: str = field(default=LANGUAGES[0], metadata={"choices": LANGUAGES, "help": "(%(default)s)"})
    checkpoint: str | None = field(
        default=None, metadata={"help": "bundled name, pipeline folder or Hub id (the bundled one of the language)"}
    )
    data: str = field(metadata={"metavar": "FILE", "help": "pairs to evaluate on"})
    train_data: list[str] = field(
        default_factory=list,
        metadata={"metavar": "FILE", "help": "training pairs, for the nearest-neighbour floor"},
    )
    novel: bool = field(default=False, metadata={"help": "show programs that are not in --train-data apart, too"})
    baseline: str | None = field(
        default=None, metadata={"metavar": "MODEL", "help": "folder or Hub id of a T5 to compare with (none)"}
    )
    encoder: str | None = field(
        default=None, metadata={"metavar": "MODEL", "help": "folder or Hub id, for CodeBERTScore and similarity"}
    )
    encoder_layer: int | None = field(
        default=None, metadata={"metavar": "N", "help": "its layer to compare (its authors' choice)"}
    )
    ks: list[int] = field(
        default_factory=lambda: [1, 3, 5], metadata={"metavar": "K", "help": "candidates to look at (1 3 5)"}
    )
    limit: int | None = field(
        default=None, metadata={"metavar": "N", "help": "number of prompts, drawn with a fixed seed (all)"}
    )
    batch_size: int = field(default=16, metadata={"metavar": "N", "help": "prompts at once (%(default)s)"})
    output_dir: str | None = field(
        default=None, metadata={"metavar": "FOLDER", "help": "where report, predictions and plots go"}
    )
    plots: bool = field(default=False, metadata={"help": "plot match against k and edit distance against step"})
    compare_steps: list[int] = field(
        default_factory=list, metadata={"metavar": "N", "help": "plot match against numbers of steps"}
    )
    train_split: str | None = field(
        default=None, metadata={"metavar": "SPLIT", "help": "the same as --split, of the training data"}
    )

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise ValueError(f"`language` must be one of {', '.join(LANGUAGES)}, got {self.language!r}.")
        for name, values in (
            ("ks", self.ks or [0]),
            ("limit", [] if self.limit is None else [self.limit]),
            ("batch_size", [self.batch_size]),
            ("compare_steps", self.compare_steps),
        ):
            if values and min(values) < 1:
                raise ValueError(f"`{name}` must be 1 or more, got {getattr(self, name)}.")
        if self.novel and not self.train_data:
            raise ValueError("--novel needs --train-data: new is what does not occur there.")
        if (self.plots or self.compare_steps) and not self.output_dir:
            raise ValueError("--plots and --compare-steps need --output-dir.")


__all__ = ["EvaluationArguments"]
