# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The memory: pairs of a prompt and code, and finding those whose prompts are similar to another."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from codefusion_hf.data.deduplication import deduplicate
from codefusion_hf.data.pairs import load_pairs
from codefusion_hf.data.sources import shorten
from codefusion_hf.files import staged_folder
from codefusion_hf.languages import get_language
from codefusion_hf.pipelines.slots import SlottedPrompt

from .dense import DenseIndex, Encoder, load_encoder
from .index import MemoryIndex, WordIndex, positions_of
from .keys import sentence_words, slot_sentence
from .rows import MAX_ROWS, MemoryRow, check_row, hash_text
from .storage import CONFIG_NAME, read_files, write_files


if TYPE_CHECKING:
    import datasets

COOKBOOK = Path(__file__).resolve().parents[1] / "cookbook"
COOKBOOK_PREFIX = "cookbook:"
ON_MALFORMED = ("raise", "skip")

# Rows that are looked at for each neighbour: several may have the same program.
_CANDIDATES = 8


@dataclass(frozen=True)
class Neighbor:
    """
    A row that was found.

    Args:
        id (`str`):
            Id of the row in the memory.
        text (`str`):
            Its prompt, as it was written.
        code (`str`):
            Its program, as it was written.
        score (`float`):
            How similar its prompt is. Scores of different prompts cannot be compared, but for those of an encoder,
            which are cosines.
        data (`list[list[Any]]`, *optional*):
            The table that a rule is about, its first row the header.
    """

    id: str
    text: str
    code: str
    score: float
    data: list[list[Any]] | None = None


@dataclass(frozen=True)
class _LookUp:
    """What is made of the rows when a prompt is looked up for the first time; arrays are in the order of the rows."""

    index: MemoryIndex
    ids: np.ndarray
    prompts: np.ndarray
    programs: np.ndarray


class CodeFusionMemory:
    """
    Pairs of a prompt and code, to look up those whose prompts are similar to another.

    A memory is a set: rows that are equal in all characters are there once, and the order in which rows are added does
    not matter, neither to what is found nor to what is saved. Prompts are looked up as the models read them, with
    slots for their values, see [`~codefusion_hf.memory.keys`].

    Args:
        language (`str`, *optional*, defaults to `"bash"`):
            Language of the programs: `"bash"`, `"cf"` or `"python"`.
        encoder (`str`, `Callable` or an object with a method `encode`, *optional*):
            A sentence encoder to look up by meaning instead of by words, with FAISS: the name of a model of
            sentence-transformers, or a function from a list of sentences to an array of shape `(num_sentences, size)`.
            It is not saved: a memory names nothing that would be loaded.

    Raises:
        ImportError: if the encoder needs what is not installed.
        ValueError: if an argument is not one of these.
    """

    def __init__(self, language: str = "bash", encoder: Any = None):
        get_language(language)  # raises
        self.language = language
        self.encoder: Encoder | None = None if encoder is None else load_encoder(encoder)
        self._rows: list[MemoryRow] = []
        self._look_up: _LookUp | None = None

    # --- From data, and back

    @classmethod
    def from_pairs(
        cls,
        pairs: Iterable[Mapping[str, Any]] | str | Path,
        language: str = "bash",
        *,
        encoder: Any = None,
        on_malformed: str = "raise",
    ) -> "CodeFusionMemory":
        """
        Make a memory of pairs.

        Args:
            pairs (iterable of mappings, `str` or `Path`):
                Rows with `text`, `code` and, for rules, perhaps `data`; or a file that
                [`~codefusion_hf.data.pairs.load_pairs`] reads.
            language (`str`, *optional*, defaults to `"bash"`):
                Their language.
            encoder (*optional*):
                See [`CodeFusionMemory`].
            on_malformed (`str`, *optional*, defaults to `"raise"`):
                What to do with a row that is not allowed: `raise` an error, or `skip` it.

        Returns:
            [`CodeFusionMemory`]: the memory.

        Raises:
            OSError: if a file cannot be read.
            ValueError: if a row is not allowed (see [`~codefusion_hf.memory.rows`]; the message names it) and not to
                be skipped, or an argument is not one of these.
        """
        memory = cls(language, encoder)
        if isinstance(pairs, str | Path):
            pairs = load_pairs(pairs, on_malformed=on_malformed)
        memory.add(pairs, on_malformed=on_malformed)
        return memory

    @classmethod
    def from_dataset(
        cls,
        dataset: "datasets.Dataset",
        language: str = "bash",
        *,
        text_column: str = "text",
        code_column: str = "code",
        encoder: Any = None,
        on_malformed: str = "raise",
    ) -> "CodeFusionMemory":
        """
        Make a memory of a data set.

        Args:
            dataset (`datasets.Dataset`):
                One split of it.
            language (`str`, *optional*, defaults to `"bash"`):
                Its language.
            text_column (`str`, *optional*, defaults to `"text"`):
                Column of the prompts.
            code_column (`str`, *optional*, defaults to `"code"`):
                Column of the programs.
            encoder (*optional*):
                See [`CodeFusionMemory`].
            on_malformed (`str`, *optional*, defaults to `"raise"`):
                As for [`~CodeFusionMemory.from_pairs`].

        Returns:
            [`CodeFusionMemory`]: the memory. A column `data` is taken along if it holds tables.

        Raises:
            ValueError: as for [`~CodeFusionMemory.from_pairs`], or if it has no such columns.
        """
        names = dataset.column_names
        if isinstance(names, dict):
            raise ValueError(f"`dataset` must be one split, got several: {', '.join(names)}.")
        for argument, column in (("text_column", text_column), ("code_column", code_column)):
            if names is not None and column not in names:
                raise ValueError(f"`{argument}` must be one of {', '.join(names)}, got {column!r}.")
        rows = ({"text": row.get(text_column), "code": row.get(code_column), "data": _table(row)} for row in dataset)
        return cls.from_pairs(rows, language, encoder=encoder, on_malformed=on_malformed)

    @classmethod
    def from_cookbook(cls, language: str = "bash", *, encoder: Any = None) -> "CodeFusionMemory":
        """
        Load the memory that comes with the package.

        Args:
            language (`str`, *optional*, defaults to `"bash"`):
                `"bash"`, `"cf"` or `"python"`.
            encoder (*optional*):
                See [`CodeFusionMemory`].

        Returns:
            [`CodeFusionMemory`]: all pairs of the cookbook in that language.

        Raises:
            ValueError: if there is no such language.
        """
        memory = cls(language, encoder)
        for path in sorted((COOKBOOK / language).glob("*.jsonl")):
            memory.add(load_pairs(path))
        return memory

    @classmethod
    def from_pretrained(
        cls,
        pretrained_memory: str | Path,
        *,
        revision: str | None = None,
        token: str | None = None,
        encoder: Any = None,
    ) -> "CodeFusionMemory":
        """
        Load a memory that was saved.

        Args:
            pretrained_memory (`str` or `Path`):
                Its folder, or the id of its repository on the Hub.
            revision (`str`, *optional*):
                On the Hub, branch, tag or commit; `main` by default.
            token (`str`, *optional*):
                Token of the Hub; the stored one by default.
            encoder (*optional*):
                See [`CodeFusionMemory`].

        Returns:
            [`CodeFusionMemory`]: the memory.

        Raises:
            OSError: if it cannot be read, or the Hub refuses or does not answer.
            ValueError: if it is no memory, a broken one, one of another version, or has rows that are not allowed.
        """
        folder = Path(pretrained_memory)
        if folder.is_file():
            raise ValueError(f"`pretrained_memory` must be a folder or the id of a repository, got the file {folder}.")
        if not folder.is_dir():
            from .hub import download_memory

            folder = download_memory(str(pretrained_memory), revision, token)
        rows, language = read_files(folder)
        memory = cls(language, encoder)
        memory._rows = sorted(set(rows))
        return memory

    def save_pretrained(
        self,
        folder: str | Path,
        push_to_hub: bool = False,
        *,
        repo_id: str | None = None,
        license: str | None = None,
        **kwargs: Any,
    ) -> None:
        """
        Save the memory: pairs as Parquet, a configuration as JSON, and a card.

        Args:
            folder (`str` or `Path`):
                Where to. It is made if it is missing; an older memory in it is replaced, all of it or nothing.
            push_to_hub (`bool`, *optional*, defaults to `False`):
                Whether to push it, too.
            repo_id (`str`, *optional*):
                The repository; name of the folder by default.
            license (`str`, *optional*):
                Licence of the pairs, for the card.
            kwargs (`dict[str, Any]`, *optional*):
                More arguments of [`~CodeFusionMemory.push_to_hub`].

        Raises:
            OSError: if it cannot be written or pushed.
            ValueError: as for [`~CodeFusionMemory.push_to_hub`].
        """
        from huggingface_hub import DatasetCard

        from .card import memory_card
        from .hub import CARD_NAME, push_memory

        folder = Path(folder)
        if folder.is_file():
            raise ValueError(f"`folder` must be a folder, got the file {folder}.")
        if kwargs and not push_to_hub:
            raise ValueError(f"{', '.join(f'`{name}`' for name in kwargs)} can be given with `push_to_hub` alone.")
        name = repo_id or folder.resolve().name
        path = folder / CARD_NAME
        card = memory_card(self, name, license, DatasetCard.load(path) if path.is_file() else None)
        with staged_folder(folder, CONFIG_NAME) as stage:
            write_files(stage, self._rows, self.language)
            card.save(stage / CARD_NAME)
        if push_to_hub:
            push_memory(self, name, license=license, card=card, **kwargs)

    def push_to_hub(self, repo_id: str, **kwargs: Any) -> str:
        """
        Push the memory to the Hub, as a data set.

        Args:
            repo_id (`str`):
                The repository, `user/repo`. It is made if it is missing.
            kwargs (`dict[str, Any]`, *optional*):
                More arguments of [`~codefusion_hf.memory.hub.push_memory`]: `private`, `revision`, `commit_message`,
                `license`, `token`.

        Returns:
            `str`: URL of the repository.

        Raises:
            ValueError: if it is no id of a repository, there is no token, or the Hub does not accept the card.
            OSError: if the Hub refuses or does not answer.
        """
        from .hub import push_memory

        return push_memory(self, repo_id, **kwargs)

    # --- As a set of rows

    @property
    def rows(self) -> list[MemoryRow]:
        """The rows as they are kept: sorted, tables as JSON."""
        return list(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Rows with `id`, `text`, `code` and, where there is a table, `data`, sorted by their content."""
        return (row.to_dict() for row in self._rows)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CodeFusionMemory):
            return NotImplemented
        return self.language == other.language and self._rows == other._rows

    # It can change.
    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(language={self.language!r}, num_rows={len(self)})"

    def add(self, pairs: Iterable[Mapping[str, Any]], *, on_malformed: str = "raise") -> list[str]:
        """
        Add pairs: all of them, or, if one is not allowed, none.

        Args:
            pairs (iterable of mappings):
                Rows with `text`, `code` and, for rules, perhaps `data`.
            on_malformed (`str`, *optional*, defaults to `"raise"`):
                As for [`~CodeFusionMemory.from_pairs`].

        Returns:
            `list[str]`: ids of the rows that were not there yet, sorted by their content.

        Raises:
            ValueError: if a row is not allowed and not to be skipped, there are too many, or an argument is not one of
                these.
        """
        if on_malformed not in ON_MALFORMED:
            raise ValueError(f"`on_malformed` must be one of {', '.join(ON_MALFORMED)}, got {on_malformed!r}.")
        new = set()
        for number, pair in enumerate(pairs, 1):
            try:
                row = check_row(f"row {number}", pair)
            except ValueError:
                if on_malformed == "raise":
                    raise
                continue
            if not self._has(row):
                new.add(row)
            if len(self) + len(new) > MAX_ROWS:
                raise ValueError(f"`pairs` has too many rows: a memory has at most {MAX_ROWS:,}.")
        if new:
            self._replace(sorted([*self._rows, *new]))
        return [row.id for row in sorted(new)]

    def remove(self, rows: Iterable[str] | Callable[[dict[str, Any]], bool]) -> int:
        """
        Remove rows.

        Args:
            rows (iterable of `str` or `Callable`):
                Their ids, or a function that is true for the rows (`dict`s with `id`, `text`, `code`, `data`) to
                remove. Ids that are not there are passed over.

        Returns:
            `int`: how many were removed.

        Raises:
            ValueError: if it is one string, and no iterable of them.
        """
        if callable(rows):
            kept = [row for row in self._rows if not rows(row.to_dict())]
        else:
            if isinstance(rows, str):
                raise ValueError(f"`rows` must be an iterable of ids or a function, got the string {shorten(rows)}.")
            ids = set(rows)
            kept = [row for row in self._rows if row.id not in ids]
        num_removed = len(self) - len(kept)
        if num_removed:
            self._replace(kept)
        return num_removed

    def deduplicate(self) -> int:
        """
        Remove rows that say the same as another: their prompts are equal to a model, and their programs up to white
        space, see [`~codefusion_hf.data.deduplication.deduplicate`]. The first in the order of their content stays.

        Returns:
            `int`: how many were removed.
        """
        kept, num_removed = deduplicate(list(self))
        if num_removed:
            ids = {row["id"] for row in kept}
            self._replace([row for row in self._rows if row.id in ids])
        return num_removed

    def _has(self, row: MemoryRow) -> bool:
        position = bisect_left(self._rows, row)
        return position < len(self) and self._rows[position] == row

    def _replace(self, rows: list[MemoryRow]) -> None:
        self._rows = rows
        self._look_up = None

    # --- Look-up

    def search(
        self,
        prompts: str | Iterable[str],
        num_neighbors: int = 3,
        *,
        exclude: Iterable[str] = (),
        leave_one_out: bool = False,
    ) -> list[list[Neighbor]]:
        """
        Find the rows whose prompts are most similar. The first call after a change of the memory takes longer.

        Args:
            prompts (`str` or iterable of `str`):
                What to look up. Prompts of rules may have the columns of a table behind them.
            num_neighbors (`int`, *optional*, defaults to 3):
                Rows a prompt, at least 1.
            exclude (iterable of `str`, *optional*):
                Ids of rows that are not to be found.
            leave_one_out (`bool`, *optional*, defaults to `False`):
                Whether rows that have the prompt itself, whatever its values are, are not to be found: for training
                and measuring on rows that are in the memory.

        Returns:
            `list[list[Neighbor]]`: for each prompt its neighbours, the most similar first, all with different
            programs, so that one that fills the memory does not fill the answer. Rows that are as similar as others
            come in the order of their content. By words, there are fewer than `num_neighbors` where no more rows
            have a word in common with the prompt.

        Raises:
            ValueError: if an argument is out of range or not one of these.
        """
        if isinstance(prompts, str):
            prompts = [prompts]
        if isinstance(exclude, str):
            raise ValueError(f"`exclude` must be an iterable of ids, got the string {shorten(exclude)}.")
        if not isinstance(num_neighbors, int) or num_neighbors < 1:
            raise ValueError(f"`num_neighbors` must be a number of at least 1, got {num_neighbors!r}.")
        prompts = list(prompts)
        for number, prompt in enumerate(prompts, 1):
            if not isinstance(prompt, str):
                raise ValueError(f"`prompts` must be strings, got {type(prompt).__name__} as number {number}.")
        if not self._rows:
            return [[] for _ in prompts]
        if self._look_up is None:
            self._look_up = self._build_look_up()
        look_up = self._look_up
        numbers = [_id_number(id) for id in exclude]
        excluded = positions_of(look_up.ids, [number for number in numbers if number is not None])
        return [self._search_one(look_up, prompt, num_neighbors, excluded, leave_one_out) for prompt in prompts]

    def as_read(self, neighbor: Neighbor) -> tuple[str, str]:
        """
        A row that was found, as models read it: of rules, with the columns of its table, in one dialect.

        Args:
            neighbor ([`Neighbor`]):
                From [`~CodeFusionMemory.search`].

        Returns:
            `tuple[str, str]`: prompt and program.
        """
        row: dict[str, Any] = {"text": neighbor.text, "code": neighbor.code}
        if neighbor.data is not None:
            row["data"] = neighbor.data
        prepared = get_language(self.language).prepare_row(row)
        return prepared["text"], prepared["code"]

    def _search_one(
        self, look_up: _LookUp, prompt: str, num_neighbors: int, excluded: np.ndarray, leave_one_out: bool
    ) -> list[Neighbor]:
        slotted = slot_sentence(prompt, self.language)
        if leave_one_out:
            excluded = np.union1d(excluded, positions_of(look_up.prompts, [_prompt_hash(slotted)]))
        count = num_neighbors * _CANDIDATES
        while True:
            positions, scores = look_up.index.nearest(slotted, count, excluded)
            _, first = np.unique(look_up.programs[positions], return_index=True)
            if len(first) >= num_neighbors or len(positions) < count:
                break
            count *= _CANDIDATES
        neighbors = []
        for place in np.sort(first)[:num_neighbors]:
            row = self._rows[positions[place]]
            neighbors.append(Neighbor(**{"data": None, **row.to_dict()}, score=float(scores[place])))
        return neighbors

    def _build_look_up(self) -> _LookUp:
        prompts = array("Q")

        def slotted_prompts() -> Iterator[SlottedPrompt]:
            # Their hashes on the way: slotting a million prompts takes half a minute.
            for row in self._rows:
                slotted = slot_sentence(row.text, self.language)
                prompts.append(_prompt_hash(slotted))
                yield slotted

        index: MemoryIndex
        if self.encoder is None:
            index = WordIndex(slotted_prompts())
        else:
            index = DenseIndex(slotted_prompts(), self.encoder)
        ids = array("Q", (int(row.id, 16) for row in self._rows))
        programs = array("Q", (hash_text(" ".join(row.code.split())) for row in self._rows))
        return _LookUp(index, *(np.frombuffer(hashes, dtype=np.uint64) for hashes in (ids, prompts, programs)))


def load_memory(memory: str | Path, language: str | None = None, **kwargs: Any) -> CodeFusionMemory:
    """
    Load what somebody named on a command line.

    Args:
        memory (`str` or `Path`):
            Folder of a memory, id of a repository on the Hub, or `cookbook:bash`, `cookbook:cf`, `cookbook:python`.
        language (`str`, *optional*):
            What its language has to be.
        kwargs (`dict[str, Any]`, *optional*):
            More arguments of [`~CodeFusionMemory.from_pretrained`].

    Returns:
        [`CodeFusionMemory`]: the memory.

    Raises:
        OSError: as for [`~CodeFusionMemory.from_pretrained`].
        ValueError: as for [`~CodeFusionMemory.from_pretrained`], or if the language is another one.
    """
    if str(memory).startswith(COOKBOOK_PREFIX):
        loaded = CodeFusionMemory.from_cookbook(str(memory).removeprefix(COOKBOOK_PREFIX))
    else:
        try:
            loaded = CodeFusionMemory.from_pretrained(memory, **kwargs)
        except OSError as error:
            raise OSError(f"Cannot read the memory {str(memory)!r}: {error}") from error
    if language is not None and loaded.language != language:
        raise ValueError(f"`memory` must be one of {language}, got {memory}, which is one of {loaded.language}.")
    return loaded


def _table(row: Mapping[str, Any]) -> Any:
    """The table of a row of a data set, in which `data` is a name like any other."""
    value = row.get("data")
    return value if isinstance(value, list) and all(isinstance(cells, list) for cells in value) else None


def _id_number(id: str) -> int | None:
    """The number behind an id; `None` if it cannot be one of a row."""
    try:
        number = int(id, 16)
    except (TypeError, ValueError):
        return None
    return number if 0 <= number < 2**64 else None


def _prompt_hash(slotted: SlottedPrompt) -> int:
    """Equal for prompts that are the same, however they are quoted and capitalised, and whatever their values."""
    return hash_text(" ".join(sentence_words(slotted)))


__all__ = ["CodeFusionMemory", "Neighbor", "load_memory"]
