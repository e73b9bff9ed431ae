# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""transformers' own tests of models and configurations, run on CodeFusion: see `make conformance`."""

import functools
import sys
import unittest
from unittest.mock import patch

import pytest
import torch
from fetch_transformers_tests import UPSTREAM_FOLDER
from transformers import BertConfig, PreTrainedConfig, T5Config
from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES
from transformers.testing_utils import torch_device

from codefusion_hf.modeling import CodeFusionConfig, CodeFusionModel


if not UPSTREAM_FOLDER.is_dir():
    pytest.skip("transformers' common tests are not unpacked: run `make conformance`", allow_module_level=True)
sys.path.insert(0, str(UPSTREAM_FOLDER))

from tests.test_configuration_common import ConfigTester  # noqa: E402
from tests.test_modeling_common import ModelTesterMixin  # noqa: E402


pytestmark = pytest.mark.slow

# What does not apply to the model, by the beginning of the tests' names. Other skips are the mixin's: they name a
# device or a package that is not there.
NOT_APPLICABLE = {
    "test_can_load_from_already_mapped_keys": "no checkpoint has names of weights that would have to be converted",
    "test_causal_lm_loss_honors_shift_labels": "no token is predicted from those before it: labels are not shifted",
    "test_eager_matches_batched_and_grouped_inference": "no experts",
    "test_encoder_decoder_loss_no_double_shift": "no token is predicted from those before it: labels are not shifted",
    "test_inputs_embeds": "prompts go to the encoder as `input_ids`",
    "test_model_rope": "positions are learned embeddings",
    "test_moe_models_record_router_logits": "no experts",
    "test_output_router_logits_from_config": "no experts",
    "test_resize_position_vector_embeddings": "`max_code_length` belongs to the weights",
    "test_reverse_loading_mapping": "no checkpoint has names of weights that would have to be converted",
    "test_sdpa_can_dispatch_composite_models": "asks for a part that is not of text",
    "test_sdpa_can_dispatch_non_composite_models": "a composite model: test_attn_implementation_composite_models",
    "test_sliding_window_mask": "attention is full",
    "test_tied_head_has_a_tp_plan_entry": "no plan for tensor parallelism",
    "test_tp_plan_matches_params": "no plan for tensor parallelism",
    "test_vision_axial_rope": "positions are learned embeddings",
}


class CodeFusionModelTester:
    """A tiny model and its inputs, as the mixin asks for them."""

    vocab_size = 99
    batch_size = 3
    seq_length = 7  # of the prompts
    code_length = 8
    latent_size = 16
    hidden_size = 32
    num_hidden_layers = 2  # of the denoiser, whose states and attention weights the model returns
    num_attention_heads = 2
    is_training = True

    # How long the mixin expects hidden states and attention weights to be, which are those of the canvas.
    encoder_seq_length = key_length = code_length

    # The mixin asks for them when `forward` takes `noise`, and makes noise for the masked patches of an image.
    image_size = patch_size = 1

    def __init__(self, encoder_config: PreTrainedConfig | None = None):
        self.encoder_config = encoder_config or T5Config(
            vocab_size=self.vocab_size, d_model=24, d_kv=8, d_ff=32, num_layers=1, num_heads=2, dropout_rate=0.0
        )

    def get_config(self) -> CodeFusionConfig:
        return CodeFusionConfig(
            encoder_config=self.encoder_config.to_dict(),
            vocab_size=self.vocab_size,
            latent_size=self.latent_size,
            hidden_size=self.hidden_size,
            intermediate_size=64,
            num_attention_heads=self.num_attention_heads,
            num_denoiser_layers=self.num_hidden_layers,
            num_decoder_layers=1,
            max_code_length=16,
            canvas_step=4,
            # In every batch rather than in half of them, drawn at random.
            self_conditioning_probability=1.0,
        )

    def get_labels(self) -> torch.Tensor:
        # Below all sizes that the vocabulary is cut to.
        return torch.randint(3, 80, (self.batch_size, self.code_length), device=torch_device)

    def get_noise(self, batch_size: int) -> torch.Tensor:
        return torch.randn(batch_size, self.code_length, self.latent_size, device=torch_device)

    def prepare_config_and_inputs_for_common(self) -> tuple[CodeFusionConfig, dict[str, torch.Tensor]]:
        # Nothing is left for `forward` to draw.
        inputs = {
            "input_ids": torch.randint(3, self.vocab_size, (self.batch_size, self.seq_length), device=torch_device),
            "attention_mask": torch.ones(self.batch_size, self.seq_length, dtype=torch.long, device=torch_device),
            "labels": self.get_labels(),
            "timesteps": torch.randint(0, 1200, (self.batch_size,), device=torch_device),
            "noise": self.get_noise(self.batch_size),
        }
        return self.get_config(), inputs


class CodeFusionModelTest(ModelTesterMixin, unittest.TestCase):
    all_model_classes = (CodeFusionModel,)
    additional_model_inputs = ["labels", "timesteps", "noise"]
    _is_composite = True

    def setUp(self):
        for name, reason in NOT_APPLICABLE.items():
            if self._testMethodName.startswith(name):
                self.skipTest(reason)
        self.model_tester = CodeFusionModelTester()
        self.config_tester = ConfigTester(
            self,
            config_class=CodeFusionConfig,
            common_properties=["hidden_size", "num_attention_heads", "num_hidden_layers"],
        )

    def _prepare_for_class(self, inputs_dict, model_class, return_labels=False):
        inputs = super()._prepare_for_class(inputs_dict, model_class, return_labels)
        # Some tests drop the labels, which `forward` cannot do without, or put in the noise of an image model.
        inputs.setdefault("labels", self.model_tester.get_labels())
        if inputs["noise"].ndim != 3:
            inputs["noise"] = self.model_tester.get_noise(len(inputs["input_ids"]))
        return inputs

    def test_config(self):
        self.config_tester.run_common_tests()

    def test_can_init_all_missing_weights(self):
        # In models outside of transformers, modules without weights of their own are not asked to initialise those of
        # their children (`PreTrainedModel._initialize_weights`), which is how T5's attention does it.
        encoder_config = BertConfig(
            vocab_size=99, hidden_size=24, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2
        )
        self.model_tester = CodeFusionModelTester(encoder_config)
        super().test_can_init_all_missing_weights()

    def test_model_forward_default_config_values(self):
        # It passes over models that are not in this table.
        with patch.dict(MODEL_MAPPING_NAMES, {CodeFusionConfig.model_type: CodeFusionModel.__name__}):
            super().test_model_forward_default_config_values()

    def test_model_weights_reload_no_missing_tied_weights(self):
        # It puts whole numbers in place of the weights, whose type is the model's where no other is asked for: the
        # configuration is saved without one.
        from_pretrained = functools.partial(CodeFusionModel.from_pretrained, dtype=torch.float32)
        with patch.object(CodeFusionModel, "from_pretrained", from_pretrained):
            super().test_model_weights_reload_no_missing_tied_weights()
