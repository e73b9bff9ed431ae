# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What holds of every memory: what is found and saved depends on the rows alone, and a row does not find itself."""

import tempfile

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codefusion_hf.memory import CodeFusionMemory
from codefusion_hf.pipelines import normalize_prompt, slot_prompt


# Few words, so that prompts share them, are equal, or are so but for their values; and any other text.
WORDS = ("list", "Copy", "the", "files", "a.txt", "/tmp", "'*.py'", "10", "<path_0>", "`x`", "ä中", "\n", "$HOME", "?")
SENTENCES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
ANY_TEXT = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs")), min_size=1, max_size=30)
TEXTS = st.one_of(SENTENCES, ANY_TEXT).filter(str.strip)
CODES = st.one_of(st.sampled_from(("ls", "ls ", "cp a b", "cp  a b", "find /tmp", "cat a.txt")), ANY_TEXT).filter(
    str.strip
)
CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-99, 99), st.floats(-9, 9), st.sampled_from(("", "Ann", "a|b"))
)
TABLES = st.lists(st.lists(CELLS, max_size=3), max_size=3)
PAIRS = st.fixed_dictionaries({"text": TEXTS, "code": CODES}, optional={"data": TABLES})
LISTS = st.lists(PAIRS, max_size=12)

few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def key(text):
    return normalize_prompt(slot_prompt(text).text)


@few
@given(pairs=LISTS, language=st.sampled_from(("bash", "cf", "python")), data=st.data())
def test_no_row_finds_itself_nor_one_with_its_prompt(pairs, language, data):
    memory = CodeFusionMemory.from_pairs(pairs, language)
    rows = list(memory)
    for row, found in zip(rows, memory.search([row["text"] for row in rows], 5, leave_one_out=True), strict=True):
        assert row["id"] not in {neighbor.id for neighbor in found}
        assert key(row["text"]) not in {key(neighbor.text) for neighbor in found}


@few
@given(pairs=LISTS, prompt=TEXTS, data=st.data())
def test_order_of_insertion_does_not_matter(pairs, prompt, data):
    shuffled = data.draw(st.permutations(pairs))
    cut = data.draw(st.integers(0, len(pairs)))
    memory = CodeFusionMemory.from_pairs(pairs)
    other = CodeFusionMemory.from_pairs(shuffled[:cut])
    other.search(prompt)  # what is kept for look-up must not outlive the next row
    other.add(shuffled[cut:])
    assert other == memory and list(other) == list(memory)
    assert other.search(prompt, 4) == memory.search(prompt, 4)


@few
@given(pairs=LISTS, prompt=TEXTS, language=st.sampled_from(("bash", "cf", "python")))
def test_what_is_saved_is_loaded(pairs, prompt, language):
    memory = CodeFusionMemory.from_pairs(pairs, language)
    with tempfile.TemporaryDirectory() as folder:
        memory.save_pretrained(folder)
        loaded = CodeFusionMemory.from_pretrained(folder)
    assert loaded == memory and list(loaded) == list(memory) and len(loaded) == len(memory)
    assert loaded.search(prompt, 4) == memory.search(prompt, 4)


@few
@given(pairs=LISTS, more=LISTS, prompt=TEXTS)
def test_to_remove_what_was_added_changes_nothing(pairs, more, prompt):
    memory = CodeFusionMemory.from_pairs(pairs)
    before, found = list(memory), memory.search(prompt, 4)
    added = memory.add(more)
    assert len(memory) == len(before) + len(added)
    assert memory.remove(added) == len(added)
    assert list(memory) == before and memory.search(prompt, 4) == found


@few
@given(pairs=LISTS)
def test_deduplication_is_idempotent_and_loses_no_prompt_or_program(pairs):
    memory = CodeFusionMemory.from_pairs(pairs)
    said = {(normalize_prompt(row["text"]), "".join(row["code"].split())) for row in memory}
    size = len(memory)
    assert memory.deduplicate() == size - len(memory)
    once = list(memory)
    assert memory.deduplicate() == 0 and list(memory) == once
    assert {(normalize_prompt(row["text"]), "".join(row["code"].split())) for row in memory} == said


@few
@given(pairs=LISTS, prompt=TEXTS, num_neighbors=st.integers(1, 6))
def test_neighbors_are_rows_with_different_programs_best_first(pairs, prompt, num_neighbors):
    memory = CodeFusionMemory.from_pairs(pairs)
    rows = {row["id"]: row for row in memory}
    (found,) = memory.search(prompt, num_neighbors)
    assert len(found) <= num_neighbors
    assert [neighbor.score for neighbor in found] == sorted((neighbor.score for neighbor in found), reverse=True)
    assert len({" ".join(neighbor.code.split()) for neighbor in found}) == len(found)
    for neighbor in found:
        row = rows[neighbor.id]
        assert (neighbor.text, neighbor.code, neighbor.data) == (row["text"], row["code"], row.get("data"))
    # What is not found for its id makes place for the next.
    if found:
        (others,) = memory.search(prompt, num_neighbors, exclude=[found[0].id])
        assert found[0].id not in {neighbor.id for neighbor in others}
        assert {neighbor.id for neighbor in found[1:]} <= {neighbor.id for neighbor in others}
