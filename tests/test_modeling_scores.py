# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What tokens are scored by: likelihood, bias and context, the head on top of them, and what may be drawn at all."""

import math

import pytest
import torch
import torch.nn.functional as F


LATENT_SIZE = 16
# Of none of the pairs.
COPY_TOKENS = [[286, 287], [288]]


@pytest.fixture
def make_blind_model(make_model):
    """A function that makes a model whose denoiser's network gives 0 for any input."""

    def make(**kwargs):
        model = make_model(**kwargs).double()
        for parameter in model.denoiser.output_projection.parameters():
            parameter.data.zero_()
        return model

    return make


def denoise(model, batch, latents, alphas_cumprod, **kwargs):
    batch = {name: value[: len(latents)] for name, value in batch.items()}
    key_values = model.denoiser.project_prompt(model.encode(batch["input_ids"], batch["attention_mask"]))
    kwargs = {"encoder_attention_mask": batch["attention_mask"], **kwargs}
    return model.denoise(latents, torch.tensor(600), alphas_cumprod, key_values, **kwargs)


def gaussian(model, latents, alphas_cumprod):
    """`log N(x_t; sqrt(a) e_v, (1 - a) I)` for each token, shape `(batch_size, canvas_length, vocab_size)`."""
    means = alphas_cumprod.sqrt()[..., None, :] * model.embedding.normalized_weight()
    deviations = (1.0 - alphas_cumprod).sqrt()[..., None, :]
    return torch.distributions.Normal(means, deviations).log_prob(latents[:, :, None]).sum(dim=-1)


@pytest.fixture
def noisy(batch):
    """A function that noises embeddings of a model: latents, and `alpha_bar`, another one at each position."""

    def make(model):
        generator = torch.Generator().manual_seed(0)
        alphas_cumprod = torch.tensor([[0.95, 0.5, 0.1, 1e-3], [0.9, 0.02, 0.7, 0.3]]).double()[..., None]
        noise = torch.randn(2, 4, LATENT_SIZE, generator=generator, dtype=torch.float64)
        embeds = model.embed(batch["labels"][:2, :4])
        return alphas_cumprod.sqrt() * embeds + (1.0 - alphas_cumprod).sqrt() * noise, alphas_cumprod

    return make


# --- Likelihood and bias


@torch.no_grad()
def test_the_likelihood_is_that_of_the_noise(make_blind_model, batch, noisy):
    """Where the network is silent, the estimate of x_0 is the exact mean of the posterior."""
    model = make_blind_model()
    latents, alphas_cumprod = noisy(model)
    output = denoise(model, batch, latents, alphas_cumprod)
    expected = gaussian(model, latents, alphas_cumprod).log_softmax(dim=-1)
    torch.testing.assert_close(output.logits.log_softmax(dim=-1), expected)
    torch.testing.assert_close(output.sample, expected.exp() @ model.embedding.normalized_weight())


@torch.no_grad()
@pytest.mark.parametrize("output_logits", [True, False])
@pytest.mark.parametrize("temperature", [1.0, 0.25])
def test_the_bias_is_a_prior_that_the_temperature_divides(temperature, output_logits, make_blind_model, batch, noisy):
    model = make_blind_model()
    prior = torch.randn(model.config.vocab_size, 1).double().log_softmax(dim=0)
    model.embedding.bias.weight.copy_(prior / math.sqrt(LATENT_SIZE))
    latents, alphas_cumprod = noisy(model)
    output = denoise(model, batch, latents, alphas_cumprod, temperature=temperature, output_logits=output_logits)
    likelihood = gaussian(model, latents, alphas_cumprod)
    # Evidence is not tempered, nor are the scores that the decoder adds its own to.
    logits = model.score_tokens(output.query)
    torch.testing.assert_close(logits.log_softmax(dim=-1), (likelihood + prior[:, 0]).log_softmax(dim=-1))
    expected = (likelihood + prior[:, 0] / temperature).softmax(dim=-1) @ model.embedding.normalized_weight()
    torch.testing.assert_close(output.sample, expected)
    assert (output.logits is not None) is output_logits


@torch.no_grad()
def test_context_and_likelihood_are_added(make_model, make_blind_model, batch, noisy):
    model, blind = make_model().double(), make_blind_model()
    latents, alphas_cumprod = noisy(model)
    by_context = denoise(model, batch, latents, torch.zeros_like(alphas_cumprod))
    by_latents = denoise(blind, batch, latents, alphas_cumprod)
    both = denoise(model, batch, latents, alphas_cumprod)
    assert by_context.logits.std() > 1e-3
    torch.testing.assert_close(both.logits, by_context.logits + by_latents.logits)
    # A temperature that hides the context leaves the likelihood.
    hot = denoise(model, batch, latents, alphas_cumprod, temperature=1e9)
    torch.testing.assert_close(hot.sample, by_latents.sample)


@torch.no_grad()
def test_guidance_leads_away_from_the_scores_without_the_prompt_alone(make_model, batch, noisy):
    model = make_model().double()
    latents, alphas_cumprod = noisy(model)
    conditional = denoise(model, batch, latents, alphas_cumprod)
    other = {name: value.roll(1, 0) for name, value in batch.items()}
    unconditional = denoise(model, other, latents, alphas_cumprod)
    rows = {name: torch.cat([other[name][:2], batch[name][:2]]) for name in batch}
    key_values = model.denoiser.project_prompt(model.encode(rows["input_ids"], rows["attention_mask"]))
    guided = model.denoise(
        latents.repeat(2, 1, 1),
        torch.tensor(600),
        alphas_cumprod,
        key_values,
        encoder_attention_mask=rows["attention_mask"],
        guidance_scale=3.0,
    )
    expected = unconditional.logits + 3.0 * (conditional.logits - unconditional.logits)
    assert (conditional.logits - unconditional.logits).abs().max() > 1e-3
    torch.testing.assert_close(guided.logits, expected)


@torch.no_grad()
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_a_clean_latent_is_its_token_and_overflows_in_no_precision(dtype, make_model, batch):
    """The likelihood without noise is infinite."""
    model = make_model().to(dtype)
    tokens = batch["labels"][:, :4]
    for alpha_prod_t in (model.config.alphas_cumprod()[0], torch.tensor(1.0)):
        output = denoise(model, batch, model.embed(tokens), alpha_prod_t)
        assert output.logits.isfinite().all() and output.sample.isfinite().all()
        assert torch.equal(output.logits.argmax(dim=-1), tokens)
        torch.testing.assert_close(output.sample, model.embed(tokens))


def test_the_bias_is_learned(make_model, batch):
    model = make_model().train()
    model(**batch).loss.backward()
    is_code = torch.zeros(model.config.vocab_size, dtype=torch.bool)
    is_code[batch["labels"].unique()] = True
    gradient = model.embedding.bias.weight.grad[:, 0]
    assert gradient.any()
    # Where a token is in no program, less of it is always better.
    assert (gradient[~is_code] >= 0.0).all()


# --- The head


def test_the_head_corrects_the_denoiser(make_model, batch):
    model = make_model()
    states = model.encode(batch["input_ids"], batch["attention_mask"])
    latents = torch.randn(4, 8, LATENT_SIZE)
    denoiser_logits = torch.randn(4, 8, model.config.vocab_size, requires_grad=True)
    key_values = model.decoder.project_prompt(states)
    logits, decoded = model.decode(latents, key_values, denoiser_logits=denoiser_logits)
    torch.testing.assert_close(logits, denoiser_logits + model.head(decoded))
    logits.sum().backward()
    assert denoiser_logits.grad is None
    assert model.head.weight.grad.any()

    with pytest.raises(ValueError, match="`denoiser_logits` must be given"):
        model.decode(latents, key_values)
    model = make_model(prediction_type="epsilon")
    logits, decoded = model.decode(latents, model.decoder.project_prompt(states))
    assert torch.equal(logits, model.head(decoded))


@pytest.mark.parametrize("is_silent", [True, False])
def test_the_loss_of_the_head_trains_no_scores_of_the_denoiser(is_silent, make_model, batch):
    """With a head that says nothing the two losses are one, of which the denoiser learns once."""
    model = make_model()
    if is_silent:
        model.head.weight.data.zero_()
    torch.manual_seed(0)
    output = model(**batch)
    assert (output.cross_entropy_loss.item() == output.denoising_loss.item()) is is_silent
    parameters = [*model.denoiser.parameters(), *model.embedding.parameters()]
    gradients = torch.autograd.grad(output.logits.square().sum(), parameters, allow_unused=True)
    # Otherwise there is one by way of the estimate that the decoder reads.
    assert any(gradient is not None and gradient.any() for gradient in gradients) is not is_silent


# --- Timesteps by position


def run(model, batch, **kwargs):
    noise = torch.randn(4, 24, LATENT_SIZE, generator=torch.Generator().manual_seed(0))
    return model(**{**batch, "noise": noise, "self_conditioning": True, **kwargs})


@torch.no_grad()
@pytest.mark.parametrize("prediction_type", ["sample", "epsilon"])
def test_equal_timesteps_by_position_are_those_of_the_programs(prediction_type, make_model, batch):
    model = make_model(prediction_type=prediction_type)
    timesteps = torch.tensor([10, 400, 700, 1199])
    expected = run(model, batch, timesteps=timesteps)
    # As wide as the longest canvas, or wider.
    for width in (expected.logits.shape[1], model.config.max_code_length):
        output = run(model, batch, timesteps=timesteps[:, None].expand(-1, width))
        assert output.timesteps.shape == (4, expected.logits.shape[1])
        for name in ("loss", "denoising_loss", "cross_entropy_loss", "token_loss", "logits"):
            torch.testing.assert_close(output[name], expected[name], msg=name)


@torch.no_grad()
@pytest.mark.parametrize("prediction_type", ["sample", "epsilon"])
def test_clean_positions_are_conditions_and_not_counted(prediction_type, make_model, batch):
    model = make_model(prediction_type=prediction_type, canvas_step=1)
    lengths = (batch["labels"] != 0).sum(dim=1)
    width = int(lengths.max())
    is_clean = torch.zeros(4, width, dtype=torch.bool)
    is_clean[0, 0] = is_clean[1, 1] = True
    is_clean[3] = True
    timesteps = torch.where(is_clean, 0, torch.tensor([900, 400, 700, 1199])[:, None])
    seen = []
    hook = model.denoiser.register_forward_pre_hook(lambda module, args: seen.append(args))
    output = run(model, batch, timesteps=timesteps)
    hook.remove()
    alphas_cumprod = model.config.alphas_cumprod()[timesteps][..., None]
    noise = torch.randn(4, 24, LATENT_SIZE, generator=torch.Generator().manual_seed(0))[:, :width]
    latents = alphas_cumprod.sqrt() * model.embed(batch["labels"]) + (1.0 - alphas_cumprod).sqrt() * noise
    torch.testing.assert_close(seen[-1][0], latents)
    torch.testing.assert_close(seen[-1][1], model.denoiser.embed_timesteps(timesteps, latents.dtype))

    losses = F.cross_entropy(output.logits.transpose(1, 2), batch["labels"], reduction="none")
    counts = (torch.arange(width) < lengths[:, None]) & ~is_clean
    assert counts.sum(dim=1).tolist() == [int(lengths[0]) - 1, int(lengths[1]) - 1, int(lengths[2]), 0]
    expected = (losses * counts).sum(dim=1) / counts.sum(dim=1).clamp(min=1)
    torch.testing.assert_close(output.token_loss, expected)
    torch.testing.assert_close(output.cross_entropy_loss, expected.mean())
    assert output.loss.isfinite() and output.token_loss[3] == 0.0

    # What is clean says something of what is not.
    other = batch["labels"].clone()
    other[0, 0] = 99
    changed = run(model, batch, labels=other, timesteps=timesteps).logits
    assert not torch.allclose(changed[0, 1], output.logits[0, 1], atol=1e-4)
    torch.testing.assert_close(changed[1:], output.logits[1:])


# --- Tokens that stand for values of the prompt


@pytest.fixture
def copy_batch(batch):
    """The pairs: the first prompt has a token of the first group, the second of both; the others have none."""
    input_ids = batch["input_ids"].clone()
    input_ids[:2, 0] = 286
    input_ids[1, 1] = 288
    return {**batch, "input_ids": input_ids}


@torch.no_grad()
def test_a_token_that_the_prompt_lacks_cannot_be_drawn(make_model, copy_batch):
    model = make_model(copy_token_groups=COPY_TOKENS)
    vocabulary = model.vocabulary(copy_batch["input_ids"])
    forbidden = torch.zeros(4, model.config.vocab_size, dtype=torch.bool)
    forbidden[0, 288] = True
    forbidden[2:, 286:289] = True
    assert vocabulary[1].shape == (4, 1, model.config.vocab_size)
    assert torch.equal(vocabulary[1][:, 0].isneginf(), forbidden)

    # Latents that say it is the token nevertheless.
    latents = model.embed(torch.tensor([[286, 287, 288]] * 4))
    alpha_prod_t = torch.tensor(0.9)
    output = denoise(model, copy_batch, latents, alpha_prod_t, vocabulary=vocabulary)
    forbidden = forbidden[:, None].expand(-1, 3, -1)
    probabilities = output.logits.softmax(dim=-1)
    assert (probabilities[forbidden] == 0.0).all() and output.logits[~forbidden].isfinite().all()
    assert output.logits[:2, :2].argmax(dim=-1).tolist() == [[286, 287], [286, 287]]
    torch.testing.assert_close(output.sample, probabilities @ vocabulary[0])
    fused = denoise(model, copy_batch, latents, alpha_prod_t, vocabulary=vocabulary, output_logits=False)
    torch.testing.assert_close(fused.sample, output.sample)
    assert torch.equal(model.score_tokens(fused.query, vocabulary), output.logits)

    states = model.encode(copy_batch["input_ids"], copy_batch["attention_mask"])
    key_values = model.decoder.project_prompt(states)
    head_logits, _ = model.decode(output.sample, key_values, denoiser_logits=output.logits)
    assert (head_logits.softmax(dim=-1)[forbidden] == 0.0).all() and head_logits[~forbidden].isfinite().all()


@torch.no_grad()
def test_without_prompts_all_tokens_can_be_drawn(make_model, copy_batch):
    model = make_model(copy_token_groups=COPY_TOKENS)
    assert model.vocabulary()[1].isfinite().all()
    plain = make_model()
    assert plain.vocabulary(copy_batch["input_ids"])[1].shape == (1, 1, plain.config.vocab_size)


@pytest.mark.parametrize("padding", [-100, 0])
def test_a_token_that_the_labels_have_can_be_learned(padding, make_model, copy_batch):
    model = make_model(copy_token_groups=COPY_TOKENS).train()
    labels = copy_batch["labels"].clone()
    labels[0, 0] = labels[2, 0] = 288
    labels = torch.where(labels == 0, padding, labels)
    output = run(model, {**copy_batch, "labels": labels})
    assert output.loss.isfinite() and output.denoising_loss.isfinite()
    assert output.logits[[0, 1, 2]][..., 288].isfinite().all() and output.logits[3, :, 288].isneginf().all()
    assert output.logits[:2, :, 286:288].isfinite().all() and output.logits[2:, :, 286:288].isneginf().all()
    output.loss.backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())
    # Only what some row can draw is ever learned.
    assert model.embedding.bias.weight.grad[286:289].any()


def test_what_no_row_can_draw_is_not_learned(make_model, batch):
    model = make_model(copy_token_groups=COPY_TOKENS).train()
    run(model, batch).loss.backward()
    assert not model.embedding.bias.weight.grad[286:289].any()
    assert not model.embedding.embedding.weight.grad[286:289].any()
    assert not model.head.weight.grad[286:289].any()
