# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Pushing to the Hub and loading from it, with its double on 127.0.0.1. What the users do, each in a process of its own
with a cache of its own, is in the folder `clients`; here is what has to come out.
"""

import hashlib
import re

import pytest
from clients.settings import CHUNK_SIZE, TOKEN


PIPELINE_FILES = {
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


def digests(files):
    """The files of a repository or a folder, by path, without the card, which is made by a push."""
    return {path: hashlib.sha256(content).hexdigest() for path, content in files.items() if path != "README.md"}


@pytest.fixture(scope="module")
def original(checkpoint):
    return digests({path.relative_to(checkpoint).as_posix(): path.read_bytes() for path in checkpoint.rglob("*.*")})


# --- Push


def test_pushed_pipeline_is_the_saved_one(hub, pushed, original):
    assert set(original) == PIPELINE_FILES
    assert pushed["again"] == original
    repository = hub.repositories["alice/bash"]
    assert digests(repository.trees[repository.refs["v1"]]) == original
    assert b"library_name: diffusers" in repository.files["README.md"]


def test_pushed_variant_lies_beside_the_other_weights(hub, pushed, original):
    files = digests(hub.repositories["alice/bash"].files)
    half = files.pop("model/model.fp16.safetensors")
    assert files == original
    assert half != files["model/model.safetensors"]


def test_saving_pushes_too(hub, pushed):
    repository = hub.repositories["alice/sharded"]
    assert repository.private
    weights = {f"model/model-0000{part}-of-00004.safetensors" for part in (1, 2, 3, 4)}
    expected = PIPELINE_FILES - {"model/model.safetensors"} | weights | {"model/model.safetensors.index.json"}
    assert set(repository.files) == expected | {"README.md"}


def test_pushed_parts_are_whole(hub, pushed):
    model = {"config.json", "model.safetensors", "modeling_codefusion.py", "README.md"}
    scheduler = {"scheduler_config.json", "scheduling_codefusion.py"}
    assert set(hub.repositories["alice/model"].files) == set(hub.repositories["alice/saved-model"].files) | model
    assert set(hub.repositories["alice/model"].files) == model
    assert set(hub.repositories["alice/scheduler"].files) == scheduler | {"README.md"}
    assert set(hub.repositories["alice/saved-scheduler"].files) == scheduler | {"README.md"}
    for name in ("alice/config", "alice/saved-config"):
        assert set(hub.repositories[name].files) == model - {"model.safetensors"}


def test_model_pushed_as_it_is_saved_is_the_same(hub, pushed):
    """With the checksum in the weights, though transformers uploads before `save_pretrained` returns."""
    assert digests(hub.repositories["alice/saved-model"].files) == digests(hub.repositories["alice/model"].files)
    assert b'"sha256":"' in hub.repositories["alice/saved-model"].files["model.safetensors"][:200]


def test_push_without_the_right_to_is_refused(hub, pushed):
    assert pushed["refused"]["type"] == "HfHubHTTPError"
    assert "401" in pushed["refused"]["message"]
    assert "alice/stolen" not in hub.repositories


@pytest.mark.parametrize("name", ["pushed-again", "pushed-by-a-stranger"])
def test_pushed_again_after_loading_it_is_whole_and_the_same(name, hub, installed, remote, original):
    assert digests(hub.repositories[f"alice/{name}"].files) == original


def test_model_pushed_again_is_whole_and_the_same(hub, remote):
    again = digests(hub.repositories["alice/model-pushed-by-a-stranger"].files)
    assert again == digests(hub.repositories["alice/model"].files) == remote["saved_model"]
    scheduler = digests(hub.repositories["alice/scheduler-pushed-by-a-stranger"].files)
    assert scheduler == digests(hub.repositories["alice/scheduler"].files)


def test_nothing_private_is_pushed(hub, installed, remote, commanded, workspace, checkpoint):
    secrets = [TOKEN, str(workspace), str(checkpoint), str(workspace.parent), "alice", hub.url, "_name_or_path"]
    for name, repository in hub.repositories.items():
        for path, content in repository.files.items():
            for repo_id in hub.repositories:  # in a card, where to load from; others are copies of it
                content = content.replace(repo_id.encode(), b"") if path == "README.md" else content
            # The code says `_name_or_path` where it takes it out.
            found = [secret for secret in secrets if secret.encode() in content and not path.endswith(".py")]
            if path.endswith("tokenizer.json"):
                found = [secret for secret in found if secret != "alice"]  # a word like others in its vocabulary
            if not path.endswith("tokenizer.json"):
                found += [secret for secret in secrets[:-1] if secret.encode() in content]
            assert not found, f"{name}/{path}"


# --- Load


def test_package_loads_its_own_classes_from_the_hub(pushed, installed):
    assert installed["classes"] == [
        "codefusion_hf.modeling.modeling_codefusion.CodeFusionModel",
        "transformers.tokenization_utils_tokenizers.TokenizersBackend",
        "codefusion_hf.pipelines.scheduling_codefusion.CodeFusionScheduler",
    ]
    assert installed["codes"] == installed["codes_from_folder"] == pushed["codes"]
    # The value behind a slot of the prompt.
    assert any("server.log" in code for code in pushed["codes"][0])


def test_diffusers_alone_loads_the_code_from_the_hub(pushed, remote):
    assert remote["imported"] == []
    assert remote["not_trusted"]["type"] == "ValueError"
    assert "trust_remote_code=True" in remote["not_trusted"]["message"]
    assert remote["classes"] == [
        "diffusers_modules.local.pipeline.CodeFusionPipeline",
        "diffusers_modules.local.modeling_codefusion.CodeFusionModel",
        "transformers.tokenization_utils_tokenizers.TokenizersBackend",
        "diffusers_modules.local.scheduling_codefusion.CodeFusionScheduler",
    ]
    assert remote["codes"] == pushed["codes"]
    assert remote["codes_from_folder"] == [pushed["codes"]] * 2
    assert remote["codes_of_its_class"] == pushed["codes"]


def test_saved_again_after_loading_it_is_whole_and_the_same(installed, remote, original):
    assert installed["saved"] == remote["saved"] == original
    assert installed["other_tokenizer"] == original


def test_auto_classes(pushed, installed):
    config, model, *weights, saved_config = installed["auto_classes"]
    assert config == saved_config == "codefusion_hf.modeling.configuration_codefusion"
    assert model == "codefusion_hf.modeling.modeling_codefusion"
    assert weights == [pushed["weights"]] * 4
    assert installed["tokenizer"]
    assert installed["schedulers"] == [True] * 3


def test_auto_classes_with_the_code_from_the_hub(pushed, remote):
    assert "trust_remote_code=True" in remote["model_not_trusted"]["message"]
    assert remote["auto_classes"] == [pushed["weights"]] * 4
    assert remote["config"] == remote["saved_config"] == "codefusion"
    assert remote["tokenizer"]


# --- Options


def test_revision(pushed, installed, remote):
    assert installed["revision"] == remote["revision"] == pushed["codes"]
    assert installed["other_revision"] == pushed["other_revision"]


def test_variant(pushed, installed, remote):
    assert installed["variant"] == remote["variant"] == ["torch.float16", pushed["codes_half"]]


def test_dtype(installed):
    assert installed["dtype"] == "torch.bfloat16"


def test_device_map(pushed, installed, remote):
    assert installed["device_map"] == [pushed["codes"]] * 2
    assert remote["device_map"] == pushed["codes"]


def test_low_cpu_mem_usage(pushed, installed):
    assert installed["low_cpu_mem_usage"] == pushed["codes"]


def test_cache_dir(pushed, installed, workspace):
    assert installed["cache_dir"] == pushed["codes"]
    assert (workspace / "installed" / "cache" / "models--alice--bash").is_dir()


def test_local_files_only(pushed, installed):
    assert installed["local_files_only"] == pushed["codes"]
    assert installed["not_cached"]["type"] == "LocalEntryNotFoundError"


def test_sharded_private_weights_with_a_token(pushed, installed, remote):
    assert installed["private"]["token"] == remote["private"] == pushed["codes"]


def test_components_are_taken_as_they_are(installed):
    assert installed["components"] == [True, True]
    assert installed["ddim"] == "DDIMScheduler"


def test_offline_with_a_warm_cache(pushed, offline):
    assert offline["requests"] == []
    assert offline["codes"] == pushed["codes"]
    assert offline["weights"] == pushed["weights"]
    assert "OfflineModeIsEnabled" in offline["not_cached"]["chain"]


def test_concurrent_loads_fill_one_cache(pushed, installed):
    assert installed["concurrent"] == [pushed["codes"]] * 4


# --- What goes wrong


@pytest.mark.parametrize("access", ["no_token", "wrong_token"])
def test_private_repository(access, installed):
    assert installed["private"][access]["type"] == "RepositoryNotFoundError"
    assert "make sure you are authenticated" in installed["private"][access]["message"]
    assert "RepositoryNotFoundError" in installed["private"]["model_no_token"]["chain"]


def test_gated_repository(installed):
    assert installed["private"]["gated"]["type"] == "GatedRepoError"
    assert "403" in installed["private"]["gated"]["message"]


def test_missing_repository(installed):
    assert installed["missing"]["repository"]["type"] == "RepositoryNotFoundError"
    assert "alice/nothing" in installed["missing"]["repository"]["message"]


def test_missing_revision(installed):
    assert installed["missing"]["revision"]["type"] == "RevisionNotFoundError"
    assert "v9" in installed["missing"]["revision"]["message"]


def test_missing_variant(installed):
    assert "variant=ema" in installed["missing"]["variant"]["message"]


def test_missing_weights(installed):
    assert "Could not find the necessary `safetensors` weights" in installed["missing"]["weights"]["message"]
    assert "model.safetensors" in installed["missing"]["model_weights"]["message"]


def test_missing_code_is_not_missed_by_the_package(pushed, installed):
    assert installed["missing"]["code"] == pushed["codes"]


def test_pickles_are_refused_and_not_downloaded(hub, installed):
    message = installed["pickles"]["only"]["message"]
    assert "safetensors" in message and "model/pytorch_model.bin" in message
    assert installed["pickles"]["model"]["type"] == "OSError"
    assert "`use_safetensors` must not be False" in installed["pickles"]["asked_for"]["message"]
    assert not [path for method, path, _ in hub.requests if method == "GET" and path.endswith(".bin")]


def test_download_goes_on_where_the_connection_was_cut(hub, pushed, installed):
    assert installed["cut"] == pushed["codes"]
    size = len(hub.repositories["alice/bash"].files["model/model.safetensors"])
    resumed = [part for _, path, part in hub.requests if path.endswith("/model/model.safetensors") and part]
    assert f"bytes={size // 2 // CHUNK_SIZE * CHUNK_SIZE}-" in resumed


def test_cut_download_leaves_nothing_half(pushed, installed):
    assert installed["cut_for_good"]["type"] == "HfHubHTTPError"
    assert re.search(r"503 .*model/model\.safetensors", installed["cut_for_good"]["message"], flags=re.DOTALL)
    assert installed["after_the_cut"] == pushed["codes"]


@pytest.mark.parametrize("loaded", ["pipeline", "model"])
def test_truncated_weights_in_the_cache_are_named(loaded, installed):
    assert installed["damaged"][loaded]["type"] == "OSError"
    assert re.search(r"truncated or altered: `.*/model/model\.safetensors`", installed["damaged"][loaded]["message"])


@pytest.mark.parametrize("loaded", ["pipeline", "model"])
def test_altered_weights_in_the_cache_are_named(loaded, installed):
    assert installed["altered"][loaded]["type"] == "OSError"
    message = installed["altered"][loaded]["message"]
    assert re.search(r"truncated or altered: `.*/model/model\.safetensors`: expected the SHA-256 .*, found ", message)
