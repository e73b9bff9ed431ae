# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion data`: what is in data files, and more data to train on."""

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from codefusion_hf.data.arguments import DataArguments
from codefusion_hf.languages import LANGUAGES, get_language
from codefusion_hf.languages.python.source_pairs import KINDS as PAIR_KINDS
from codefusion_hf.terminal import printable

from .parser import Command


# More do not fit into memory, which has to hold what was written to leave out what repeats it.
MAX_ROWS = 10**8
MAX_COPIES = 1000

_SEED = {"metavar": "S", "help": "the same seed gives the same rows (%(default)s)"}
_OUTPUT = {"metavar": "FILE", "help": "JSON Lines file to write"}


@dataclass(kw_only=True)
class InspectArguments:
    """Which rows are looked at, and how."""

    path: str = field(
        metadata={"positional": True, "metavar": "FILE", "help": "file or folder, or hf://datasets/OWNER/NAME"}
    )
    name: str | None = field(default=None, metadata={"help": "configuration of a Hub data set"})
    streaming: bool = field(default=False, metadata={"help": "fetch no more of a Hub data set than --limit rows"})
    limit: int | None = field(default=None, metadata={"metavar": "N", "help": "look at the first N rows (all)"})
    tokenizer: str | None = field(
        default=None, metadata={"metavar": "PATH", "help": "folder or Hub id (that of the bundled bash-tiny)"}
    )
    language: str | None = field(
        default=None, metadata={"choices": LANGUAGES, "help": "what to mask the example as (the guess)"}
    )


@dataclass(kw_only=True)
class PairsArguments:
    """Which pairs are cut out of which source."""

    paths: list[str] = field(
        metadata={"positional": True, "metavar": "SOURCE", "help": "Python files, or folders with some"}
    )
    output: str = field(metadata=_OUTPUT)
    kinds: list[str] | None = field(
        default=None,
        metadata={
            "choices": PAIR_KINDS,
            "help": "which pairs to cut (all)",
        },
    )


@dataclass(kw_only=True)
class RenameArguments:
    """Which pairs get copies by other names."""

    path: str = field(
        metadata={"positional": True, "metavar": "FILE", "help": "file of pairs, in any format that has prompts"}
    )
    augment: int = field(metadata={"metavar": "N", "help": "copies of each pair"})
    names_from: list[str] = field(
        default_factory=list, metadata={"metavar": "FILE", "help": "pairs whose names are drawn, too"}
    )
    seed: int = field(default=0, metadata=_SEED)
    output: str = field(metadata=_OUTPUT)

    def __post_init__(self) -> None:
        if self.augment > MAX_COPIES:
            raise ValueError(f"`augment` must be at most {MAX_COPIES}, got {self.augment}.")


@dataclass(kw_only=True)
class SynthesizeArguments:
    """Which rows are invented."""

    language: str = field(metadata={"positional": True, "choices": LANGUAGES, "help": "language of the code"})
    num_rows: int = field(metadata={"metavar": "N", "help": "how many rows"})
    seed: int = field(default=0, metadata=_SEED)
    exclude: list[str] = field(
        default_factory=list,
        metadata={
            "metavar": "FILE",
            "help": "data files whose prompts, similar ones, and (of Bash and Python) programs are left out",
        },
    )
    held_out_tables: bool = field(
        default=False,
        metadata={"help": "of cf: tables of subjects that no other rows are about, to measure with"},
    )
    output: str = field(metadata=_OUTPUT)

    def __post_init__(self) -> None:
        if self.num_rows > MAX_ROWS:
            raise ValueError(f"`num_rows` must be at most {MAX_ROWS}, got {self.num_rows}.")


@dataclass(kw_only=True)
class CoverageArguments:
    """What is compared with invented rows."""

    language: str = field(metadata={"positional": True, "choices": LANGUAGES, "help": "language of the code"})
    data: str = field(metadata={"positional": True, "metavar": "FILE", "help": "people's pairs"})
    num_rows: int = field(default=200_000, metadata={"metavar": "N", "help": "rows to invent (%(default)s)"})
    seed: int = field(default=0, metadata=_SEED)
    show_missing: int = field(
        default=0, metadata={"metavar": "N", "help": "print the N most frequent missing ones (none)"}
    )

    def __post_init__(self) -> None:
        if not 1 <= self.num_rows <= MAX_ROWS:
            raise ValueError(f"`num_rows` must be in [1, {MAX_ROWS}], got {self.num_rows}.")


@dataclass(kw_only=True)
class DescribeArguments:
    """Which code is described, and by which model."""

    paths: list[str] = field(
        metadata={"positional": True, "metavar": "FILE", "help": "code without sentences, as for pre-training"}
    )
    model: str = field(metadata={"help": "folder or Hub id of a causal language model"})
    gguf_file: str | None = field(default=None, metadata={"metavar": "NAME", "help": "a GGUF file of the model"})
    language: str = field(default=LANGUAGES[0], metadata={"choices": LANGUAGES, "help": "(%(default)s)"})
    examples: str | None = field(
        default=None, metadata={"metavar": "FILE", "help": "pairs that the model is shown first, all of them (none)"}
    )
    round_trip: str | None = field(
        default=None,
        metadata={
            "metavar": "CHECKPOINT",
            "help": "keep a pair only if this one finds the program again, among its five candidates",
        },
    )
    limit: int | None = field(default=None, metadata={"metavar": "N", "help": "the first N programs (all)"})
    batch_size: int = field(default=16, metadata={"metavar": "N", "help": "programs at once (%(default)s)"})
    output: str = field(metadata=_OUTPUT)

    def __post_init__(self) -> None:
        for name in ("limit", "batch_size"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"`{name}` must be 1 or more, got {value}.")


@dataclass(kw_only=True)
class OverlapArguments:
    """Which files are compared."""

    paths: list[str] = field(
        metadata={
            "positional": True,
            "metavar": "FILE_OR_FOLDER",
            "help": "data files, or folders with .jsonl files, to be listed",
        }
    )
    against: list[str] = field(
        metadata={"metavar": "FILE", "help": "data files to compare with, of which nothing is shown"}
    )
    max_similarity: float = field(
        default=0.9,
        metadata={
            "metavar": "COSINE",
            "help": "cosine of TF-IDF vectors from which two texts are similar (%(default)s)",
        },
    )


def inspect(arguments: InspectArguments, data: DataArguments) -> None:
    """
    Show what is in a data file. Malformed rows are counted, whatever `skip_malformed` says.

    Args:
        arguments ([`InspectArguments`]):
            Which rows are looked at.
        data ([`~codefusion_hf.data.arguments.DataArguments`]):
            How the file is read.
    """
    import transformers

    from codefusion_hf.data.inspection import load_tokenizer, print_report
    from codefusion_hf.data.pairs import load_rows

    transformers.utils.logging.set_verbosity_error()
    loaded = load_rows(
        arguments.path,
        split=data.split,
        name=arguments.name,
        streaming=arguments.streaming,
        limit=arguments.limit,
        **{**data.load_options(), "on_malformed": "skip"},
    )
    print_report(loaded, load_tokenizer(arguments.tokenizer), arguments.language)


def pairs(arguments: PairsArguments) -> None:
    """
    Cut pairs of a prompt and code out of Python source.

    Args:
        arguments ([`PairsArguments`]):
            Which pairs, and of which source.
    """
    from codefusion_hf.data.augmentation import read_source_pairs

    kinds = arguments.kinds or PAIR_KINDS
    rows, num_duplicates, num_skipped = read_source_pairs(arguments.paths, kinds)
    _write_json_lines(arguments.output, rows)
    counts = Counter(row["kind"] for row in rows)
    print(
        f"{arguments.output}: {len(rows):,} pairs ({', '.join(f'{kind} {counts[kind]:,}' for kind in kinds)}); "
        f"{num_duplicates:,} duplicates and {num_skipped:,} files that do not parse left out"
    )


def rename(arguments: RenameArguments) -> None:
    """
    Add copies by other names to Python pairs.

    Args:
        arguments ([`RenameArguments`]):
            Which pairs.
    """
    from codefusion_hf.data.augmentation import augment_pairs
    from codefusion_hf.data.pairs import load_pairs

    rows = load_pairs(arguments.path)
    name_rows = [row for path in arguments.names_from for row in load_pairs(path)]
    augmented = augment_pairs(rows, arguments.augment, arguments.seed, name_rows)
    _write_json_lines(arguments.output, augmented)
    print(f"{arguments.output}: {len(rows):,} pairs and {len(augmented) - len(rows):,} copies by other names")


def synthesize(arguments: SynthesizeArguments) -> None:
    """
    Invent rows of a language.

    Args:
        arguments ([`SynthesizeArguments`]):
            Which rows.
    """
    from codefusion_hf.data.synthesis import MAX_SIMILARITY, write_rows

    output, exclude = arguments.output, arguments.exclude
    counts = write_rows(
        output, arguments.language, arguments.num_rows, arguments.seed, exclude, arguments.held_out_tables
    )
    print(
        f"{output}: {counts['written']} rows. Left out {counts['excluded']} that are in {len(exclude)} excluded files "
        f"or within {MAX_SIMILARITY} TF-IDF cosine of a prompt there, and {counts['repeated']} that repeat "
        "another one."
    )


def overlap(arguments: OverlapArguments) -> int:
    """
    List the rows of data files that others have too, and show nothing of these.

    Args:
        arguments ([`OverlapArguments`]):
            Which files are compared.

    Returns:
        `int`: exit code: 1 if there are any.
    """
    from codefusion_hf.data.overlap import KINDS, find_overlap

    found = find_overlap(arguments.paths, arguments.against, arguments.max_similarity)
    for row in found.rows:
        print(f"{printable(row.location)}: {', '.join(row.kinds)}")
    counts = ", ".join(f"{found.count(kind)} by {kind}" for kind in KINDS)
    print(
        f"{len(found.rows)} of {found.num_rows} rows overlap with the {found.num_other_rows} rows of "
        f"{len(arguments.against)} files: {counts}."
    )
    return 1 if found.rows else 0


def coverage(arguments: CoverageArguments) -> None:
    """
    Say how much of what people's code has is in invented rows, too.

    Args:
        arguments ([`CoverageArguments`]):
            Which code, and how many rows.
    """
    from codefusion_hf.data.pairs import load_pairs

    language = get_language(arguments.language)
    references = [pair["code"] for pair in load_pairs(arguments.data)]
    rows = itertools.islice(language.generate_rows(arguments.seed), arguments.num_rows)
    found = language.coverage(references, (row["code"] for row in rows))
    print(
        f"{arguments.num_rows} rows of seed {arguments.seed} have {found.covered} of {found.total} {found.noun} "
        f"({found.covered / found.total:.1%}), {found.covered_kinds} of {found.kinds} different ones "
        f"({found.covered_kinds / found.kinds:.1%})."
    )
    for name, count in found.missing[: arguments.show_missing]:
        print(f"{count:>5}  {printable(name)}")


def describe(arguments: DescribeArguments, data: DataArguments) -> None:
    """
    Have a causal language model write a sentence for each program.

    Args:
        arguments ([`DescribeArguments`]):
            Which programs, and which model.
        data ([`~codefusion_hf.data.arguments.DataArguments`]):
            How the files are read.
    """
    from codefusion_hf.data.pairs import load_pairs, load_rows, log_malformed
    from codefusion_hf.inference.description import CodeDescriber, describe_rows
    from codefusion_hf.inference.loading import load_pipeline, silence_libraries

    silence_libraries()
    examples = [] if arguments.examples is None else load_pairs(arguments.examples)
    codes: list[str] = []
    for path in arguments.paths:
        loaded = load_rows(path, split=data.split, prompts="ignored", **data.load_options())
        log_malformed(path, loaded)
        codes += [row["code"] for row in loaded.rows]
    codes = list(dict.fromkeys(codes))[: arguments.limit]
    pipe = None if arguments.round_trip is None else load_pipeline(arguments.round_trip)
    describer = CodeDescriber.from_pretrained(arguments.model, arguments.gguf_file, examples)
    rows = list(describe_rows(describer, codes, arguments.language, arguments.batch_size, pipe))
    _write_json_lines(arguments.output, rows)
    print(f"{arguments.output}: {len(rows):,} pairs of {len(codes):,} programs")


def _write_json_lines(path: str, rows: Iterable[Mapping[str, str]]) -> None:
    from codefusion_hf.files import write_text

    write_text(Path(path), "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


_KINDS = (
    Command("inspect", "show what is in a data file", inspect, (InspectArguments, DataArguments)),
    Command("pairs", "cut pairs of a prompt and code out of Python source", pairs, (PairsArguments,)),
    Command("rename", "add copies by other names to Python pairs", rename, (RenameArguments,)),
    Command("synthesize", "invent pairs of a prompt and code", synthesize, (SynthesizeArguments,)),
    Command("overlap", "list the rows of data files that others have too", overlap, (OverlapArguments,)),
    Command(
        "describe", "have a language model write sentences for code", describe, (DescribeArguments, DataArguments)
    ),
    Command("coverage", "say how much of what people's code has is in invented rows", coverage, (CoverageArguments,)),
)
COMMANDS = (Command("data", "look at data, and make more to train on", commands=_KINDS),)


__all__ = ["COMMANDS"]
