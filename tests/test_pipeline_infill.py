# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Filling gaps: what is given stays, whatever it is; gaps take different numbers of tokens; what is refused."""

import math
from collections import Counter

import diffusers
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from codefusion_hf.data.tokenization import train_tokenizer
from codefusion_hf.pipelines import SUPPORTED_SCHEDULERS, CodeFusionInfillPipeline, slot_token_ids
from codefusion_hf.pipelines.infilling import allowed_tokens, gap_lengths, share_out_lengths
from codefusion_hf.pipelines.ranking import Program, collect_programs, rank_programs


# diffusers hands torch tensors to numpy functions, in every `set_timesteps`
pytestmark = pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")

SCHEDULERS = ["CodeFusionScheduler", *SUPPORTED_SCHEDULERS]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def infiller(pipe, scheduler="CodeFusionScheduler"):
    pipe = CodeFusionInfillPipeline.from_pipe(pipe)
    if scheduler != "CodeFusionScheduler":
        pipe.scheduler = getattr(diffusers, scheduler).from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture(scope="module")
def model(train_with_clean_positions):
    """A model that gives back four programs, most of the time with some positions clean, or noise for the prompt."""
    return train_with_clean_positions(200, clean_rows=0.7, noise_prompts=0.2)


@pytest.fixture(scope="module")
def untrained(make_pipeline):
    return infiller(make_pipeline())


def fits(pipe, code):
    tokens = pipe.tokenizer(code.replace("<mask>", "a a a "), add_special_tokens=False).input_ids
    return len(tokens) < pipe.model.config.max_code_length


# --- What is given


def is_filled(code, filled):
    """Whether all pieces are there, in their order, one at each end."""
    first, *pieces = code.split("<mask>")
    if not filled.startswith(first):
        return False
    position = len(first)
    for piece in pieces[:-1]:
        position = filled.find(piece, position)
        if position < 0:
            return False
        position += len(piece)
    return filled.endswith(pieces[-1]) and len(filled) - len(pieces[-1]) >= position


CODES = st.lists(
    st.text(st.sampled_from("abz .-|'\"<>\\\n\t0$/é😀") | st.characters(codec="utf-8"), max_size=4),
    min_size=2,
    max_size=4,
).map("<mask>".join)


@settings(max_examples=60, deadline=None)
@given(CODES, st.sampled_from(["", "count the lines"]), st.integers(1, 3), st.integers(0, 3), st.booleans())
@example("<mask>", "", 1, 0, False)
@example("<mask><mask>", "", 1, 0, True)
@example("a  <mask> \n", "", 2, 0, False)
def test_what_is_given_comes_back_bit_for_bit(untrained, code, prompt, longest, seed, commit_tokens):
    if not fits(untrained, code):
        return
    pipe, kept = untrained, []

    def keep(pipe, step, timestep, tensors):
        kept.append(tensors["pred_original_sample"])
        return {}

    arguments = {"max_mask_length": longest, "num_inference_steps": 2, "num_candidates": 3, "num_return_sequences": 3}
    arguments["commit_tokens"] = commit_tokens
    revisions = list(pipe.stream(prompt, code=code, generator=seeded(seed), **arguments))
    for revision in revisions:
        for draft in revision.drafts[0]:
            assert is_filled(code, draft.text)
            assert "".join(draft.tokens) == draft.text
    output = pipe(
        prompt,
        code=code,
        generator=seeded(seed),
        callback_on_step_end=keep,
        callback_on_step_end_tensor_inputs=["pred_original_sample"],
        **arguments,
    )
    assert output.codes == revisions[-1].codes
    # The tokens of the pieces, and their embeddings in each estimate.
    tokens = pipe._split(code, {}).tokens
    for token_ids in output.sequences[0].tolist():
        position = 0
        for number, piece in enumerate(tokens):
            if number > 0:
                starts = range(position + 1, position + longest + 1)
                position = next(start for start in starts if token_ids[start : start + len(piece)] == piece)
            assert token_ids[position : position + len(piece)] == piece
            position += len(piece)
    first = pipe.model.embed(torch.tensor(tokens[0], dtype=torch.long))
    for estimate in kept:
        assert torch.equal(estimate[:, : len(first)], first.expand(len(estimate), -1, -1))


@pytest.mark.parametrize("rounding", ["decoder", "grounding", "clamping"])
@pytest.mark.parametrize("fields", [{}, {"prediction_type": "epsilon"}, {"predict_length": False}])
def test_whatever_the_model_and_how_it_is_read(fields, rounding, make_pipeline):
    pipe = infiller(make_pipeline(**fields))
    codes = ["wc <mask> notes.txt", "<mask> -l <mask>"]
    arguments = {"rounding": rounding, "guidance_scale": 1.5, "early_exit_patience": 1, "early_exit_confidence": 0.0}
    output = pipe(["count the lines", ""], code=codes, num_return_sequences=3, generator=seeded(), **arguments)
    for code, filled in zip(codes, output.codes, strict=True):
        assert len(filled) == 3 and all(is_filled(code, one) for one in filled)
    assert all(score <= 0.0 for scores in output.scores for score in scores)


def test_the_denoiser_is_told_which_positions_are_clean(untrained):
    """At each step: the embeddings of t = 0 where tokens are held, those of the step elsewhere."""
    model, seen = untrained.model, []
    handle = model.denoiser.register_forward_pre_hook(lambda module, args: seen.append((args[0], args[1])))
    untrained("count", code="wc -l <mask>", max_mask_length=2, num_candidates=2, num_inference_steps=3)
    handle.remove()
    held = len(untrained.tokenizer("wc -l", add_special_tokens=False).input_ids)
    clean = model.denoiser.embed_timesteps(torch.zeros(()), torch.float32)
    embeds = model.embed(untrained.tokenizer("wc -l", return_tensors="pt", add_special_tokens=False).input_ids)
    assert len(seen) == 4  # and one to read
    for number, (latents, times) in enumerate(seen):
        torch.testing.assert_close(times[:, :held], clean.expand(2, held, -1), atol=1e-5, rtol=1e-5)
        assert (torch.allclose(times[0, held], clean, atol=1e-5)) == (number == 2)  # the last step is at 0
        torch.testing.assert_close(latents[:, :held, :16], embeds.expand(2, -1, -1))


# --- What is filled in


@pytest.mark.parametrize("name", SCHEDULERS)
def test_fills_in_what_is_missing_under_every_scheduler(name, model, make_pipeline, pairs):
    """Every token of the programs, where that is a text of its own."""
    pipe = infiller(make_pipeline(model), name)
    prompts, codes, expected = [], [], []
    for prompt, program in pairs:
        token_ids = pipe.tokenizer(program, add_special_tokens=False).input_ids
        for number in range(len(token_ids)):
            before, after = pipe.tokenizer.batch_decode([token_ids[:number], token_ids[number + 1 :]])
            # A blank in front of the gap is the gap's.
            is_word = pipe.tokenizer.decode(token_ids[number]).startswith(" ")
            prompts.append(prompt)
            codes.append(f"{before}{' ' * is_word}<mask>{after}")
            expected.append(program)
    output = pipe(prompts, code=codes, max_mask_length=1, num_candidates=2, generator=seeded())
    found = [codes == [program] for codes, program in zip(output.codes, expected, strict=True)]
    assert sum(found) >= len(found) - 1 > 25


@pytest.mark.parametrize("commit_tokens", [False, True])
def test_gaps_of_several_tokens_are_filled(commit_tokens, model, make_pipeline, pairs):
    pipe = infiller(make_pipeline(model))
    for (prompt, program), word in ((pairs[1], "-l"), (pairs[2], "-empty")):
        assert len(pipe.tokenizer(word).input_ids) > 2
        head, tail = program.split(word, 1)
        code = f"{head}<mask>{tail}"
        arguments = {"num_return_sequences": 5, "num_candidates": 30, "commit_tokens": commit_tokens}
        output = pipe(prompt, code=code, generator=seeded(), **arguments)
        assert program in output.codes[0]


def stream_and_call(pipe, **arguments):
    """A stream of programs with one gap that has not begun, and the call that it works on."""
    calls, prepare = [], pipe._prepare
    pipe._prepare = lambda given: calls.append(prepare(given)) or calls[-1]
    stream = pipe.stream("count", code="wc <mask> notes.txt", generator=seeded(), **arguments)
    del pipe._prepare
    return stream, *calls


def test_a_gap_is_committed_token_by_token(untrained):
    arguments = {"max_mask_length": 4, "num_candidates": 16, "num_inference_steps": 4, "commit_tokens": True}
    stream, call = stream_and_call(untrained, **arguments)
    is_gap, numbers = ~call.held.mask, []
    for _ in range(4):
        next(stream)
        numbers.append((is_gap & call.held.mask).sum(dim=1).tolist())
    # Gaps of one token to four.
    lengths = is_gap.sum(dim=1).tolist()
    assert set(lengths) == {1, 2, 3, 4}
    # A step commits a quarter of a gap, and at least one token.
    assert numbers == [[min(step, length) for length in lengths] for step in range(1, 5)]
    assert all(is_filled("wc <mask> notes.txt", code) for code in next(stream).codes[0])


@pytest.mark.parametrize("commit_tokens", [False, True])
def test_a_gap_without_a_token_of_its_kind_takes_any(untrained, commit_tokens):
    arguments = {"max_mask_length": 2, "num_candidates": 4, "num_inference_steps": 2, "commit_tokens": commit_tokens}
    stream, call = stream_and_call(untrained, **arguments)
    # As where nothing but slots begins a word, and the prompt has no value for any.
    call.held.allowed[1:] = False
    *_, last = stream
    assert all(is_filled("wc <mask> notes.txt", code) for code in last.output.codes[0])
    assert all(score > -50.0 for score in last.output.scores[0])


def test_without_a_prompt_it_goes_by_the_code(model, make_pipeline, pairs):
    pipe = infiller(make_pipeline(model))
    head, tail = pairs[2][1].split(" d", 1)
    output = pipe("", code=f"{head} <mask>{tail}", max_mask_length=1, num_candidates=8, generator=seeded())
    assert output.codes == [[pairs[2][1]]]


def test_a_blank_before_a_gap_is_there_once(untrained):
    output = untrained("count", code="wc <mask>", num_return_sequences=10, num_candidates=10, generator=seeded())
    assert all(code.startswith("wc ") and not code.startswith("wc  ") and code[3:].strip() for code in output.codes[0])
    # Read with the first token of the gap, which begins with it.
    held = len(untrained.tokenizer("wc", add_special_tokens=False).input_ids)
    texts = untrained.tokenizer.batch_decode(output.sequences[0, :, held : held + 1])
    assert all(text.startswith(" ") for text in texts)


def test_candidates_try_different_numbers_of_tokens(untrained):
    arguments = {"code": "wc<mask>", "num_inference_steps": 1, "generator": seeded()}
    untrained("count", num_candidates=15, max_mask_length=4, **arguments)
    held = len(untrained.tokenizer("wc").input_ids)
    expected = [length for length, times in ((1, 8), (2, 4), (3, 2), (4, 1)) for _ in range(times)]
    assert sorted(untrained.lengths.tolist()) == [-(-(held + length) // 4) * 4 for length in expected]
    # Where nothing is said, there are some to try them with.
    untrained("count", **arguments)
    assert len(untrained.lengths) == 10
    untrained("count", num_return_sequences=1, output_type="latent", **arguments)
    assert len(untrained.lengths) == 1


def test_gap_lengths():
    assert list(gap_lengths(1, 3, 9)) == [(1,), (2,), (3,)]
    assert list(gap_lengths(2, 2, 9)) == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert list(gap_lengths(2, 9, 3)) == [(1, 1), (1, 2), (2, 1)]
    assert list(gap_lengths(3, 1, 3)) == [(1, 1, 1)]
    # Half as many of a token more.
    assert Counter(share_out_lengths(1, 3, 9, 7)) == {(1,): 4, (2,): 2, (3,): 1}
    assert share_out_lengths(2, 3, 9, 1) == [(1, 1)]
    # As many as are asked for, and no more are looked at.
    assert len(share_out_lengths(20, 8, 100, 3)) == 3


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.text("ab ", max_size=3), st.floats(-9, 0), st.booleans(), st.floats(0, 9)), max_size=8),
    st.sampled_from(["votes", lambda code, other: -abs(len(code) - len(other))]),
    st.sets(st.text("ab ", max_size=3)) | st.none(),
)
def test_ranking_is_a_permutation(drawn, ranking, refused):
    programs = [Program(text, [number], score, *rest) for number, (text, score, *rest) in enumerate(drawn)]
    is_valid = None if refused is None else lambda text: text not in refused
    ranked = rank_programs(programs, len(programs), ranking, is_valid)
    assert sorted(program.token_ids for program in ranked) == [[number] for number in range(len(programs))]


def test_votes_of_draws_are_as_sure_as_they_are():
    """Two that are not sure are less than one that is."""
    draws = [[("a", [1], -3.0, 0.0)], [("a", [2], -2.0, 0.0), ("c", [3], -4.0, -2.0)], [("b", [4], -0.1, 0.0)]]
    by_confidence = collect_programs(draws, by_confidence=True)
    assert [program.votes for program in by_confidence] == pytest.approx(
        [math.exp(-3.0) + math.exp(-2.0), math.exp(-4.0), math.exp(-0.1)]
    )
    assert [program.text for program in rank_programs(by_confidence, 3)] == ["b", "a", "c"]
    assert rank_programs(collect_programs(draws), 1)[0].text == "a"
    # What is no program is left out.
    assert [program.text for program in collect_programs([[("a", [1], -1.0, 0.0), ("b", [2], -1.0, -math.inf)]])] == [
        "a"
    ]


def test_what_a_gap_can_be(tokenizer):
    allowed = allowed_tokens(tokenizer, len(tokenizer) + 3)
    assert not allowed[:, len(tokenizer) :].any() and not allowed[:, tokenizer.all_special_ids].any()
    texts = tokenizer.batch_decode([[token] for token in range(len(tokenizer))])
    for token, text in enumerate(texts):
        if token not in tokenizer.all_special_ids and "�" not in text and (text.isprintable() or text in "\n\t"):
            assert allowed[:, token].tolist() == [
                True,
                text.startswith(" "),
                bool(text.strip()),
                text.startswith(" ") and bool(text.strip()),
            ]


def test_slots_are_filled_on_both_sides(make_model, make_pipeline, tokenizer):
    tokenizer = train_tokenizer(["head notes.txt", "wc -l notes.txt", "print <path_0>"], 360, slots=True)
    groups = [list(group) for group in slot_token_ids(tokenizer.get_vocab()).values()]
    encoder_config = {**make_model().config.encoder_config.to_dict(), "vocab_size": len(tokenizer)}
    pipe = make_pipeline(vocab_size=len(tokenizer), copy_token_groups=groups, encoder_config=encoder_config)
    pipe.register_modules(tokenizer=tokenizer)
    pipe.register_to_config(sampling_defaults={"language": "bash"})
    pipe = infiller(pipe)
    code = "head '/srv/<path_1>' /srv/ü.log <mask> $x"
    output = pipe("show /srv/ü.log", code=code, max_mask_length=2, num_return_sequences=4, generator=seeded())
    assert all(is_filled(code, filled) for filled in output.codes[0])
    path = slot_token_ids(tokenizer.get_vocab())["<path_0>"]
    assert all(set(path) & set(tokens) for tokens in output.sequences[0].tolist())
    revisions = list(pipe.stream("show /srv/ü.log", code=code, max_mask_length=2, generator=seeded()))
    assert all("".join(draft.tokens) == draft.text for revision in revisions for draft in revision.drafts[0])


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"code": "date"}, "`code` must have `<mask>` where something is to be filled in, got 'date'"),
        ({"code": ["<mask>", "x"], "prompt": ["a", "b"]}, "`code` must have `<mask>`"),
        ({"code": ""}, "`code` must be a string that is not empty, got ''"),
        ({"code": "a " * 23 + "<mask>"}, "`code` must leave a token for each `<mask>` of the 24 that there are"),
        ({"code": "<mask> " * 30}, "`code` must leave a token for each `<mask>`"),
        ({"max_mask_length": 0}, r"`max_mask_length` must be an integer in \[1, 23\], got 0"),
        ({"max_mask_length": 24}, "`max_mask_length` must be an integer"),
        ({"prompt": 3}, "`prompt` must be a string or a list"),
        ({"temperature": 0.0}, "`temperature` must be a number"),
    ],
)
def test_bad_input(kwargs, message, untrained):
    with pytest.raises(ValueError, match=message):
        untrained(**{"prompt": "show the date", "code": "date <mask>", **kwargs})
