# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion push`, and the cards that every push writes, with the Hub's double."""

import ast

import pytest
from card_rules import metadata_errors
from huggingface_hub import ModelCard

from codefusion_hf.checkpoints import checkpoint_path
from codefusion_hf.modeling.card import AUTOMATIC_CARD


METADATA = ("library_name", "pipeline_tag", "license", "language", "tags")


def card_of(repository, branch="main"):
    return ModelCard(repository.trees[repository.refs[branch]]["README.md"].decode())


def test_command_prints_where_it_has_pushed_to(hub, commanded):
    for name, repo_id in (
        ("bundled", "codefusion-hf/bash-tiny"),
        ("half", "alice/trained"),
        ("full", "alice/trained"),
    ):
        code, out, err = commanded["commands"][name]
        assert (code, out) == (0, f"{hub.url}/{repo_id}\n"), err


def test_command_makes_one_commit(hub, commanded):
    assert len(hub.repositories["codefusion-hf/bash-tiny"].trees) == 2  # the first is that of the empty repository
    assert set(hub.repositories["codefusion-hf/bash-tiny"].files) == {
        "README.md",
        "model_index.json",
        "modeling_codefusion.py",
        "pipeline.py",
        "model/config.json",
        "model/model.safetensors",
        "model/modeling_codefusion.py",
        "scheduler/scheduler_config.json",
        "scheduler/scheduling_codefusion.py",
        "tokenizer/tokenizer.json",
        "tokenizer/tokenizer_config.json",
    }


def test_snippets_of_the_bundled_card_run(commanded):
    """The one of the bundled checkpoint, and those from the Hub with the package and with the code there."""
    bundled, package, remote_code = commanded["bundled_snippets"]
    assert len(ast.literal_eval(package)) == 5
    assert package == remote_code
    assert bundled.startswith("[")


def test_snippets_run_where_there_is_nothing_but_a_variant(commanded):
    package, remote_code = commanded["half_snippets"]
    assert package == remote_code and package.startswith("[")


def test_snippet_runs_without_the_package(pushed, remote):
    assert len(remote["snippets"]) == 1 and remote["snippets"][0].startswith("[")


def test_command_casts_for_a_variant(hub, commanded):
    repository = hub.repositories["alice/trained"]
    assert repository.private
    half, full = (repository.files[f"model/{name}.safetensors"] for name in ("model.fp16", "model"))
    assert len(half) < 0.6 * len(full)


def test_card_of_the_command_knows_report_data_and_licence(hub, commanded):
    card = card_of(hub.repositories["alice/trained"])
    assert (card.data.license, card.data.datasets) == ("mit", ["owner/pairs"])  # the licence of the push before
    (result,) = card.data.eval_results
    assert (result.metric_type, result.metric_value, result.dataset_name) == (
        "exact_match",
        12.5,
        "test.jsonl (8 prompts)",
    )
    assert "| owner/pairs | mit |" in card.text
    assert "report.json" not in hub.repositories["alice/trained"].files
    assert "variant=" not in card.text


def test_command_pushes_to_a_branch(hub, commanded):
    repository = hub.repositories["alice/trained"]
    assert card_of(repository, "next").data.license == "apache-2.0"
    assert repository.refs["next"] != repository.refs["main"]


def test_command_leaves_the_folder_as_it_was(commanded):
    assert commanded["folder_is_as_it_was"]


@pytest.mark.parametrize("name, said", [("metadata", "Invalid metadata in README.md"), ("token", "401")])
def test_command_says_in_one_line_what_the_hub_refuses(name, said, hub, commanded):
    code, out, err = commanded["commands"][name]
    assert (code, out) == (2, "")
    assert err.startswith("codefusion: error: ") and said in err and err.count("\n") == 1
    assert "alice/stolen" not in hub.repositories


def test_every_push_of_a_pipeline_has_a_valid_card(hub, installed, remote, commanded):
    names = ["bash", "sharded", "pushed-again", "pushed-by-a-stranger", "trained"]
    for repo_id in (*(f"alice/{name}" for name in names), "codefusion-hf/bash-tiny"):
        card = card_of(hub.repositories[repo_id])
        assert metadata_errors(str(card)) == []
        assert all(card.data.get(name) for name in METADATA), repo_id
        assert "codefusion" in card.data.tags
        assert card.text.count("## From the Hub") == 1
        assert card.text.count(f'from_pretrained("{repo_id}"') == 2
        assert "Microsoft" in card.text or repo_id == "alice/sharded"


PARTS = {
    **dict.fromkeys(("model", "saved-model", "model-pushed-by-a-stranger", "half-model", "based"), "transformers"),
    **dict.fromkeys(("scheduler", "saved-scheduler", "scheduler-pushed-by-a-stranger"), "diffusers"),
}


@pytest.mark.parametrize("name", PARTS)
def test_every_push_of_a_part_has_a_valid_card(name, hub, pushed, remote):
    card = card_of(hub.repositories[f"alice/{name}"])
    assert metadata_errors(str(card)) == []
    assert all(card.data.get(field) for field in METADATA)
    assert card.data.library_name == PARTS[name] and "codefusion" in card.data.tags
    assert card.text.count("## From the Hub") == 1 and f'from_pretrained("alice/{name}"' in card.text
    assert "no connection to Microsoft" in card.text and AUTOMATIC_CARD not in card.text


def test_snippets_of_parts_run(pushed, remote):
    model, saved, scheduler, saved_scheduler, half = pushed["part_snippets"].values()
    assert len(model) == 1 and int(model[0]) > 0
    assert remote["model_snippets"] == saved == half == model
    assert len(scheduler) == 1 and int(scheduler[0]) > 0
    assert saved_scheduler == scheduler


@pytest.mark.parametrize("name", ["model-with-card", "scheduler-with-card", "edited-model", "edited-scheduler"])
def test_card_of_a_part_is_kept(name, hub, pushed):
    card = card_of(hub.repositories[f"alice/{name}"])
    assert card.text.startswith("\n# By hand\n\nA text.\n\n## From the Hub\n")
    assert card.data.license == "mit" and "codefusion" in card.data.tags
    assert metadata_errors(str(card)) == []


def test_part_in_a_pipeline_has_the_card_of_the_pipeline(hub, pushed):
    assert pushed["card_of_the_whole_is_kept"]
    assert not [path for path in hub.repositories["alice/sharded"].files if path.endswith("/README.md")]


def test_card_says_what_the_encoder_comes_from(hub, pushed):
    assert pushed["base_model"] == "lab/encoder"
    assert card_of(hub.repositories["alice/based"]).data.base_model == "lab/encoder"
    assert card_of(hub.repositories["alice/model"]).data.base_model is None


def test_saving_and_pushing_keeps_the_card_of_the_folder(hub, pushed):
    card = card_of(hub.repositories["alice/sharded"])
    assert card.text.startswith("\n# By hand\n\nA text.\n\n## From the Hub\n")
    assert card.data.license == "mit"


def test_text_of_the_bundled_card_is_kept(hub, commanded):
    original = ModelCard.load(checkpoint_path("bash-tiny") / "README.md")
    card = card_of(hub.repositories["codefusion-hf/bash-tiny"])
    assert card.text.startswith(original.text.rstrip())
    assert original.data.to_dict().items() <= card.data.to_dict().items()
