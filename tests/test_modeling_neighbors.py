# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What the model knows of a neighbour's code: where each of its tokens would stand on a canvas."""

import pytest
import torch
from huggingface_hub.errors import StrictDataclassError
from hypothesis import given, settings
from hypothesis import strategies as st

from codefusion_hf.modeling import CodeFusionModel
from codefusion_hf.modeling.canvas import neighbor_positions


NEIGHBOR, CODE = 300, 301


@pytest.fixture(scope="module")
def model(make_config):
    torch.manual_seed(0)
    return CodeFusionModel(make_config(neighbor_token_ids=[NEIGHBOR, CODE])).eval()


def expected_positions(row, length, canvas_step, longest):
    """For each token its places from both ends of its own canvas, `None` where it is in no neighbour's code."""
    positions = [None] * len(row)
    start = None
    for place in range(length + 1):
        token = row[place] if place < length else NEIGHBOR
        if token in (NEIGHBOR, CODE):
            if start is not None:
                num_tokens = place - start - 1
                canvas = -(-(num_tokens + 1) // canvas_step) * canvas_step
                for offset in range(num_tokens):
                    positions[start + 1 + offset] = (min(offset, longest), min(canvas - 1 - offset, longest))
            start = place if token == CODE else None
    return positions


tokens = st.one_of(st.integers(5, 12), st.just(NEIGHBOR))
neighbors = st.tuples(st.lists(st.integers(5, 12), max_size=4), st.lists(st.integers(5, 12), max_size=30))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(5, 12), min_size=1, max_size=6), st.lists(neighbors, max_size=3), st.integers(0, 5))
def test_positions_are_those_of_a_canvas_of_its_own(model, prompt, found, padding):
    row = list(prompt)
    for text, code in found:
        row += [NEIGHBOR, *text, CODE, *code]
    ids = torch.tensor([row + [0] * padding])
    mask = torch.tensor([[1] * len(row) + [0] * padding])
    config = model.config
    expected = expected_positions(row, len(row), config.canvas_step, config.max_code_length - 1) + [None] * padding
    from_start, from_end, is_code = neighbor_positions(ids, mask, model.config)
    assert is_code[0].tolist() == [place is not None for place in expected]
    found_places = list(zip(from_start[0].tolist(), from_end[0].tolist(), strict=True))
    assert [found_places[index] for index, place in enumerate(expected) if place] == [one for one in expected if one]


def test_a_prompt_alone_is_read_as_the_encoder_reads_it(model, batch):
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
    torch.testing.assert_close(model.encode(**inputs), model.encoder(**inputs).last_hidden_state)
    ids = torch.tensor([[5, NEIGHBOR, 6, CODE, 7, 8]])
    states, plain = model.encode(ids), model.encoder(ids).last_hidden_state
    assert torch.equal(states[0, :4], plain[0, :4])
    assert (states[0, 4:] != plain[0, 4:]).any(dim=-1).all()


def test_it_is_trained_saved_and_loaded(model, batch, tmp_path):
    ids = torch.cat([batch["input_ids"], torch.tensor([[NEIGHBOR, 6, CODE, 7, 8]] * 4)], dim=1)
    mask = torch.cat([batch["attention_mask"], torch.ones(4, 5, dtype=torch.long)], dim=1)
    model.zero_grad()
    model(ids, mask, batch["labels"]).loss.backward()
    assert model.neighbor_projection.weight.grad.abs().sum() > 0.0
    # Also without neighbours: DDP fails on weights that are never used.
    model.zero_grad()
    model(batch["input_ids"], batch["attention_mask"], batch["labels"]).loss.backward()
    assert model.neighbor_projection.weight.grad is not None
    model.save_pretrained(tmp_path)
    loaded = CodeFusionModel.from_pretrained(tmp_path)
    assert loaded.config.neighbor_token_ids == [NEIGHBOR, CODE]
    assert torch.equal(loaded.encode(ids, mask), model.encode(ids, mask))


@pytest.mark.parametrize("value", [[1], [1, 1], [1, 2, 3], [-1, 2], [1, 320], "ab", 5])
def test_other_tokens_are_refused(value, make_config):
    with pytest.raises((ValueError, StrictDataclassError), match="neighbor_token_ids"):
        make_config(neighbor_token_ids=value)
