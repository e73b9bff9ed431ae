# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The pipeline, on models that have learned four pairs by heart."""

import copy
import functools
import inspect
import json
import math
from concurrent.futures import ThreadPoolExecutor

import diffusers
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    DPMSolverSDEScheduler,
    EDMEulerScheduler,
    IPNDMScheduler,
)
from diffusers.callbacks import MultiPipelineCallbacks, PipelineCallback

from codefusion_hf.data.tokenization import train_tokenizer
from codefusion_hf.pipelines import (
    SUPPORTED_SCHEDULERS,
    CodeFusionPipeline,
    CodeFusionPipelineOutput,
    CodeFusionScheduler,
    normalize_prompt,
    pipeline_codefusion,
    slot_code,
    slot_prompt,
    slot_token_ids,
)
from codefusion_hf.pipelines.batching import CandidateBatch, EarlyExit
from codefusion_hf.pipelines.decoding import score_latents
from codefusion_hf.pipelines.program_texts import ProgramTexts
from codefusion_hf.pipelines.ranking import likeliest_sequences
from codefusion_hf.pipelines.reading import rank_rows, to_output
from codefusion_hf.pipelines.scheduler_support import EPSILON_ONLY_SCHEDULERS, start_scheduler


# diffusers hands torch tensors to numpy functions, in every `set_timesteps`
pytestmark = pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")

LOG_2 = math.log(2.0)


def train(model, batch, steps):
    large = {name: value.repeat(4, 1) for name, value in batch.items()}
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    torch.manual_seed(0)
    for _ in range(steps):
        optimizer.zero_grad()
        model(**large).loss.backward()
        optimizer.step()
    return model.eval()


@pytest.fixture(scope="module")
def models(make_model, batch):
    """A model for each prediction type, that gives back the four programs for their prompts."""
    return {
        "sample": train(make_model(), batch, 160),
        "epsilon": train(make_model(prediction_type="epsilon"), batch, 240),
    }


@pytest.fixture
def pipe(models, make_pipeline):
    return make_pipeline(models["sample"])


@pytest.fixture
def untrained(make_pipeline):
    """What an untrained model says depends on everything: prompt, noise, scheduler."""
    return make_pipeline()


@pytest.fixture(scope="module")
def prompts(pairs):
    return [prompt for prompt, _ in pairs]


@pytest.fixture(scope="module")
def programs(pairs):
    return [code for _, code in pairs]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def swap(pipe, name):
    pipe.scheduler = getattr(diffusers, name).from_config(pipe.scheduler.config)
    return pipe


# --- What comes out


def test_writes_the_programs(pipe, prompts, programs):
    output = pipe(prompts, num_return_sequences=3, generator=seeded())
    assert isinstance(output, CodeFusionPipelineOutput)
    assert [candidates[0] for candidates in output.codes] == programs
    assert [len(candidates) for candidates in output.codes] == [len(scores) for scores in output.scores] == [3] * 4
    assert output.sequences.shape[:2] == (4, 3)
    assert output.sequences.dtype == torch.long
    assert output.latents is None
    for scores in output.scores:
        assert scores == sorted(scores, reverse=True)
        assert all(isinstance(score, float) and score <= 0.0 for score in scores)
    for candidates, sequences in zip(output.codes, output.sequences, strict=True):
        assert pipe.tokenizer.batch_decode(sequences, skip_special_tokens=True) == candidates


def test_single_prompt(pipe, prompts, programs):
    output = pipe(prompts[1], generator=seeded())
    assert output.codes == [[programs[1]]]
    assert pipe(f"  {prompts[1].capitalize()}\n", generator=seeded()).codes == [[programs[1]]]


def test_output_types(pipe, prompts):
    text = pipe(prompts[:2], num_return_sequences=3, generator=seeded())

    ids = pipe(prompts[:2], num_return_sequences=3, generator=seeded(), output_type="token_ids")
    assert ids.codes is ids.latents is None
    assert torch.equal(ids.sequences, text.sequences)
    assert ids.scores == text.scores

    latent = pipe(prompts[:2], num_return_sequences=3, generator=seeded(), output_type="latent")
    assert latent.codes is latent.scores is latent.sequences is None
    assert latent.latents.shape == (2, 3, *text.sequences.shape[2:], pipe.model.config.latent_size)


@pytest.mark.parametrize("output_type", ["text", "token_ids", "latent"])
def test_tuples_hold_the_fields_of_the_output(output_type, pipe, prompts):
    output = pipe(prompts[:2], generator=seeded(), output_type=output_type)
    as_tuple = pipe(prompts[:2], generator=seeded(), output_type=output_type, return_dict=False)
    fields = {"text": ("codes", "scores", "sequences"), "token_ids": ("scores", "sequences"), "latent": ("latents",)}
    assert isinstance(as_tuple, tuple)
    assert tuple(output) == fields[output_type]
    for field, value in zip(fields[output_type], as_tuple, strict=True):
        assert torch.equal(value, output[field]) if isinstance(value, torch.Tensor) else value == output[field]
    assert torch.equal(as_tuple[-1], output[-1])


def test_scores_are_mean_log_probabilities_up_to_the_end(pipe, monkeypatch):
    """Of a program that ends, one that ends at once, and one that its canvas of 4 cuts."""
    tokens = torch.tensor([[70, 71, 2, 80, 81], [2, 70, 70, 70, 70], [70, 71, 72, 73, 2]])
    probabilities = torch.tensor([[0.5, 0.25, 0.125, 0.9, 0.9], [0.25] + [0.9] * 4, [0.5, 0.5, 0.25, 0.25, 0.9]])
    others = ((1.0 - probabilities) / (pipe.model.config.vocab_size - 1)).log()
    logits = others[..., None].repeat(1, 1, pipe.model.config.vocab_size)
    logits.scatter_(2, tokens[..., None], probabilities.log()[..., None])
    monkeypatch.setattr(pipe.model, "decode", lambda *args, **kwargs: (logits, None))

    canvas_mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 0]])
    latents, vocabulary = torch.zeros(3, 5, 16), pipe.model.vocabulary()
    token_ids, scores, _ = read_latents(pipe.model, latents, vocabulary, canvas_mask=canvas_mask)
    assert token_ids[:, 0].tolist() == [[70, 71, 2, 0, 0], [2, 0, 0, 0, 0], [70, 71, 72, 73, 0]]
    assert scores[:, 0].tolist() == pytest.approx([-2.0 * LOG_2, -2.0 * LOG_2, -1.5 * LOG_2])


def read_latents(model, latents, vocabulary, rounding="decoder", canvas_mask=None):
    logits = score_latents(model, latents, vocabulary, rounding=rounding)
    return likeliest_sequences(logits, 1, model.config.eos_token_id, model.config.pad_token_id, canvas_mask)


def rank(pipe, texts_of_draws, num_return_sequences, scores=None, log_ratios=None, **kwargs):
    """Candidates of one prompt: for each the texts that it may be, with their scores and log-ratios."""
    ids = [
        [torch.tensor(pipe.tokenizer(text, add_special_tokens=False).input_ids + [2]) for text in draw]
        for draw in texts_of_draws
    ]
    longest = max(len(row) for draw in ids for row in draw)
    sequences = torch.stack(
        [torch.stack([torch.nn.functional.pad(row, (0, longest - len(row))) for row in draw]) for draw in ids]
    )
    zeros = [[0.0] * len(draw) for draw in texts_of_draws]
    scores, log_ratios = (torch.tensor(values or zeros) for values in (scores, log_ratios))
    settings = {"num_return_sequences": num_return_sequences, "ranking": kwargs.pop("ranking", "votes")}
    texts = ProgramTexts(pipe.model, pipe.tokenizer, [kwargs.pop("slot_values", {})], len(sequences))
    return to_output(rank_rows(texts, sequences, scores, log_ratios, settings, **kwargs), 0, sequences.device)


def test_programs_with_the_values_of_the_prompt_come_first(pipe):
    drawn = [["a"], ["a"], ["a"], ["b"]]
    assert rank(pipe, drawn, 2).codes == [["a", "b"]]
    assert rank(pipe, drawn, 2, slot_values={"<name_0>": "b"}).codes == [["b", "a"]]


def test_programs_are_ranked_by_votes_and_come_once(pipe):
    output = rank(pipe, [["a"], ["b"], ["d"], [""], ["c"], ["b"], [""]], 4)
    assert output.codes[0][0] == "b"
    assert sorted(output.codes[0]) == ["a", "b", "c", "d"]
    # As many as were asked for: what is empty comes last, and what is there again only when nothing else is.
    assert sorted(rank(pipe, [["a"], [""], ["a"]], 4).codes[0][:2]) == ["", "a"]
    assert rank(pipe, [["a"], [""], ["a"]], 4).codes[0] == ["a", "", "a", ""]


def test_draws_share_out_their_votes_by_probability(pipe):
    draws = [["a", "b"], ["c", "b"]]
    scores = [[-0.1, -0.2], [-0.3, -0.4]]
    log_ratios = [[0.0, math.log(0.9)], [0.0, math.log(0.25)]]
    output = rank(pipe, draws, 3, scores, log_ratios)
    # 1 / 1.25 = 0.8, 0.9 / 1.9 + 0.2 = 0.67 and 1 / 1.9 = 0.53 votes.
    assert output.codes == [["c", "b", "a"]]
    assert output.scores[0] == pytest.approx([-0.3, -0.2, -0.1])


def shared_letters(text, other):
    return len(set(text) & set(other)) / max(1, len(set(text)))


def test_by_minimum_bayes_risk_the_candidate_that_the_others_are_most_like_comes_first(pipe):
    draws = [["xyz"], ["abd"], ["abc"], ["xyz"], ["ab"]]
    assert rank(pipe, draws, 4).codes[0][0] == "xyz"
    # Sums of the shared letters: xyz 2, abd and abc 1 + 2 * 2/3, ab 3.
    scores = [[0.0], [-0.01], [-0.02], [0.0], [0.0]]
    assert rank(pipe, draws, 4, scores, ranking=shared_letters).codes == [["ab", "abd", "abc", "xyz"]]


def test_malformed_candidates_come_behind_the_others(pipe):
    asked = []

    def is_valid(text):
        asked.append(text)
        return "(" not in text

    for ranking in ("votes", shared_letters):
        draws = [["ls ("], ["ls"], ["pwd"], ["ls ("], ["ls"], ["ls ("], [""]]
        output = rank(pipe, draws, 4, ranking=ranking, is_valid=is_valid)
        assert output.codes == [["ls", "pwd", "ls (", ""]]
    assert sorted(asked) == sorted(2 * ["ls (", "ls", "pwd"])


def test_ranking_decides_which_candidates_are_returned(untrained, prompts):
    arguments = {"num_inference_steps": 3, "temperature": 1.0, "num_candidates": 6}
    all_of_them = untrained(prompts[0], num_return_sequences=5, generator=seeded(), **arguments).codes[0]
    refused = set(all_of_them[:2])
    best = untrained(prompts[0], generator=seeded(), is_valid=lambda text: text not in refused, **arguments).codes[0]
    assert best == [code for code in all_of_them if code not in refused][:1]


def test_the_best_of_more_candidates_are_returned(untrained, prompts):
    all_of_them = untrained(prompts[:2], 3, 5, temperature=1.0, generator=seeded(), num_candidates=6)
    assert len(set(all_of_them.codes[0])) > 2
    best = untrained(prompts[:2], 3, 2, temperature=1.0, generator=seeded(), num_candidates=6)
    assert best.codes == [codes[:2] for codes in all_of_them.codes]
    assert best.scores == [scores[:2] for scores in all_of_them.scores]
    assert torch.equal(best.sequences, all_of_them.sequences[:, :2])
    assert len(untrained.lengths) == 12


def test_a_call_samples_as_the_checkpoint_says(models, make_pipeline, prompts, tmp_path):
    defaults = {"num_inference_steps": 4, "temperature": [1.0, 2.0], "num_candidates": 6, "num_return_sequences": 2}
    pipe = make_pipeline(models["sample"])
    plain = pipe(prompts, **defaults, generator=seeded())
    CodeFusionPipeline(pipe.model, pipe.tokenizer, pipe.scheduler, defaults).save_pretrained(tmp_path)
    loaded = CodeFusionPipeline.from_pretrained(tmp_path)
    loaded.set_progress_bar_config(disable=True)
    assert {name: loaded.sampling_defaults[name] for name in defaults} == defaults
    output = loaded(prompts, generator=seeded())
    assert output.codes == plain.codes and loaded.num_timesteps == 4 and len(loaded.lengths) == 24
    # What is given comes first, and candidates are as many as there are latents or generators.
    assert [len(codes) for codes in loaded(prompts, 2, 3, generator=seeded()).codes] == [3] * 4
    assert loaded.num_timesteps == 2
    assert loaded(prompts[0], latents=torch.zeros(2, 8, 16)).sequences.shape == (1, 2, 8)
    assert loaded(prompts[0], generator=[seeded(), seeded(1)], output_type="latent").latents.shape[:2] == (1, 2)


@pytest.mark.parametrize("defaults", [{"steps": 4}, ["num_inference_steps"]])
def test_defaults_of_an_unknown_name_are_refused(defaults, untrained):
    with pytest.raises(ValueError, match="`sampling_defaults` must be a dict with names of num_inference_steps"):
        CodeFusionPipeline(untrained.model, untrained.tokenizer, untrained.scheduler, defaults)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_inference_steps", 0),
        ("num_return_sequences", 2**31),
        ("num_candidates", True),
        ("temperature", []),
        ("temperature", [1.0, "hot"]),
        ("guidance_scale", math.nan),
        ("early_exit_patience", -1),
        ("early_exit_confidence", "x"),
        ("readout_noise", 1.5),
        ("ranking", "chrf"),
        ("language", 3),
        ("valid_first", 1),
        ("memory", ["x"]),
    ],
)
def test_defaults_that_no_call_could_take_are_refused(name, value, untrained):
    with pytest.raises(ValueError, match=f"`{name}` must be"):
        CodeFusionPipeline(untrained.model, untrained.tokenizer, untrained.scheduler, {name: value})


def test_threads_share_a_pipeline(untrained, prompts):
    """200 calls of 8 threads give what they give one by one; schedulers, tokenizers and pipelines keep state."""
    swap(untrained, "DPMSolverMultistepScheduler")

    def call(number):
        arguments = {"num_inference_steps": 2 + number % 3, "num_return_sequences": 1 + number % 2}
        arguments |= {"guidance_scale": 1.0 + number % 2, "temperature": 1.0, "generator": seeded(number)}
        return untrained(prompts[: 1 + number % 4], **arguments)

    alone = [call(number) for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(call, range(200)))
    assert [output.codes for output in together] == [output.codes for output in alone]
    assert [output.scores for output in together] == [output.scores for output in alone]


# --- Slots


SLOT_PAIRS = (
    ("count the lines of {}", "wc -l {}"),
    ("print the first {1} lines of {0}", "head -n {1} {0}"),
    ("show the date", "date"),
)


@pytest.fixture(scope="module")
def copying(make_model, make_pipeline):
    """A pipeline that has learned pairs with slots for their values."""
    rows = []
    for prompt, code in SLOT_PAIRS:
        slotted = slot_prompt(prompt.format("notes.txt", 7))
        rows.append((normalize_prompt(slotted.text), slot_code(code.format("notes.txt", 7), slotted.values, "bash")))
    tokenizer = train_tokenizer([text for row in rows for text in row], 360, slots=True)
    groups = [list(group) for group in slot_token_ids(tokenizer.get_vocab()).values()]
    fields = {"vocab_size": len(tokenizer), "copy_token_groups": groups}
    config = make_model().config.encoder_config
    encoder_config = {**config.to_dict(), "vocab_size": len(tokenizer)}
    inputs = tokenizer([prompt for prompt, _ in rows], padding=True, return_tensors="pt")
    labels = tokenizer([code for _, code in rows], padding=True, return_tensors="pt").input_ids
    batch = {"input_ids": inputs.input_ids, "attention_mask": inputs.attention_mask, "labels": labels}
    model = train(make_model(encoder_config=encoder_config, **fields), batch, 120)
    pipe = make_pipeline(model)
    pipe.register_modules(tokenizer=tokenizer)
    return pipe


def test_values_of_the_prompt_arrive_exactly(copying, tmp_path):
    values = ("/srv/über/данные.log", 4711)
    prompts = [prompt.format(*values) for prompt, _ in SLOT_PAIRS]
    expected = [[code.format(*values)] for _, code in SLOT_PAIRS]
    drafts = []
    output = copying(
        prompts,
        generator=seeded(),
        callback_on_step_end=lambda pipe, step, t, tensors: drafts.append(tensors["drafts"]) or {},
        callback_on_step_end_tensor_inputs=["drafts"],
    )
    assert output.codes == expected
    assert [[draft] for draft in drafts[-1]] == expected
    copying.save_pretrained(tmp_path)
    loaded = CodeFusionPipeline.from_pretrained(tmp_path)
    assert loaded(prompts, generator=seeded()).codes == expected


def test_text_that_looks_like_a_slot_is_text(copying):
    prompt = SLOT_PAIRS[0][0].format("'<path_0>.txt'")
    assert copying(prompt, generator=seeded()).codes == [["wc -l <path_0>.txt"]]


@pytest.mark.parametrize("rounding", ["decoder", "grounding", "clamping"])
@pytest.mark.parametrize("prediction_type", ["sample", "epsilon"])
def test_a_slot_that_the_prompt_lacks_is_never_drawn(prediction_type, rounding, copying, make_model, make_pipeline):
    config = copying.model.config
    fields = {"encoder_config": config.encoder_config.to_dict(), "vocab_size": config.vocab_size}
    model = make_model(prediction_type=prediction_type, copy_token_groups=config.copy_token_groups, **fields)
    pipe = make_pipeline(model)
    pipe.register_modules(tokenizer=copying.tokenizer)
    all_slots = {token_id for group in config.copy_token_groups for token_id in group}
    prompts = ["show the date", "count the lines of notes.txt"]
    arguments = {"num_inference_steps": 3, "temperature": 1.0, "num_return_sequences": 40, "rounding": rounding}
    sequences = pipe(prompts, generator=seeded(), output_type="token_ids", **arguments).sequences
    assert not all_slots & set(sequences[0].flatten().tolist())
    path = slot_token_ids(copying.tokenizer.get_vocab())["<path_0>"]
    assert all_slots & set(sequences[1].flatten().tolist()) <= set(path)


# --- Noise


@pytest.mark.parametrize("output_type", ["text", "latent"])
def test_the_same_seed_gives_the_same_output(output_type, untrained, prompts):
    def generate(seed):
        return untrained(prompts[:2], 5, num_return_sequences=2, generator=seeded(seed), output_type=output_type)[0]

    one, again, other = generate(1), generate(1), generate(2)
    if output_type == "text":
        assert one == again
    else:
        assert torch.equal(one, again)
        assert not torch.allclose(one, other)


def test_one_generator_a_candidate(untrained, prompts):
    """Each candidate then depends on its own generator alone, whatever else is in the batch."""
    kwargs = {"num_inference_steps": 5, "target_length": 6, "output_type": "latent"}
    together = untrained(
        prompts[:2], num_return_sequences=2, generator=[seeded(i) for i in range(4)], **kwargs
    ).latents
    for row, candidate in ((0, 0), (0, 1), (1, 0), (1, 1)):
        alone = untrained(prompts[row], generator=[seeded(2 * row + candidate)], **kwargs).latents
        torch.testing.assert_close(together[row, candidate], alone[0, 0], atol=1e-4, rtol=1e-4)


def test_latents_take_the_place_of_the_draw(untrained, prompts):
    swap(untrained, "DDIMScheduler")
    drawn = untrained(prompts[0], 5, num_return_sequences=2, target_length=7, generator=seeded(), output_type="latent")
    latents = torch.randn(2, 7, 16, generator=seeded())
    given = untrained(prompts[0], 5, num_return_sequences=2, latents=latents, output_type="latent")
    assert torch.equal(drawn.latents, given.latents)
    assert untrained.lengths.tolist() == [7, 7]


def test_noise_has_the_scale_of_the_scheduler(untrained):
    swap(untrained, "EulerDiscreteScheduler")
    start_scheduler(untrained.scheduler, 10)
    arguments = {"shape": (2, 40, 16), "dtype": torch.float32, "device": torch.device("cpu")}
    arguments["init_noise_sigma"] = untrained.scheduler.init_noise_sigma
    drawn = untrained.prepare_latents(**arguments, generator=seeded())
    given = untrained.prepare_latents(**arguments, latents=torch.randn(2, 40, 16, generator=seeded()))
    assert torch.equal(drawn, given)
    alphas_cumprod = untrained.model.config.alphas_cumprod()[-1]
    assert drawn.std().item() == pytest.approx(alphas_cumprod.rsqrt().item(), rel=0.05)


def test_target_length(untrained, prompts):
    for target_length in (1, 9, 24):
        output = untrained(prompts, 2, target_length=target_length, generator=seeded())
        assert output.sequences.shape == (4, 1, target_length)
        assert untrained.lengths.tolist() == [target_length] * 4
    output = untrained(prompts, 2, target_length=5, latents=torch.randn(4, 8, 16), generator=seeded())
    assert output.sequences.shape == (4, 1, 8)
    assert untrained.lengths.tolist() == [5] * 4
    assert not output.sequences[..., 5:].any()


def test_fixed_canvas(make_pipeline, prompts):
    pipe = make_pipeline(predict_length=False)
    assert pipe(prompts, 2, generator=seeded()).sequences.shape == (4, 1, pipe.model.config.max_code_length)


@pytest.mark.parametrize("prediction_type", ["sample", "epsilon"])
def test_a_batch_is_worth_its_single_prompts(prediction_type, models, make_pipeline, prompts):
    """Prompts of different lengths pad each other, which nothing may read."""
    # In double precision: a noise prediction's rounding is divided by sqrt(alpha_bar), 1/52 at the first step.
    pipe = swap(make_pipeline(copy.deepcopy(models[prediction_type]).double()), "DDIMScheduler")
    assert len({len(ids) for ids in pipe.tokenizer(prompts).input_ids}) > 1
    latents = torch.randn(4, 9, 16, generator=seeded(), dtype=torch.float64)
    together = pipe(prompts, 5, target_length=6, latents=latents, output_type="latent").latents
    for row, prompt in enumerate(prompts):
        alone = pipe(prompt, 5, target_length=6, latents=latents[row : row + 1, :6], output_type="latent").latents
        torch.testing.assert_close(together[row, :, :6], alone[0], atol=1e-5, rtol=1e-5)


# --- Lengths


def test_predicts_the_length(pipe, prompts, programs):
    output = pipe(prompts, 2, generator=seeded())
    code_lengths = [len(ids) for ids in pipe.tokenizer(programs).input_ids]
    assert code_lengths == [3, 10, 12, 11]
    assert pipe.lengths.tolist() == [4, 12, 12, 12]
    assert output.sequences.shape == (4, 1, 12)


def test_candidates_share_out_the_lengths(pipe, monkeypatch):
    """D'Hondt: with 0.5, 0.3, 0.2 the quotients in order are 0.5, 0.3, 0.25, 0.2, 0.166, 0.15."""
    probabilities = torch.tensor([[0.0, 0.5, 0.0, 0.3, 0.2, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]])
    monkeypatch.setattr(pipe.model, "predict_length", lambda *args: probabilities.log())
    assert pipe.model.config.canvas_step == 4
    lengths = pipe.prepare_lengths(torch.zeros(2, 3, 24), torch.ones(2, 3), 6)
    assert lengths.unflatten(0, (2, 6)).tolist() == [[8, 16, 8, 20, 8, 16], [12] * 6]
    assert pipe.prepare_lengths(torch.zeros(2, 3, 24), torch.ones(2, 3), 1).tolist() == [8, 12]
    assert pipe.prepare_lengths(torch.zeros(2, 3, 24), torch.ones(2, 3), 2, target_length=5).tolist() == [5] * 4


def test_temperature_moves_the_estimate_to_an_embedding(untrained, prompts):
    def distances(temperature):
        estimates = []
        untrained(
            prompts[0],
            3,
            num_return_sequences=2,
            target_length=8,
            temperature=temperature,
            generator=seeded(),
            callback_on_step_end=lambda pipe, step, t, tensors: (
                estimates.append(tensors["pred_original_sample"]) or {}
            ),
            callback_on_step_end_tensor_inputs=["pred_original_sample"],
        )
        table = untrained.model.embedding.normalized_weight()
        return torch.cdist(estimates[0], table).min(dim=-1).values.mean(dim=1).tolist()

    # An untrained model hardly prefers any token: at 1 its estimate is the mean of them all, far below 1 one of them.
    warm, cold = distances(1.0), distances(0.01)
    assert min(warm) > 3.0 and max(cold) < 1.0
    # The candidates take the temperatures of a list in turn.
    assert distances([1.0, 0.01]) == pytest.approx([warm[0], cold[1]])


# --- Early exit


def test_finished_candidates_leave_the_batch(pipe, prompts, programs):
    plain = pipe(prompts, 10, 2, generator=seeded())
    assert pipe.num_evaluations.tolist() == [10] * 8
    sizes = []
    handle = pipe.model.denoiser.register_forward_hook(lambda module, args, output: sizes.append(len(output)))
    output = pipe(prompts, 10, 2, early_exit_patience=2, generator=seeded())
    handle.remove()
    assert [candidates[0] for candidates in output.codes] == [candidates[0] for candidates in plain.codes] == programs
    evaluations = pipe.num_evaluations.tolist()
    assert len(evaluations) == 8
    assert 3 <= min(evaluations) <= max(evaluations) < 10
    # All are looked at once more, to be read.
    assert sum(sizes) == sum(evaluations) + 8


@pytest.mark.parametrize("name", ["CodeFusionScheduler", "HeunDiscreteScheduler", "EulerAncestralDiscreteScheduler"])
@pytest.mark.parametrize("prediction_type", ["sample", "epsilon"])
def test_who_leaves_keeps_its_last_estimate(prediction_type, name, make_pipeline, prompts, monkeypatch):
    """And what the others become does not depend on it."""
    pipe = make_pipeline(prediction_type=prediction_type)
    if name != "CodeFusionScheduler":
        swap(pipe, name)
    estimates = []

    def keep(pipe, step, timestep, tensors):
        estimates.append(tensors["pred_original_sample"])
        return {}

    arguments = {"output_type": "latent", "target_length": 6}
    arguments |= {"callback_on_step_end": keep, "callback_on_step_end_tensor_inputs": ["pred_original_sample"]}
    plain = pipe(prompts, 5, generator=seeded(), **arguments).latents
    first_estimates = estimates.copy()
    estimates.clear()
    # Tokens of the second row never change, those of the others always do.
    checks = iter(range(100))

    def draft(model, batch, *args):
        token_ids = torch.full((len(batch.rows), batch.canvas_length), next(checks))
        if len(batch.rows) == 4:
            token_ids[1] = 7
        return token_ids, torch.zeros(len(batch.rows))

    monkeypatch.setattr(pipeline_codefusion, "read_draft", draft)
    early = pipe(prompts, 5, generator=seeded(), early_exit_patience=2, **arguments).latents
    assert pipe.num_evaluations.tolist() == [pipe.num_timesteps, 3, pipe.num_timesteps, pipe.num_timesteps]
    torch.testing.assert_close(early[1, 0], first_estimates[2][1])
    for row in (0, 2, 3):
        torch.testing.assert_close(early[row], plain[row], atol=1e-4, rtol=1e-4)


def test_who_is_not_confident_stays(untrained, prompts):
    untrained(prompts, 6, early_exit_patience=1, early_exit_confidence=1.0, generator=seeded())
    assert untrained.num_evaluations.tolist() == [6] * 4


@pytest.mark.parametrize("rounding", ["decoder", "grounding", "clamping"])
@pytest.mark.parametrize("guidance_scale", [1.0, 1.5])
def test_all_may_leave_at_once(guidance_scale, rounding, pipe, prompts, programs):
    output = pipe(
        prompts,
        20,
        guidance_scale=guidance_scale,
        rounding=rounding,
        early_exit_patience=1,
        early_exit_confidence=0.0,
        generator=seeded(),
    )
    assert pipe.num_evaluations.max() < pipe.num_timesteps == 20
    assert len(output.codes) == len(programs)


def test_who_left_stays_as_it_is_for_callbacks(models, make_pipeline, prompts):
    """Of predicted noise, that of an earlier step: with the latents of a later one, it would give another x_0."""
    pipe = make_pipeline(models["epsilon"])
    estimates = []

    def keep(pipe, step, timestep, tensors):
        estimates.append(tensors["pred_original_sample"])
        return {}

    pipe(
        prompts,
        20,
        early_exit_patience=1,
        early_exit_confidence=0.0,
        generator=seeded(),
        callback_on_step_end=keep,
        callback_on_step_end_tensor_inputs=["pred_original_sample"],
    )
    evaluations = pipe.num_evaluations.tolist()
    assert min(evaluations) < len(estimates) == max(evaluations)
    for row, number in enumerate(evaluations):
        for estimate in estimates[number:]:
            assert torch.equal(estimate[row], estimates[number - 1][row])


def test_a_longer_canvas_of_the_batch_does_not_keep_a_candidate():
    """When others leave, those that stay are batched anew: tokens that are the same remain so, padded or not."""
    rows, scores = torch.tensor([0]), torch.zeros(1)
    early_exit = EarlyExit(2, 0.9, (2, 6), pad_token_id=0, device=torch.device("cpu"))
    short, long = (CandidateBatch(rows, length, rows, {}, (), None) for length in (4, 6))
    for batch, token_ids, finished in (
        (short, [5, 2, 0, 0], False),
        (short, [5, 2, 0, 0], False),
        (long, [5, 2, 0, 0, 0, 0], True),
    ):
        early_exit.update(batch, torch.tensor([token_ids]), scores)
        assert early_exit.finished.tolist() == [finished, False]


def test_an_empty_draft_has_to_be_seen_as_often_as_any():
    rows = torch.tensor([0])
    early_exit = EarlyExit(1, 0.0, (1, 4), pad_token_id=0, device=torch.device("cpu"))
    for finished in (False, True):
        batch = CandidateBatch(rows, 4, rows, {}, (), None)
        early_exit.update(batch, torch.zeros(1, 4, dtype=torch.long), torch.zeros(1))
        assert early_exit.finished.tolist() == [finished]


# --- Guidance


@pytest.mark.parametrize("fields", [{}, {"prediction_type": "epsilon"}])
def test_guidance_leads_away_from_what_noise_for_a_prompt_gives(fields, make_pipeline, prompts, monkeypatch):
    pipe = make_pipeline(**fields)
    plain = pipe(prompts, 3, generator=seeded(), output_type="latent").latents
    assert torch.equal(pipe(prompts, 3, guidance_scale=1.0, generator=seeded(), output_type="latent").latents, plain)
    assert not pipe.do_classifier_free_guidance
    guided = pipe(prompts, 3, guidance_scale=2.0, generator=seeded(), output_type="latent").latents
    assert pipe.do_classifier_free_guidance
    assert guided.shape == plain.shape
    assert not torch.allclose(guided, plain)

    # Both halves given the same prompt: their difference is nothing, whatever it is multiplied by.
    project = pipe.model.denoiser.project_prompt
    with monkeypatch.context() as context:
        context.setattr(pipe.model.denoiser, "project_prompt", lambda states: project(torch.ones_like(states)))
        latents = torch.randn(plain.shape[0], *plain.shape[2:], generator=seeded())
        one, two = (
            pipe(prompts, 1, guidance_scale=scale, latents=latents, generator=seeded(), output_type="latent").latents
            for scale in (1.0, 3.0)
        )
    torch.testing.assert_close(one, two)


def test_a_guided_estimate_is_the_mean_of_embeddings_under_extrapolated_scores(make_pipeline):
    pipe = make_pipeline()
    config = pipe.model.config
    model_input = torch.randn(2, 8, config.latent_size, generator=seeded())
    states = torch.randn(4, 5, config.encoder_config.d_model, generator=seeded())
    alphas_cumprod = torch.tensor(0.1)
    key_values = pipe.model.denoiser.project_prompt(states)
    with torch.no_grad():
        guided = [
            pipe.model.denoise(
                torch.cat([model_input, model_input]),
                torch.tensor(600),
                alphas_cumprod,
                key_values,
                temperature=0.5,
                guidance_scale=3.0,
                output_logits=output_logits,
            )
            for output_logits in (True, False)
        ]
        without, with_prompt = (
            pipe.model.denoise(
                model_input, torch.tensor(600), alphas_cumprod, pipe.model.denoiser.project_prompt(half)
            ).logits
            for half in states.chunk(2)
        )
        logits = with_prompt + 2.0 * (with_prompt - without)
        # Temperature is the network's: what the latent itself says is known.
        table = pipe.model.embedding.normalized_weight()
        likelihood = alphas_cumprod.sqrt() / (1.0 - alphas_cumprod) * model_input @ table.T
        expected = ((logits - likelihood) / 0.5 + likelihood).softmax(dim=-1) @ table
    torch.testing.assert_close(guided[0].logits, logits, atol=1e-4, rtol=1e-4)
    assert guided[1].logits is None
    for output in guided:
        torch.testing.assert_close(output.sample, expected, atol=1e-4, rtol=1e-4)


def test_guided_candidates_repeat_with_the_seed(pipe, prompts):
    first, second = (pipe(prompts, 4, 2, guidance_scale=1.5, generator=seeded()).codes for _ in range(2))
    assert first == second


# --- Callbacks


def test_callback_gets_what_it_asks_for(pipe, prompts):
    calls = []

    def callback(pipeline, step, timestep, tensors):
        assert pipeline is pipe
        shapes = {name: len(value) if name == "drafts" else value.shape for name, value in tensors.items()}
        calls.append((step, int(timestep), shapes))
        return tensors

    shape = pipe(prompts[0], 4, num_return_sequences=2, generator=seeded(), output_type="latent").latents[0].shape
    scheduler = copy.deepcopy(pipe.scheduler)
    scheduler.set_timesteps(4)
    for names in (["latents"], ["pred_original_sample"], ["latents", "pred_original_sample", "drafts"], []):
        calls.clear()
        pipe(
            prompts[0],
            4,
            num_return_sequences=2,
            generator=seeded(),
            callback_on_step_end=callback,
            callback_on_step_end_tensor_inputs=names,
        )
        assert [call[:2] for call in calls] == list(enumerate(scheduler.timesteps.tolist()))
        assert all(call[2] == {name: 2 if name == "drafts" else shape for name in names} for call in calls)


def test_a_callback_of_diffusers_says_itself_what_it_asks_for(pipe, prompts):
    class Halve(PipelineCallback):
        tensor_inputs = ["latents"]

        def callback_fn(self, pipeline, step_index, timesteps, callback_kwargs):
            assert pipeline.num_timesteps == 3
            return {"latents": callback_kwargs["latents"] / 2}

    plain = pipe(prompts[0], 3, generator=seeded(), output_type="latent").latents
    for callback in (Halve(), MultiPipelineCallbacks([Halve()])):
        halved = pipe(prompts[0], 3, generator=seeded(), output_type="latent", callback_on_step_end=callback).latents
        assert not torch.allclose(halved, plain)


def test_callback_replaces_the_latents(pipe, prompts):
    replacement = torch.randn(1, 6, 16, generator=seeded())

    def callback(pipeline, step, timestep, tensors):
        return {"latents": replacement} if step == 2 else {}

    output = pipe(prompts[0], 3, target_length=6, output_type="latent", callback_on_step_end=callback)
    assert torch.equal(output.latents[0], replacement)


def test_drafts_become_the_program(pipe, prompts, programs):
    drafts = []

    def callback(pipeline, step, timestep, tensors):
        drafts.append(tensors["drafts"])
        return {}

    pipe(
        prompts,
        10,
        generator=seeded(),
        callback_on_step_end=callback,
        callback_on_step_end_tensor_inputs=["drafts"],
    )
    assert len(drafts) == 10
    assert drafts[-1] == programs


def test_drafts_of_exact_embeddings(untrained, programs):
    token_ids = untrained.tokenizer(programs, padding=True, return_tensors="pt").input_ids
    lengths = (token_ids != 0).sum(dim=1)
    embeds = untrained.model.embed(token_ids)
    assert untrained.decode_drafts(embeds, lengths) == programs
    # What lies beyond the canvas does not show.
    embeds[0, lengths[0] :] = embeds[1, 0]
    embeds[0, lengths[0] - 1] = embeds[1, 0]
    assert untrained.decode_drafts(embeds[:1], lengths[:1] - 1) == programs[:1]


# --- Grounding and clamping, in place of the decoder


def test_grounding_takes_the_nearest_tokens_after_the_last_step(untrained, prompts, monkeypatch):
    monkeypatch.setattr(untrained.model, "decode", lambda *args, **kwargs: pytest.fail("the decoder was asked"))
    latents = untrained(prompts, 3, target_length=8, generator=seeded(), output_type="latent").latents
    output = untrained(prompts, 3, rounding="grounding", target_length=8, generator=seeded(), output_type="token_ids")
    distances = torch.cdist(latents.flatten(0, 2), untrained.model.embedding.normalized_weight())
    nearest = distances.argmin(dim=-1).view(latents.shape[:3])
    is_code = output.sequences != untrained.model.config.pad_token_id
    assert is_code.any()
    assert torch.equal(output.sequences[is_code], nearest[is_code])


def test_grounding_of_embeddings_gives_their_programs(untrained, programs):
    token_ids = untrained.tokenizer(programs, padding=True, return_tensors="pt").input_ids
    mask = token_ids != 0
    embeds = untrained.model.embed(token_ids)
    arguments = {"vocabulary": untrained.model.vocabulary(), "rounding": "grounding", "canvas_mask": mask}
    found, scores, _ = read_latents(untrained.model, embeds, **arguments)
    assert torch.equal(found[:, 0], token_ids)
    noisy = embeds + torch.randn(embeds.shape, generator=seeded())
    noisy_scores = read_latents(untrained.model, noisy, **arguments)[1]
    assert (noisy_scores < scores).all() and (scores <= 0).all()


@pytest.mark.parametrize("name", ["CodeFusionScheduler", "DDIMScheduler", "EulerAncestralDiscreteScheduler"])
@pytest.mark.parametrize("prediction_type", ["sample", "epsilon"])
def test_clamping_moves_each_estimate_to_embeddings(prediction_type, name, make_pipeline, prompts, monkeypatch):
    pipe = make_pipeline(prediction_type=prediction_type)
    if name != "CodeFusionScheduler":
        swap(pipe, name)
    table = pipe.model.embedding.normalized_weight()
    distances = []
    outputs = []

    def farthest(latents):
        """From the nearest embedding. (A product of matrices would take the small differences of large squares.)"""
        mode = "donot_use_mm_for_euclid_dist"
        return torch.cdist(latents.flatten(0, 1), table, compute_mode=mode).min(dim=-1).values.max()

    def keep(pipe, step, timestep, tensors):
        distances.append(farthest(tensors["pred_original_sample"]))
        return {}

    original_step = type(pipe.scheduler).step

    @functools.wraps(original_step)  # its signature says whether it takes a generator
    def step(self, model_output, *args, **kwargs):
        outputs.append(model_output)
        return original_step(self, model_output, *args, **kwargs)

    monkeypatch.setattr(type(pipe.scheduler), "step", step)
    arguments = {"callback_on_step_end": keep, "callback_on_step_end_tensor_inputs": ["pred_original_sample"]}
    pipe(prompts[:1], 4, rounding="clamping", target_length=8, generator=seeded(), **arguments)
    assert len(distances) == 4
    assert max(distances) < 1e-3
    # The step takes the clamped estimate, too, not only the next self-conditioning.
    if prediction_type == "sample" and name not in EPSILON_ONLY_SCHEDULERS:
        assert max(farthest(output) for output in outputs) < 1e-3
    distances.clear()
    pipe(prompts[:1], 4, target_length=8, generator=seeded(), **arguments)
    assert max(distances) > 1e-2


@pytest.mark.parametrize("rounding", ["grounding", "clamping"])
def test_a_trained_model_writes_its_programs_without_the_decoder(rounding, pipe, prompts, programs):
    output = pipe(prompts, rounding=rounding, generator=seeded())
    assert [codes[0] for codes in output.codes] == programs


# --- Bad input


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"prompt": ""}, "`prompt` must be a string that is not empty, got ''"),
        ({"prompt": ["list", " "]}, "`prompt` must be a string that is not empty, got ' '"),
        ({"prompt": []}, "`prompt` must be a string or a list"),
        ({"prompt": ("list",)}, "`prompt` must be a string or a list"),
        ({"prompt": None}, "`prompt` must be a string or a list"),
        ({"prompt": ["list", 3]}, "`prompt` must be a string that is not empty, got 3"),
        ({"prompt": "list \ud800"}, "`prompt` must be Unicode text, got a lone surrogate"),
        ({"num_inference_steps": 0}, r"`num_inference_steps` must be an integer in \[1, 1200\], got 0"),
        ({"num_inference_steps": 2.5}, "`num_inference_steps` must be an integer"),
        ({"num_inference_steps": True}, "`num_inference_steps` must be an integer .* got True"),
        ({"num_inference_steps": 1201}, r"`num_inference_steps` must be an integer in \[1, 1200\], got 1201"),
        ({"num_return_sequences": 0}, "`num_return_sequences` must be an integer .*, got 0"),
        ({"num_return_sequences": 2**31}, "`num_return_sequences` must be an integer .* 16384.*, got 2147483648"),
        ({"num_candidates": 2**63}, "`num_candidates` must be an integer .* 8192.*, got 9223372036854775808"),
        ({"temperature": 0.0}, r"`temperature` must be a number in \[0.01, 100\], got 0.0"),
        ({"temperature": 1e-300}, r"`temperature` must be a number in \[0.01, 100\], got 1e-300"),
        ({"temperature": math.nan}, "`temperature` must be a number .* got nan"),
        ({"temperature": "warm"}, "`temperature` must be a number .* got 'warm'"),
        ({"temperature": []}, "`temperature` must be a number or a list of numbers that is not empty"),
        ({"temperature": [1.0, -1.0]}, "`temperature` must be a number .* got -1.0"),
        ({"guidance_scale": 0.5}, r"`guidance_scale` must be a number in \[1, 100\], got 0.5"),
        ({"guidance_scale": math.inf}, "`guidance_scale` must be a number .* got inf"),
        ({"guidance_scale": [1.0]}, r"`guidance_scale` must be a number .* got \[1.0\]"),
        ({"rounding": "nearest"}, "`rounding` must be one of decoder, grounding, clamping, got 'nearest'"),
        ({"early_exit_patience": -1}, r"`early_exit_patience` must be an integer in \[0, 1200\], got -1"),
        ({"early_exit_patience": 1.5}, "`early_exit_patience` must be an integer"),
        ({"early_exit_confidence": 1.1}, r"`early_exit_confidence` must be a number in \[0, 1\], got 1.1"),
        ({"readout_noise": 1.5}, r"`readout_noise` must be a number in \[0, 1\], got 1.5"),
        ({"early_exit_confidence": "0.9"}, "`early_exit_confidence` must be a number .* got '0.9'"),
        ({"num_candidates": 1, "num_return_sequences": 2}, r"`num_candidates` must be an integer in \[2, 8192\]"),
        ({"num_candidates": 2.0}, "`num_candidates` must be an integer"),
        ({"num_candidates": 2, "output_type": "latent"}, "`num_candidates` must be None or `num_return_seq"),
        ({"ranking": "likes"}, "`ranking` must be 'votes' or a function of two strings, got 'likes'."),
        ({"is_valid": True}, "`is_valid` must be None or a function, got True."),
        ({"target_length": 0}, r"`target_length` must be an integer in \[1, 24\], got 0"),
        ({"target_length": 25}, r"`target_length` must be .* 24\], got 25"),
        ({"target_length": 3.5}, r"`target_length` must be .* 24\], got 3.5"),
        ({"generator": 0}, "`generator` must be None, a `torch.Generator` or a list of them, got 0"),
        ({"generator": [None, None]}, r"`generator` must be None, a `torch.Generator` or a list of them, got \[None"),
        (
            {"generator": [torch.Generator()]},
            "`generator` must have one entry for each of the 2 x 1 candidates, got 1",
        ),
        ({"latents": [[0.0]]}, r"`latents` must be a tensor of floating point numbers, got \[\[0.0\]\]"),
        ({"latents": torch.full((2, 6, 16), math.nan)}, "`latents` must be finite"),
        ({"latents": torch.zeros(2, 16)}, r"`latents` must have the shape \(2, canvas_length, 16\).* got \(2, 16\)"),
        ({"latents": torch.zeros(3, 6, 16)}, r"`latents` must have the shape .* got \(3, 6, 16\)"),
        ({"latents": torch.zeros(2, 6, 8)}, r"`latents` must have the shape .* got \(2, 6, 8\)"),
        ({"latents": torch.zeros(2, 25, 16)}, r"`latents` .* in \[1, 24\], got \(2, 25, 16\)"),
        ({"latents": torch.zeros(2, 0, 16)}, r"`latents` .* got \(2, 0, 16\)"),
        ({"latents": torch.zeros(2, 6, 16), "target_length": 7}, "`target_length` .*`latents`.*6.* got 7"),
        ({"callback_on_step_end": 3}, "`callback_on_step_end` must be None or a function, got 3"),
        ({"callback_on_step_end": lambda *args: None}, "`callback_on_step_end` must return a dict, got None"),
        ({"callback_on_step_end_tensor_inputs": None}, "`callback_on_step_end_tensor_inputs` must be a list"),
        ({"output_type": "code"}, "`output_type` must be one of text, token_ids, latent, got 'code'"),
        ({"callback_on_step_end_tensor_inputs": ["noise"]}, r"`callback_on_step_end_tensor_inputs` .* \['noise'\]"),
    ],
)
def test_bad_input(kwargs, message, untrained):
    with pytest.raises(ValueError, match=message):
        untrained(**{"prompt": ["list files", "show the date"], "num_inference_steps": 2, **kwargs})


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("List all files", "list all files"),
        ("  List\tall \n files ", "list all files"),
        ("list All files", "list All files"),
        ("SSH into the server", "SSH into the server"),
        ("PostgreSQL dump", "PostgreSQL dump"),
        ("mySQL dump", "mySQL dump"),
        ("A", "a"),
        ("Öffne x", "öffne x"),
        ("5 files", "5 files"),
    ],
)
def test_normalize_prompt(prompt, expected):
    assert normalize_prompt(prompt) == expected
    assert normalize_prompt(expected) == expected


# --- Loading, saving, running


@pytest.mark.parametrize("prediction_type", ["sample", "epsilon"])
def test_save_and_load(prediction_type, models, make_pipeline, prompts, programs, tmp_path):
    pipe = make_pipeline(models[prediction_type])
    pipe.save_pretrained(tmp_path)
    loaded = CodeFusionPipeline.from_pretrained(tmp_path)
    loaded.set_progress_bar_config(disable=True)
    assert isinstance(loaded.scheduler, CodeFusionScheduler)
    kwargs = {"num_return_sequences": 2, "generator": seeded()}
    expected, actual = (one(prompts, 10, **{**kwargs, "generator": seeded()}) for one in (pipe, loaded))
    assert actual.codes == expected.codes
    assert [candidates[0] for candidates in actual.codes] == programs
    assert actual.scores == expected.scores
    assert torch.equal(actual.sequences, expected.sequences)


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_saved_again_after_a_call_it_is_the_same(untrained, prompts, tmp_path):
    """What a call and a load leave in the parts of a pipeline, the tokenizer above all, is not saved."""
    untrained.save_pretrained(tmp_path / "first")
    untrained(prompts, 2)
    untrained.save_pretrained(str(tmp_path / "second"))
    loaded = CodeFusionPipeline.from_pretrained(tmp_path / "first")
    loaded.set_progress_bar_config(disable=True)
    loaded(prompts, 2)
    loaded.save_pretrained(tmp_path / "third")
    first = contents(tmp_path / "first")
    assert contents(tmp_path / "second") == contents(tmp_path / "third") == first
    assert json.loads(first["model_index.json"]) == {
        "_class_name": ["pipeline", "CodeFusionPipeline"],
        "_diffusers_version": diffusers.__version__,
        "model": ["modeling_codefusion", "CodeFusionModel"],
        "sampling_defaults": {},
        "scheduler": ["scheduling_codefusion", "CodeFusionScheduler"],
        "tokenizer": ["transformers", "TokenizersBackend"],
    }
    assert first["modeling_codefusion.py"] == first["model/modeling_codefusion.py"]
    assert not [path for path, content in first.items() if str(tmp_path).encode() in content]


def test_checkpoints_that_name_the_package_load(untrained, tmp_path):
    """As this package once wrote them, without any code."""
    untrained.save_pretrained(tmp_path)
    for path in tmp_path.rglob("*.py"):
        path.unlink()
    index = json.loads((tmp_path / "model_index.json").read_text())
    index["_class_name"] = "CodeFusionPipeline"
    index["model"][0] = "codefusion_hf.modeling.modeling_codefusion"
    index["scheduler"][0] = "codefusion_hf.pipelines.scheduling_codefusion"
    (tmp_path / "model_index.json").write_text(json.dumps(index))
    assert isinstance(CodeFusionPipeline.from_pretrained(tmp_path).scheduler, CodeFusionScheduler)


def test_another_scheduler_is_saved_by_its_library(untrained, tmp_path):
    swap(untrained, "DDIMScheduler").save_pretrained(tmp_path)
    assert json.loads((tmp_path / "model_index.json").read_text())["scheduler"] == ["diffusers", "DDIMScheduler"]
    assert isinstance(CodeFusionPipeline.from_pretrained(tmp_path).scheduler, DDIMScheduler)


def test_components_can_be_passed(untrained, tmp_path):
    untrained.save_pretrained(tmp_path)
    scheduler = DDIMScheduler.from_config(untrained.scheduler.config)
    loaded = CodeFusionPipeline.from_pretrained(tmp_path, model=untrained.model, scheduler=scheduler)
    assert loaded.model is untrained.model
    assert loaded.scheduler is scheduler


def test_sharded_variants(untrained, prompts, tmp_path):
    untrained.save_pretrained(tmp_path)
    half = untrained.to(torch.float16)
    half.save_pretrained(tmp_path, variant="fp16", max_shard_size="50KB")
    assert len(list((tmp_path / "model").glob("model.fp16-*.safetensors"))) > 1
    loaded = CodeFusionPipeline.from_pretrained(tmp_path, variant="fp16")
    assert loaded.model.dtype == torch.float16
    for name, value in half.model.state_dict().items():
        assert torch.equal(loaded.model.state_dict()[name], value), name
    assert CodeFusionPipeline.from_pretrained(tmp_path).model.dtype == torch.float32


@pytest.mark.parametrize("path", ["model/pytorch_model.bin", "weights.ckpt"])
def test_pickles_are_refused(path, untrained, tmp_path):
    untrained.save_pretrained(tmp_path)
    (tmp_path / path).write_bytes(b"")
    with pytest.raises(ValueError, match=f"{path}` is a pickle"):
        CodeFusionPipeline.from_pretrained(tmp_path)


def test_truncated_weights_are_named(untrained, tmp_path):
    untrained.save_pretrained(tmp_path)
    weights = tmp_path / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(OSError, match=r"truncated or altered: `.*/model/model\.safetensors`"):
        CodeFusionPipeline.from_pretrained(tmp_path)


def test_the_prompt_is_read_once(pipe, prompts):
    calls = []
    modules = {
        "encoder": pipe.model.encoder,
        "denoiser's prompt": pipe.model.denoiser.prompt_projection,
        "decoder's prompt": pipe.model.decoder.prompt_projection,
        "denoiser": pipe.model.denoiser,
        "decoder": pipe.model.decoder,
    }
    handles = [
        module.register_forward_hook(
            lambda module, args, output, name=name: calls.append((name, len(args[0]) if args else 2))
        )
        for name, module in modules.items()
    ]
    pipe(prompts[:2], 5, num_return_sequences=3, generator=seeded())
    for handle in handles:
        handle.remove()
    assert calls == [
        ("encoder", 2),
        ("denoiser's prompt", 2),
        *[("denoiser", 6)] * (5 + 1),
        ("decoder's prompt", 2),
        ("decoder", 6),
    ]


def test_the_model_is_conditioned_on_its_estimate_in_the_ball(make_pipeline, prompts):
    """As in training, where no estimate of x_0 is longer than an embedding."""
    pipe = make_pipeline(prediction_type="epsilon")
    with torch.no_grad():
        pipe.model.denoiser.output_projection.weight.mul_(1000.0)
    conditions = []
    pipe.model.denoiser.register_forward_pre_hook(lambda module, args: conditions.append(args[6]))
    pipe(prompts[0], 3, generator=seeded())
    assert not conditions[0].any()
    for condition in conditions[1:]:
        torch.testing.assert_close(condition.norm(dim=-1), torch.full(condition.shape[:2], 4.0))


def test_progress_bar(untrained, prompts, capfd):
    untrained(prompts[0], 2)
    assert capfd.readouterr().err == ""
    untrained.set_progress_bar_config(disable=False)
    untrained(prompts[0], 2)
    assert "2/2" in capfd.readouterr().err


@pytest.mark.parametrize("name", ["CodeFusionScheduler", "DDIMScheduler", "HeunDiscreteScheduler"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
@pytest.mark.parametrize("prediction_type", ["sample", "epsilon"])
def test_other_dtypes(prediction_type, dtype, name, make_pipeline, prompts):
    pipe = make_pipeline(prediction_type=prediction_type).to(dtype)
    if name != "CodeFusionScheduler":
        swap(pipe, name)
    assert pipe(prompts, 3, generator=seeded()).sequences.shape[:2] == (4, 1)
    latents = pipe(prompts, 3, generator=seeded(), output_type="latent").latents
    assert latents.dtype == dtype
    assert latents.isfinite().all()
    assert not latents.requires_grad


# --- Schedulers


@pytest.mark.parametrize("name", SUPPORTED_SCHEDULERS)
def test_every_scheduler_writes_the_programs(name, pipe, prompts, programs):
    swap(pipe, name)
    latents = pipe(prompts, 10, num_return_sequences=2, generator=seeded(), output_type="latent").latents
    assert latents.shape == (4, 2, int(pipe.lengths.max()), 16)
    assert latents.isfinite().all()
    output = pipe(prompts, 10, num_return_sequences=2, generator=seeded())
    assert [candidates[0] for candidates in output.codes] == programs


@pytest.mark.parametrize(
    "name",
    [
        "CodeFusionScheduler",
        "DDIMScheduler",
        "DPMSolverMultistepScheduler",
        "EulerAncestralDiscreteScheduler",
        "HeunDiscreteScheduler",
        "PNDMScheduler",
    ],
)
def test_a_model_of_the_noise_writes_the_programs(name, models, make_pipeline, prompts, programs):
    pipe = make_pipeline(models["epsilon"])
    if name != "CodeFusionScheduler":
        swap(pipe, name)
    assert pipe.scheduler.config.prediction_type == "epsilon"
    assert [candidates[0] for candidates in pipe(prompts, 20, generator=seeded()).codes] == programs


def test_swapping_again_after_a_call(pipe, prompts, programs):
    """PNDM takes nothing but noise, and is told so; the next scheduler inherits that and still fits the model."""
    for name in ("PNDMScheduler", "DDIMScheduler", "DPMSolverMultistepScheduler"):
        swap(pipe, name)
        assert [candidates[0] for candidates in pipe(prompts, 10, generator=seeded()).codes] == programs


def test_heun_evaluates_twice_a_step(pipe, prompts):
    swap(pipe, "HeunDiscreteScheduler")
    calls = []
    handle = pipe.model.denoiser.register_forward_hook(lambda *args: calls.append(args))
    pipe(prompts[0], 10, readout_noise=0.0, generator=seeded())
    handle.remove()
    assert pipe.num_timesteps == len(calls) == 19


@pytest.mark.parametrize("scheduler_class", [IPNDMScheduler, EDMEulerScheduler])
def test_refuses_a_scheduler_with_a_schedule_of_its_own(scheduler_class, pipe, prompts):
    with pytest.raises(ValueError, match=scheduler_class.__name__):
        CodeFusionPipeline(pipe.model, pipe.tokenizer, scheduler_class())
    pipe.scheduler = scheduler_class()
    with pytest.raises(ValueError, match=scheduler_class.__name__):
        pipe(prompts[0])


@pytest.mark.parametrize(
    "scheduler",
    [CodeFusionScheduler(noise_factor=2.0), CodeFusionScheduler(num_train_timesteps=1000), DDPMScheduler()],
    ids=["noise factor", "steps", "betas"],
)
def test_refuses_another_noise_schedule(scheduler, pipe, prompts):
    with pytest.raises(ValueError, match="does not have the noise schedule of the model"):
        CodeFusionPipeline(pipe.model, pipe.tokenizer, scheduler)
    pipe.scheduler = scheduler
    with pytest.raises(ValueError, match=rf"{type(scheduler).__name__}.*from_config\(pipe.scheduler.config\)"):
        pipe(prompts[0])


def test_refuses_a_prediction_it_cannot_give(pipe, prompts):
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config, prediction_type="v_prediction")
    with pytest.raises(ValueError, match="`prediction_type`.*'v_prediction'"):
        pipe(prompts[0])


@pytest.mark.parametrize("num_inference_steps", [10, 50])
@pytest.mark.parametrize("sigmas", ["use_karras_sigmas", "use_lu_lambdas"])
def test_other_noise_levels(sigmas, num_inference_steps, pipe, prompts, programs):
    """At 50 steps, two of these timesteps are the same."""
    pipe.scheduler = DPMSolverMultistepScheduler.from_config(pipe.scheduler.config, **{sigmas: True})
    output = pipe(prompts, num_inference_steps, generator=seeded())
    assert [candidates[0] for candidates in output.codes] == programs


def test_dpm_solver_sde_takes_its_noise_from_the_generator(untrained, prompts):
    swap(untrained, "DPMSolverSDEScheduler")
    latents = torch.randn(2, 6, 16, generator=seeded())

    def generate(generator):
        return untrained(prompts[:2], 4, latents=latents, generator=generator, output_type="latent").latents

    one, again, other = (generate(seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.allclose(one, other)

    lists = [generate([seeded(seed), seeded(9)]) for seed in (1, 1, 2)]
    assert torch.equal(lists[0], lists[1])
    assert not torch.allclose(lists[0][0], lists[2][0])
    torch.testing.assert_close(lists[0][1], lists[2][1])


def test_dpm_solver_sde_forgets_the_last_generator(untrained, prompts):
    swap(untrained, "DPMSolverSDEScheduler")
    untrained(prompts[:2], 4, generator=[seeded(1), seeded(2)])
    latents = torch.randn(3, 6, 16, generator=seeded())
    one, other = (untrained(prompts[:3], 4, latents=latents, output_type="latent").latents for _ in range(2))
    assert not torch.allclose(one, other)

    untrained.scheduler = DPMSolverSDEScheduler.from_config(untrained.scheduler.config, noise_sampler_seed=5)
    one, other = (untrained(prompts[:3], 4, latents=latents, output_type="latent").latents for _ in range(2))
    assert torch.equal(one, other)


@pytest.mark.parametrize("prediction_type", ["sample", "epsilon"])
def test_samples_under_autocast(prediction_type, make_pipeline, prompts):
    """There the denoiser's predictions are of another type than the latents."""
    pipe = make_pipeline(prediction_type=prediction_type)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = pipe(prompts, 4, 2, guidance_scale=1.5, early_exit_patience=1, generator=seeded())
    assert [len(codes) for codes in output.codes] == [2] * 4
    assert all(math.isfinite(score) for scores in output.scores for score in scores)


def test_arguments_by_position_stay_where_they_were():
    """New ones go to the end, whatever group they belong to."""
    names = list(inspect.signature(CodeFusionPipeline.__call__).parameters)
    assert names[:9] == [
        "self",
        "prompt",
        "num_inference_steps",
        "num_return_sequences",
        "temperature",
        "guidance_scale",
        "rounding",
        "target_length",
        "generator",
    ]
