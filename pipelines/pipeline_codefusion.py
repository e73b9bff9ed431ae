# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The pipeline: ranked programs from a prompt."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from diffusers import SchedulerMixin
from diffusers.callbacks import MultiPipelineCallbacks, PipelineCallback
from diffusers.utils import replace_example_docstring
from diffusers.utils.torch_utils import randn_tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ..modeling.argument_checks import shorten
from .argument_checks import CALLBACK_TENSOR_INPUTS, check_call
from .batching import EarlyExit, make_batches, spread_temperatures
from .decoding import nearest_tokens, read_draft, read_latents, read_noised, to_texts
from .pipeline_hub import CodeFusionHubMixin
from .pipeline_output import CodeFusionPipelineOutput
from .prompts import encode_prompts
from .ranking import collect_programs, rank_programs
from .sampling_defaults import SAMPLING_DEFAULTS, check_sampling_defaults
from .scheduler_support import check_noise_schedule, convert_prediction, interpolate_alphas_cumprod, start_scheduler


EXAMPLE_DOC_STRING = """
    Examples:
        ```python
        >>> import torch
        >>> from codefusion_hf import CodeFusionPipeline
        >>> from codefusion_hf.checkpoints import checkpoint_path

        >>> pipe = CodeFusionPipeline.from_pretrained(checkpoint_path("bash-tiny"))
        >>> generator = torch.Generator().manual_seed(0)
        >>> output = pipe("list all files", num_return_sequences=5, generator=generator)
        >>> for code, score in zip(output.codes[0], output.scores[0]):
        ...     print(f"{score:.2f}  {code}")
        ```
"""

# Programs that are read from each draw: enough for five that differ as text.
MIN_SEQUENCES = 10


class CodeFusionPipeline(CodeFusionHubMixin):
    r"""
    Pipeline for code generation by diffusion, as in CodeFusion (https://huggingface.co/papers/2310.17680).

    This pipeline inherits from [`DiffusionPipeline`]. Check the superclass documentation for the generic methods the
    library implements for all pipelines (such as downloading or saving, running on a particular device, etc.). It can
    be called by several threads at once.

    Args:
        model ([`CodeFusionModel`]):
            Encoder, embedding, denoiser, decoder and head.
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            Tokenizer of prompts and code.
        scheduler ([`SchedulerMixin`]):
            [`CodeFusionScheduler`], or any scheduler of diffusers that follows its betas:
            `pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)`. A call takes a copy of it.
        sampling_defaults (`dict`, *optional*):
            How the checkpoint is best sampled, for calls that do not say: arguments of a call by their names (those of
            `SAMPLING_DEFAULTS`), and `language` and `valid_first` for the command line and the evaluation.

    Raises:
        ValueError: if the scheduler's noise schedule is not the one the model was trained with, or
            `sampling_defaults` are refused by [`check_sampling_defaults`].
    """

    model_cpu_offload_seq = "model"
    _callback_tensor_inputs = CALLBACK_TENSOR_INPUTS
    _code_module = __name__

    # The model's class is not named: where this file has travelled, it is in another one, which is loaded on its own.
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    scheduler: SchedulerMixin

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        scheduler: SchedulerMixin,
        sampling_defaults: dict[str, Any] | None = None,
    ):
        super().__init__()
        self.register_modules(model=model, tokenizer=tokenizer, scheduler=scheduler)
        check_sampling_defaults(sampling_defaults or {})
        self.register_to_config(sampling_defaults=dict(sampling_defaults or {}))
        check_noise_schedule(self.scheduler, self.model.config.alphas_cumprod())

    @property
    def sampling_defaults(self) -> dict[str, Any]:
        """How a call samples where its arguments do not say: as the checkpoint says, else `SAMPLING_DEFAULTS`."""
        return {**SAMPLING_DEFAULTS, **self.config.sampling_defaults}

    @property
    def num_timesteps(self) -> int:
        """Evaluations of the denoiser in the last call; with early exit, the most that there can be."""
        return self._num_timesteps

    @property
    def num_evaluations(self) -> torch.Tensor:
        """
        Evaluations of the denoiser for each candidate of the last call, of shape `(batch_size * num_candidates,)`, in
        the order of [`~CodeFusionPipeline.lengths`]: `num_timesteps`, or fewer for those that left early.
        """
        return self._num_evaluations

    @property
    def lengths(self) -> torch.Tensor:
        """Canvas lengths of the candidates of the last call, of shape `(batch_size * num_candidates,)`."""
        return self._lengths

    @property
    def guidance_scale(self) -> float:
        """`guidance_scale` of the last call."""
        return self._guidance_scale

    @property
    def do_classifier_free_guidance(self) -> bool:
        """Whether the last call was guided."""
        return self._guidance_scale > 1.0

    def check_inputs(self, **arguments: Any) -> None:
        """
        Check the arguments of a call.

        Args:
            arguments:
                As of [`~codefusion_hf.pipelines.argument_checks.check_call`].

        Raises:
            ValueError: if one of them is not allowed; the message names it.
        """
        check_call(self.model.config, **arguments)

    def encode_prompt(
        self, prompt: str | list[str], device: torch.device | None = None
    ) -> tuple[torch.Tensor, torch.Tensor, tuple[torch.Tensor, torch.Tensor], list[dict[str, str]]]:
        """
        Encode prompts.

        Args:
            prompt (`str` or `list[str]`):
                The prompts; see [`~codefusion_hf.pipelines.prompts.encode_prompts`]. One longer than
                `tokenizer.model_max_length` is cut.
            device (`torch.device`, *optional*):
                Where to put them; the pipeline's device by default.

        Returns:
            `tuple`: `E_s` of shape `(batch_size, sequence_length, encoder_hidden_size)`, the attention mask of shape
            `(batch_size, sequence_length)`, the tokens that code can have, as of [`CodeFusionModel.vocabulary`], and
            for each prompt the values of its slots.
        """
        prompts = [prompt] if isinstance(prompt, str) else prompt
        inputs, slot_values = encode_prompts(prompts, self.tokenizer, padding=True, return_tensors="pt")
        inputs = inputs.to(device or self._execution_device)
        encoder_hidden_states = self.model.encode(inputs.input_ids, inputs.attention_mask)
        return encoder_hidden_states, inputs.attention_mask, self.model.vocabulary(inputs.input_ids), slot_values

    def prepare_lengths(
        self,
        encoder_hidden_states: torch.Tensor,
        attention_mask: torch.Tensor,
        num_candidates: int,
        target_length: int | None = None,
    ) -> torch.Tensor:
        """
        Canvas lengths of the candidates. Each prompt's candidates are shared out among the lengths in proportion to
        the probability that the length head gives them (by D'Hondt's method: one candidate gets the likeliest).

        Args:
            encoder_hidden_states, attention_mask:
                From [`~CodeFusionPipeline.encode_prompt`].
            num_candidates (`int`):
                Candidates a prompt.
            target_length (`int`, *optional*):
                Length for all candidates, in tokens, the end-of-sequence token included.

        Returns:
            `torch.LongTensor` of shape `(batch_size * num_candidates,)`.
        """
        batch_size = encoder_hidden_states.shape[0]
        if target_length is None and not self.model.config.predict_length:
            target_length = self.model.config.max_code_length
        if target_length is not None:
            return torch.full((batch_size * num_candidates,), target_length, device=encoder_hidden_states.device)
        probabilities = self.model.predict_length(encoder_hidden_states, attention_mask).float().softmax(dim=-1)
        seats = torch.zeros_like(probabilities)
        lengths = []
        for _ in range(num_candidates):
            winner = (probabilities / (seats + 1.0)).argmax(dim=-1, keepdim=True)
            seats.scatter_add_(1, winner, torch.ones_like(winner, dtype=seats.dtype))
            lengths.append((winner + 1) * self.model.config.canvas_step)
        return torch.cat(lengths, dim=1).flatten()

    def prepare_latents(
        self,
        shape: tuple[int, int, int],
        dtype: torch.dtype,
        device: torch.device,
        generator: torch.Generator | list[torch.Generator] | None = None,
        latents: torch.Tensor | None = None,
        init_noise_sigma: float | torch.Tensor = 1.0,
    ) -> torch.Tensor:
        """
        The noise that denoising starts from.

        Args:
            shape (`tuple[int, int, int]`):
                `(batch_size * num_candidates, canvas_length, latent_size)`.
            dtype (`torch.dtype`), device (`torch.device`):
                Of the result.
            generator (`torch.Generator` or `list[torch.Generator]`, *optional*):
                Random number generator, or one for each row.
            latents (`torch.FloatTensor` of shape `shape`, *optional*):
                Noise of unit variance to take in place of a draw.
            init_noise_sigma (`float` or `torch.Tensor`, *optional*, defaults to 1.0):
                Standard deviation of the noise that the scheduler starts from.

        Returns:
            `torch.FloatTensor` of shape `shape`.
        """
        if latents is None:
            latents = randn_tensor(shape, generator=generator, device=device, dtype=dtype)
        else:
            latents = latents.to(device=device, dtype=dtype)
        return latents * init_noise_sigma

    def decode_drafts(
        self,
        pred_original_sample: torch.Tensor,
        lengths: torch.Tensor,
        slot_values: list[dict[str, str]] | None = None,
    ) -> list[str]:
        """
        The programs as they stand in the middle of a call: each position shows the token whose embedding is nearest.
        (The decoder, which corrects the last estimate by the prompt, runs once, at the end.) A `callback_on_step_end`
        gets them as `drafts`.

        Args:
            pred_original_sample (`torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`):
                The estimate of x_0.
            lengths (`torch.LongTensor` of shape `(batch_size,)`):
                Canvas lengths.
            slot_values (`list[dict[str, str]]`, *optional*):
                From [`~CodeFusionPipeline.encode_prompt`], for each prompt; the rows are shared out among them.

        Returns:
            `list[str]`: a draft for each row.
        """
        token_ids = nearest_tokens(self.model, pred_original_sample)
        positions = torch.arange(token_ids.shape[1], device=token_ids.device)
        token_ids = token_ids.masked_fill(positions >= lengths[:, None], self.model.config.pad_token_id)
        prompts = slot_values or [{}]
        texts: list[str] = []
        for rows, values in zip(token_ids.chunk(len(prompts)), prompts, strict=True):
            texts += to_texts(self.model, self.tokenizer, rows, values)
        return texts

    # Not `inference_mode`, 7 % faster on a CPU: gradients could not be taken of the tensors in a callback.
    @torch.no_grad()
    @replace_example_docstring(EXAMPLE_DOC_STRING)
    def __call__(
        self,
        prompt: str | list[str],
        num_inference_steps: int | None = None,
        num_return_sequences: int | None = None,
        temperature: float | list[float] | None = None,
        guidance_scale: float | None = None,
        rounding: str = "decoder",
        target_length: int | None = None,
        generator: torch.Generator | list[torch.Generator] | None = None,
        latents: torch.Tensor | None = None,
        output_type: str = "text",
        return_dict: bool = True,
        callback_on_step_end: Callable[["CodeFusionPipeline", int, torch.Tensor, dict], dict] | None = None,
        callback_on_step_end_tensor_inputs: list[str] = ["latents"],  # noqa: B006 (as all pipelines of diffusers)
        early_exit_patience: int | None = None,
        early_exit_confidence: float | None = None,
        readout_noise: float | None = None,
        num_candidates: int | None = None,
        ranking: str | Callable[[str, str], float] | None = None,
        is_valid: Callable[[str], bool] | None = None,
    ) -> CodeFusionPipelineOutput | tuple:
        r"""
        Generate code.

        Arguments that are not given are the checkpoint's (`pipe.sampling_defaults`), else the defaults below.

        Args:
            prompt (`str` or `list[str]`):
                What the code shall do.
            num_inference_steps (`int`, *optional*, defaults to 10):
                Denoising steps, in [1, `num_train_timesteps`]. (Schedulers of second order evaluate the denoiser twice
                a step.)
            num_return_sequences (`int`, *optional*, defaults to 1):
                Programs for each prompt, the best first, no two of them the same.
            temperature (`float` or `list[float]`, *optional*, defaults to 0.05):
                Divides the scores that the estimate of x_0 is an expectation under, in [0.01, 100]: below 1 each step
                leans towards the likelier tokens, at 1 the candidates are samples of the model's distribution (score
                temperature of CDCD, https://huggingface.co/papers/2211.15089). Of a list, the candidates of a prompt
                take one entry after the other, again from the first after the last. Without effect where the model
                predicts the noise.
            guidance_scale (`float`, *optional*, defaults to 1.0):
                Scale of classifier-free guidance (https://huggingface.co/papers/2207.12598), in [1, 100]; at 1 there
                is none: how far each step goes from what the model would write without the prompt (given Gaussian
                noise for `E_s`, as in the paper's pre-training) towards what it writes with it. Twice the work of a
                step, and only for a model that has seen noise for prompts (`prompt_dropout_probability` in training).
            rounding (`str`, *optional*, defaults to `"decoder"`):
                How latents become tokens. `"decoder"`: decoder and head read them, once, after the last step. The
                other two are the paper's ablations, which leave decoder and head out: `"grounding"` takes the token
                whose embedding is nearest, after the last step; `"clamping"` also moves each step's estimate of x_0
                to the nearest embeddings (as Diffusion-LM, https://huggingface.co/papers/2205.14217).
            target_length (`int`, *optional*):
                Length of the canvas in tokens, in [1, `max_code_length`]. By default the model predicts it; the
                candidates of a prompt then differ in length where it is uncertain.
            generator (`torch.Generator` or `list[torch.Generator]`, *optional*):
                For a reproducible result: one generator, or one for each candidate of each prompt. Noise is drawn for
                the longest canvas of the call, of which each candidate uses as much as its own is long.
            latents (`torch.FloatTensor`, *optional*):
                Noise of unit variance to start from, in place of a draw, of shape `(batch_size *
                num_candidates, canvas_length, latent_size)`. Its canvas is used whole, unless `target_length`
                says less.
            output_type (`str`, *optional*, defaults to `"text"`):
                `"text"`, `"token_ids"` or `"latent"`.
            return_dict (`bool`, *optional*, defaults to `True`):
                Whether to return a [`CodeFusionPipelineOutput`] instead of a tuple of those of its fields that are not
                `None`, in their order.
            callback_on_step_end (`Callable`, *optional*):
                Called after each step as `callback_on_step_end(pipe, step, timestep, callback_kwargs)`; the `latents`
                of the dictionary it returns take the place of the pipeline's.
            callback_on_step_end_tensor_inputs (`list[str]`, *optional*, defaults to `["latents"]`):
                What is in `callback_kwargs`: `"latents"`, `"pred_original_sample"`, the estimate of x_0, and
                `"drafts"`, the programs that it stands for (`list[str]`).
            early_exit_patience (`int`, *optional*, defaults to 0):
                Take candidates out of the batch as soon as this many evaluations of the denoiser in a row have given
                the same tokens as the one before (see [`~CodeFusionPipeline.num_evaluations`]). Their estimate of x_0
                is then the result. With 0, all make all steps.
            early_exit_confidence (`float`, *optional*, defaults to 0.9):
                The least geometric mean of the probabilities that the denoiser gives these tokens, in [0, 1].
            readout_noise (`float`, *optional*, defaults to 0.5):
                Where the model predicts x_0 and `rounding` is `"decoder"`: share of the noise schedule, in [0, 1], to
                which the result is noised once more for tokens and scores to be read from. Without noise a latent
                says what its token is, and there is no second guess. At 0 the last step is read.
            num_candidates (`int`, *optional*):
                Candidates that are drawn for each prompt, at least `num_return_sequences`. `generator`, `latents` and
                [`~CodeFusionPipeline.lengths`] are of all that are drawn. Defaults to `num_return_sequences` where the
                checkpoint says nothing, and with `latents`, a list of generators or `output_type="latent"`.
            ranking (`str` or `Callable`, *optional*, defaults to `"votes"`):
                What makes a program better: how often it was drawn or, given a function of two programs such as
                [`~codefusion_hf.evaluation.metrics.text_similarity.sentence_chrf`], how similar the others are to it
                (see [`~codefusion_hf.pipelines.ranking.rank_programs`]).
            is_valid (`Callable`, *optional*):
                A function of a program that tells whether it is well-formed. Programs that are not come behind those
                that are.

        Examples:

        Returns:
            [`CodeFusionPipelineOutput`] or `tuple`

        Raises:
            ValueError: if an argument is not allowed, or the scheduler does not fit the model.
        """
        given: dict[str, Any] = {
            "num_inference_steps": num_inference_steps,
            "num_return_sequences": num_return_sequences,
            "temperature": temperature,
            "guidance_scale": guidance_scale,
            "early_exit_patience": early_exit_patience,
            "early_exit_confidence": early_exit_confidence,
            "readout_noise": readout_noise,
            "ranking": ranking,
        }
        settings = {**self.sampling_defaults, **{name: value for name, value in given.items() if value is not None}}
        given = {name: settings[name] for name in given}
        if num_candidates is None:
            num_candidates = given["num_return_sequences"]
            if latents is None and not isinstance(generator, list) and output_type != "latent":
                num_candidates = max(num_candidates, settings["num_candidates"] or 1)
        if isinstance(callback_on_step_end, PipelineCallback | MultiPipelineCallbacks):
            callback_on_step_end_tensor_inputs = callback_on_step_end.tensor_inputs
        self.check_inputs(
            prompt=prompt,
            rounding=rounding,
            target_length=target_length,
            generator=generator,
            latents=latents,
            output_type=output_type,
            callback_on_step_end=callback_on_step_end,
            callback_on_step_end_tensor_inputs=callback_on_step_end_tensor_inputs,
            num_candidates=num_candidates,
            is_valid=is_valid,
            **given,
        )
        guidance_scale, temperature = float(given["guidance_scale"]), given["temperature"]
        check_noise_schedule(self.scheduler, self.model.config.alphas_cumprod())
        device = self._execution_device
        # The steps of another call may come between those of this one.
        scheduler = copy.deepcopy(self.scheduler)

        encoder_hidden_states, prompt_mask, vocabulary, slot_values = self.encode_prompt(prompt, device)
        batch_size = encoder_hidden_states.shape[0]
        if latents is not None and target_length is None:
            target_length = latents.shape[1]
        lengths = self.prepare_lengths(encoder_hidden_states, prompt_mask, num_candidates, target_length)
        lengths_of_rows = lengths.tolist()
        num_rows = len(lengths_of_rows)
        canvas_length = max(lengths_of_rows) if latents is None else latents.shape[1]

        timesteps, step_kwargs = start_scheduler(scheduler, given["num_inference_steps"], generator)
        latents = self.prepare_latents(
            (num_rows, canvas_length, self.model.config.latent_size),
            encoder_hidden_states.dtype,
            device,
            generator,
            latents,
            scheduler.init_noise_sigma,
        )
        temperatures = spread_temperatures(temperature, num_rows, num_candidates, latents)

        key_values = self.model.denoiser.project_prompt(encoder_hidden_states)
        noise_key_values = None
        if guidance_scale > 1.0:
            noise = randn_tensor(
                (num_rows, *encoder_hidden_states.shape[1:]),
                generator=generator,
                device=device,
                dtype=encoder_hidden_states.dtype,
            )
            noise_key_values = self.model.denoiser.project_prompt(noise)
        prompt_inputs = (lengths_of_rows, key_values, prompt_mask, vocabulary, noise_key_values)
        batches = make_batches(self.model, range(num_rows), *prompt_inputs)

        # What depends on nothing but the time, for all steps.
        time_embeddings = self.model.denoiser.embed_timesteps(timesteps.to(device), latents.dtype)[:, None, None]
        alphas_cumprod = interpolate_alphas_cumprod(scheduler.alphas_cumprod, timesteps).to(device)

        early_exit = None
        if given["early_exit_patience"] > 0:
            early_exit = EarlyExit(
                given["early_exit_patience"],
                given["early_exit_confidence"],
                (num_rows, canvas_length),
                self.model.config.pad_token_id,
                device,
            )
        # For callbacks, and for those who ask after the call.
        self._guidance_scale, self._lengths, self._num_timesteps = guidance_scale, lengths, len(timesteps)
        num_evaluations = torch.zeros(num_rows, dtype=torch.long, device=device)
        # The scheduler steps all candidates at once, whatever their batches: so one state serves them all, and noise
        # and callbacks do not depend on these. What is beyond a canvas is nothing to the model.
        prediction = torch.zeros_like(latents)
        query = torch.zeros_like(latents) if self.model.config.prediction_type == "sample" else None
        pred_original_sample: torch.Tensor | None = None
        with self.progress_bar(total=len(timesteps)) as progress_bar:
            for i, t in enumerate(timesteps):
                model_input = scheduler.scale_model_input(latents, t)
                # Schedulers of several steps keep the last predictions, which must not be written over.
                prediction = prediction.clone()
                for batch in batches:
                    denoised = self.model.denoise(
                        batch.cut(model_input),
                        None,
                        alphas_cumprod[i],
                        self_condition=None if pred_original_sample is None else batch.cut(pred_original_sample),
                        temperature=temperatures[batch.rows]
                        if isinstance(temperatures, torch.Tensor)
                        else temperatures,
                        guidance_scale=guidance_scale,
                        time_embedding=time_embeddings[i],
                        vocabulary=batch.vocabulary,
                        output_logits=False,
                        return_dict=True,
                        **batch.conditioning,
                    )
                    # Under autocast, it is of another type than the latents.
                    prediction[batch.rows, : batch.canvas_length] = denoised.sample.to(prediction.dtype)
                    if query is not None:
                        query[batch.rows, : batch.canvas_length] = denoised.query.to(query.dtype)
                    num_evaluations[batch.rows] += 1
                model_output, estimate = convert_prediction(
                    self.model, prediction, model_input, alphas_cumprod[i], scheduler, clamp=rounding == "clamping"
                )
                if early_exit is not None and pred_original_sample is not None:
                    estimate = torch.where(early_exit.finished[:, None, None], pred_original_sample, estimate)
                pred_original_sample = estimate
                latents = scheduler.step(model_output, t, latents, **step_kwargs, return_dict=False)[0]

                if callback_on_step_end is not None:
                    callback_kwargs: dict[str, Any] = {}
                    for name in callback_on_step_end_tensor_inputs:
                        if name == "drafts":
                            callback_kwargs[name] = self.decode_drafts(estimate, lengths, slot_values)
                        else:
                            callback_kwargs[name] = latents if name == "latents" else estimate
                    returned = callback_on_step_end(self, i, t, callback_kwargs)
                    if not isinstance(returned, dict):
                        raise ValueError(f"`callback_on_step_end` must return a dict, got {shorten(returned)}.")
                    latents = returned.pop("latents", latents)
                progress_bar.update()

                if early_exit is not None and i + 1 < len(timesteps):
                    for batch in batches:
                        early_exit.update(batch, *read_draft(self.model, batch, estimate, query))
                    unfinished = [row for row, done in enumerate(early_exit.finished.tolist()) if not done]
                    if not unfinished:
                        break
                    if len(unfinished) < sum(len(batch.rows) for batch in batches):
                        batches = make_batches(self.model, unfinished, *prompt_inputs)
        if early_exit is not None:
            latents = torch.where(early_exit.finished[:, None, None], estimate, latents)
        self._num_evaluations = num_evaluations
        if not latents.isfinite().all():
            raise ValueError("`model`: its weights gave latents that are not finite.")

        if output_type == "latent":
            output = CodeFusionPipelineOutput(latents=latents.unflatten(0, (batch_size, num_candidates)))
        else:
            num_sequences = max(2 * given["num_return_sequences"], MIN_SEQUENCES)
            token_ids = latents.new_full(
                (num_rows, num_sequences, canvas_length), self.model.config.pad_token_id, dtype=torch.long
            )
            scores, log_ratios = torch.empty((2, num_rows, num_sequences), device=device)
            if query is not None and rounding == "decoder" and given["readout_noise"] > 0.0:
                batches = make_batches(self.model, range(num_rows), *prompt_inputs)
                latents, query = read_noised(self.model, latents, batches, given["readout_noise"], guidance_scale)
            key_values = self.model.decoder.project_prompt(encoder_hidden_states)
            for batch in make_batches(
                self.model, range(num_rows), lengths_of_rows, key_values, prompt_mask, vocabulary
            ):
                read = read_latents(
                    self.model,
                    batch.cut(latents),
                    batch.vocabulary,
                    None if query is None else batch.cut(query),
                    num_sequences,
                    rounding,
                    batch.canvas_mask,
                    **batch.conditioning,
                )
                token_ids[batch.rows, :, : batch.canvas_length], scores[batch.rows], log_ratios[batch.rows] = read
            output = self.rank_candidates(
                token_ids.unflatten(0, (batch_size, num_candidates)),
                scores.unflatten(0, (batch_size, num_candidates)),
                log_ratios.unflatten(0, (batch_size, num_candidates)),
                given["num_return_sequences"],
                given["ranking"],
                is_valid,
                slot_values,
            )
            if output_type == "token_ids":
                output = CodeFusionPipelineOutput(scores=output.scores, sequences=output.sequences)

        self.maybe_free_model_hooks()
        if not return_dict:
            return output.to_tuple()
        return output

    def rank_candidates(
        self,
        sequences: torch.Tensor,
        scores: torch.Tensor,
        log_ratios: torch.Tensor,
        num_return_sequences: int,
        ranking: str | Callable[[str, str], float] = "votes",
        is_valid: Callable[[str], bool] | None = None,
        slot_values: list[dict[str, str]] | None = None,
    ) -> CodeFusionPipelineOutput:
        """
        Choose and sort the programs of each prompt, see [`~codefusion_hf.pipelines.ranking.rank_programs`].

        Args:
            sequences (`torch.LongTensor` of shape `(batch_size, num_candidates, num_sequences, canvas_length)`):
                Programs of each candidate, the likeliest first.
            scores (`torch.FloatTensor` of shape `(batch_size, num_candidates, num_sequences)`):
                Their mean log-probabilities.
            log_ratios (`torch.FloatTensor` of that shape):
                How likely they are beside the first of their candidate.
            num_return_sequences (`int`):
                How many to return.
            ranking, is_valid (*optional*):
                As for [`~CodeFusionPipeline.__call__`].
            slot_values (`list[dict[str, str]]`, *optional*):
                From [`~CodeFusionPipeline.encode_prompt`].

        Returns:
            [`CodeFusionPipelineOutput`]
        """
        codes, ranked_scores, ranked_sequences = [], [], []
        for row, values in enumerate(slot_values or [{}] * len(sequences)):
            draws = [
                list(zip(to_texts(self.model, self.tokenizer, draw, values), draw.tolist(), *numbers, strict=True))
                for draw, *numbers in zip(
                    sequences[row].cpu(), scores[row].tolist(), log_ratios[row].tolist(), strict=True
                )
            ]
            programs = rank_programs(collect_programs(draws), num_return_sequences, ranking, is_valid)
            # Only where there are fewer programs than were asked for, some come again.
            programs = [programs[i % len(programs)] for i in range(num_return_sequences)]
            codes.append([program.text for program in programs])
            ranked_scores.append([program.score for program in programs])
            ranked_sequences.append([program.token_ids for program in programs])
        return CodeFusionPipelineOutput(
            codes=codes, scores=ranked_scores, sequences=torch.tensor(ranked_sequences, device=sequences.device)
        )


__all__ = ["CodeFusionPipeline", "CodeFusionPipelineOutput"]
