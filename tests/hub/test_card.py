# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Cards of checkpoints, and what `codefusion push` refuses before it asks the Hub."""

import json

import pytest
from card_rules import metadata_errors
from huggingface_hub import ModelCard

from codefusion_hf.checkpoints import checkpoint_path
from codefusion_hf.cli import main
from codefusion_hf.evaluation.report import load_report, report_markdown
from codefusion_hf.hub.card import checkpoint_card, load_card, parse_datasets
from codefusion_hf.modeling.card import AUTOMATIC_CARD, MADE_CARD, choose_card, model_card, weights_variant
from codefusion_hf.pipelines import CodeFusionPipeline
from codefusion_hf.pipelines.pipeline_card import pipeline_card


REPO_ID = "owner/model"


def bundled_card():
    """The card of the bundled checkpoint as it is pushed."""
    folder = checkpoint_path("bash-tiny")
    pipe = CodeFusionPipeline.from_pretrained(folder)
    card, report = load_card(folder / "README.md"), load_report(folder / "report.json")
    return str(checkpoint_card(pipe.model, "codefusion-hf/bash-tiny", report=report, card=card))


def estimate(value):
    return {"value": value, "low": value - 1.26, "high": value + 1.26}


@pytest.fixture
def report():
    """A report, with a path and candidates that are not to be published."""
    systems = {
        "checkpoint": {
            "title": "CodeFusion",
            "settings": {"checkpoint": "my-run", "checkpoint_hash": "0123", "num_inference_steps": 20, "seed": 0},
            "metrics": {"exact_match_top1": estimate(12.3456), "edit_distance_top5": estimate(30.0)},
            "novel_metrics": None,
            "diversity": {"distinct_candidates": estimate(0.5)},
            "seconds": 3.4,
            "predictions": ["a candidate"],
        },
        "nearest_neighbour": {
            "title": "nearest neighbour",
            "settings": {},
            "metrics": {"exact_match_top1": estimate(20), "constants_top1": estimate(2.0)},
            "novel_metrics": None,
            "diversity": {},
            "seconds": 0.1,
        },
    }
    return {
        "language": "bash",
        "num_prompts": 7,
        "num_novel_prompts": None,
        "unparsable_references": 1.5,
        "encoder": None,
        "batch_size": 16,
        "ks": [1, 5],
        "data": "/home/somebody/test.jsonl",
        "limit": None,
        "titles": {"exact_match_top1": "exact match @1", "edit_distance_top5": "edit distance ↓ @5"},
        "commit": "4c18a6a",
        "versions": {"codefusion-hf": "0.1"},
        "systems": systems,
    }


@pytest.fixture(scope="module")
def model(make_model):
    return make_model()


@pytest.fixture(scope="module")
def checkpoint(make_pipeline, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    make_pipeline().save_pretrained(folder)
    return folder


# --- A new card


def test_new_card_says_what_is_known(model):
    card = pipeline_card(model, REPO_ID)
    assert metadata_errors(str(card)) == []
    assert ModelCard(str(card)).data.to_dict() == {
        "library_name": "diffusers",
        "license": "unknown",
        "language": "code",
        "pipeline_tag": "text-generation",
        "tags": ["codefusion", "code-generation", "text-diffusion"],
    }
    assert card.text.startswith(f"\n{MADE_CARD}\n\n# model\n")
    for title in ("## From the Hub", "## Training data", "## Limits", "## Sizes"):
        assert card.text.count(f"\n{title}\n") == 1
    assert "no connection to Microsoft" in card.text
    assert f"at most {model.config.max_code_length} tokens" in card.text


def test_sizes_are_those_of_the_parts(model):
    text = pipeline_card(model, REPO_ID).text
    for name, part in model.named_children():
        size = sum(parameter.numel() for parameter in part.parameters())
        assert f"| {name.replace('_', ' ')} | {size:,} |" in text
    assert f"| all | {model.num_parameters():,} |" in text
    assert "parameters, float32" in text


def test_model_index_is_filled_from_the_report(model, report):
    card = ModelCard(str(checkpoint_card(model, REPO_ID, report=report)))
    assert metadata_errors(str(card)) == []
    assert card.data.model_name == "model"
    exact_match, edit_distance = card.data.eval_results
    assert (exact_match.metric_type, exact_match.metric_name) == ("exact_match", "exact match @1")
    assert (exact_match.metric_value, exact_match.dataset_name) == (12.35, "test.jsonl (7 prompts)")
    assert (edit_distance.metric_type, edit_distance.metric_value) == ("edit_distance", 30.0)
    assert "bash" in card.data.tags
    assert "num_inference_steps 20, seed 0" in card.text


def test_card_and_report_say_the_same(model, report):
    card = ModelCard(str(checkpoint_card(model, REPO_ID, report=report)))
    rows = [line for line in report_markdown(report).splitlines() if line.startswith("|")]
    assert "| exact match @1 | 12.3 (11.1 to 13.6) | 20.0 (18.7 to 21.3) |" in rows
    assert "| edit distance ↓ @5 | 30.0 (28.7 to 31.3) | - |" in rows
    # A score that another system alone has, and one of a report that is too old to give it a title.
    assert "| constants @1 | - | 2.0 (0.7 to 3.3) |" in rows
    assert [line for line in card.text.splitlines() if line.startswith("|")][: len(rows)] == rows
    assert "7 distinct prompts of `test.jsonl`; 1.5 % of the references do not parse" in card.text


def test_nothing_else_of_the_report_is_published(model, report):
    card = str(checkpoint_card(model, REPO_ID, report=report))
    for secret in ("/home", "somebody", "my-run", "0123", "a candidate"):
        assert secret not in card


def test_data_and_licence(model):
    datasets = parse_datasets(["owner/pairs=cc-by-4.0", "nl2bash"])
    card = checkpoint_card(model, REPO_ID, license="mit", datasets=datasets)
    assert metadata_errors(str(card)) == []
    assert (card.data.license, card.data.datasets) == ("mit", ["owner/pairs", "nl2bash"])
    assert "| owner/pairs | cc-by-4.0 |\n| nl2bash | unknown |" in card.text


# --- A card that is there


def test_text_is_kept_and_metadata_completed(model, report):
    text = (
        "---\nlicense: mit\ndatasets: one\ntags:\n- mine\n- codefusion\nbase_model: owner/encoder\n---\n\n# By hand\n"
    )
    card = checkpoint_card(model, REPO_ID, card=ModelCard(text), report=report, datasets={"two": "mit"})
    assert card.text.startswith("\n# By hand\n\n## From the Hub\n")
    assert "## Sizes" not in card.text
    assert card.data.tags == ["mine", "codefusion", "code-generation", "text-diffusion", "bash"]
    assert (card.data.license, card.data.base_model, card.data.datasets) == ("mit", "owner/encoder", ["one", "two"])
    assert (card.data.library_name, len(card.data.eval_results)) == ("diffusers", 2)
    assert metadata_errors(str(card)) == []


def test_same_push_again_changes_nothing(model, report):
    card = checkpoint_card(model, REPO_ID, report=report)
    assert str(checkpoint_card(model, REPO_ID, card=ModelCard(str(card)), report=report)) == str(card)
    assert str(pipeline_card(model, REPO_ID, card=ModelCard(str(card)))) == str(card)


def test_scores_on_other_data_stay(model, report):
    card = checkpoint_card(model, REPO_ID, report={**report, "data": "other.jsonl"})
    card = checkpoint_card(model, REPO_ID, card=ModelCard(str(card)), report=report)
    assert [result.dataset_type for result in card.data.eval_results] == ["other"] * 2 + ["test"] * 2


def test_section_about_another_repository_goes(model):
    card = ModelCard(str(pipeline_card(model, "somebody/else")))
    moved = pipeline_card(model, REPO_ID, card=card).text
    assert "somebody" not in moved
    assert moved.count("## From the Hub") == 1 and moved.count(f'from_pretrained("{REPO_ID}"') == 2
    for title in ("## Training data", "## Limits", "## Sizes"):
        assert moved.count(title) == 1


def test_card_of_diffusers_is_replaced_and_its_metadata_kept(model):
    card = ModelCard(f"---\nlicense: mit\nlibrary_name: diffusers\n---\n\n# Nothing\n\n{AUTOMATIC_CARD}\n")
    card = pipeline_card(model, REPO_ID, card=card)
    assert AUTOMATIC_CARD not in card.text and "## Sizes" in card.text
    assert card.data.license == "mit"


def test_card_says_what_the_encoder_comes_from(make_model):
    model = make_model(base_model="lab/encoder")
    for card in (pipeline_card(model, REPO_ID), model_card(model, REPO_ID, None, ModelCard(AUTOMATIC_CARD))):
        assert card.data.base_model == "lab/encoder"
        assert metadata_errors(str(card)) == []
    by_hand = ModelCard("---\nbase_model: lab/other\n---\n\n# By hand\n")
    assert pipeline_card(model, REPO_ID, card=by_hand).data.base_model == "lab/other"


def test_what_a_push_has_made_does_not_replace_what_somebody_has_written():
    made, by_hand, automatic = f"\n{MADE_CARD}\n", "\n# By hand\n", f"\n{AUTOMATIC_CARD}\n"
    for in_folder, in_repository, expected in (
        (None, by_hand, by_hand),
        (by_hand, "\n# By somebody else\n", by_hand),
        (made, by_hand, by_hand),
        (automatic, by_hand, by_hand),
        (made, f"{made}\nOlder.\n", made),
        (made, automatic, made),
    ):
        assert choose_card(in_folder, ModelCard(in_repository)).text == expected


def test_new_card_is_made_anew_until_somebody_edits_it(model, report):
    made = str(checkpoint_card(model, REPO_ID, license="mit"))
    again = checkpoint_card(model, REPO_ID, card=ModelCard(made), report=report)
    assert "## Evaluation" in again.text and again.data.license == "mit"
    # A push that knows less takes nothing away.
    assert "## Evaluation" in checkpoint_card(model, REPO_ID, card=ModelCard(str(again))).text
    edited = ModelCard(made.replace(MADE_CARD, "By hand."))
    assert checkpoint_card(model, REPO_ID, card=edited, report=report).text == edited.text


@pytest.mark.parametrize(
    "names, expected",
    [
        (["model/model.safetensors"], None),
        (["model/model.fp16.safetensors", "model/config.json"], "fp16"),
        (["model/model.fp16-00001-of-00002.safetensors", "model/model.fp16-00002-of-00002.safetensors"], "fp16"),
        (["model/model-00001-of-00002.safetensors", "model/model-00002-of-00002.safetensors"], None),
        (["model/model.fp16.safetensors", "model/model.safetensors"], None),
        (["other/model.fp16.safetensors"], None),
    ],
)
def test_variant_is_named_where_there_are_no_other_weights(names, expected, model):
    assert weights_variant(names, "model/") == expected
    assert weights_variant([name.removeprefix("model/") for name in names if name.startswith("model/")]) == expected
    for make_card in (pipeline_card, model_card):
        text = make_card(model, REPO_ID, expected, ModelCard(f"{AUTOMATIC_CARD}\n")).text
        assert ('variant="fp16"' in text) == (expected == "fp16")


def test_bundled_card_is_valid():
    assert metadata_errors(bundled_card()) == []


# --- What goes wrong


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"systems": {"other": {}}}',
        '{"systems": {"checkpoint": {"metrics": {"bleu": {"value": "9"}}}}}',
        "[" * 100_000,
    ],
)
def test_other_files_are_no_reports(content, tmp_path):
    path = tmp_path / "report.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"report `.*report\.json`"):
        load_report(path)


@pytest.mark.parametrize("metadata", ["license: [mit", "- license", "model-index: 3", "tags: 3", "[" * 2000])
def test_card_with_broken_metadata_is_named(metadata, tmp_path):
    path = tmp_path / "README.md"
    path.write_text(f"---\n{metadata}\n---\n\n# Mine\n")
    with pytest.raises(ValueError, match=r"README\.md` has metadata"):
        load_card(path)


@pytest.mark.parametrize("entry", ["", "=mit", "two words", "a/b/c=mit"])
def test_data_that_is_not_named_as_on_the_hub_is_refused(entry):
    with pytest.raises(ValueError, match="must be ID or ID=LICENCE"):
        parse_datasets([entry])


@pytest.fixture
def push(capsys, monkeypatch, tmp_path):
    """A function that runs `codefusion push`, and returns its error, which is one line."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))

    def run(*argv):
        assert main(["push", *map(str, argv)]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("codefusion: error: ") and captured.err.count("\n") == 1
        assert len(captured.err) < 400
        return captured.err

    return run


def test_push_of_what_is_no_pipeline(push, tmp_path):
    for folder in (tmp_path, tmp_path / "missing", "no-such-checkpoint"):
        assert f"`{folder}` is not the folder of a pipeline" in push(folder, REPO_ID, "--token", "hf_x")


@pytest.mark.parametrize("repo_id", ["a/b/c", "owner/", "owner/two words", "./folder"])
def test_push_to_what_is_no_repository(repo_id, push, checkpoint):
    assert "Repo id must" in push(checkpoint, repo_id, "--token", "hf_x")


def test_push_without_a_token(push, checkpoint):
    error = push(checkpoint, REPO_ID)
    assert "no token" in error and "hf auth login" in error


def test_push_with_a_report_that_is_none(push, checkpoint, tmp_path):
    (tmp_path / "report.json").write_text(json.dumps({"num_prompts": 3}))
    error = push(checkpoint, REPO_ID, "--token", "hf_x", "--report", tmp_path / "report.json")
    assert "`codefusion evaluate`" in error
    assert "No such file" in push(checkpoint, REPO_ID, "--token", "hf_x", "--report", tmp_path / "missing.json")


def test_push_of_data_that_is_not_named_as_on_the_hub(push, checkpoint):
    assert "'two words'" in push(checkpoint, REPO_ID, "--token", "hf_x", "--dataset", "two words")


def test_push_where_the_hub_is_not_reached(push, checkpoint):
    """Offline, as these tests are; or there is nobody."""
    assert "hf_x" not in push(checkpoint, REPO_ID, "--token", "hf_x")
