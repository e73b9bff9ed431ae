# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A weights file that has changed since it was saved is refused by its name."""

import hashlib
import json
import re

import pytest
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from transformers import AutoModel

from codefusion_hf.modeling import CodeFusionModel
from codefusion_hf.modeling.integrity import CHECKSUM_KEY, add_checksum, verify_checksum
from codefusion_hf.pipelines import CodeFusionPipeline


@pytest.fixture(scope="module")
def model(make_model):
    return make_model(num_denoiser_layers=1)


def flip(path, position):
    """Changes one bit of a file."""
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


def checksum(path):
    with safe_open(path, framework="pt") as weights:
        return weights.metadata()[CHECKSUM_KEY]


@pytest.mark.parametrize("load", [CodeFusionModel.from_pretrained, AutoModel.from_pretrained])
@pytest.mark.parametrize("kwargs", [{}, {"dtype": torch.float32}, {"device_map": "cpu"}])
@pytest.mark.parametrize("position", [-1, -1000])
def test_changed_weights_are_refused(position, kwargs, load, model, tmp_path):
    model.save_pretrained(tmp_path)
    saved = checksum(tmp_path / "model.safetensors")
    flip(tmp_path / "model.safetensors", position)
    with pytest.raises(OSError, match="truncated or altered") as raised:
        load(tmp_path, **kwargs)
    assert f"`{tmp_path}/model.safetensors`" in str(raised.value)
    found = re.search(r"expected .* (\w{64}), found (\w{64}) ", str(raised.value))
    assert found[1] == saved != found[2]


def test_a_pipeline_with_changed_weights_is_refused(make_pipeline, tmp_path):
    make_pipeline().save_pretrained(tmp_path)
    flip(tmp_path / "model" / "model.safetensors", -1)
    with pytest.raises(OSError, match=r"truncated or altered: `.*/model/model\.safetensors`: expected the SHA-256"):
        CodeFusionPipeline.from_pretrained(tmp_path)


@pytest.mark.parametrize("kept", [None, "embedding.bias.weight"])
def test_weights_of_another_model_are_refused(kept, model, tmp_path):
    """transformers would warn, and draw what is missing at random; the first edition had no bias."""
    model.save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    others = {"bert.weight": torch.zeros(3)} if kept is None else {k: v for k, v in weights.items() if k != kept}
    save_file(others, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match="`pretrained_model_name_or_path`: the weights of .* must be of this model"):
        CodeFusionModel.from_pretrained(tmp_path)
    # Who asks what was loaded decides alone.
    _, info = CodeFusionModel.from_pretrained(tmp_path, output_loading_info=True)
    assert "embedding.bias.weight" in info["missing_keys"]


def test_loading_info_is_given_where_it_is_asked_for(model, tmp_path):
    model.save_pretrained(tmp_path)
    loaded, info = CodeFusionModel.from_pretrained(tmp_path, output_loading_info=True)
    assert isinstance(loaded, CodeFusionModel) and not info["missing_keys"]


def test_no_bit_can_be_changed(model, tmp_path):
    """But for the word that says where the checksum is, without which the weights are what they were."""
    path = tmp_path / "model.safetensors"
    model.save_pretrained(tmp_path)
    content = path.read_bytes()
    header_size = 8 + int.from_bytes(content[:8], "little")
    key = content.index(b"sha256")
    positions = {*range(0, header_size, 23), *range(header_size, len(content), 5003), len(content) - 1}
    for position in positions - set(range(key, key + len("sha256"))):
        flip(path, position)
        # Some bits of the header are safetensors' to miss, and the others are the checksum's.
        with pytest.raises((OSError, SafetensorError)):
            verify_checksum(path)
        flip(path, position)
    verify_checksum(path)


@pytest.mark.parametrize("position", [0, 9, 200])
def test_a_changed_header_is_named_by_its_file(position, model, tmp_path):
    model.save_pretrained(tmp_path)
    flip(tmp_path / "model.safetensors", position)
    with pytest.raises(OSError, match=r"truncated or altered: `.*/model\.safetensors`"):
        CodeFusionModel.from_pretrained(tmp_path)


def test_shards_and_variants_have_their_own(model, tmp_path):
    model.save_pretrained(tmp_path, max_shard_size="50KB")
    model.save_pretrained(tmp_path, variant="fp16")
    shards = sorted(tmp_path.glob("model-*.safetensors"))
    assert len({checksum(path) for path in (*shards, tmp_path / "model.fp16.safetensors")}) == len(shards) + 1 > 2
    CodeFusionModel.from_pretrained(tmp_path)
    flip(shards[1], -1)
    with pytest.raises(OSError, match=rf"altered: `.*/{shards[1].name}`"):
        CodeFusionModel.from_pretrained(tmp_path)
    # What is not loaded does no harm.
    CodeFusionModel.from_pretrained(tmp_path, variant="fp16")


def test_is_the_digest_of_the_file_with_zeros_for_it(model, tmp_path):
    model.save_pretrained(tmp_path)
    content = (tmp_path / "model.safetensors").read_bytes()
    saved = checksum(tmp_path / "model.safetensors")
    assert hashlib.sha256(content.replace(saved.encode(), b"0" * 64)).hexdigest() == saved
    assert json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]["format"] == "pt"
    assert [path.name for path in tmp_path.glob("*.tmp")] == []


def test_saved_again_the_file_is_the_same(model, tmp_path):
    model.save_pretrained(tmp_path / "first")
    CodeFusionModel.from_pretrained(tmp_path / "first").save_pretrained(tmp_path / "second")
    first, second = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("first", "second"))
    assert first == second


def test_other_weights_saved_in_their_place_load(model, make_model, tmp_path):
    model.save_pretrained(tmp_path)
    before = checksum(tmp_path / "model.safetensors")
    other = make_model()
    torch.nn.init.ones_(other.head.bias)
    other.save_pretrained(tmp_path)
    assert checksum(tmp_path / "model.safetensors") != before
    assert torch.equal(CodeFusionModel.from_pretrained(tmp_path).head.bias, other.head.bias)


def test_weights_without_a_checksum_load(model, tmp_path):
    """As other libraries save them."""
    model.save_pretrained(tmp_path)
    path = tmp_path / "model.safetensors"
    save_file(load_file(path), path, metadata={"format": "pt"})
    CodeFusionModel.from_pretrained(tmp_path)
    save_file(load_file(path), path)
    verify_checksum(path)


def test_nothing_but_the_metadata_changes(tmp_path):
    path = tmp_path / "weights.safetensors"
    tensors = {"a": torch.arange(5, dtype=torch.float16), 'b"é': torch.ones(3, 2), "empty": torch.zeros(0)}
    metadata = {"format": "pt", "zeros": "0" * 64, "written": "ä"}
    save_file(tensors, path, metadata=metadata)
    add_checksum(path)
    verify_checksum(path)
    loaded = load_file(path)
    assert loaded.keys() == tensors.keys()
    assert all(torch.equal(loaded[name], value) for name, value in tensors.items())
    with safe_open(path, framework="pt") as weights:
        assert weights.metadata() == {**metadata, CHECKSUM_KEY: checksum(path)}
    content = path.read_bytes()
    assert int.from_bytes(content[:8], "little") % 8 == 0
    add_checksum(path)
    assert path.read_bytes() == content
