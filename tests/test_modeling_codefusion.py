# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Configuration and model of CodeFusion."""

import json
import math

import pytest
import torch
import torch.nn.functional as F
from accelerate.hooks import ModelHook, add_hook_to_module
from huggingface_hub.errors import StrictDataclassError
from transformers import (
    AutoConfig,
    AutoModel,
    BertConfig,
    RobertaConfig,
    T5Config,
    T5EncoderModel,
    T5ForConditionalGeneration,
)

from codefusion_hf.modeling import CodeFusionConfig, CodeFusionModel
from codefusion_hf.modeling.modeling_codefusion import LENGTH_LOSS_WEIGHT
from codefusion_hf.modeling.modeling_output import CodeFusionOutput
from codefusion_hf.pipelines import CodeFusionScheduler


PREDICTIONS = ("sample", "epsilon")
LOSS_TERMS = ("loss", "denoising_loss", "embedding_loss", "cross_entropy_loss", "length_loss")


@pytest.fixture
def same_noise(monkeypatch):
    """`randn_like` gives the same noise at the same position, however far the tensor is padded."""
    noise = torch.randn(8, 64, 16, generator=torch.Generator().manual_seed(3))
    monkeypatch.setattr(torch, "randn_like", lambda tensor: noise[: tensor.shape[0], : tensor.shape[1]])
    return noise


def run(model, batch, seed=0, **kwargs):
    torch.manual_seed(seed)
    return model(**{**batch, **kwargs})


def loss_terms(output):
    """The loss and its terms, as far as there are any."""
    return {name: output[name] for name in LOSS_TERMS if name in output}


def gradients(model, batch, seed=0):
    model.zero_grad()
    run(model, batch, seed).loss.backward()
    return {name: parameter.grad for name, parameter in model.named_parameters()}


# --- Configuration


@pytest.mark.parametrize(
    ("encoder_config", "hidden_size"),
    [
        (None, 512),
        (T5Config(d_model=16, d_ff=20), 16),
        (BertConfig(hidden_size=32, intermediate_size=40), 32),
        (RobertaConfig(hidden_size=64, intermediate_size=40), 64),
        ({"model_type": "roberta", "hidden_size": 48}, 48),
    ],
    ids=["default", "t5", "bert", "roberta", "dict"],
)
def test_config_round_trip(encoder_config, hidden_size, tmp_path):
    config = CodeFusionConfig(encoder_config=encoder_config, latent_size=64, prediction_type="epsilon")
    config.save_pretrained(tmp_path)
    again = CodeFusionConfig.from_pretrained(tmp_path)
    assert type(again.encoder_config) is type(config.encoder_config)
    assert again.to_dict() == config.to_dict()
    assert (again.latent_size, again.prediction_type) == (64, "epsilon")
    assert again.encoder_config.hidden_size == hidden_size


def test_config_is_registered(make_config, tmp_path):
    make_config().save_pretrained(tmp_path)
    assert isinstance(AutoConfig.from_pretrained(tmp_path), CodeFusionConfig)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vocab_size", 0),
        ("latent_size", 0),
        ("hidden_size", 100),
        ("num_attention_heads", 7),
        ("num_denoiser_layers", 0),
        ("num_decoder_layers", -1),
        ("max_code_length", 0),
        ("canvas_step", 0),
        ("canvas_step", 7),
        ("num_train_timesteps", 1),
        ("schedule_offset", 0.0),
        ("schedule_offset", 0.001),
        ("noise_factor", 0.0),
        ("self_conditioning_probability", 1.5),
        ("clean_position_probability", 1.5),
        ("clean_position_probability", -0.1),
        ("copy_token_groups", [[7], [8, 32100]]),
        ("copy_token_groups", [[-1]]),
        ("copy_token_groups", [7]),
        ("prediction_type", "velocity"),
        ("latent_size", "large"),
    ],
)
def test_config_errors_name_the_field(name, value):
    with pytest.raises(StrictDataclassError, match=name):
        CodeFusionConfig(**{name: value})


@pytest.mark.parametrize(
    "name", ["noise_factor", "self_conditioning_probability", "clean_position_probability", "initializer_range"]
)
def test_config_takes_whole_numbers_for_real_ones(name):
    """As a YAML or a JSON file has them: `noise_factor: 2`."""
    assert getattr(CodeFusionConfig(**{name: 1}), name) == 1


# --- Forward


@pytest.mark.parametrize("predict_length", [True, False])
@pytest.mark.parametrize("self_conditioning_probability", [0.0, 1.0])
@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_loss_is_the_sum_of_its_terms_and_reaches_every_parameter(
    prediction, self_conditioning_probability, predict_length, make_model, batch
):
    model = make_model(
        predict_length=predict_length,
        self_conditioning_probability=self_conditioning_probability,
        prediction_type=prediction,
    ).train()
    output = run(model, batch)
    total = output.denoising_loss + output.cross_entropy_loss
    if prediction == "epsilon":
        total += output.embedding_loss
    else:
        assert output.embedding_loss is None
    if predict_length:
        total += LENGTH_LOSS_WEIGHT * output.length_loss
    else:
        assert output.length_loss is None
    assert output.loss.isfinite()
    torch.testing.assert_close(output.loss, total)

    canvas_length = batch["labels"].shape[1] if predict_length else model.config.max_code_length
    assert output.logits.shape == (4, canvas_length, model.config.vocab_size)
    assert output.pred_original_sample.shape == (4, canvas_length, model.config.latent_size)
    assert output.timesteps.shape == output.token_loss.shape == (4,)
    assert output.encoder_last_hidden_state.shape == (*batch["input_ids"].shape, model.config.encoder_config.d_model)

    output.loss.backward()
    without = [name for name, parameter in model.named_parameters() if parameter.grad is None]
    zero = [name for name, parameter in model.named_parameters() if not parameter.grad.any()]
    assert without == zero == []


@pytest.mark.parametrize("model_type", ["bert", "roberta"])
def test_every_parameter_of_another_encoder_gets_a_gradient(model_type, save_encoder, make_config, batch):
    """DistributedDataParallel asks for it; BERT has a pooler, which nothing here reads."""
    config = make_config(encoder_config=AutoConfig.from_pretrained(save_encoder(model_type)))
    model = CodeFusionModel(config).train()
    assert [name for name, grad in gradients(model, batch).items() if grad is None] == []


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_learns_a_few_pairs(prediction, make_model, batch):
    model = make_model(prediction_type=prediction).train()
    timesteps = torch.tensor([50, 300, 600, 900])
    before = run(model, batch, timesteps=timesteps)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    for step in range(50):
        optimizer.zero_grad()
        run(model, batch, seed=step + 1).loss.backward()
        optimizer.step()
    after = run(model, batch, timesteps=timesteps)
    assert after.loss < 0.5 * before.loss
    before = loss_terms(before)
    for term, value in loss_terms(after).items():
        assert value < before[term], term


@pytest.mark.parametrize(("predict_length", "canvas_step"), [(True, 1), (True, 4), (True, 8), (False, 8)])
def test_losses_are_means_over_the_canvas(predict_length, canvas_step, make_model, batch):
    """Each token of the code weighs 1, and so does all the padding of a canvas together."""
    model = make_model(predict_length=predict_length, canvas_step=canvas_step)
    output = run(model, batch)
    losses, weights, buckets = [], [], []
    for labels, logits in zip(batch["labels"], output.logits, strict=True):
        code_length = int((labels != 0).sum())
        canvas_length = math.ceil(code_length / canvas_step) * canvas_step
        buckets.append(canvas_length // canvas_step - 1)
        if not predict_length:
            canvas_length = model.config.max_code_length
        canvas = F.pad(labels[:code_length], (0, canvas_length - code_length), value=0)
        token_losses = F.cross_entropy(logits[:canvas_length], canvas, reduction="none")
        losses.append(token_losses[:code_length].sum())
        weights.append(code_length)
        if canvas_length > code_length:
            losses[-1] += token_losses[code_length:].mean()
            weights[-1] += 1
    losses, weights = torch.stack(losses), torch.tensor(weights)
    torch.testing.assert_close(output.cross_entropy_loss, (losses / weights).mean())
    torch.testing.assert_close(output.token_loss, losses / weights)
    if predict_length:
        length_logits = model.predict_length(output.encoder_last_hidden_state, batch["attention_mask"])
        assert length_logits.shape == (4, 24 // canvas_step)
        torch.testing.assert_close(output.length_loss, F.cross_entropy(length_logits, torch.tensor(buckets)))


@pytest.mark.parametrize("label_padding", [-100, 0])
@pytest.mark.parametrize("self_conditioning_probability", [0.0, 1.0])
@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_padding_changes_no_loss(
    prediction, self_conditioning_probability, label_padding, make_model, batch, same_noise
):
    model = make_model(self_conditioning_probability=self_conditioning_probability, prediction_type=prediction)
    timesteps = torch.tensor([10, 400, 700, 1199])
    padded = {
        "input_ids": F.pad(batch["input_ids"], (0, 3), value=77),
        "attention_mask": F.pad(batch["attention_mask"], (0, 3), value=0),
        "labels": F.pad(batch["labels"], (0, 5), value=label_padding),
    }
    expected = run(model, batch, timesteps=timesteps)
    actual = run(model, padded, timesteps=timesteps)
    assert actual.logits.shape[1] == expected.logits.shape[1] + 8  # 5, rounded up to `canvas_step`
    torch.testing.assert_close(loss_terms(actual), loss_terms(expected), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(actual.token_loss, expected.token_loss, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("attn_implementation", ["eager", "sdpa"])
@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_denoise_and_decode_do_not_read_padding(prediction, attn_implementation, make_model, batch):
    model = make_model(prediction_type=prediction)
    model.set_attn_implementation(attn_implementation)
    generator = torch.Generator().manual_seed(0)
    lengths = torch.tensor([7, 3, 1, 5])
    latents = torch.randn(4, 7, 16, generator=generator)
    self_condition = torch.randn(4, 7, 16, generator=generator)
    timesteps = torch.tensor([900, 3, 400.5, 1199])
    alphas_cumprod = model.config.alphas_cumprod()[timesteps.long(), None, None]

    def outputs(rows, canvas_length, prompt_padding):
        prompt_mask = F.pad(batch["attention_mask"][rows], (0, prompt_padding))
        encoded = model.encode(F.pad(batch["input_ids"][rows], (0, prompt_padding), value=9), prompt_mask)
        padding = (0, 0, 0, max(canvas_length - 7, 0))  # the value is absurd, so that it would show
        canvas = F.pad(latents[rows, :canvas_length], padding, value=50.0)
        condition = F.pad(self_condition[rows, :canvas_length], padding, value=50.0)
        masks = {
            "attention_mask": torch.arange(canvas_length) < lengths[rows, None],
            "encoder_attention_mask": prompt_mask,
            "lengths": lengths[rows],
        }
        denoised = model.denoise(
            canvas,
            timesteps[rows],
            alphas_cumprod[rows],
            model.denoiser.project_prompt(encoded),
            self_condition=condition,
            **masks,
        )
        key_values = model.decoder.project_prompt(encoded)
        logits, decoded = model.decode(canvas, key_values, **masks, denoiser_logits=denoised.logits)
        return denoised.sample, logits, decoded

    with torch.no_grad():
        padded = outputs(slice(0, 4), 12, 5)
        for row, length in enumerate(lengths.tolist()):
            alone = outputs(slice(row, row + 1), length, 0)
            for one, other in zip(alone, padded, strict=True):
                torch.testing.assert_close(one[0], other[row, :length], atol=1e-5, rtol=1e-5)


def test_the_end_of_the_canvas_is_seen(make_model, batch):
    """The same latents on a canvas one longer are not read alike: positions count from both ends."""
    model = make_model()
    key_values = model.denoiser.project_prompt(model.encode(batch["input_ids"], batch["attention_mask"]))
    latents = torch.randn(4, 6, 16)
    without, with_lengths, shorter = (
        model.denoise(latents, torch.tensor(500), torch.tensor(0.3), key_values, lengths=lengths).sample
        for lengths in (None, torch.full((4,), 6), torch.full((4,), 5))
    )
    torch.testing.assert_close(without, with_lengths)
    assert not torch.allclose(without, shorter, atol=1e-3)


def test_fixed_canvas(make_model, batch):
    model = make_model(predict_length=False, max_code_length=128)
    output = run(model, batch)
    assert output.logits.shape[1] == 128
    shorter = run(model, batch, labels=torch.where(batch["labels"] == 0, -100, batch["labels"]))
    longer = run(model, batch, labels=F.pad(batch["labels"], (0, 40)))
    assert loss_terms(output) == loss_terms(shorter) == loss_terms(longer)
    with pytest.raises(ValueError, match="predict_length"):
        model.predict_length(output.encoder_last_hidden_state)


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_noises_as_the_scheduler_does(prediction, make_model, batch, same_noise):
    model = make_model(noise_factor=2.0, prediction_type=prediction)
    scheduler = CodeFusionScheduler(noise_factor=2.0, prediction_type=model.config.prediction_type)
    seen = []
    model.denoiser.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    timesteps = torch.tensor([0, 13, 600, 1199])
    run(model, batch, timesteps=timesteps)
    embeds = model.embed(batch["labels"])
    torch.testing.assert_close(seen[-1], scheduler.add_noise(embeds, torch.randn_like(embeds), timesteps))


@pytest.mark.parametrize("noise_factor", [1.0, 4.0])
def test_noise_and_clean_embeddings_convert(noise_factor, make_model, batch):
    model = make_model(prediction_type="epsilon", noise_factor=noise_factor)
    embeds = model.embed(batch["labels"])
    noise = torch.randn_like(embeds)
    alphas_cumprod = model.config.alphas_cumprod()[[0, 300, 900, 1199], None, None]
    latents = alphas_cumprod.sqrt() * embeds + (1.0 - alphas_cumprod).sqrt() * noise
    recovered = model.to_original_sample(noise, latents, alphas_cumprod)
    torch.testing.assert_close(recovered, embeds, atol=2e-3, rtol=0)
    # An error of the noise is multiplied by up to 52 or 208, but no estimate leaves the ball.
    wrong = model.to_original_sample(noise + 1.0, latents, alphas_cumprod)
    assert wrong.norm(dim=-1).max() < 1.0001 * math.sqrt(model.config.latent_size)


@pytest.mark.parametrize("probability", [0.0, 0.5])
def test_denoises_with_what_a_loop_makes_once(probability, make_model, batch):
    """Time embeddings, vocabulary and masks may be handed in."""
    model = make_model(self_conditioning_probability=probability)
    states = model.encode(batch["input_ids"], batch["attention_mask"])
    key_values = model.denoiser.project_prompt(states)
    latents = torch.randn(4, 8, model.config.latent_size, generator=torch.Generator().manual_seed(0))
    lengths = torch.tensor([8, 4, 8, 8])
    masks = (torch.arange(8) < lengths[:, None], batch["attention_mask"])
    alpha_prod_t = model.config.alphas_cumprod()[600]
    plain = model.denoise(latents, 600, alpha_prod_t, key_values, *masks, lengths)
    prepared = model.prepare_attention_masks(latents, key_values, *masks)
    again = model.prepare_attention_masks(latents, key_values, *prepared)
    assert all(torch.equal(one, other) for one, other in zip(prepared, again, strict=True))
    embeddings = model.denoiser.embed_timesteps(torch.tensor([900, 600]), latents.dtype)
    assert embeddings.shape == (2, model.config.hidden_size)
    once = model.denoise(
        latents,
        None,
        alpha_prod_t,
        key_values,
        *prepared,
        lengths,
        time_embedding=embeddings[1][None, None],
        vocabulary=model.vocabulary(),
        output_logits=False,
    )
    assert once.logits is None and plain.logits is not None
    torch.testing.assert_close(once.sample, plain.sample)
    torch.testing.assert_close(model.score_tokens(once.query), plain.logits)
    for timesteps, time_embedding in ((None, None), (600, embeddings[1][None, None])):
        with pytest.raises(ValueError, match="Exactly one of `timesteps` and `time_embedding` must be given"):
            model.denoise(latents, timesteps, alpha_prod_t, key_values, time_embedding=time_embedding)


def test_draws_its_timesteps_evenly(make_model, batch):
    model = make_model()
    large = {name: value.repeat(8, 1) for name, value in batch.items()}
    timesteps = run(model, large).timesteps
    quarter = model.config.num_train_timesteps // 4
    assert torch.histc(timesteps.float(), 4, 0, 4 * quarter).tolist() == [8.0] * 4
    assert not torch.equal(timesteps, run(model, large, seed=1).timesteps)
    assert torch.equal(timesteps, run(model, large).timesteps)


def test_embeddings_keep_their_length(make_model, batch):
    model = make_model().train()
    expected = torch.full((model.config.vocab_size,), math.sqrt(model.config.latent_size))
    optimizer = torch.optim.SGD(model.parameters(), lr=5.0)
    for _ in range(2):
        torch.testing.assert_close(model.embedding.normalized_weight().norm(dim=-1), expected)
        embeds = model.embed(batch["labels"])
        torch.testing.assert_close(embeds, model.embedding.normalized_weight()[batch["labels"]])
        before = model.embedding.normalized_weight().detach()
        run(model, batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        assert not torch.allclose(before, model.embedding.normalized_weight())


def test_initial_weights(make_model):
    model = make_model(initializer_range=0.05, vocab_size=3000)
    assert model.embedding.embedding.weight.std().item() == pytest.approx(1.0, rel=0.05)
    assert model.embedding.normalized_weight().mean().abs() < 0.01
    assert model.head.weight.std().item() == pytest.approx(0.05, rel=0.05)
    assert model.decoder.start_positions.weight.std().item() == pytest.approx(0.05, rel=0.2)
    assert not model.head.bias.any()
    assert not model.embedding.bias.weight.any()
    assert make_model(prediction_type="epsilon").embedding.bias is None


def test_noise_prompt_hides_the_prompt(make_model, batch):
    model = make_model()
    noise_prompt = torch.tensor([True, False, True, False])
    changed = batch["input_ids"].clone()
    changed[noise_prompt] = changed[noise_prompt].flip(1)
    output = run(model, batch, noise_prompt=noise_prompt)
    other = run(model, batch, noise_prompt=noise_prompt, input_ids=changed)
    for one, two in zip(output.to_tuple(), other.to_tuple(), strict=True):
        assert torch.equal(one, two)

    clear = run(model, batch).encoder_last_hidden_state
    hidden = output.encoder_last_hidden_state
    torch.testing.assert_close(hidden[~noise_prompt], clear[~noise_prompt])
    assert hidden[noise_prompt].std().item() == pytest.approx(1.0, rel=0.1)

    length_logits = model.predict_length(clear, batch["attention_mask"])[~noise_prompt]
    targets = ((batch["labels"] != 0).sum(dim=1)[~noise_prompt] - 1) // model.config.canvas_step
    # Two of the four rows have a prompt.
    torch.testing.assert_close(output.length_loss, F.cross_entropy(length_logits, targets) / 2)
    assert run(model, batch, noise_prompt=torch.ones(4, dtype=torch.bool)).length_loss == 0.0


def test_what_is_drawn_can_be_given(make_model, batch):
    model = make_model()
    given = {
        "noise_prompt": torch.tensor([True, False, False, False]),
        # The row without a prompt is one that needs it: with little noise, the latents alone say what the tokens are.
        "timesteps": torch.tensor([1199, 400, 700, 10]),
        # Wider than the canvas.
        "noise": torch.randn(4, 24, 16),
        "prompt_noise": torch.randn(*batch["input_ids"].shape, 24),
        "self_conditioning": True,
    }
    output = run(model, batch, **given)
    assert torch.equal(output.timesteps, given["timesteps"])
    assert torch.equal(output.encoder_last_hidden_state[0], given["prompt_noise"][0])
    assert torch.equal(output.loss, run(model, batch, seed=1, **given).loss)
    for name, other in (
        ("noise", torch.randn(4, 24, 16)),
        ("prompt_noise", torch.randn(*batch["input_ids"].shape, 24)),
        ("self_conditioning", False),
    ):
        assert run(model, batch, **{**given, name: other}).loss != output.loss, name


def test_the_loss_of_a_batch_is_the_mean_of_its_parts(make_model, batch):
    """What gradient accumulation and several processes need."""
    model = make_model()
    batch = {**batch, "noise_prompt": torch.tensor([True, False, False, False])}
    given = {
        "timesteps": torch.tensor([10, 400, 700, 1199]),
        "noise": torch.randn(4, 24, 16),
        "prompt_noise": torch.randn(*batch["input_ids"].shape, 24),
    }
    whole = run(model, batch, self_conditioning=True, **given)
    parts = []
    for rows in (slice(0, 1), slice(1, 2), slice(2, 4)):
        part = {name: value[rows] for name, value in {**batch, **given}.items()}
        output = run(model, part, self_conditioning=True)
        parts += [torch.stack([*loss_terms(output).values()])] * len(part["labels"])
    expected = torch.stack([*loss_terms(whole).values()])
    torch.testing.assert_close(torch.stack(parts).mean(dim=0), expected)


def test_labels_are_checked(make_model, batch):
    model = make_model()
    with pytest.raises(ValueError, match="`labels` are required"):
        model(batch["input_ids"])
    with pytest.raises(ValueError, match="`labels` are 25 tokens long.*`config.max_code_length` is 24"):
        run(model, batch, labels=torch.ones(4, 25, dtype=torch.long))


def test_hidden_states_and_tuples(make_model, batch):
    model = make_model()
    assert run(model, batch).hidden_states is None
    output = run(model, batch, output_hidden_states=True)
    assert isinstance(output, CodeFusionOutput)
    assert len(output.hidden_states) == model.config.num_denoiser_layers + 1
    shape = (*batch["labels"].shape, model.config.hidden_size)
    assert all(hidden_states.shape == shape for hidden_states in output.hidden_states)

    as_tuple = run(model, batch, return_dict=False)
    assert isinstance(as_tuple, tuple)
    for one, two in zip(as_tuple, run(model, batch).to_tuple(), strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_attention_implementations_agree(prediction, make_model, batch):
    model = make_model(prediction_type=prediction)
    outputs = {}
    for attn_implementation in ("eager", "sdpa"):
        model.set_attn_implementation(attn_implementation)
        assert model.config._attn_implementation == attn_implementation
        outputs[attn_implementation] = run(model, batch)
    torch.testing.assert_close(loss_terms(outputs["eager"]), loss_terms(outputs["sdpa"]), atol=1e-5, rtol=1e-5)


def test_gradient_checkpointing_changes_nothing(make_model, batch):
    model = make_model().train()
    loss, expected = run(model, batch).loss, gradients(model, batch)
    model.gradient_checkpointing_enable()
    assert all(layer.gradient_checkpointing for layer in (*model.denoiser.layers, *model.decoder.layers))
    torch.testing.assert_close(run(model, batch).loss, loss)
    actual = gradients(model, batch)
    for name, gradient in expected.items():
        torch.testing.assert_close(actual[name], gradient, msg=name)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_trains_in_another_dtype(prediction, dtype, make_model, batch):
    """As with `bf16_full_eval` of transformers' Trainer, or a DeepSpeed engine in bfloat16."""
    model = make_model(self_conditioning_probability=1.0, prediction_type=prediction).to(dtype)
    output = run(model, batch)
    assert output.loss.isfinite()
    assert output.logits.dtype == output.pred_original_sample.dtype == dtype
    assert all(gradient.isfinite().all() for gradient in gradients(model, batch).values())


# --- Loading and saving


@pytest.mark.parametrize(
    "fields",
    [
        {"prediction_type": "epsilon", "noise_factor": 2.0},
        {"clean_position_probability": 0.25, "copy_token_groups": [[300, 301], [302]]},
    ],
    ids=["epsilon", "sample"],
)
def test_save_and_load(fields, make_model, batch, tmp_path):
    model = make_model(**fields)
    if model.embedding.bias is not None:
        model.embedding.bias.weight.data.normal_()
    model.save_pretrained(tmp_path)
    files = ["config.json", "model.safetensors", "modeling_codefusion.py"]
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    for loaded in (CodeFusionModel.from_pretrained(tmp_path), AutoModel.from_pretrained(tmp_path)):
        assert isinstance(loaded, CodeFusionModel)
        assert not loaded.training
        assert {name: getattr(loaded.config, name) for name in fields} == fields
        assert loaded.encoder.encoder.embed_tokens.weight is loaded.encoder.shared.weight
        state_dict = loaded.state_dict()
        assert state_dict.keys() == model.state_dict().keys()
        for name, value in model.state_dict().items():
            assert torch.equal(state_dict[name], value), name
        assert run(loaded, batch).loss == run(model, batch).loss


def test_model_of_a_half_precision_configuration(make_model, batch, tmp_path):
    """All parts get the same dtype, though the configurations of model and encoder each name one."""
    make_model().half().save_pretrained(tmp_path)
    config = CodeFusionConfig.from_pretrained(tmp_path)
    config.dtype = config.encoder_config.dtype = torch.float16  # as other libraries, and this one once, save them
    model = CodeFusionModel(config)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert run(model, batch).loss.isfinite()
    loaded = CodeFusionModel.from_pretrained(tmp_path, dtype=torch.float32)
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}


def test_weights_say_their_dtype(make_model, tmp_path):
    """Of two variants in a folder, the one that was saved last must not set the dtype of the other."""
    make_model().save_pretrained(tmp_path)
    config = (tmp_path / "config.json").read_text()
    make_model().half().save_pretrained(tmp_path, variant="fp16")
    assert (tmp_path / "config.json").read_text() == config
    assert CodeFusionModel.from_pretrained(tmp_path).dtype == torch.float32
    assert CodeFusionModel.from_pretrained(tmp_path, variant="fp16").dtype == torch.float16
    assert CodeFusionModel.from_pretrained(tmp_path, variant="fp16", dtype=torch.float32).dtype == torch.float32


def test_saved_config_names_its_code_and_no_path(save_encoder, tmp_path):
    encoder = save_encoder("bert")
    CodeFusionConfig(encoder_config=AutoConfig.from_pretrained(encoder)).save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["auto_map"] == {
        "AutoConfig": "modeling_codefusion.CodeFusionConfig",
        "AutoModel": "modeling_codefusion.CodeFusionModel",
    }
    assert (tmp_path / "modeling_codefusion.py").is_file()
    assert encoder.name not in json.dumps(config)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.ckpt", "weights.pt", "model.pkl"])
def test_pickles_are_refused(name, make_model, tmp_path):
    make_model().save_pretrained(tmp_path / "model")
    (tmp_path / "model" / name).write_bytes(b"")
    for folder, kwargs in ((tmp_path / "model", {}), (tmp_path, {"subfolder": "model"})):
        with pytest.raises(ValueError, match=rf"{name}` is a pickle"):
            CodeFusionModel.from_pretrained(folder, **kwargs)
        with pytest.raises(ValueError, match=rf"{name}` is a pickle"):
            AutoModel.from_pretrained(folder, **kwargs)


def test_pickles_are_not_asked_for(make_model, tmp_path):
    make_model().save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="`use_safetensors` must not be False"):
        CodeFusionModel.from_pretrained(tmp_path, use_safetensors=False)


def test_what_trainer_keeps_beside_the_weights_is_let_be(make_model, tmp_path):
    make_model().save_pretrained(tmp_path)
    for name in ("training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state_0.pth"):
        (tmp_path / name).write_bytes(b"")
    assert CodeFusionModel.from_pretrained(tmp_path).num_parameters() > 0


@pytest.mark.parametrize("damage", ["truncated", "header", "empty"])
def test_damaged_weights_are_named(damage, make_model, tmp_path):
    make_model().save_pretrained(tmp_path, max_shard_size="50KB")
    shards = sorted(path.name for path in tmp_path.glob("*.safetensors"))
    assert len(shards) > 2
    content = (tmp_path / shards[1]).read_bytes()
    damaged = {"truncated": content[:-8], "header": content[:8] + b"[" + content[9:], "empty": b""}[damage]
    (tmp_path / shards[1]).write_bytes(damaged)
    with pytest.raises(OSError, match="truncated or altered") as error:
        CodeFusionModel.from_pretrained(tmp_path)
    assert [name in str(error.value) for name in shards] == [name == shards[1] for name in shards]


def test_missing_weights_are_named(make_model, tmp_path):
    make_model().save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(OSError, match=r"model\.safetensors"):
        CodeFusionModel.from_pretrained(tmp_path)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("model_class", [T5EncoderModel, T5ForConditionalGeneration])
def test_from_a_pretrained_t5(model_class, dtype, make_config, batch, tmp_path):
    torch.manual_seed(1)
    encoder_config = T5Config(**{**make_config().encoder_config.to_dict(), "decoder_start_token_id": 0})
    pretrained = model_class(encoder_config).to(dtype)
    pretrained.save_pretrained(tmp_path)
    model = CodeFusionModel.from_encoder_pretrained(
        tmp_path, latent_size=16, hidden_size=32, num_attention_heads=2, num_denoiser_layers=1, num_decoder_layers=1
    )
    assert not model.training
    assert type(model.encoder) is T5EncoderModel
    config = model.config
    assert (config.vocab_size, config.pad_token_id, config.bos_token_id, config.eos_token_id) == (320, 0, None, 2)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    expected = pretrained.state_dict()
    for name, value in model.encoder.state_dict().items():
        assert torch.equal(value, expected[name].float()), name
    assert run(model, batch).loss.isfinite()


@pytest.mark.parametrize("model_type", ["bert", "roberta"])
def test_from_another_pretrained_encoder(model_type, save_encoder, batch, tmp_path):
    folder = save_encoder(model_type)
    pretrained = AutoModel.from_pretrained(folder).state_dict()
    model = CodeFusionModel.from_encoder_pretrained(
        folder, latent_size=16, hidden_size=32, num_attention_heads=2, num_denoiser_layers=1, num_decoder_layers=1
    )
    assert model.config.encoder_config.model_type == model_type
    for name, value in model.encoder.state_dict().items():
        assert torch.equal(value, pretrained[name]), name
    model.save_pretrained(tmp_path)
    assert str(folder) not in (tmp_path / "config.json").read_text()
    assert model.config.base_model is None
    loaded = CodeFusionModel.from_pretrained(tmp_path)
    assert run(loaded, batch).loss == run(model, batch).loss


def test_folder_of_an_encoder_is_no_hub_id(save_encoder, monkeypatch):
    """Even if it looks like one."""
    folder = save_encoder("bert")
    monkeypatch.chdir(folder.parent.parent)
    sizes = {"latent_size": 8, "num_denoiser_layers": 1, "num_decoder_layers": 1}
    name = f"{folder.parent.name}/{folder.name}"
    assert CodeFusionModel.from_encoder_pretrained(name, **sizes).config.base_model is None
    model = CodeFusionModel.from_encoder_pretrained(name, base_model="lab/encoder", **sizes)
    assert model.config.base_model == "lab/encoder"


def test_from_encoder_pretrained_takes_no_encoder_config(save_encoder):
    with pytest.raises(ValueError, match="`encoder_config` cannot be given"):
        CodeFusionModel.from_encoder_pretrained(save_encoder("bert"), encoder_config=BertConfig())


def test_encoding_brings_an_offloaded_model_to_the_device(make_model, batch):
    """The pipeline never calls `forward`, on which accelerate's hook for CPU offload waits."""
    calls = []

    class Hook(ModelHook):
        def pre_forward(self, module, *args, **kwargs):
            calls.append(module)
            return args, kwargs

    model = make_model()
    add_hook_to_module(model, Hook())
    model.encode(batch["input_ids"], batch["attention_mask"])
    assert calls == [model]


def test_arguments_for_the_encoder_are_passed_on(save_encoder):
    model = CodeFusionModel.from_encoder_pretrained(
        save_encoder("bert"), encoder_num_hidden_layers=0, latent_size=8, num_denoiser_layers=1, num_decoder_layers=1
    )
    assert len(model.encoder.encoder.layer) == 0


# --- Sizes


def test_components_add_up(make_model):
    for predict_length in (True, False):
        model = make_model(predict_length=predict_length)
        sizes = model.num_parameters_by_component()
        assert ("length_head" in sizes) is predict_length
        assert sum(sizes.values()) == model.num_parameters()


def test_sizes_of_the_paper():
    with torch.device("meta"):
        model = CodeFusionModel(CodeFusionConfig())
    assert model.num_parameters_by_component() == {
        "encoder": 35_316_480,
        "embedding": 16_467_300,
        "denoiser": 43_402_752,
        "decoder": 25_831_936,
        "head": 16_467_300,
        "length_head": 8_208,
    }
    assert model.num_parameters() == 137_493_976
