# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What users of diffusers and PEFT call on any pipeline or model, and what comes of it here."""

import importlib.metadata

import pytest
import torch
from accelerate import cpu_offload
from diffusers import DiffusionPipeline
from packaging import version
from transformers.integrations.peft import MIN_PEFT_VERSION

from codefusion_hf.checkpoints import available_checkpoints, checkpoint_path
from codefusion_hf.modeling import CodeFusionModel
from codefusion_hf.pipelines import CodeFusionPipeline, CodeFusionScheduler
from codefusion_hf.training.lora import DEFAULT_TARGET_MODULES


needs_no_accelerator = pytest.mark.skipif(
    torch.accelerator.is_available(), reason="what diffusers says where there is no accelerator"
)


@pytest.fixture
def pipe(make_pipeline):
    return make_pipeline(num_denoiser_layers=1)


def run(pipe):
    generator = torch.Generator().manual_seed(0)
    return pipe("show the date", 3, target_length=8, generator=generator, output_type="latent").latents


# --- diffusers


def test_to_moves_and_casts_the_model(pipe):
    assert pipe.to(torch.bfloat16) is pipe
    assert pipe.dtype == pipe.model.dtype == torch.bfloat16
    assert run(pipe).dtype == torch.bfloat16
    assert pipe.to("cpu", torch.float32).device == torch.device("cpu")
    assert {parameter.dtype for parameter in pipe.model.parameters()} == {torch.float32}
    pipe.to("meta")
    assert {parameter.device.type for parameter in pipe.model.parameters()} == {"meta"}


@pytest.mark.parametrize("name", available_checkpoints())
def test_plain_diffusers_loads_a_bundled_checkpoint_with_the_classes_of_the_package(name):
    folder = str(checkpoint_path(name))
    pipe = DiffusionPipeline.from_pretrained(folder, trust_remote_code=True)
    assert type(pipe) is CodeFusionPipeline and type(pipe.model) is CodeFusionModel
    assert type(pipe.scheduler) is CodeFusionScheduler
    with pytest.raises(ValueError, match="Pass `trust_remote_code=True`"):
        DiffusionPipeline.from_pretrained(folder)


@needs_no_accelerator
@pytest.mark.parametrize("method", ["enable_model_cpu_offload", "enable_sequential_cpu_offload"])
def test_offloading_needs_an_accelerator(method, pipe):
    with pytest.raises(RuntimeError, match=f"`{method}` requires accelerator, but not found"):
        getattr(pipe, method)()


@pytest.mark.parametrize("rounding", ["decoder", "grounding", "clamping"])
def test_weights_that_wait_outside_the_model_give_the_same(rounding, pipe):
    """As `enable_sequential_cpu_offload` does it, which needs an accelerator: the model's weights are on no device."""

    def sequences():
        generator = torch.Generator().manual_seed(0)
        return pipe("show the date", 3, 2, rounding=rounding, generator=generator, output_type="token_ids").sequences

    expected = sequences()
    cpu_offload(pipe.model, execution_device=torch.device("cpu"))
    assert {parameter.device.type for parameter in pipe.model.parameters()} == {"meta"}
    assert torch.equal(sequences(), expected)


@pytest.mark.parametrize(
    "method",
    [
        "enable_xformers_memory_efficient_attention",
        "disable_xformers_memory_efficient_attention",
        "enable_attention_slicing",
        "disable_attention_slicing",
    ],
)
def test_attention_that_diffusers_cannot_replace_stays(method, pipe):
    """It asks the modules that have such attention, and raises nothing where there are none."""
    expected = run(pipe)
    getattr(pipe, method)()
    assert torch.equal(run(pipe), expected)


@pytest.mark.parametrize(
    "method", ["enable_vae_slicing", "enable_vae_tiling", "enable_freeu", "load_lora_weights", "fuse_lora"]
)
def test_there_is_nothing_of_image_pipelines(method, pipe):
    with pytest.raises(AttributeError, match=f"'CodeFusionPipeline' object has no attribute '{method}'"):
        getattr(pipe, method)


# --- PEFT


@pytest.fixture
def adapter(pipe, tmp_path):
    """The folder of an adapter that plain PEFT has saved, and what the model writes with it and without it."""
    peft = pytest.importorskip("peft")
    without = run(pipe)
    config = peft.LoraConfig(r=2, target_modules=DEFAULT_TARGET_MODULES, init_lora_weights=False)
    torch.manual_seed(0)
    model = peft.get_peft_model(pipe.model, config)
    with_adapter = run(pipe)
    assert not torch.allclose(with_adapter, without, atol=1e-2)
    model.save_pretrained(tmp_path / "adapter")
    assert {path.name for path in (tmp_path / "adapter").iterdir()} - {"README.md"} == {
        "adapter_config.json",
        "adapter_model.safetensors",
    }
    return tmp_path / "adapter", with_adapter, without


def test_plain_peft_loads_and_merges_an_adapter(adapter, make_pipeline, tmp_path):
    peft = pytest.importorskip("peft")
    folder, expected, without = adapter
    pipe = make_pipeline(num_denoiser_layers=1)
    model = peft.PeftModel.from_pretrained(pipe.model, folder)
    torch.testing.assert_close(run(pipe), expected)
    with model.disable_adapter():
        torch.testing.assert_close(run(pipe), without)
    pipe.model = model.merge_and_unload()
    torch.testing.assert_close(run(pipe), expected, rtol=1e-4, atol=1e-4)
    # What is merged is a checkpoint like any other.
    pipe.save_pretrained(tmp_path / "merged")
    loaded = CodeFusionPipeline.from_pretrained(tmp_path / "merged")
    loaded.set_progress_bar_config(disable=True)
    torch.testing.assert_close(run(loaded), run(pipe))


@pytest.mark.skipif(
    version.parse(importlib.metadata.version("peft")) < version.parse(MIN_PEFT_VERSION),
    reason=f"transformers' own methods for adapters need PEFT {MIN_PEFT_VERSION}",
)
def test_the_model_loads_saves_and_removes_adapters(adapter, make_pipeline, tmp_path):
    """By the methods that transformers gives every model."""
    folder, expected, without = adapter
    pipe = make_pipeline(num_denoiser_layers=1)
    pipe.model.load_adapter(folder)
    torch.testing.assert_close(run(pipe), expected)
    pipe.model.disable_adapters()
    torch.testing.assert_close(run(pipe), without)
    pipe.model.enable_adapters()
    pipe.model.save_pretrained(tmp_path / "again")
    assert {path.name for path in (tmp_path / "again").iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
    }
    pipe.model.delete_adapter("default")
    torch.testing.assert_close(run(pipe), without)
    pipe.model.load_adapter(tmp_path / "again")
    torch.testing.assert_close(run(pipe), expected)
