# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Calls step by step: the same as at once, and shown in a terminal, on a page, by transformers' own streamers."""

import html
import io
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from transformers import TextStreamer
from transformers.generation.streamers import BaseStreamer

from codefusion_hf.pipelines import (
    CodeFusionDraft,
    CodeFusionInfillPipeline,
    CodeFusionPipeline,
    CodeFusionRevisePipeline,
    CodeFusionStreamer,
)


PROMPTS = ["show the date", "count the lines of notes.txt"]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module", params=[CodeFusionPipeline, CodeFusionRevisePipeline, CodeFusionInfillPipeline])
def pipe(request, make_pipeline):
    pipe = request.param.from_pipe(make_pipeline())
    pipe.set_progress_bar_config(disable=True)
    return pipe


def arguments_of(pipe, **kwargs):
    arguments = {"prompt": PROMPTS, "num_inference_steps": 4, "num_candidates": 3, "num_return_sequences": 2}
    if type(pipe) is not CodeFusionPipeline:
        arguments["code"] = ["date <mask>", "wc -l <mask>"]
    return {**arguments, "temperature": 1.0, **kwargs}


@pytest.mark.parametrize(
    "kwargs", [{}, {"guidance_scale": 2.0}, {"rounding": "grounding"}, {"early_exit_patience": 1}]
)
def test_the_last_draft_is_what_a_call_returns(kwargs, pipe):
    kwargs = arguments_of(pipe, early_exit_confidence=0.0, **kwargs)
    output = pipe(**kwargs, generator=seeded())
    *steps, last = pipe.stream(**kwargs, generator=seeded())
    assert last.codes == last.output.codes == output.codes
    assert last.output.scores == output.scores
    assert [[draft.score for draft in drafts] for drafts in last.drafts] == output.scores
    assert torch.equal(last.output.sequences, output.sequences)
    assert len(steps) == last.step <= last.num_steps == pipe.num_timesteps
    assert [step.step for step in steps] == list(range(len(steps)))
    assert last.is_last and last.timestep is None and not any(step.is_last for step in steps)
    times = [step.timestep for step in steps]
    assert times == sorted(times, reverse=True)


def test_steps_are_the_drafts_that_a_callback_gets(pipe):
    drafts = []

    def keep(pipe, step, timestep, tensors):
        drafts.append(tensors["drafts"])
        return {}

    options = {"callback_on_step_end": keep, "callback_on_step_end_tensor_inputs": ["drafts"]}
    pipe(**arguments_of(pipe), **options, generator=seeded())
    steps = list(pipe.stream(**arguments_of(pipe), generator=seeded()))[:-1]
    assert [[code for codes in step.codes for code in codes] for step in steps] == drafts


def test_a_committed_token_stays_as_sure_as_it_was(make_pipeline):
    pipe = make_pipeline()
    *_, step, last = pipe.stream(**arguments_of(pipe, commit_tokens=True), generator=seeded())
    for drafts, ends in zip(step.drafts, last.drafts, strict=True):
        for end in ends:
            assert drafts[end.candidate].confidences == pytest.approx(end.confidences)
            assert min(end.confidences) < 1.0


def test_what_is_filled_in_is_less_sure_than_what_was_given(make_pipeline):
    pipe = CodeFusionInfillPipeline.from_pipe(make_pipeline())
    *_, step, _ = pipe.stream(**arguments_of(pipe, commit_tokens=True), generator=seeded())
    for drafts in step.drafts:
        for draft in drafts:
            assert draft.confidences[0] == 1.0 and min(draft.confidences) < 1.0


def test_says_what_changed_and_how_sure_it_is(pipe):
    before = {}
    for revision in pipe.stream(**arguments_of(pipe), generator=seeded()):
        assert len(revision.drafts) == len(PROMPTS)
        for prompt, drafts in enumerate(revision.drafts):
            assert len(drafts) == (2 if revision.is_last else 3)
            for draft in drafts:
                assert "".join(draft.tokens) == draft.text
                assert len(draft.tokens) == len(draft.changed) == len(draft.confidences)
                assert all(0.0 <= confidence <= 1.0 for confidence in draft.confidences)
                last = before.get((prompt, draft.candidate))
                if last is not None and last.token_ids == draft.token_ids:
                    assert not any(draft.changed)
                elif last is not None and not isinstance(pipe, CodeFusionInfillPipeline):
                    # A token for each part: the first ones of the canvas.
                    positions = range(len(draft.tokens))
                    expected = [draft.token_ids[index] != last.token_ids[index] for index in positions]
                    assert draft.changed == expected
        if not revision.is_last:
            before = {
                (prompt, draft.candidate): draft for prompt, drafts in enumerate(revision.drafts) for draft in drafts
            }


def test_a_score_is_the_mean_of_the_confidences(make_pipeline):
    """With that of the end-of-sequence token, which is no part of the text."""
    pipe = make_pipeline()
    *_, last = pipe.stream("show the date", num_inference_steps=2, target_length=8, generator=seeded())
    (draft,) = last.drafts[0]
    logs = torch.tensor(draft.confidences).log()
    if 2 not in draft.token_ids:
        assert draft.score == pytest.approx(float(logs.mean()), abs=1e-4)
    else:
        assert draft.score * (len(logs) + 1) <= float(logs.sum()) + 1e-4


def test_a_draft_that_is_not_changed_is_not_marked(make_pipeline):
    pipe = CodeFusionRevisePipeline.from_pipe(make_pipeline())
    (only,) = pipe.stream("show the date", code="date -u", strength=0.0)
    assert only.is_last and only.step == 0 and only.codes == [["date -u"]]
    assert not any(only.drafts[0][0].changed)


def test_arguments_are_checked_before_the_first_step(pipe):
    with pytest.raises(ValueError, match="`num_inference_steps` must be an integer"):
        pipe.stream(**arguments_of(pipe, num_inference_steps=0))
    with pytest.raises(ValueError, match="`output_type` must be 'text' in `stream`, got 'latent'"):
        pipe.stream(**arguments_of(pipe, output_type="latent", num_candidates=2))
    with pytest.raises(ValueError, match="`streamer` must be None in `stream`"):
        pipe.stream(**arguments_of(pipe, streamer=CodeFusionStreamer()))
    with pytest.raises(TypeError, match="steps"):
        pipe.stream(**arguments_of(pipe), steps=3)


def test_streams_of_a_pipeline_do_not_meet(pipe):
    """One after the other, turn by turn and in threads."""

    def codes(seed):
        return list(pipe.stream(**arguments_of(pipe), generator=seeded(seed)))[-1].codes

    alone = [codes(seed) for seed in range(4)]
    streams = [pipe.stream(**arguments_of(pipe), generator=seeded(seed)) for seed in range(4)]
    in_turn = list(zip(*streams, strict=True))
    assert [revision.codes for revision in in_turn[-1]] == alone
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(codes, range(4))) == alone


def test_a_stream_may_be_left(pipe):
    stream = pipe.stream(**arguments_of(pipe), generator=seeded())
    next(stream)
    assert torch.is_grad_enabled()
    stream.close()
    assert torch.is_grad_enabled()


# --- Streamers


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_sees_each_step_and_keeps_the_programs(pipe):
    file = Terminal()
    output = pipe(**arguments_of(pipe), generator=seeded(), streamer=CodeFusionStreamer(file))
    *drafts, programs = file.getvalue().split("\0338\033[J")
    assert len(drafts) == pipe.num_timesteps and all(draft.startswith("\0337") for draft in drafts)
    assert programs == "".join(f"{code}\n" for codes in output.codes for code in codes)
    expected = pipe(**arguments_of(pipe), generator=seeded())
    assert output.codes == expected.codes and output.scores == expected.scores


def test_a_file_gets_the_programs_alone(pipe):
    file = io.StringIO()
    output = pipe(**arguments_of(pipe), generator=seeded(), streamer=CodeFusionStreamer(file))
    assert file.getvalue() == "".join(f"{code}\n" for codes in output.codes for code in codes)


class Tokens(BaseStreamer):
    def __init__(self):
        self.drafts, self.values, self.has_ended = [], [], False

    def put_draft(self, value):
        self.drafts.append(value)

    def put(self, value):
        self.values.append(value)

    def end(self):
        self.has_ended = True


def test_streamers_of_transformers_get_token_ids(make_pipeline, capsys):
    pipe = make_pipeline()
    streamer = Tokens()
    output = pipe("show the date", 3, generator=seeded(), streamer=streamer)
    assert len(streamer.drafts) == 3 and len(streamer.values) == 1 and streamer.has_ended
    assert all(value.ndim == 2 and len(value) == 1 for value in streamer.drafts + streamer.values)
    (token_ids,) = streamer.values[0]
    assert pipe.tokenizer.decode(token_ids, skip_special_tokens=True).strip() == output.codes[0][0]
    assert not {0, 2} & set(token_ids.tolist())
    pipe("show the date", 3, generator=seeded(), streamer=TextStreamer(pipe.tokenizer))
    assert capsys.readouterr().out.strip() == output.codes[0][0]
    with pytest.raises(
        ValueError, match="`streamer` must be a `CodeFusionStreamer` for several prompts, got a Tokens"
    ):
        pipe(PROMPTS, streamer=Tokens())
    with pytest.raises(ValueError, match="`streamer` must be None or a `BaseStreamer`"):
        pipe(PROMPTS, streamer=print)
    with pytest.raises(ValueError, match="`output_type` must be 'text' or 'token_ids' with a `streamer`"):
        pipe("show the date", streamer=Tokens(), output_type="latent")


def test_a_page_shows_the_code_as_text():
    draft = CodeFusionDraft("<b>&\033[2J", ["<b>", "&\033[2J"], [True, False], [0.5, 1.0], 0, [5, 6])
    page = draft.to_html()
    assert html.unescape(re.sub(r"<[^>]*>", "", page)) == draft.text
    assert page.count("<span") == 2 and page.count('class="changed"') == 1 and "<b>" not in page
    # Nor does a terminal obey it.
    assert draft.to_ansi() == "\033[33m<b>\033[0m&\\x1b[2J"
