# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The pipeline: ranked programs from a prompt."""

import copy
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import torch
from diffusers import SchedulerMixin
from diffusers.callbacks import MultiPipelineCallbacks, PipelineCallback
from diffusers.utils import replace_example_docstring
from diffusers.utils.torch_utils import randn_tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from transformers.generation.streamers import BaseStreamer

from .argument_checks import CALLBACK_TENSOR_INPUTS, check_call
from .batching import EarlyExit, favour_lengths, share_out, spread_temperatures
from .committing import commit_tokens
from .decoding import read_draft
from .denoising import DenoisingCall, DenoisingStep, EncodedPrompts, Times
from .neighbors import Memory, check_memory, encode_with_neighbors
from .pipeline_hub import CodeFusionHubMixin
from .pipeline_output import CodeFusionPipelineOutput
from .program_texts import ProgramTexts
from .prompts import encode_prompts
from .sampling_defaults import SAMPLING_DEFAULTS, check_sampling_defaults, choose_settings
from .scheduler_support import check_noise_schedule, convert_prediction, interpolate_alphas_cumprod, start_scheduler
from .streaming import CodeFusionStreamMixin, check_streamer


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


class CodeFusionPipeline(CodeFusionStreamMixin, CodeFusionHubMixin):
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
            `SAMPLING_DEFAULTS`), and `language`, `valid_first` and `memory` for the command line and the evaluation.

    Raises:
        ValueError: if the scheduler's noise schedule is not the one the model was trained with, or
            `sampling_defaults` are refused by [`check_sampling_defaults`].
    """

    model_cpu_offload_seq = "model"
    _callback_tensor_inputs = CALLBACK_TENSOR_INPUTS
    _code_module = __name__
    _min_candidates = 1

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
        defaults = {**SAMPLING_DEFAULTS, **self.config.sampling_defaults}
        # Who swaps a scheduler in wants its steps.
        defaults["commit_tokens"] &= type(self.scheduler).__name__ == "CodeFusionScheduler"
        return defaults

    @property
    def num_timesteps(self) -> int:
        """Evaluations of the denoiser in the last call; the most that there can be where candidates leave early."""
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
        self,
        prompt: str | list[str],
        device: torch.device | None = None,
        memory: Memory | None = None,
        num_neighbors: int = 3,
    ) -> tuple[torch.Tensor, torch.Tensor, tuple[torch.Tensor, torch.Tensor], list[dict[str, str]]]:
        """
        Encode prompts.

        Args:
            prompt (`str` or `list[str]`):
                The prompts; see [`~codefusion_hf.pipelines.prompts.encode_prompts`]. One longer than
                `tokenizer.model_max_length` is cut.
            device (`torch.device`, *optional*):
                Where to put them; the pipeline's device by default.
            memory ([`~codefusion_hf.memory.CodeFusionMemory`], *optional*), num_neighbors (`int`, *optional*, \
                defaults to 3):
                As for [`~CodeFusionPipeline.__call__`].

        Returns:
            `tuple`: `E_s` of shape `(batch_size, sequence_length, encoder_hidden_size)`, the attention mask of shape
            `(batch_size, sequence_length)`, the tokens that code can have, as of [`CodeFusionModel.vocabulary`], and
            for each prompt the values of its slots.
        """
        prompts = [prompt] if isinstance(prompt, str) else prompt
        encoded = self._encode(prompts, memory, num_neighbors, device)
        return encoded.encoder_hidden_states, encoded.attention_mask, encoded.vocabulary, encoded.slot_values

    def _encode(
        self,
        prompts: list[str],
        memory: Memory | None = None,
        num_neighbors: int = 3,
        device: torch.device | None = None,
        drafts: list[str] | None = None,
    ) -> EncodedPrompts:
        neighbors, pairs, codes = None, None, None
        language = self.sampling_defaults["language"] or "bash"
        if memory is not None:
            neighbors, language = memory.search(prompts, num_neighbors), memory.language
            pairs = [[memory.as_read(neighbor) for neighbor in of_prompt] for of_prompt in neighbors]
        if drafts is not None:
            # Read as the nearest of the neighbours.
            others = pairs or [[] for _ in prompts]
            pairs = [[(prompt, draft), *found] for prompt, draft, found in zip(prompts, drafts, others, strict=True)]
        if pairs is None:
            inputs, slot_values = encode_prompts(prompts, self.tokenizer, padding=True, return_tensors="pt")
        else:
            inputs, slot_values, codes = encode_with_neighbors(prompts, pairs, self.tokenizer, language)
        inputs = inputs.to(device or self._execution_device)
        states = self.model.encode(inputs.input_ids, inputs.attention_mask)
        vocabulary = self.model.vocabulary(inputs.input_ids)
        return EncodedPrompts(states, inputs.attention_mask, vocabulary, slot_values, neighbors, codes)

    def prepare_lengths(
        self,
        encoder_hidden_states: torch.Tensor,
        attention_mask: torch.Tensor,
        num_candidates: int,
        target_length: int | None = None,
        neighbor_lengths: list[list[int]] | None = None,
    ) -> torch.Tensor:
        """
        Canvas lengths of the candidates. Each prompt's candidates are shared out among the lengths in proportion to
        the probability that the length head gives them (by D'Hondt's method: one candidate gets the likeliest). Where
        there are neighbours, their lengths have half of it.

        Args:
            encoder_hidden_states, attention_mask:
                From [`~CodeFusionPipeline.encode_prompt`].
            num_candidates (`int`):
                Candidates a prompt.
            target_length (`int`, *optional*):
                Length for all candidates, in tokens, the end-of-sequence token included.
            neighbor_lengths (`list[list[int]]`, *optional*):
                For each prompt the lengths of its neighbours' programs, in tokens.

        Returns:
            `torch.LongTensor` of shape `(batch_size * num_candidates,)`.
        """
        batch_size = encoder_hidden_states.shape[0]
        if target_length is None and not self.model.config.predict_length:
            target_length = self.model.config.max_code_length
        if target_length is not None:
            return torch.full((batch_size * num_candidates,), target_length, device=encoder_hidden_states.device)
        probabilities = self.model.predict_length(encoder_hidden_states, attention_mask).float().softmax(dim=-1)
        if neighbor_lengths is not None:
            probabilities = favour_lengths(probabilities, neighbor_lengths, self.model.config.canvas_step)
        return (share_out(probabilities, num_candidates) + 1).flatten() * self.model.config.canvas_step

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
        commit_tokens: bool | None = None,
        num_candidates: int | None = None,
        ranking: str | Callable[[str, str], float] | None = None,
        is_valid: Callable[[str], bool] | None = None,
        streamer: BaseStreamer | None = None,
        memory: Memory | None = None,
        num_neighbors: int = 3,
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
                The least geometric mean of the probabilities that the denoiser gives these tokens, in [0, 1]. With
                `commit_tokens`, tokens of at least this probability are committed at once, and a candidate leaves the
                batch with its last one; at 1, those of probability 1 alone.
            readout_noise (`float`, *optional*, defaults to 0.5):
                Where the model predicts x_0 and `rounding` is `"decoder"`: share of the noise schedule, in [0, 1], to
                which the result is noised once more for tokens and scores to be read from. Without noise a latent
                says what its token is, and there is no second guess. At 0 the last step is read. With
                `commit_tokens`, second guesses are read at 1.
            commit_tokens (`bool`, *optional*, defaults to `False`):
                Whether tokens are committed in the order of confidence, a share of them at each step (see
                [`~codefusion_hf.pipelines.committing.commit_tokens`]): better programs from a model that predicts x_0
                and has been trained with clean positions among noisy ones. Of the scheduler, the first timestep is
                used; where another one than [`CodeFusionScheduler`] is swapped in, a checkpoint's default does not
                hold.
            num_candidates (`int`, *optional*):
                Candidates that are drawn for each prompt, at least `num_return_sequences`. `generator`, `latents` and
                [`~CodeFusionPipeline.lengths`] are of all that are drawn. Defaults to `num_return_sequences` where the
                checkpoint says nothing, and with `latents`, a list of generators or `output_type="latent"`.
            ranking (`str` or `Callable`, *optional*, defaults to `"votes"`):
                What makes a program better: how often it was drawn or, given a function of two programs such as
                [`~codefusion_hf.evaluation.metrics.text_similarity.sentence_chrf`], how similar the others are to it;
                what lacks a value of the prompt's slots counts less (see
                [`~codefusion_hf.pipelines.ranking.rank_programs`]).
            is_valid (`Callable`, *optional*):
                A function of a program that tells whether it is well-formed. Programs that are not come behind those
                that are.
            streamer ([`~transformers.generation.streamers.BaseStreamer`], *optional*):
                Shows the steps while they are made: a [`CodeFusionStreamer`] or, for a single prompt, one of
                transformers such as `TextDiffusionStreamer`. To do something else with them, see
                [`~CodeFusionPipeline.stream`].
            memory ([`~codefusion_hf.memory.CodeFusionMemory`], *optional*):
                Where the most similar prompts are looked up; the model reads these and their programs behind the
                prompt, some candidates get the length of such a program, and the programs are candidates beside those
                that are drawn (see [`~codefusion_hf.pipelines.reading.read_programs`]). For checkpoints that were
                trained so.
            num_neighbors (`int`, *optional*, defaults to 3):
                How many to look up for each prompt, in [1, 64]. Those for which there is no room within
                `tokenizer.model_max_length` are not read.

        Examples:

        Returns:
            [`CodeFusionPipelineOutput`] or `tuple`

        Raises:
            ValueError: if an argument is not allowed, or the scheduler does not fit the model.
        """
        arguments = {name: value for name, value in locals().items() if name != "self"}
        return self._run(self._prepare(arguments), arguments)

    def _prepare(self, arguments: dict[str, Any]) -> DenoisingCall:
        """All of a call that comes before its first step, from its arguments by their names."""
        settings, num_candidates = choose_settings(self.sampling_defaults, arguments, self._min_candidates)
        callback, callback_inputs = (arguments[f"callback_on_step_end{end}"] for end in ("", "_tensor_inputs"))
        if isinstance(callback, PipelineCallback | MultiPipelineCallbacks):
            callback_inputs = callback.tensor_inputs
        self._check_arguments(
            arguments, settings, num_candidates=num_candidates, callback_on_step_end_tensor_inputs=callback_inputs
        )
        check_noise_schedule(self.scheduler, self.model.config.alphas_cumprod())
        prompts = self._encode_prompts(arguments, num_candidates)
        nothing = prompts.encoder_hidden_states.new_zeros(0)
        call = DenoisingCall(
            settings=settings,
            rounding=arguments["rounding"],
            num_candidates=num_candidates,
            is_valid=arguments["is_valid"],
            generator=arguments["generator"],
            callback=callback,
            callback_inputs=callback_inputs,
            # The steps of another call may come between those of this one.
            scheduler=copy.deepcopy(self.scheduler),
            prompts=prompts,
            batch_size=len(prompts.slot_values),
            texts=ProgramTexts(self.model, self.tokenizer, prompts.slot_values, num_candidates),
            lengths=nothing,
            timesteps=nothing,
            latents=nothing,
        )
        self._prepare_canvas(call, arguments)
        call.timesteps, call.step_kwargs = start_scheduler(
            call.scheduler, settings["num_inference_steps"], call.generator
        )
        self._prepare_start(call, arguments)
        call.key_values = self.model.denoiser.project_prompt(prompts.encoder_hidden_states)
        if settings["guidance_scale"] > 1.0:
            states = prompts.encoder_hidden_states
            noise = randn_tensor(
                (len(call.lengths), *states.shape[1:]),
                generator=call.generator,
                device=states.device,
                dtype=states.dtype,
            )
            call.noise_key_values = self.model.denoiser.project_prompt(noise)
        # For callbacks, and for those who ask after the call.
        self._guidance_scale, self._lengths = float(settings["guidance_scale"]), call.lengths
        self._num_timesteps = len(call.timesteps)
        return call

    def _check_arguments(self, arguments: dict[str, Any], settings: dict[str, Any], **others: Any) -> None:
        names = set(inspect.signature(check_call).parameters) - {"config"}
        given = {name: value for name, value in {**arguments, **settings, **others}.items() if name in names}
        self.check_inputs(**given)
        check_memory(arguments["memory"], arguments["num_neighbors"], self.tokenizer)
        check_streamer(arguments["streamer"], given["prompt"], arguments["output_type"])

    def _encode_prompts(self, arguments: dict[str, Any], num_candidates: int) -> EncodedPrompts:
        """What the denoiser reads."""
        prompt = arguments["prompt"]
        prompts = [prompt] if isinstance(prompt, str) else prompt
        return self._encode(prompts, arguments["memory"], arguments["num_neighbors"])

    def _prepare_canvas(self, call: DenoisingCall, arguments: dict[str, Any]) -> None:
        """How long the canvases are, and what stands on them."""
        target_length, latents = arguments["target_length"], arguments["latents"]
        if latents is not None and target_length is None:
            target_length = latents.shape[1]
        states, mask = call.prompts.encoder_hidden_states, call.prompts.attention_mask
        codes = call.prompts.neighbor_codes
        # With the end-of-sequence token.
        lengths = None if codes is None else [[len(code.token_ids) + 1 for code in of_prompt] for of_prompt in codes]
        call.lengths = self.prepare_lengths(states, mask, call.num_candidates, target_length, lengths)
        call.neighbor_codes = codes

    def _prepare_start(self, call: DenoisingCall, arguments: dict[str, Any]) -> None:
        """What the loop starts from."""
        call.latents = self._draw_noise(call, call.scheduler.init_noise_sigma, arguments.get("latents"))

    def _draw_noise(
        self, call: DenoisingCall, sigma: float | torch.Tensor, latents: torch.Tensor | None = None
    ) -> torch.Tensor:
        states = call.prompts.encoder_hidden_states
        canvas_length = int(call.lengths.max()) if latents is None else latents.shape[1]
        shape = (len(call.lengths), canvas_length, self.model.config.latent_size)
        return self.prepare_latents(shape, states.dtype, states.device, call.generator, latents, sigma)

    # A generator, so that who calls it decides what becomes of a step.
    @torch.no_grad()
    def _denoise(self, call: DenoisingCall) -> Iterator[DenoisingStep]:
        """The loop: all steps of a call, each with its estimate of x_0. After the last one, `call` has the result."""
        if call.settings["commit_tokens"] and call.draft_ids is None:
            yield from self._commit(call)
            return
        config, scheduler, held, latents = self.model.config, call.scheduler, call.held, call.latents
        (num_rows, canvas_length, _), timesteps, device = latents.shape, call.timesteps, latents.device
        guidance_scale, patience = float(call.settings["guidance_scale"]), call.settings["early_exit_patience"]
        temperatures = spread_temperatures(call.settings["temperature"], num_rows, call.num_candidates, latents)
        batches = call.make_batches(self.model, range(num_rows))

        # What depends on nothing but the time, for all steps, and behind them for t = 0.
        all_times = torch.cat([timesteps, timesteps.new_zeros(1)])
        embeddings = self.model.denoiser.embed_timesteps(all_times.to(device), latents.dtype)[:, None, None]
        alphas_cumprod = interpolate_alphas_cumprod(scheduler.alphas_cumprod, all_times).to(device)
        clean = Times(embeddings[-1], alphas_cumprod[-1])

        early_exit = None
        if patience > 0:
            confidence = call.settings["early_exit_confidence"]
            early_exit = EarlyExit(patience, confidence, (num_rows, canvas_length), config.pad_token_id, device)
        num_evaluations = torch.zeros(num_rows, dtype=torch.long, device=device)
        # The scheduler steps all candidates at once, whatever their batches: so one state serves them all, and noise
        # and callbacks do not depend on these. What is beyond a canvas is nothing to the model.
        prediction = torch.zeros_like(latents)
        query = torch.zeros_like(latents) if config.prediction_type == "sample" else None
        pred_original_sample: torch.Tensor | None = None
        if held is not None:
            latents = held.put_back(latents)
        with self.progress_bar(total=len(timesteps)) as progress_bar:
            for i, t in enumerate(timesteps):
                model_input = scheduler.scale_model_input(latents, t)
                if held is not None:
                    model_input = held.put_back(model_input)
                times = Times(embeddings[i], alphas_cumprod[i]).hold(held, clean)
                # Schedulers of several steps keep the last predictions, which must not be written over.
                prediction = prediction.clone()
                for batch in batches:
                    denoised = self.model.denoise(
                        batch.cut(model_input),
                        None,
                        self_condition=None if pred_original_sample is None else batch.cut(pred_original_sample),
                        temperature=temperatures[batch.rows]
                        if isinstance(temperatures, torch.Tensor)
                        else temperatures,
                        guidance_scale=guidance_scale,
                        vocabulary=batch.vocabulary,
                        output_logits=False,
                        return_dict=True,
                        **times.cut(batch),
                        **batch.conditioning,
                    )
                    # Under autocast, it is of another type than the latents.
                    prediction[batch.rows, : batch.canvas_length] = denoised.sample.to(prediction.dtype)
                    if query is not None:
                        query[batch.rows, : batch.canvas_length] = denoised.query.to(query.dtype)
                    num_evaluations[batch.rows] += 1
                model_output, estimate = convert_prediction(
                    self.model,
                    prediction,
                    model_input,
                    alphas_cumprod[i],
                    scheduler,
                    clamp=call.rounding == "clamping",
                )
                if held is not None:
                    estimate = held.put_back(estimate)
                if early_exit is not None and pred_original_sample is not None:
                    estimate = torch.where(early_exit.finished[:, None, None], pred_original_sample, estimate)
                pred_original_sample = estimate
                latents = scheduler.step(model_output, t, latents, **call.step_kwargs, return_dict=False)[0]
                latents = call.call_back(self, i, t, latents, estimate)
                if held is not None:
                    latents = held.put_back(latents)
                progress_bar.update()
                yield DenoisingStep(i, t, estimate, query)

                if early_exit is not None and i + 1 < len(timesteps):
                    for batch in batches:
                        early_exit.update(batch, *read_draft(self.model, batch, estimate, query))
                    unfinished = [row for row, done in enumerate(early_exit.finished.tolist()) if not done]
                    if not unfinished:
                        break
                    if len(unfinished) < sum(len(batch.rows) for batch in batches):
                        batches = call.make_batches(self.model, unfinished)
        if early_exit is not None and pred_original_sample is not None:
            latents = torch.where(early_exit.finished[:, None, None], pred_original_sample, latents)
        self._num_evaluations = num_evaluations
        if not latents.isfinite().all():
            raise ValueError("`model`: its weights gave latents that are not finite.")
        call.latents, call.query = latents, query

    def _commit(self, call: DenoisingCall) -> Iterator[DenoisingStep]:
        """The loop where tokens are committed."""
        with self.progress_bar(total=len(call.timesteps)) as progress_bar:
            for step in commit_tokens(self.model, call):
                call.latents = call.call_back(self, step.index, step.timestep, call.latents, step.estimate)
                progress_bar.update()
                yield step
        if call.committed is not None:
            self._num_evaluations = call.committed.num_evaluations


__all__ = ["CodeFusionPipeline", "CodeFusionPipelineOutput"]
