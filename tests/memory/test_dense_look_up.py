# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Look-up by meaning, with FAISS and a small encoder that is a function."""

import sys

import numpy as np
import pytest

from codefusion_hf.memory import CodeFusionMemory


faiss = pytest.importorskip("faiss")

PAIRS = [
    {"text": "delete the file a.txt", "code": "rm a.txt"},
    {"text": "show the file a.txt", "code": "cat a.txt"},
    {"text": "list all processes", "code": "ps aux"},
]
SYNONYMS = {"delete": 0, "remove": 0, "erase": 0, "show": 1, "print": 1, "list": 2, "processes": 2, "tasks": 2}


def encode(sentences):
    """A vector of the meanings of the words that it knows, and a little of what it does not."""
    vectors = np.full((len(sentences), 4), 0.01)
    for vector, sentence in zip(vectors, sentences, strict=True):
        for word in sentence.split():
            vector[SYNONYMS.get(word, 3)] += 1 if word in SYNONYMS else 0.01
    return vectors


def test_what_means_the_same_is_found_without_a_common_word():
    memory = CodeFusionMemory.from_pairs(PAIRS, encoder=encode)
    first = [neighbors[0].code for neighbors in memory.search(["erase b.txt", "print b.txt", "tasks"], 2)]
    assert first == ["rm a.txt", "cat a.txt", "ps aux"]
    scores = [neighbor.score for neighbor in memory.search("erase b.txt", 3)[0]]
    assert len(scores) == 3 and scores == sorted(scores, reverse=True) and 0.9 < scores[0] <= 1.001


def test_encoder_reads_slots():
    read = []
    memory = CodeFusionMemory.from_pairs(
        PAIRS[:1], encoder=lambda sentences: read.extend(sentences) or encode(sentences)
    )
    memory.search("Remove the file  /etc/passwd")
    assert read == ["delete the file <path_0>", "remove the file <path_0>"]


def test_leave_one_out_exclude_and_ties():
    many = [{"text": f"delete file {number}.txt", "code": f"rm {number}.txt"} for number in range(3000)]
    memory = CodeFusionMemory.from_pairs([*PAIRS, *many], encoder=encode)
    (left_out,) = memory.search("delete file 7.txt", 3, leave_one_out=True)
    assert {neighbor.code for neighbor in left_out} == {"rm a.txt", "cat a.txt", "ps aux"}
    ids = [row["id"] for row in memory if row["code"].startswith("rm ")]
    assert {neighbor.code for neighbor in memory.search("delete file", 3, exclude=ids)[0]} == {"cat a.txt", "ps aux"}
    shuffled = CodeFusionMemory.from_pairs([*reversed(many), *PAIRS], encoder=encode)
    assert shuffled.search("delete file", 5) == memory.search("delete file", 5)


def test_object_with_encode_and_saving_without_it(tmp_path):
    class Encoder:
        def encode(self, sentences):
            return encode(sentences)

    memory = CodeFusionMemory.from_pairs(PAIRS, encoder=Encoder())
    memory.save_pretrained(tmp_path)
    assert CodeFusionMemory.from_pretrained(tmp_path).search("erase it", 1)[0] == []
    loaded = CodeFusionMemory.from_pretrained(tmp_path, encoder=encode)
    assert loaded.search("erase b.txt") == memory.search("erase b.txt")
    assert CodeFusionMemory(encoder=encode).search("erase") == [[]]


@pytest.mark.parametrize(
    "vectors",
    [
        lambda sentences: np.ones(len(sentences)),
        lambda sentences: np.ones((len(sentences) + 1, 2)),
        lambda sentences: np.full((len(sentences), 2), np.nan),
        lambda sentences: np.ones((len(sentences), 0)),
        lambda sentences: np.ones((len(sentences), len(sentences))),
    ],
)
def test_vectors_that_are_none(vectors):
    memory = CodeFusionMemory.from_pairs(PAIRS, encoder=vectors)
    with pytest.raises(ValueError, match="`encoder` must give an array of . finite vectors"):
        memory.search("erase b.txt")


def test_what_is_missing_is_said(monkeypatch):
    with pytest.raises(ValueError, match="`encoder` must be the name of a sentence-transformers model, .* got int"):
        CodeFusionMemory(encoder=3)
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(ImportError, match="pip install sentence-transformers"):
        CodeFusionMemory(encoder="some/model")
    monkeypatch.setitem(sys.modules, "faiss", None)
    memory = CodeFusionMemory.from_pairs(PAIRS, encoder=encode)
    with pytest.raises(ImportError, match=r"codefusion-hf\[dense\]"):
        memory.search("erase b.txt")
