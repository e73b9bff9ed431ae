# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
How well a checkpoint fills in one word of a program, mends one fault, and writes anew what does not parse:

    python -m benchmarks.editing --language bash --data validation.jsonl --train-data train.jsonl --output editing.json

What is measured is in the README beside this file.
"""

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from codefusion_hf.data.pairs import load_pairs
from codefusion_hf.data.preparation import prepare_rows
from codefusion_hf.evaluation.baselines.nearest_neighbour import NearestNeighbourBaseline
from codefusion_hf.files import write_text
from codefusion_hf.inference.loading import load_pipeline
from codefusion_hf.languages import get_language
from codefusion_hf.pipelines import CodeFusionInfillPipeline, CodeFusionRevisePipeline, resample_errors
from codefusion_hf.pipelines.infilling import MASK


BATCH_SIZE = 16
ROOM = 10
STRENGTHS = (0.2, 0.3, 0.5, 0.8)
# What of a program is masked, by language: an expression for each kind, whose group is the word.
MASKED = {
    "bash": {
        "utility": r"(?:^|[|;&(]\s*|\$\()([a-z][\w.-]*)(?=\s|$)",
        "flag": r"(?<=\s)(--?[A-Za-z][\w-]*)(?=\s|$)",
        "argument": r"(?<=\s)([^\s\-|;&><(){}][^\s|;&><(){}]*)(?=\s|$)",
    },
    "python": {"name": r"(?<![\w'\"])([A-Za-z_]\w*)(?![\w'\"])"},
    "cf": {"constant": r"(?<=[(,\s])('[^']*'|\"[^\"]*\"|-?\d+(?:\.\d+)?)(?=[,)\s])"},
}
# What counts as a word beside a gap: in Bash, what white space parts.
TOKENS = {"bash": r"\S+", "python": r"\w+|[^\w\s]", "cf": r"'[^']*'|\"[^\"]*\"|-?\d+(?:\.\d+)?|\w+|[^\w\s]"}


@dataclass(frozen=True)
class Gap:
    """A program with one word masked: what stands before it, the word, what stands behind it, and its kind."""

    prompt: str
    before: str
    word: str
    after: str
    kind: str

    @property
    def code(self) -> str:
        return f"{self.before}{MASK}{self.after}"


def make_gaps(rows: Sequence[dict[str, Any]], language: str, number: int, seed: int = 0) -> list[Gap]:
    """Programs with one word masked, as many of each kind."""
    draws = random.Random(seed)
    rows = draws.sample(list(rows), len(rows))
    kinds = MASKED[language]
    gaps: list[Gap] = []
    for turn, kind in enumerate(kinds):
        wanted = number * (turn + 1) // len(kinds) - len(gaps)
        for row in rows[turn:] + rows[:turn]:
            if wanted == 0:
                break
            words = list(re.finditer(kinds[kind], row["code"]))
            if words and all(row["code"] != gap.before + gap.word + gap.after for gap in gaps):
                start, end = draws.choice(words).span(1)
                code = row["code"]
                gaps.append(Gap(row["text"], code[:start], code[start:end], code[end:], kind))
                wanted -= 1
    return gaps


class Trigrams:
    """What stands most often between two words in training; where nothing does, behind the first of them."""

    def __init__(self, codes: Sequence[str], language: str):
        self.token = re.compile(TOKENS[language])
        self.between: dict[tuple[str, str], Counter[str]] = {}
        self.behind: dict[str, Counter[str]] = {}
        for code in codes:
            words = ["", *self.token.findall(code), ""]
            for before, word, after in zip(words, words[1:], words[2:], strict=False):
                self.between.setdefault((before, after), Counter())[word] += 1
                self.behind.setdefault(before, Counter())[word] += 1

    def predict(self, gap: Gap, number: int = 5) -> list[str]:
        """The likeliest words."""
        before, after = ["", *self.token.findall(gap.before)][-1], [*self.token.findall(gap.after), ""][0]
        found = [word for word, _ in self.between.get((before, after), Counter()).most_common(number)]
        others = [word for word, _ in self.behind.get(before, Counter()).most_common(2 * number) if word not in found]
        return [*found, *others][:number]


def make_faults(rows: Sequence[dict[str, Any]], number: int, seed: int = 0) -> list[dict[str, str]]:
    """Programs with one fault each, `draft` beside `code`: kinds in turn, where a program has room for them."""
    draws = random.Random(seed)
    flags = sorted({word for row in rows for word in row["code"].split() if re.fullmatch(r"-[A-Za-z]+", word)})
    faults: list[dict[str, str]] = []
    makers: list[tuple[str, Callable[[list[str]], list[str] | None]]] = [
        ("flag dropped", lambda words: _without(words, lambda word: word.startswith("-"), draws)),
        ("flag swapped", lambda words: _replaced(words, r"-[A-Za-z]+", lambda word: draws.choice(flags), draws)),
        ("misspelt", lambda words: _replaced(words, r"[A-Za-z]{4,}", lambda word: _misspelt(word, draws), draws)),
        ("order", lambda words: _swapped(words, draws)),
        ("quote lost", lambda words: _replaced(words, r"(['\"]).*\1", lambda word: word[:-1], draws)),
    ]
    for row in draws.sample(list(rows), len(rows)):
        for turn in range(len(makers)):
            kind, make = makers[(len(faults) + turn) % len(makers)]
            words = make(row["code"].split())
            if words is not None and words != row["code"].split():
                faults.append({"text": row["text"], "code": row["code"], "draft": " ".join(words), "kind": kind})
                break
        if len(faults) == number:
            break
    return faults


def _places(words: list[str], is_one: Callable[[str], Any]) -> list[int]:
    return [place for place, word in enumerate(words) if place and is_one(word)]


def _without(words: list[str], is_one: Callable[[str], Any], draws: random.Random) -> list[str] | None:
    places = _places(words, is_one)
    if not places:
        return None
    place = draws.choice(places)
    return [*words[:place], *words[place + 1 :]]


def _replaced(words: list[str], pattern: str, change: Callable[[str], str], draws: random.Random) -> list[str] | None:
    places = _places(words, lambda word: re.fullmatch(pattern, word))
    if not places:
        return None
    place = draws.choice(places)
    return [*words[:place], change(words[place]), *words[place + 1 :]]


def _misspelt(word: str, draws: random.Random) -> str:
    place = draws.randrange(len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _swapped(words: list[str], draws: random.Random) -> list[str] | None:
    places = [place for place in _places(words, lambda word: word.isalnum() or "." in word) if place + 1 < len(words)]
    if not places:
        return None
    place = draws.choice(places)
    return [*words[:place], words[place + 1], words[place], *words[place + 2 :]]


def same(code: str, other: str) -> bool:
    """Whether two programs are equal up to white space."""
    return code.split() == other.split()


def chunks(values: Sequence[Any]) -> Iterator[tuple[int, Sequence[Any]]]:
    for start in range(0, len(values), BATCH_SIZE):
        yield start, values[start : start + BATCH_SIZE]


def measure_infilling(pipe: Any, gaps: Sequence[Gap], trigrams: Trigrams, language: str) -> dict[str, Any]:
    """
    Share of the gaps whose word is among five, by kind: the model's, the trigram's, and that of whole programs. What
    does not parse comes last.
    """
    is_valid = get_language(language).is_valid
    filler = CodeFusionInfillPipeline.from_pipe(pipe)
    filler.set_progress_bar_config(disable=True)
    hits: dict[str, Counter[str]] = {}
    for start, chunk in chunks(gaps):
        generator = torch.Generator().manual_seed(start)
        prompts, codes = [gap.prompt for gap in chunk], [gap.code for gap in chunk]
        filled = filler(prompts, codes, num_return_sequences=5, generator=generator, is_valid=is_valid)
        generator = torch.Generator().manual_seed(start)
        whole = pipe(prompts, num_return_sequences=5, generator=generator, is_valid=is_valid)
        for gap, codes, programs in zip(chunk, filled.codes, whole.codes, strict=True):
            counts = hits.setdefault(gap.kind, Counter())
            counts["number"] += 1
            words = [code[len(gap.before) : len(code) - len(gap.after)] for code in codes]
            counts["infill"] += gap.word in words
            counts["infill, top-1"] += gap.word == words[0]
            counts["trigram"] += gap.word in trigrams.predict(gap)
            counts["from the prompt alone"] += any(same(gap.before + gap.word + gap.after, code) for code in programs)
    total = sum(hits.values(), Counter())
    return {kind: _shares(counts) for kind, counts in [*hits.items(), ("all", total)]}


def _shares(counts: Counter[str]) -> dict[str, float]:
    number = counts["number"]
    return {"number": number} | {name: 100.0 * counts[name] / number for name in counts if name != "number"}


def measure_revising(pipe: Any, faults: Sequence[dict[str, str]], language: str) -> dict[str, Any]:
    """At each strength, shares of the faults that are mended and of the right programs that are broken."""
    reviser = CodeFusionRevisePipeline.from_pipe(pipe)
    reviser.set_progress_bar_config(disable=True)
    is_valid = get_language(language).is_valid
    results: dict[str, Any] = {}
    for strength in STRENGTHS:
        counts: dict[str, Counter[str]] = {}
        for start, chunk in chunks(faults):
            prompts = [fault["text"] for fault in chunk]
            for name in ("draft", "code"):
                generator = torch.Generator().manual_seed(start)
                codes = [fault[name] for fault in chunk]
                revised = reviser(prompts, codes, strength=strength, generator=generator, is_valid=is_valid).codes
                for fault, (code, *_) in zip(chunk, revised, strict=True):
                    kind = counts.setdefault(fault["kind"], Counter())
                    kind["number"] += name == "draft"
                    kind["mended" if name == "draft" else "broken"] += same(code, fault["code"]) == (name == "draft")
        total = sum(counts.values(), Counter())
        results[f"{strength}"] = {kind: _shares(of_kind) for kind, of_kind in [*counts.items(), ("all", total)]}
    return results


def measure_neighbors(
    pipe: Any, rows: Sequence[dict[str, Any]], train_rows: Sequence[dict[str, Any]], language: str
) -> dict[str, float]:
    """Shares of the nearest neighbours' programs that are right, as they are and revised at each strength."""
    reviser = CodeFusionRevisePipeline.from_pipe(pipe)
    reviser.set_progress_bar_config(disable=True)
    is_same, is_valid = get_language(language).is_same, get_language(language).is_valid
    look_up = NearestNeighbourBaseline(
        [row["text"] for row in train_rows], [row["code"] for row in train_rows], language
    )
    longest = pipe.model.config.max_code_length - 1
    counts: Counter[str] = Counter(number=len(rows))
    for start, chunk in chunks(rows):
        prompts = [row["text"] for row in chunk]
        drafts = [codes[0] for codes in look_up.predict(prompts, 1)]
        fitting = [
            number
            for number, draft in enumerate(drafts)
            if len(pipe.tokenizer(draft, add_special_tokens=False).input_ids) <= longest
        ]
        for strength in (0.0, *STRENGTHS):
            codes = list(drafts)
            if strength > 0.0 and fitting:
                generator = torch.Generator().manual_seed(start)
                some = [[texts[number] for number in fitting] for texts in (prompts, drafts)]
                revised = reviser(*some, strength=strength, generator=generator, is_valid=is_valid).codes
                for number, (code, *_) in zip(fitting, revised, strict=True):
                    codes[number] = code
            counts[f"{strength}"] += sum(map(is_same, codes, (row["code"] for row in chunk)))
    return _shares(counts)


def measure_resampling(pipe: Any, rows: Sequence[dict[str, Any]], language: str) -> dict[str, float]:
    """Shares of programs, one draw each, that parse and that are right, before and after resampling their errors."""
    counts: Counter[str] = Counter(number=len(rows))
    find_error, is_same = get_language(language).find_error, get_language(language).is_same
    for start, chunk in chunks(rows):
        prompts = [row["text"] for row in chunk]
        generator = torch.Generator().manual_seed(start)
        drawn = [codes[0] for codes in pipe(prompts, num_candidates=1, generator=generator).codes]
        mended = resample_errors(pipe, prompts, drawn, find_error, generator=generator)
        for name, codes in (("drawn", drawn), ("resampled", mended)):
            counts[f"{name}: parse"] += sum(find_error(code) is None for code in codes)
            counts[f"{name}: right"] += sum(map(is_same, codes, (row["code"] for row in chunk)))
    return _shares(counts)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measures how well a checkpoint fills in and mends.")
    parser.add_argument("--checkpoint", help="bundled name, folder or Hub id (the bundled one of the language)")
    parser.add_argument("--language", choices=sorted(MASKED), default="bash")
    parser.add_argument("--data", required=True, help="pairs to measure on")
    parser.add_argument("--train-data", nargs="+", required=True, help="pairs for the trigrams")
    parser.add_argument("--number", type=int, default=200, help="programs of each kind of test (%(default)s)")
    parser.add_argument("--output", type=Path, help="JSON file of the figures")
    args = parser.parse_args(arguments)
    rows = prepare_rows(load_pairs(args.data), args.language)
    train_rows = prepare_rows([row for path in args.train_data for row in load_pairs(path)], args.language)
    pipe = load_pipeline(args.checkpoint or f"{args.language}-tiny")
    # With room for a gap of several tokens.
    longest = pipe.model.config.max_code_length - ROOM
    rows = [row for row in rows if len(pipe.tokenizer(row["code"], add_special_tokens=False).input_ids) <= longest]
    trigrams = Trigrams([row["code"] for row in train_rows], args.language)
    gaps = make_gaps(rows, args.language, args.number)
    figures: dict[str, Any] = {"infilling": measure_infilling(pipe, gaps, trigrams, args.language)}
    figures["resampling"] = measure_resampling(pipe, rows[: args.number], args.language)
    if args.language == "bash":
        figures["revising"] = measure_revising(pipe, make_faults(rows, args.number), args.language)
    figures["neighbors"] = measure_neighbors(pipe, rows[: args.number], train_rows, args.language)
    text = json.dumps(figures, indent=1)
    print(text)
    if args.output is not None:
        write_text(args.output, text + "\n")


if __name__ == "__main__":
    main()
