# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What users of transformers expect of any model: tokens can be added, and states and attention weights looked at."""

import pytest
import torch
import torch.nn.functional as F
import transformers
from huggingface_hub.errors import StrictDataclassError
from packaging.version import Version
from transformers import BertConfig

from codefusion_hf.modeling import CodeFusionModel


NEW_TOKENS = 12


@pytest.fixture
def fixed_batch(batch):
    """The pairs with all that `forward` would draw, so that two calls agree."""
    batch_size = len(batch["labels"])
    noise = torch.randn(batch_size, 64, 16, generator=torch.Generator().manual_seed(0))
    return {**batch, "timesteps": torch.tensor([0, 300, 700, 1199]), "noise": noise, "self_conditioning": True}


@pytest.mark.parametrize("encoder", ["t5", "bert"])
def test_adding_tokens_resizes_every_table(encoder, make_model, fixed_batch, tmp_path):
    bert = BertConfig(vocab_size=330, hidden_size=24, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2)
    model = make_model(**({"encoder_config": bert} if encoder == "bert" else {}))
    model.embedding.bias.weight.data.normal_()
    code_table, head = model.embedding.embedding.weight.clone(), model.head.weight.clone()
    bias = model.embedding.bias.weight.clone()
    vocab_size = model.config.vocab_size + NEW_TOKENS
    model.resize_token_embeddings(vocab_size)
    assert (model.config.vocab_size, model.config.encoder_config.vocab_size) == (vocab_size, vocab_size)
    tables = model.get_input_embeddings(), model.embedding.embedding, model.get_output_embeddings()
    assert [len(table.weight) for table in tables] == [vocab_size] * 3
    assert torch.equal(tables[1].weight[:-NEW_TOKENS], code_table)
    assert torch.equal(tables[2].weight[:-NEW_TOKENS], head)
    assert torch.equal(model.embedding.bias.weight, F.pad(bias, (0, 0, 0, NEW_TOKENS)))

    batch = {**fixed_batch, "labels": fixed_batch["labels"].clone()}
    batch["labels"][:, 0] = vocab_size - 1
    with torch.no_grad():
        expected = model(**batch)
        model.save_pretrained(tmp_path)
        actual = CodeFusionModel.from_pretrained(tmp_path)(**batch)
    assert expected.logits.shape[-1] == vocab_size
    assert torch.equal(actual.loss, expected.loss)


def test_new_code_tokens_point_in_directions_of_their_own(make_model):
    model = make_model()
    model.resize_token_embeddings(model.config.vocab_size + NEW_TOKENS)
    new = model.embedding.embedding.weight[-NEW_TOKENS:]
    cosines = F.cosine_similarity(new[:, None], new, dim=-1) - torch.eye(NEW_TOKENS)
    assert cosines.abs().mean() < 0.4  # 0.2 for random directions in 16 dimensions, 1 for a common one
    assert new.std().item() == pytest.approx(1.0, abs=0.2)


def test_removing_tokens_and_padding_the_number_of_them(make_model):
    model = make_model()
    kept = model.embedding.embedding.weight[:100].clone()
    model.resize_token_embeddings(100)
    assert torch.equal(model.embedding.embedding.weight, kept)
    assert model.head.weight.shape[0] == model.head.bias.shape[0] == model.config.vocab_size == 100
    model.resize_token_embeddings(pad_to_multiple_of=64)
    assert model.embedding.embedding.num_embeddings == model.head.out_features == model.config.vocab_size == 128
    assert model.embedding.bias.num_embeddings == 128


def test_asking_for_the_embeddings_resizes_nothing(make_model):
    bert = BertConfig(vocab_size=330, hidden_size=24, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2)
    model = make_model(encoder_config=bert)
    assert model.resize_token_embeddings() is model.get_input_embeddings()
    assert (model.config.vocab_size, model.config.encoder_config.vocab_size) == (320, 330)


def test_a_padding_token_is_required(make_config):
    with pytest.raises(StrictDataclassError, match="pad_token_id"):
        make_config(pad_token_id=None)


def test_attention_weights_are_those_of_the_denoiser(make_model, fixed_batch):
    model = make_model()
    model.set_attn_implementation("eager")
    with torch.no_grad():
        assert model(**fixed_batch).attentions is None
        output = model(**fixed_batch, output_attentions=True)
    batch_size, canvas_length = output.logits.shape[:2]
    prompt_length = fixed_batch["input_ids"].shape[1]
    assert [len(output.attentions), len(output.cross_attentions)] == [model.config.num_denoiser_layers] * 2
    for weights, key_length in ((output.attentions, canvas_length), (output.cross_attentions, prompt_length)):
        for layer_weights in weights:
            assert layer_weights.shape == (batch_size, 2, canvas_length, key_length)
            torch.testing.assert_close(layer_weights.sum(dim=-1), torch.ones(batch_size, 2, canvas_length))
    padding = fixed_batch["attention_mask"][:, None, None] == 0
    assert padding.any() and (output.cross_attentions[0].masked_select(padding) == 0.0).all()


@pytest.mark.skipif(Version(transformers.__version__) < Version("5.23"), reason="transformers 5.20 takes no list")
def test_some_hidden_states_can_be_asked_for(make_model, fixed_batch):
    model = make_model()
    with torch.no_grad():
        every = model(**fixed_batch, output_hidden_states=True).hidden_states
        some = model(**fixed_batch, output_hidden_states=[0, 2]).hidden_states
    assert len(every) == len(some) == model.config.num_hidden_layers + 1 == 3
    assert some[1] is None
    assert torch.equal(some[0], every[0]) and torch.equal(some[2], every[2])


def test_states_of_one_evaluation(make_model, fixed_batch):
    model = make_model()
    latents = torch.randn(2, 8, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        key_values = model.denoiser.project_prompt(model.encode(fixed_batch["input_ids"][:2]))
        step = torch.tensor(600), torch.tensor(0.3)
        plain = model.denoise(latents, *step, key_values)
        output = model.denoise(latents, *step, key_values, output_hidden_states=True)
        as_tuple = model.denoise(latents, *step, key_values, return_dict=False)
    assert plain.hidden_states is None and len(output.hidden_states) == 3
    assert torch.equal(output.sample, plain.sample) and torch.equal(as_tuple[0], plain.sample)
    last = model.denoiser.output_projection(model.denoiser.layer_norm(output.hidden_states[-1]))
    query = last / 16**0.5 + 0.3**0.5 / 0.7 * latents
    torch.testing.assert_close(query, output.query)
    logits = query @ model.embedding.normalized_weight().T
    torch.testing.assert_close(logits, output.logits)


def test_a_configuration_without_dicts_still_generates(make_pipeline):
    pipe = make_pipeline(return_dict=False)
    assert len(pipe("show the date", num_inference_steps=2, num_return_sequences=1, return_dict=False)) > 0


@pytest.mark.parametrize("use_reentrant", [True, False])
def test_checkpointing_of_either_kind_gives_the_same_gradients(use_reentrant, make_model, fixed_batch):
    model = make_model().train()

    def gradients():
        model.zero_grad()
        model(**fixed_batch).loss.backward()
        return {name: parameter.grad for name, parameter in model.named_parameters()}

    expected = gradients()
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": use_reentrant})
    actual = gradients()
    for name, gradient in expected.items():
        torch.testing.assert_close(actual[name], gradient, msg=name)
