# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""CodeBERTScore with a small RoBERTa."""

import math
import string

import pytest
import torch
from transformers import AutoModel, AutoTokenizer, T5Config, T5Model

from codefusion_hf.data.tokenization import train_tokenizer
from codefusion_hf.evaluation.metrics.code_bert_score import AUTHORS_LAYER, AUTHORS_MODELS, CodeBERTScore
from codefusion_hf.evaluation.metrics.diversity import diversity


TEXTS = (
    "sorted(names, key=len)",
    "math.sqrt(x)",
    "x ** 0.5",
    "{k: v for k, v in rows}",
    "return a + b",
    "()",
    "lines = open(path).read()",
)
MAX_LENGTH = 38


@pytest.fixture(scope="module")
def folder(save_encoder):
    """A RoBERTa of random weights with its tokenizer."""
    path = save_encoder("roberta")
    train_tokenizer(TEXTS, 320, model_max_length=MAX_LENGTH).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def metric(folder):
    return CodeBERTScore.from_pretrained(folder)


@torch.no_grad()
def scores_by_loops(folder, candidate, reference):
    """Precision, recall, F1 and F3, token by token."""
    model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    sides = []
    for code in (candidate, reference):
        inputs = tokenizer(code, return_tensors="pt")
        states = model(**inputs).last_hidden_state[0]
        ids = inputs.input_ids[0].tolist()
        texts = [tokenizer.decode([index]).strip() for index in ids]
        is_partner = [not set(text) <= set(string.punctuation) - set("+-*/&|~") for text in texts]
        partners = [state for state, is_kept in zip(states, is_partner, strict=True) if is_kept]
        scored = [
            state
            for state, is_kept, index in zip(states, is_partner, ids, strict=True)
            if is_kept and index not in tokenizer.all_special_ids
        ]
        sides.append((partners, scored))
    (left_partners, left), (right_partners, right) = sides

    def mean_of_best(tokens, partners):
        best = [max(torch.cosine_similarity(one, other, dim=0).item() for other in partners) for one in tokens]
        return sum(best) / len(best)

    precision, recall = mean_of_best(left, right_partners), mean_of_best(right, left_partners)
    f1 = 2 * precision * recall / (precision + recall)
    f3 = 10 * precision * recall / (9 * precision + recall)
    return precision, recall, f1, f3


@pytest.mark.parametrize("candidate", ["math.sqrt(x)", "a + b", "names", "x ** 0.5 # (0, 1)"])
def test_figures_against_loops(metric, folder, candidate):
    figures = metric.compute([candidate], [["sorted(x, key=len)"]])
    expected = scores_by_loops(folder, candidate, "sorted(x, key=len)")
    assert [figures[name][0] for name in ("precision", "recall", "f1", "f3")] == pytest.approx(expected, abs=1e-5)
    assert expected[2] < 0.999


def test_gold_against_itself_is_1(metric):
    assert metric.score(TEXTS, [[f"\n{text} "] for text in TEXTS]) == pytest.approx([1] * len(TEXTS), abs=1e-5)


def test_best_reference_counts(metric):
    references = ["x ** 0.5", "names.sort()", "math.sqrt(y)"]
    alone = metric.compute(["math.sqrt(x)"] * 3, [[reference] for reference in references])
    together = metric.compute(["math.sqrt(x)"], [references])
    assert {name: max(column) for name, column in alone.items()} == pytest.approx(
        {name: column[0] for name, column in together.items()}, abs=1e-5
    )


def test_batches_do_not_matter(metric, folder):
    candidates = [*TEXTS[:4], "", "x" * 20]
    references = [[TEXTS[2]], [TEXTS[0], TEXTS[1]], [TEXTS[3]], [TEXTS[0]], [TEXTS[0]], [TEXTS[1], "x"]]
    single = CodeBERTScore.from_pretrained(folder, batch_size=1)
    assert single.score(candidates, references) == pytest.approx(metric.score(candidates, references), abs=1e-5)
    assert torch.allclose(single.embed(candidates), metric.embed(candidates), atol=1e-5)


@pytest.mark.parametrize(("candidate", "reference"), [("", "x"), ("x", " "), ("", "")])
def test_nothing_to_compare_scores_0(metric, candidate, reference):
    assert set(map(tuple, metric.compute([candidate], [[reference]]).values())) == {(0.0,)}


def test_code_of_nothing_but_punctuation_is_compared(metric):
    assert 0 < metric.score(["()"], [["[]"]])[0] < 0.999


def test_long_code_is_cut(metric):
    long = "return a + b " * 100
    assert metric.score([long], [[long + "x"]]) == pytest.approx([1], abs=1e-5)
    assert metric.embed([long]).shape == (1, 24)


def test_layer_defaults_to_the_last_one(metric, folder):
    assert metric.layer == 1
    for layer in (0, 2):
        with pytest.raises(ValueError, match=f"`layer` must be from 1 to 1, got {layer}"):
            CodeBERTScore.from_pretrained(folder, layer=layer)
    with pytest.raises(ValueError, match="`batch_size` must be 1 or more, got 0"):
        CodeBERTScore.from_pretrained(folder, batch_size=0)


def test_name_is_kept_for_the_authors_models(metric, folder):
    assert metric.name == f"BERTScore ({folder.name}, layer 1)"
    assert "neulab/codebert-python" in AUTHORS_MODELS and AUTHORS_LAYER == 10
    # This model has no tenth layer, so it could not bear the name.
    other_layer = CodeBERTScore(metric.model, metric.tokenizer, "neulab/codebert-python", layer=1)
    assert other_layer.name == "BERTScore (neulab/codebert-python, layer 1)"
    other_layer.layer = AUTHORS_LAYER
    assert other_layer.name == "CodeBERTScore"


def test_folder_named_like_an_authors_model_does_not_bear_the_name(folder, tmp_path, monkeypatch):
    (tmp_path / "neulab").mkdir()
    (tmp_path / "neulab" / "codebert-python").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    assert "CodeBERTScore" not in CodeBERTScore.from_pretrained("neulab/codebert-python").name


def test_encoder_decoder_is_refused(metric):
    model = T5Model(T5Config(vocab_size=320, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2))
    with pytest.raises(ValueError, match="`model` must be an encoder, got the encoder-decoder T5Model"):
        CodeBERTScore(model, metric.tokenizer, "t5", layer=1)


@pytest.mark.parametrize(
    ("candidates", "references", "message"),
    [
        ([], [], "got 0 and 0"),
        (["x"], [["x"], ["y"]], "got 1 and 2"),
        (["x", "y"], [["x"], []], "`references`.*index 1"),
    ],
)
def test_bad_arguments(metric, candidates, references, message):
    with pytest.raises(ValueError, match=message):
        metric.score(candidates, references)


def test_embeds_for_diversity(metric):
    values = diversity([["x ** 0.5"] * 3, ["x ** 0.5", "return a"], ["x", ""], ["x"]], metric)["embedding_similarity"]
    assert values[0] == pytest.approx(1, abs=1e-5)
    assert -1 <= values[1] < 0.999 and -1 <= values[2] < 0.999
    assert math.isnan(values[3])
