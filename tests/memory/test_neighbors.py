# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What is found in a memory, as the model reads it behind a prompt, in training and in pipelines."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from codefusion_hf.data.collators import PairCollator
from codefusion_hf.data.datasets import build_pair_dataset
from codefusion_hf.data.tokenization import train_tokenizer
from codefusion_hf.inference.pictures import show_revisions
from codefusion_hf.memory import CodeFusionMemory
from codefusion_hf.modeling import CodeFusionModel
from codefusion_hf.pipelines import (
    CodeFusionInfillPipeline,
    CodeFusionPipeline,
    CodeFusionRevisePipeline,
    CodeFusionScheduler,
    fill_slots,
    slot_prompt,
    slot_token_ids,
    slot_tokens,
)
from codefusion_hf.pipelines.batching import favour_lengths
from codefusion_hf.pipelines.neighbors import NEIGHBOR_TOKENS, append_neighbors, encode_neighbors, prompt_similarity
from codefusion_hf.pipelines.slots import keep_slots
from codefusion_hf.training.neighbors import NeighborDraw
from codefusion_hf.training.randomness import StepRandomness


ROWS = [
    {"text": "count the lines of notes.txt", "code": "wc -l notes.txt"},
    {"text": "count the words of notes.txt in /tmp", "code": "wc -w /tmp/notes.txt"},
    {"text": "show the date", "code": "date"},
    {"text": "delete every empty folder below here", "code": "find . -type d -empty -delete"},
]
PROMPT = "count the lines of server.log"


@pytest.fixture(scope="module")
def memory():
    return CodeFusionMemory.from_pairs(ROWS)


@pytest.fixture(scope="module")
def neighbor_tokenizer():
    texts = [row[name] for row in ROWS for name in ("text", "code")]
    return train_tokenizer(texts, 400, model_max_length=96, slots=True, neighbors=True)


@pytest.fixture(scope="module")
def make_neighbor_pipeline(make_config, neighbor_tokenizer):
    """A function that makes a pipeline whose tokenizer has slots and tokens for neighbours, with random weights."""

    def make(pipeline_class=CodeFusionPipeline, **fields):
        torch.manual_seed(0)
        groups = [list(ids) for ids in slot_token_ids(neighbor_tokenizer.get_vocab()).values()]
        base = make_config()
        encoder_config = {**base.encoder_config.to_dict(), "vocab_size": len(neighbor_tokenizer)}
        config = make_config(
            encoder_config=encoder_config, vocab_size=len(neighbor_tokenizer), copy_token_groups=groups, **fields
        )
        model = CodeFusionModel(config).eval()
        scheduler = CodeFusionScheduler(num_train_timesteps=config.num_train_timesteps)
        return pipeline_class(model, neighbor_tokenizer, scheduler, {"num_inference_steps": 2, "language": "bash"})

    return make


def read(tokenizer, ids):
    return tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)


def test_slots_of_a_neighbour_are_those_of_the_prompt(neighbor_tokenizer):
    pairs = [("copy a.txt to /b with 'x'", "cp a.txt /b; echo x")]
    values = slot_prompt("move c.txt").values
    assert list(values) == ["<path_0>"]
    ((ids,),) = encode_neighbors([pairs], [values], neighbor_tokenizer, "bash")
    # The second path and the text are none of the prompt's, so they stand there themselves.
    assert read(neighbor_tokenizer, ids) == (
        "<neighbor>copy <path_0> to /b with 'x'<neighbor_code>cp <path_0> /b; echo x"
    )


def test_text_that_looks_like_a_token_is_text(neighbor_tokenizer):
    special = set(neighbor_tokenizer.convert_tokens_to_ids([*NEIGHBOR_TOKENS, *slot_tokens()]))
    pairs = [("print <neighbor> and <path_0>", "echo '<neighbor_code> <path_0>'")]
    ((ids,),) = encode_neighbors([pairs], [{}], neighbor_tokenizer, "bash")
    assert [token for token in ids if token in special] == neighbor_tokenizer.convert_tokens_to_ids(
        list(NEIGHBOR_TOKENS)
    )


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.sets(st.sampled_from(slot_tokens())))
def test_a_prompt_with_some_of_its_slots_says_the_same(text, kept):
    slotted = keep_slots(slot_prompt(text), kept)
    assert set(slotted.values) <= kept
    assert fill_slots(slotted.text, slotted.values) == text


def test_whole_neighbours_are_appended_as_far_as_there_is_room():
    assert append_neighbors([1, 2], [[3, 4], [5, 6, 7], [8]], 5) == [1, 2, 3, 4, 8]
    assert append_neighbors([1, 2], [], 1) == [1, 2]


def test_lengths_of_neighbours_have_half_of_the_probability():
    probabilities = torch.tensor([[0.8, 0.2, 0.0], [0.5, 0.5, 0.0]])
    favoured = favour_lengths(probabilities, [[9, 12, 3, 100], []], 4)
    expected = (probabilities[0] + torch.tensor([1.0, 0.0, 2.0]) / 3) / 2
    torch.testing.assert_close(favoured[0], expected)
    assert torch.equal(favoured[1], probabilities[1])


def test_a_call_reads_what_it_finds_and_says_what(make_neighbor_pipeline, memory):
    pipe = make_neighbor_pipeline()
    calls = []
    encode = pipe.model.encode
    pipe.model.encode = lambda ids, mask: calls.append(ids) or encode(ids, mask)

    def run(**arguments):
        return pipe(PROMPT, generator=torch.Generator().manual_seed(0), **arguments)

    without = run()
    found = run(memory=memory, num_neighbors=2)
    assert without.neighbors is None
    assert [neighbor.code for neighbor in found.neighbors[0]] == ["wc -l notes.txt", "wc -w /tmp/notes.txt"]
    assert calls[1].shape[1] > calls[0].shape[1] and torch.equal(calls[1][:, : calls[0].shape[1]], calls[0])
    text = read(pipe.tokenizer, calls[1][0].tolist())
    assert text.endswith(
        "<neighbor>count the lines of <path_0><neighbor_code>wc -l <path_0>"
        "<neighbor>count the words of <path_0> in /tmp<neighbor_code>wc -w /tmp/<path_0>"
    )
    again = run(memory=memory, num_neighbors=2)
    assert again.codes == found.codes and again.scores == found.scores
    streamed = list(pipe.stream(PROMPT, memory=memory, num_neighbors=2, generator=torch.Generator().manual_seed(0)))
    assert streamed[-1].output.codes == found.codes and streamed[-1].output.neighbors == found.neighbors


def test_programs_of_neighbours_are_candidates(make_neighbor_pipeline, memory):
    """With the values of the prompt, and the score that the model gives them."""
    pipe = make_neighbor_pipeline()
    arguments = {"memory": memory, "num_neighbors": 2, "num_candidates": 20, "num_return_sequences": 5}
    output = pipe([PROMPT, "xyzzy"], generator=torch.Generator().manual_seed(0), **arguments)
    codes = output.codes[0]
    assert codes.index("wc -l server.log") < codes.index("wc -w /tmp/server.log")
    assert len(set(codes)) == 5 and len(set(output.codes[1])) == 5
    reviser = CodeFusionRevisePipeline.from_pipe(pipe)
    for code, score, ids in zip(codes, output.scores[0], output.sequences[0], strict=True):
        if code.startswith("wc"):
            text = read(pipe.tokenizer, ids[: ids.tolist().index(pipe.tokenizer.eos_token_id)])
            assert fill_slots(text, {"<path_0>": "server.log"}).strip() == code
            (given,) = reviser(PROMPT, code, 0.0, memory=memory, num_neighbors=2, num_candidates=1).scores
            assert given[0] == pytest.approx(score, abs=1e-5)


def test_the_less_two_prompts_have_in_common_the_fewer_votes(make_neighbor_pipeline, memory):
    assert prompt_similarity("Count the lines of 'a b.txt'", "count the lines of notes.txt") == 0.8
    assert (
        prompt_similarity(PROMPT, PROMPT) == 1.0 and prompt_similarity(PROMPT, "") == prompt_similarity("", "") == 0.0
    )
    pipe = make_neighbor_pipeline()
    # It has "the" in common with the prompt.
    output = pipe("delete the page", memory=memory, num_neighbors=1, num_candidates=10, num_return_sequences=10)
    assert output.neighbors[0] and output.neighbors[0][0].code not in output.codes[0]


def test_the_last_drafts_of_a_stream_have_neighbours_that_never_changed(make_neighbor_pipeline, memory, tmp_path):
    pipe = make_neighbor_pipeline()
    arguments = {"memory": memory, "num_neighbors": 2, "num_candidates": 20, "num_return_sequences": 3}
    steps = list(pipe.stream(PROMPT, generator=torch.Generator().manual_seed(0), **arguments))
    last = steps[-1]
    output = pipe(PROMPT, generator=torch.Generator().manual_seed(0), **arguments)
    assert last.output.codes == output.codes == [[draft.text for draft in last.drafts[0]]]
    of_neighbors = [draft for draft in last.drafts[0] if draft.candidate >= 20]
    assert [draft.candidate for draft in of_neighbors] == [20, 21]
    for draft in of_neighbors:
        assert "".join(draft.tokens) == draft.text and not any(draft.changed)
    # The best one has no steps to show.
    assert last.drafts[0][0].candidate == 20
    assert show_revisions(steps, tmp_path / "run.gif").exists()
    for draft in of_neighbors:
        assert all(0.0 <= confidence <= 1.0 for confidence in draft.confidences)


def test_a_program_longer_than_any_canvas_is_no_candidate(make_neighbor_pipeline):
    rows = [{"text": PROMPT, "code": " ".join("abcdefghijklmnopqrstuvwxyz" * 2)}, {"text": PROMPT, "code": "wc -l"}]
    pipe = make_neighbor_pipeline()
    found = CodeFusionMemory.from_pairs(rows)
    output = pipe(PROMPT, memory=found, num_candidates=20, num_return_sequences=5)
    assert len(output.neighbors[0]) == 2 and "wc -l" in output.codes[0]
    alone = pipe(PROMPT, memory=CodeFusionMemory.from_pairs(rows[:1]), num_return_sequences=2)
    assert rows[0]["code"] not in alone.codes[0] and len(alone.neighbors[0]) == 1


def test_prompts_for_which_nothing_is_found_are_read_alone(make_neighbor_pipeline, memory):
    output = make_neighbor_pipeline()(["xyzzy", PROMPT], memory=memory)
    assert output.neighbors[0] == [] and len(output.neighbors[1]) >= 1


@pytest.mark.parametrize("pipeline_class", [CodeFusionRevisePipeline, CodeFusionInfillPipeline])
def test_pipelines_that_are_given_code_look_up_too(pipeline_class, make_neighbor_pipeline, memory):
    pipe = make_neighbor_pipeline(pipeline_class)
    output = pipe([PROMPT, ""], code="wc <mask> server.log", memory=memory)
    assert output.neighbors[0][0].code == "wc -l notes.txt" and output.neighbors[1] == []


@pytest.mark.parametrize(("strength", "is_read"), [(0.0, False), (0.5, True), (1.0, False)])
@pytest.mark.parametrize("looks_up", [False, True])
def test_a_draft_is_read_as_the_nearest_neighbour(strength, is_read, looks_up, make_neighbor_pipeline, memory):
    pipe = make_neighbor_pipeline(CodeFusionRevisePipeline)
    read_ids = []
    pipe.model.encoder.register_forward_pre_hook(
        lambda module, args, kwargs: read_ids.append(kwargs["input_ids"]), with_kwargs=True
    )
    output = pipe(PROMPT, "wc -c server.log", strength, memory=memory if looks_up else None, num_neighbors=1)
    _, *neighbors = read(pipe.tokenizer, read_ids[0][0]).split("<neighbor>")
    assert len(neighbors) == is_read + looks_up
    if is_read:
        assert neighbors[0].replace(" ", "").endswith("<neighbor_code>wc-c<path_0>")
    assert output.neighbors == (memory.search([PROMPT], 1) if looks_up else None)


def test_what_cannot_be_looked_up_in_is_refused(make_neighbor_pipeline, make_pipeline, memory):
    pipe = make_neighbor_pipeline()
    with pytest.raises(ValueError, match="`memory` must be None or a `CodeFusionMemory`, got 'bash'"):
        pipe(PROMPT, memory="bash")
    for number in (0, 65, True, 1.5, None):
        with pytest.raises(ValueError, match="`num_neighbors` must be an integer in"):
            pipe(PROMPT, memory=memory, num_neighbors=number)
    with pytest.raises(ValueError, match="has not been trained with neighbours"):
        make_pipeline()(PROMPT, memory=memory)


# --- Training


def make_batch(tokenizer, memory, rows=ROWS):
    found = memory.search([row["text"] for row in rows], 3, leave_one_out=True)
    neighbors = [[memory.as_read(neighbor) for neighbor in of_row] for of_row in found]
    dataset = build_pair_dataset(rows, tokenizer, 24, "bash", neighbors)
    return PairCollator(tokenizer)([dataset[row] for row in range(len(rows))]), found


def of_row(name, row):
    return np.random.default_rng(sum(map(ord, name)) + row)


def test_no_row_sees_itself(neighbor_tokenizer, memory):
    batch, found = make_batch(neighbor_tokenizer, memory)
    for row, of_row in zip(ROWS, found, strict=True):
        assert row["code"] not in [neighbor.code for neighbor in of_row]
    prompt_length = batch["attention_mask"].sum(dim=1)
    prompts = batch["input_ids"].clone()
    NeighborDraw().draw(batch, neighbor_tokenizer, np.random.default_rng(0), of_row, is_training=False)
    assert "neighbor_ids" not in batch
    for row, length in enumerate(prompt_length):
        assert torch.equal(batch["input_ids"][row, :length], prompts[row, :length])
        number = (batch["input_ids"][row] == neighbor_tokenizer.convert_tokens_to_ids("<neighbor>")).sum()
        assert number == len(found[row])
    assert torch.equal(batch["attention_mask"].bool(), batch["input_ids"] != neighbor_tokenizer.pad_token_id)


def test_some_batches_have_none_and_the_others_some_in_any_order(neighbor_tokenizer, memory):
    token = neighbor_tokenizer.convert_tokens_to_ids("<neighbor>")
    numbers = []
    for seed in range(60):
        batch, _ = make_batch(neighbor_tokenizer, memory)
        draw = NeighborDraw(dropout_probability=0.4)
        draw.draw(batch, neighbor_tokenizer, np.random.default_rng(seed), of_row)
        numbers.append(int((batch["input_ids"][0] == token).sum()))
    assert 0.2 < numbers.count(0) / 60 < 0.6
    assert set(numbers) >= {0, 1}


def test_at_first_rows_have_their_own_program_with_edits(neighbor_tokenizer, memory):
    rows = [ROWS[0]] * 200
    token = neighbor_tokenizer.convert_tokens_to_ids("<neighbor_code>")
    own = neighbor_tokenizer.convert_tokens_to_ids("l")

    def number_of_copies(step):
        batch, _ = make_batch(neighbor_tokenizer, memory, rows)
        draw = NeighborDraw(copy_steps=100)
        draw.draw(batch, neighbor_tokenizer, np.random.default_rng(0), of_row, step)
        copies = 0
        for ids in batch["input_ids"].tolist():
            # The option's letter is in no other program.
            copies += own in ids[ids.index(token) :]
        return copies

    assert 60 <= number_of_copies(0) <= 140
    assert number_of_copies(90) < number_of_copies(0)
    assert 0 < number_of_copies(100) <= 40
    assert number_of_copies(10_000) == number_of_copies(100)


def test_two_processes_draw_the_neighbours_that_one_draws(neighbor_tokenizer, memory, make_neighbor_pipeline):
    model = make_neighbor_pipeline().model
    batch, _ = make_batch(neighbor_tokenizer, memory)

    def part(rows, process_index, num_processes):
        inputs = {name: tensor[rows] for name, tensor in batch.items()}
        draw = NeighborDraw(copy_steps=10)
        randomness = StepRandomness(
            model, neighbor_tokenizer, 0, process_index=process_index, num_processes=num_processes, neighbors=draw
        )
        drawn = randomness(inputs, (3, 0))
        return [
            ids[mask.bool()].tolist() for ids, mask in zip(drawn["input_ids"], drawn["attention_mask"], strict=True)
        ]

    whole = part(slice(None), 0, 1)
    # What replaces tokens of a copy comes from the rows of the process.
    halves = [*part(slice(0, 2), 0, 2), *part(slice(2, 4), 1, 2)]
    assert [len(ids) for ids in whole] == [len(ids) for ids in halves]
    out = model(**StepRandomness(model, neighbor_tokenizer, 0)({**batch}, (0, 0)))
    assert out.loss.isfinite()
