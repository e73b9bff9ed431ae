# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Two optimizers as one: each parameter in one of them, one learning rate, and a state that is restored whole."""

import copy

import pytest
import torch
from torch import nn
from transformers import T5Config, T5ForConditionalGeneration, get_scheduler

from codefusion_hf.training.muon import layer_matrices, muon_adamw


SETTINGS = {"lr": 1e-2, "betas": (0.9, 0.98), "eps": 1e-8, "weight_decay": 0.1}


def train(model, optimizer, batch, steps, first=0, scheduler=None):
    losses = []
    for step in range(first, first + steps):
        torch.manual_seed(step)
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def test_each_parameter_is_in_one_optimizer(make_model):
    model = make_model()
    optimizer = muon_adamw(model, **SETTINGS)
    matrices = [parameter for group in optimizer.muon.param_groups for parameter in group["params"]]
    others = [parameter for group in optimizer.adamw.param_groups for parameter in group["params"]]
    assert {id(parameter) for parameter in matrices}.isdisjoint(id(parameter) for parameter in others)
    assert len(matrices) + len(others) == len(list(model.parameters()))
    names = {name for name, parameter in model.named_parameters() if any(parameter is one for one in matrices)}
    assert "denoiser.layers.0.self_attn.q_proj.weight" in names and "decoder.layers.0.up_proj.weight" in names
    assert any(name.startswith("encoder.") for name in names)
    assert not any("embed" in name or "head" in name or "input_projection" in name for name in names)
    assert optimizer.muon.param_groups[0]["weight_decay"] == 0.1
    assert optimizer.adamw.param_groups[0]["weight_decay"] == 0.0


def test_what_is_frozen_is_in_none(make_model):
    model = make_model()
    model.encoder.requires_grad_(False)
    assert all(not any(one is weight for weight in model.encoder.parameters()) for one in layer_matrices(model))
    with pytest.raises(ValueError, match="`muon` needs a model with layers and more to train, got 0 matrices"):
        muon_adamw(nn.Linear(2, 2), **SETTINGS)


def test_both_take_the_learning_rate_of_the_schedule(make_model, batch):
    model = make_model()
    optimizer = muon_adamw(model, **SETTINGS)
    scheduler = get_scheduler("linear", optimizer, num_warmup_steps=2, num_training_steps=10)
    losses = train(model, optimizer, batch, 6, scheduler=scheduler)
    assert losses[-1] < losses[0]
    rates = [group["lr"] for group in (*optimizer.muon.param_groups, *optimizer.adamw.param_groups)]
    assert rates == pytest.approx([1e-2 * 4 / 8] * len(rates))


def test_a_restored_state_goes_on_as_the_first_would(make_model, batch, tmp_path):
    model = make_model()
    optimizer = muon_adamw(model, **SETTINGS)
    train(model, optimizer, batch, 3)
    torch.save(optimizer.state_dict(), tmp_path / "optimizer.pt")
    copied = copy.deepcopy(model)
    restored = muon_adamw(copied, **{**SETTINGS, "lr": 1.0})
    restored.load_state_dict(torch.load(tmp_path / "optimizer.pt", weights_only=True))
    assert train(model, optimizer, batch, 3, 3) == train(copied, restored, batch, 3, 3)
    # The groups that a schedule finds are those that are stepped with.
    restored.param_groups[0]["lr"] = restored.param_groups[-1]["lr"] = 0.5
    assert restored.muon.param_groups[0]["lr"] == restored.adamw.param_groups[-1]["lr"] == 0.5


def test_groups_that_are_added_are_for_adamw():
    model = T5ForConditionalGeneration(
        T5Config(vocab_size=50, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, decoder_start_token_id=0)
    )
    optimizer = muon_adamw(model, **SETTINGS)
    extra = nn.Parameter(torch.ones(3))
    optimizer.add_param_group({"params": [extra], "lr": 1e-3})
    assert optimizer.param_groups[-1] is optimizer.adamw.param_groups[-1]
    extra.sum().backward()
    optimizer.step()
    assert not torch.equal(extra, torch.ones(3))


def test_a_closure_is_called_once(make_model, batch):
    model = make_model()
    optimizer = muon_adamw(model, **SETTINGS)
    calls = []

    def closure():
        calls.append(1)
        loss = model(**batch).loss
        loss.backward()
        return loss.item()

    assert optimizer.step(closure) > 0.0 and len(calls) == 1
