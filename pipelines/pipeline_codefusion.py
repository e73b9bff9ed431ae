# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The pipeline: ranked programs from a prompt."""

import inspect
import itertools
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import DiffusionPipeline, DPMSolverSDEScheduler, SchedulerMixin
from diffusers.utils import BaseOutput, replace_example_docstring
from diffusers.utils.hub_utils import HfHubHTTPError, ModelCard
from diffusers.utils.torch_utils import randn_tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ..modeling.card import CARD_NAME, choose_card, read_card, weights_variant
from ..modeling.modeling_codefusion import KeyValues
from ..modeling.saving import refuse_pickles, save_code
from .pipeline_card import pipeline_card
from .scheduling_codefusion import (
    EPSILON_ONLY_SCHEDULERS,
    check_scheduler,
    interpolate_alphas_cumprod,
    sample_to_epsilon,
)


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

OUTPUT_TYPES = ("text", "token_ids", "latent")

# The file that the pipeline is saved in for those who do not have this package: the name that diffusers looks for.
PIPELINE_CODE = "pipeline"

# Where the classes are that a saved pipeline knows by the file that is saved beside them, for those who have it.
INSTALLED_MODULES = ("codefusion_hf.modeling.modeling_codefusion", "codefusion_hf.pipelines.scheduling_codefusion")

# Ways from latents to tokens: the decoder of the model, and the two that the paper puts in its place to ablate it.
ROUNDINGS = ("decoder", "grounding", "clamping")

# What an evaluation of the denoiser costs besides its tokens, in tokens: how much padding is cheaper than one batch
# more. On a CPU, 35 to 48 were measured with bash-tiny; on a GPU, where it is the time in which all the kernels are
# launched, nothing was.
BATCH_OVERHEADS = {"cpu": 32}
DEFAULT_BATCH_OVERHEAD = 2048


@dataclass
class CodeFusionPipelineOutput(BaseOutput):
    """
    Output of [`CodeFusionPipeline`]. Candidates are ranked, the best first (see
    [`~CodeFusionPipeline.rank_candidates`]).

    Args:
        codes (`list[list[str]]`, *optional*):
            The programs: for each prompt its `num_return_sequences` candidates. `None` unless `output_type="text"`.
        scores (`list[list[float]]`, *optional*):
            Mean log-probability that the head gives a candidate's tokens, in nats, at most 0. `None` for
            `output_type="latent"`.
        sequences (`torch.LongTensor` of shape `(batch_size, num_return_sequences, canvas_length)`, *optional*):
            Tokens of the candidates, padded behind the end-of-sequence token. `None` for `output_type="latent"`.
        latents (`torch.FloatTensor`, *optional*):
            For `output_type="latent"`, the denoised embeddings, not ranked, of shape `(batch_size,
            num_return_sequences, canvas_length, latent_size)`.
    """

    codes: list[list[str]] | None = None
    scores: list[list[float]] | None = None
    sequences: torch.Tensor | None = None
    latents: torch.Tensor | None = None


def normalize_prompt(prompt: str) -> str:
    """
    A prompt as the models are trained on it: white space collapsed, the first letter in lower case.

    People write both "List all files" and "list all files", and data sets one of them throughout (all but 4 % of
    NL2Bash's training prompts start with a capital, none of its test prompts does): a difference that means nothing
    should not reach the model. A first word with a second capital ("SSH", "PostgreSQL") is a name and stays.

    Args:
        prompt (`str`):
            The prompt as written.

    Returns:
        `str`: the prompt for the tokenizer.
    """
    prompt = " ".join(prompt.split())
    first_word = prompt.partition(" ")[0]
    if any(character.isupper() for character in first_word[1:]):
        return prompt
    return prompt[:1].lower() + prompt[1:]


def group_by_length(lengths: Sequence[int], overhead: int) -> list[list[int]]:
    """
    Share out rows among batches so that all together cost the least, where the longest row of a batch pads the others.

    Args:
        lengths (`Sequence[int]`):
            Tokens of each row.
        overhead (`int`):
            What a batch costs besides its tokens, padding included, in tokens.

    Returns:
        `list[list[int]]`: the rows of each batch in their order, the batch of the shortest first.
    """
    rows_of: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        rows_of.setdefault(length, []).append(row)
    distinct = sorted(rows_of)
    num_rows = [0, *itertools.accumulate(len(rows_of[length]) for length in distinct)]
    # The best partition of the first lengths ends in one batch, before which stands the best partition of the rest.
    costs, starts = [0], [0]
    for end, longest in enumerate(distinct, 1):
        cost, start = min(
            (costs[start] + overhead + longest * (num_rows[end] - num_rows[start]), start) for start in range(end)
        )
        costs.append(cost)
        starts.append(start)
    batches = []
    end = len(distinct)
    while end > 0:
        batches.append(sorted(row for length in distinct[starts[end] : end] for row in rows_of[length]))
        end = starts[end]
    return batches[::-1]


@dataclass
class CandidateBatch:
    """
    Candidates that go through the model together, because their canvases are about as long.

    Args:
        rows (`torch.LongTensor` of shape `(num_rows,)`):
            Which of the call's candidates they are.
        canvas_length (`int`):
            Tokens of the longest canvas.
        input_rows (`torch.LongTensor` of shape `(num_rows,)` or `(2 * num_rows,)`):
            The rows as the denoiser gets them: with guidance twice, first without the prompt.
        conditioning (`dict`):
            What [`CodeFusionModel.denoise`] and [`CodeFusionModel.decode`] get for `input_rows`: `key_values`,
            `attention_mask` and `encoder_attention_mask`, both prepared, and `lengths`.
        canvas_mask (`torch.BoolTensor` of shape `(num_rows, canvas_length)`, *optional*):
            The positions of each canvas; `None` where they are all as long as the longest.
    """

    rows: torch.Tensor
    canvas_length: int
    input_rows: torch.Tensor
    conditioning: dict[str, Any]
    canvas_mask: torch.Tensor | None

    def cut(self, tensor: torch.Tensor) -> torch.Tensor:
        """The input rows of a tensor, as far as their canvas goes."""
        return tensor[self.input_rows, : self.canvas_length]


class EarlyExit:
    """
    Which candidates are finished before the last step: those whose tokens have stayed the same, and are likely.

    Args:
        patience (`int`):
            Evaluations of the denoiser in a row that have to give the same tokens as the one before.
        confidence (`float`):
            The least geometric mean of the probabilities of these tokens, in [0, 1].
        shape (`tuple[int, int]`):
            Candidates of the call, and the length of the longest canvas.
        pad_token_id (`int`):
            What stands behind the end of a canvas.
        device (`torch.device`):
            Where the tokens are.
    """

    def __init__(
        self, patience: int, confidence: float, shape: tuple[int, int], pad_token_id: int, device: torch.device
    ):
        self.patience = patience
        self.log_confidence = math.log(confidence) if confidence > 0.0 else -math.inf
        # Padding from the first: as others leave, a row may come into a batch of longer canvases, and its tokens are
        # still the same.
        self.token_ids = torch.full(shape, pad_token_id, device=device)
        # -1, so that there is nothing yet that the first evaluation could leave unchanged.
        self.unchanged = torch.full(shape[:1], -1, device=device)
        self.finished = torch.zeros(shape[:1], dtype=torch.bool, device=device)

    def update(self, batch: CandidateBatch, token_ids: torch.Tensor, scores: torch.Tensor) -> None:
        """
        Take note of an evaluation.

        Args:
            batch ([`CandidateBatch`]):
                The rows that were evaluated.
            token_ids (`torch.LongTensor` of shape `(num_rows, canvas_length)`), scores (of shape `(num_rows,)`):
                Their tokens, and the mean log-probability of these.
        """
        rows, canvas_length = batch.rows, batch.canvas_length
        is_same = (token_ids == self.token_ids[rows, :canvas_length]).all(dim=1)
        self.token_ids[rows, :canvas_length] = token_ids
        self.unchanged[rows] = torch.where(is_same, self.unchanged[rows] + 1, 0)
        self.finished[rows] = (self.unchanged[rows] >= self.patience) & (scores >= self.log_confidence)


class CodeFusionPipeline(DiffusionPipeline):
    r"""
    Pipeline for code generation by diffusion, as in CodeFusion (https://huggingface.co/papers/2310.17680).

    This pipeline inherits from [`DiffusionPipeline`]. Check the superclass documentation for the generic methods the
    library implements for all pipelines (such as downloading or saving, running on a particular device, etc.).

    Args:
        model ([`CodeFusionModel`]):
            Encoder, embedding, denoiser, decoder and head.
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            Tokenizer of prompts and code.
        scheduler ([`SchedulerMixin`]):
            [`CodeFusionScheduler`], or any scheduler of diffusers that follows its betas:
            `pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)`.

    Raises:
        ValueError: if the scheduler's noise schedule is not the one the model was trained with.
    """

    model_cpu_offload_seq = "model"
    _callback_tensor_inputs = ["latents", "pred_original_sample"]

    # The model's class is not named: where this file has travelled, it is in another one, which is loaded on its own.
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    scheduler: SchedulerMixin

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, scheduler: SchedulerMixin):
        super().__init__()
        self.register_modules(model=model, tokenizer=tokenizer, scheduler=scheduler)
        self.check_noise_schedule()

    @classmethod
    def from_pretrained(
        cls, pretrained_model_name_or_path: str | os.PathLike, use_safetensors: bool | None = True, **kwargs: Any
    ) -> "CodeFusionPipeline":
        """
        As [`~DiffusionPipeline.from_pretrained`], from safetensors only, and without `trust_remote_code`: the classes
        are those of this package, whatever code is saved beside the weights.

        Args:
            pretrained_model_name_or_path (`str` or `os.PathLike`):
                Hub id or folder.
            use_safetensors (`bool`, *optional*, defaults to `True`):
                Not `False`.
            kwargs (*optional*):
                As there: `revision`, `variant`, `dtype`, `device_map`, `token`, components ...

        Returns:
            [`CodeFusionPipeline`]

        Raises:
            ValueError: if `use_safetensors=False`, or the folder contains a pickle.
            OSError: if a file is not there, or a weights file is truncated or altered; the message names it. Of it are
                huggingface_hub's own errors: for a repository that is private or missing, a wrong revision ...
        """
        if use_safetensors is False:
            raise ValueError("`use_safetensors` must not be False: other weights are pickles, which can run any code.")
        return super().from_pretrained(pretrained_model_name_or_path, use_safetensors=True, **kwargs)

    @classmethod
    def download(cls, pretrained_model_name: str, **kwargs: Any) -> str | os.PathLike:
        try:
            return super().download(pretrained_model_name, **kwargs)
        except OSError as error:
            if not isinstance(error.__cause__, HfHubHTTPError):
                raise
            refusal = error.__cause__
        # Where the Hub refused, diffusers has looked into the cache, and said that it found nothing there.
        raise refusal

    @classmethod
    def load_config(cls, pretrained_model_name_or_path: str | os.PathLike, **kwargs: Any) -> Any:
        # The components' classes by where they are installed. Not sooner: to download them, diffusers wants the names
        # of the files that are in the repository.
        loaded = super().load_config(pretrained_model_name_or_path, **kwargs)
        config = loaded[0] if isinstance(loaded, tuple) else loaded
        installed = {name.rpartition(".")[2]: name for name in INSTALLED_MODULES if name in sys.modules}
        for name, (module, class_name) in cls._components_of(config).items():
            config[name] = [installed.get(module.rpartition(".")[2], module), class_name]
        if os.path.isdir(pretrained_model_name_or_path):
            refuse_pickles(pretrained_model_name_or_path)
        return loaded

    @classmethod
    def _dict_from_json_file(cls, json_file: str | os.PathLike) -> dict[str, Any]:
        # `["pipeline", "CodeFusionPipeline"]` is the class of the code that is saved beside the weights. Whoever calls
        # this has the class already.
        config = super()._dict_from_json_file(json_file)
        if isinstance(config["_class_name"], list):
            config["_class_name"] = config["_class_name"][1]
        return config

    @staticmethod
    def _components_of(config: dict[str, Any]) -> dict[str, list[str]]:
        """The entries of a `model_index.json` that name a component's module and class."""
        return {
            name: list(value)
            for name, value in config.items()
            if not name.startswith("_") and isinstance(value, list | tuple) and isinstance(value[0], str)
        }

    def save_pretrained(self, save_directory: str | os.PathLike, *args: Any, **kwargs: Any) -> None:
        """
        As [`~DiffusionPipeline.save_pretrained`], with the code of model, scheduler and pipeline beside them, so that
        `DiffusionPipeline.from_pretrained(..., trust_remote_code=True)` loads it where this package is not installed.

        Args:
            save_directory (`str` or `os.PathLike`):
                The folder.
            args, kwargs (*optional*):
                As there: `variant` (which names the file, and casts nothing: call `pipe.to(torch.float16)` before),
                `max_shard_size`, `push_to_hub`, `repo_id` ... What is pushed has a card: the README.md of the folder,
                else that of the repository, with its metadata completed, else a new one. One that was made by a push
                does not replace one that somebody has edited.
        """
        # What loading and calling leave in a tokenizer: where it came from, and how the last prompts were padded.
        for name in ("is_local", "local_files_only"):
            self.tokenizer.init_kwargs.pop(name, None)
        if self.tokenizer.is_fast:
            self.tokenizer.backend_tokenizer.no_padding()
            self.tokenizer.backend_tokenizer.no_truncation()
        # To push, diffusers puts the card of the repository, or one that says nothing, in the place of the folder's.
        self._folder_card = read_card(save_directory)
        super().save_pretrained(os.fspath(save_directory), *args, **kwargs)

    def _upload_folder(
        self, working_dir: str | os.PathLike, repo_id: str, *args: Any, subfolder: str | None = None, **kwargs: Any
    ) -> Any:
        # Both ways to push come here.
        if subfolder is None:
            path = Path(working_dir) / CARD_NAME
            card = choose_card(self._folder_card, ModelCard.load(path))
            files = [file.relative_to(working_dir).as_posix() for file in path.parent.rglob("*")]
            variant = weights_variant(files, "model/")
            pipeline_card(self.model, repo_id, variant, card).save(path)
        return super()._upload_folder(working_dir, repo_id, *args, subfolder=subfolder, **kwargs)

    def save_config(self, save_directory: str | os.PathLike, push_to_hub: bool = False, **kwargs: Any) -> None:
        # `save_pretrained` calls this after the components are saved and before anything is uploaded.
        save_code(__name__, Path(save_directory) / f"{PIPELINE_CODE}.py")
        # The auto classes look for the model's code here, even with `subfolder="model"`.
        self.model.config.save_code(save_directory)
        super().save_config(os.fspath(save_directory), push_to_hub=push_to_hub, **kwargs)

    def to_json_string(self) -> str:
        # The classes by the files that are saved beside them.
        config = json.loads(super().to_json_string())
        config.pop("_name_or_path", None)  # perhaps a path of this machine, and nothing to publish
        config["_class_name"] = [PIPELINE_CODE, CodeFusionPipeline.__name__]
        saved = {name.rpartition(".")[2] for name in INSTALLED_MODULES}
        for name, (module, class_name) in self._components_of(config).items():
            file = module.rpartition(".")[2]
            config[name] = [file if file in saved else module, class_name]
        return json.dumps(config, indent=2, sort_keys=True) + "\n"

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
    def guidance_scale(self) -> float:
        """`guidance_scale` of the last call."""
        return self._guidance_scale

    @property
    def do_classifier_free_guidance(self) -> bool:
        """Whether the last call was guided."""
        return self._guidance_scale > 1.0

    def check_noise_schedule(self) -> None:
        """
        Check that the scheduler removes the noise that the model was trained to remove.

        Raises:
            ValueError: if it follows no beta schedule, or another one than the model's config, or takes a prediction
                that is neither the noise nor x_0.
        """
        check_scheduler(self.scheduler)
        if self.scheduler.config.prediction_type not in ("epsilon", "sample"):
            raise ValueError(
                f"`prediction_type` of `scheduler` ({type(self.scheduler).__name__}) must be 'epsilon' or 'sample', "
                f"got {self.scheduler.config.prediction_type!r}."
            )
        expected = self.model.config.alphas_cumprod()
        found = self.scheduler.alphas_cumprod.to("cpu", torch.float32)
        if found.shape != expected.shape or not torch.allclose(found, expected, rtol=1e-3, atol=1e-4):
            raise ValueError(
                f"`scheduler` ({type(self.scheduler).__name__}) does not have the noise schedule of the model "
                f"({len(expected)} steps, alphas_cumprod from {expected[0]:.4f} to {expected[-1]:.2e}), but one of "
                f"{len(found)} steps, from {found[0]:.4f} to {found[-1]:.2e}. Make it with "
                f"`{type(self.scheduler).__name__}.from_config(pipe.scheduler.config)`."
            )

    def check_inputs(
        self,
        prompt: str | list[str],
        num_inference_steps: int,
        num_return_sequences: int,
        temperature: float,
        guidance_scale: float,
        rounding: str,
        target_length: int | None,
        generator: torch.Generator | list[torch.Generator] | None,
        latents: torch.Tensor | None,
        output_type: str,
        callback_on_step_end_tensor_inputs: list[str],
        early_exit_patience: int | None,
        early_exit_confidence: float,
        num_candidates: int | None = None,
        ranking: str | Callable[[str, str], float] = "votes",
        is_valid: Callable[[str], bool] | None = None,
    ) -> None:
        """
        Check the arguments of a call.

        Raises:
            ValueError: if one of them is not allowed; the message names it.
        """
        prompts = [prompt] if isinstance(prompt, str) else prompt
        if not isinstance(prompts, list) or not prompts:
            raise ValueError(f"`prompt` must be a string or a list of strings that is not empty, got {prompt!r}.")
        for text in prompts:
            if not isinstance(text, str) or not text.strip():
                raise ValueError(f"`prompt` must be a string that is not empty, got {text!r}.")
        for name, value in (
            ("num_inference_steps", num_inference_steps),
            ("num_return_sequences", num_return_sequences),
        ):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"`{name}` must be an integer of at least 1, got {value!r}.")
        if not temperature > 0.0:
            raise ValueError(f"`temperature` must be above 0, got {temperature!r}.")
        if not guidance_scale >= 1.0:
            raise ValueError(f"`guidance_scale` must be at least 1, got {guidance_scale!r}.")
        if rounding not in ROUNDINGS:
            raise ValueError(f"`rounding` must be one of {', '.join(ROUNDINGS)}, got {rounding!r}.")
        config = self.model.config
        if target_length is not None and (
            not isinstance(target_length, int) or not 1 <= target_length <= config.max_code_length
        ):
            raise ValueError(
                f"`target_length` must be an integer between 1 and `max_code_length` = {config.max_code_length}, got "
                f"{target_length!r}."
            )
        if early_exit_patience is not None and (not isinstance(early_exit_patience, int) or early_exit_patience < 1):
            raise ValueError(
                f"`early_exit_patience` must be None or an integer of at least 1, got {early_exit_patience!r}."
            )
        if not 0.0 <= early_exit_confidence <= 1.0:
            raise ValueError(f"`early_exit_confidence` must be in [0, 1], got {early_exit_confidence!r}.")
        if num_candidates is None:
            num_candidates = num_return_sequences
        elif not isinstance(num_candidates, int) or num_candidates < num_return_sequences:
            raise ValueError(
                f"`num_candidates` must be None or an integer of at least `num_return_sequences` = "
                f"{num_return_sequences}, got {num_candidates!r}."
            )
        if output_type == "latent" and num_candidates != num_return_sequences:
            raise ValueError(
                f"`num_candidates` must be None or `num_return_sequences` = {num_return_sequences} with "
                f"`output_type='latent'`, as latents are not ranked, got {num_candidates}."
            )
        if ranking != "votes" and not callable(ranking):
            raise ValueError(f"`ranking` must be 'votes' or a function of two strings, got {ranking!r}.")
        if is_valid is not None and not callable(is_valid):
            raise ValueError(f"`is_valid` must be None or a function of a string, got {is_valid!r}.")
        rows = len(prompts) * num_candidates
        if isinstance(generator, list) and len(generator) != rows:
            raise ValueError(
                f"`generator` must have one entry for each of the {len(prompts)} x {num_candidates} candidates, "
                f"got {len(generator)}."
            )
        if latents is not None and (
            latents.ndim != 3
            or latents.shape[0] != rows
            or not 1 <= latents.shape[1] <= config.max_code_length
            or latents.shape[2] != config.latent_size
        ):
            raise ValueError(
                f"`latents` must have the shape ({rows}, canvas_length, {config.latent_size}) with a `canvas_length` "
                f"of at least 1 and at most {config.max_code_length}, got {tuple(latents.shape)}."
            )
        if latents is not None and target_length is not None and target_length > latents.shape[1]:
            raise ValueError(
                f"`target_length` must not be above the canvas length of `latents`, {latents.shape[1]}, got "
                f"{target_length}."
            )
        if output_type not in OUTPUT_TYPES:
            raise ValueError(f"`output_type` must be one of {', '.join(OUTPUT_TYPES)}, got {output_type!r}.")
        unknown = [name for name in callback_on_step_end_tensor_inputs if name not in self._callback_tensor_inputs]
        if unknown:
            raise ValueError(
                f"`callback_on_step_end_tensor_inputs` has to be in {self._callback_tensor_inputs}, but found "
                f"{unknown}."
            )

    def encode_prompt(
        self, prompt: str | list[str], device: torch.device | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """
        Encode prompts.

        Args:
            prompt (`str` or `list[str]`):
                The prompts; see [`normalize_prompt`]. One longer than `tokenizer.model_max_length` is cut.
            device (`torch.device`, *optional*):
                Where to put them; the pipeline's device by default.

        Returns:
            `tuple`: `E_s` of shape `(batch_size, sequence_length, encoder_hidden_size)`, and the attention mask of
            shape `(batch_size, sequence_length)`.
        """
        prompts = [prompt] if isinstance(prompt, str) else prompt
        inputs = self.tokenizer(
            [normalize_prompt(text) for text in prompts], padding=True, truncation=True, return_tensors="pt"
        ).to(device or self._execution_device)
        return self.model.encode(inputs.input_ids, inputs.attention_mask), inputs.attention_mask

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
    ) -> torch.Tensor:
        """
        The noise that denoising starts from, at the scale of the scheduler.

        Args:
            shape (`tuple[int, int, int]`):
                `(batch_size * num_candidates, canvas_length, latent_size)`.
            dtype (`torch.dtype`), device (`torch.device`):
                Of the result.
            generator (`torch.Generator` or `list[torch.Generator]`, *optional*):
                Random number generator, or one for each row.
            latents (`torch.FloatTensor` of shape `shape`, *optional*):
                Noise of unit variance to take in place of a draw.

        Returns:
            `torch.FloatTensor` of shape `shape`.
        """
        if latents is None:
            latents = randn_tensor(shape, generator=generator, device=device, dtype=dtype)
        else:
            latents = latents.to(device=device, dtype=dtype)
        return latents * self.scheduler.init_noise_sigma

    def prepare_timesteps(
        self,
        num_inference_steps: int,
        generator: torch.Generator | list[torch.Generator] | None = None,
    ) -> tuple[torch.Tensor, dict[str, Any]]:
        """
        Set up the scheduler for a call.

        Args:
            num_inference_steps (`int`):
                The number of steps.
            generator (`torch.Generator` or `list[torch.Generator]`, *optional*):
                Random number generator of the call.

        Returns:
            `tuple`: the timesteps, one for each evaluation of the denoiser, on the CPU, and the keyword arguments of
            `step`.

        Raises:
            ValueError: if the scheduler cannot make that many steps.
        """
        if type(self.scheduler).__name__ in EPSILON_ONLY_SCHEDULERS:
            self.scheduler.register_to_config(prediction_type="epsilon")
        if isinstance(self.scheduler, DPMSolverSDEScheduler):
            # Its `step` takes no generator, but seeds.
            self.scheduler.noise_sampler_seed = self.scheduler.config.noise_sampler_seed
            if generator is not None:
                generators = generator if isinstance(generator, list) else [generator]
                seeds = [int(torch.randint(2**62, (1,), generator=g, device=g.device)) for g in generators]
                self.scheduler.noise_sampler_seed = seeds if isinstance(generator, list) else seeds[0]
        try:
            # On the CPU, as the schedulers' tables: to look up one of these by a timestep on a GPU waits for the GPU.
            self.scheduler.set_timesteps(num_inference_steps, device="cpu")
        except ValueError as error:
            raise ValueError(
                f"`num_inference_steps`: {type(self.scheduler).__name__} cannot make {num_inference_steps} steps with "
                f"its settings ({error})."
            ) from error
        if hasattr(self.scheduler, "set_begin_index"):
            # Otherwise the first index is looked up by its timestep, and of two equal ones (as with Karras sigmas at
            # 50 steps) the second is taken: `step` then runs off the end.
            self.scheduler.set_begin_index(0)
        step_kwargs = {}
        if "generator" in inspect.signature(self.scheduler.step).parameters:
            step_kwargs["generator"] = generator
        return self.scheduler.timesteps, step_kwargs

    def prepare_batches(
        self,
        rows: Sequence[int],
        lengths: Sequence[int],
        key_values: KeyValues,
        prompt_mask: torch.Tensor,
        unconditional_key_values: KeyValues | None = None,
    ) -> list[CandidateBatch]:
        """
        Share out candidates among batches by the length of their canvas, each with the prompts of its own.

        Args:
            rows (`Sequence[int]`):
                The candidates.
            lengths (`Sequence[int]`):
                Canvas lengths of all candidates of the call.
            key_values (`tuple`):
                Keys and values of the prompts, one row a prompt: candidates share them.
            prompt_mask (`torch.Tensor` of shape `(batch_size, sequence_length)`):
                From [`~CodeFusionPipeline.encode_prompt`].
            unconditional_key_values (`tuple`, *optional*):
                For guidance, keys and values of what stands for no prompt, one row a candidate.

        Returns:
            `list[CandidateBatch]`
        """
        device = prompt_mask.device
        candidates_per_prompt = len(lengths) // len(prompt_mask)
        overhead = BATCH_OVERHEADS.get(device.type, DEFAULT_BATCH_OVERHEAD)
        batches = []
        for group in group_by_length([lengths[row] for row in rows], overhead):
            canvas_lengths = torch.tensor([lengths[rows[index]] for index in group])
            canvas_length = int(canvas_lengths.max())
            is_padded = bool((canvas_lengths < canvas_length).any())
            members = torch.tensor([rows[index] for index in group], device=device)
            prompts = members // candidates_per_prompt
            canvas_mask = None
            conditioning: dict[str, Any] = {
                # A single prompt is not copied.
                "key_values": tuple(
                    (key.expand(len(group), -1, -1, -1), value.expand(len(group), -1, -1, -1))
                    if len(key) == 1
                    else (key[prompts], value[prompts])
                    for key, value in key_values
                ),
                "attention_mask": None,
                "encoder_attention_mask": prompt_mask[prompts],
                "lengths": None,
            }
            if is_padded:
                canvas_lengths = canvas_lengths.to(device)
                conditioning["lengths"] = canvas_lengths
                canvas_mask = torch.arange(canvas_length, device=device) < canvas_lengths[:, None]
                conditioning["attention_mask"] = canvas_mask
            input_rows = members
            if unconditional_key_values is not None:
                input_rows = torch.cat([members, members])
                conditioning = {
                    name: value if value is None or name == "key_values" else torch.cat([value, value])
                    for name, value in conditioning.items()
                }
                conditioning["key_values"] = tuple(
                    (torch.cat([noise_key[members], key]), torch.cat([noise_value[members], value]))
                    for (noise_key, noise_value), (key, value) in zip(
                        unconditional_key_values, conditioning["key_values"], strict=True
                    )
                )
            conditioning["attention_mask"], conditioning["encoder_attention_mask"] = (
                self.model.prepare_attention_masks(
                    conditioning["key_values"][0][0].new_empty((len(input_rows), canvas_length, 0)),
                    conditioning["key_values"],
                    conditioning["attention_mask"],
                    conditioning["encoder_attention_mask"],
                )
            )
            batches.append(CandidateBatch(members, canvas_length, input_rows, conditioning, canvas_mask))
        return batches

    def convert_prediction(
        self, prediction: torch.Tensor, model_input: torch.Tensor, alpha_prod_t: torch.Tensor, clamp: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """
        What the scheduler's `step` takes, and the estimate of x_0, from the denoiser's prediction.

        Args:
            prediction (`torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`):
                The denoiser's output, of the model's `prediction_type`.
            model_input (`torch.FloatTensor` of the same shape):
                Its input: the latents after `scheduler.scale_model_input`.
            alpha_prod_t (`torch.Tensor`, broadcastable to it):
                Share of the signal's variance in that.
            clamp (`bool`, *optional*, defaults to `False`):
                Whether to move the estimate of x_0 to the nearest embeddings.

        Returns:
            `tuple` of two tensors of that shape.
        """
        pred_original_sample = self.model.to_original_sample(prediction, model_input, alpha_prod_t)
        if clamp:
            pred_original_sample = self.model.embed(self.nearest_tokens(pred_original_sample))
        elif self.scheduler.config.prediction_type == self.model.config.prediction_type:
            return prediction, pred_original_sample
        if self.scheduler.config.prediction_type == "epsilon":
            epsilon = sample_to_epsilon(pred_original_sample, model_input, alpha_prod_t)
            return epsilon.to(prediction.dtype), pred_original_sample
        return pred_original_sample, pred_original_sample

    def decode_latents(
        self,
        latents: torch.Tensor,
        key_values: KeyValues,
        attention_mask: torch.Tensor | None = None,
        encoder_attention_mask: torch.Tensor | None = None,
        lengths: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """
        Tokens and scores of denoised embeddings, by decoder and head.

        Args:
            latents (`torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`):
                The denoised embeddings.
            key_values, attention_mask, encoder_attention_mask, lengths:
                As for [`CodeFusionModel.decode`].

        Returns:
            `tuple`: token ids of shape `(batch_size, canvas_length)`, padded behind the first end-of-sequence or
            padding token, and scores of shape `(batch_size,)`, the mean log-probability of the tokens before that and
            of the end-of-sequence token.
        """
        logits, _ = self.model.decode(latents, key_values, attention_mask, encoder_attention_mask, lengths)
        return self._likeliest_tokens(logits, attention_mask)

    def ground_latents(
        self, latents: torch.Tensor, attention_mask: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """
        Tokens and scores of denoised embeddings without decoder and head: the tokens whose embeddings are nearest, the
        *grounding* that the paper compares its decoder with.

        Args:
            latents (`torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`):
                The denoised embeddings.
            attention_mask (`torch.Tensor` of shape `(batch_size, canvas_length)`, *optional*):
                1 for positions of the canvas, 0 for padding.

        Returns:
            `tuple`: as of [`~CodeFusionPipeline.decode_latents`]. The log-probabilities are those of a latent that is
            an embedding and Gaussian noise of unit variance.
        """
        # All embeddings have the same length: the squared distances that the Gaussian takes differ by the products.
        return self._likeliest_tokens(latents @ self.code_embeddings(latents.device).T, attention_mask)

    def _likeliest_tokens(
        self, logits: torch.Tensor, attention_mask: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        log_probabilities, token_ids = logits.float().log_softmax(dim=-1).max(dim=-1)
        is_code = self._before_end(token_ids, include_end=True)
        if attention_mask is not None:
            is_code = is_code & attention_mask.bool()
        scores = (log_probabilities * is_code).sum(dim=1) / is_code.sum(dim=1)
        return token_ids.masked_fill(~is_code, self.model.config.pad_token_id), scores

    def decode_drafts(self, pred_original_sample: torch.Tensor, lengths: torch.Tensor) -> list[str]:
        """
        The programs as they stand in the middle of a call, for a `callback_on_step_end`: each position shows the token
        whose embedding is nearest. (The decoder, which corrects the last estimate by the prompt, runs once, at the
        end.)

        Args:
            pred_original_sample (`torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`):
                The estimate of x_0, as a callback gets it.
            lengths (`torch.LongTensor` of shape `(batch_size,)`):
                Canvas lengths, [`~CodeFusionPipeline.lengths`] in a callback.

        Returns:
            `list[str]`: a draft for each row.
        """
        token_ids = self.nearest_tokens(pred_original_sample)
        positions = torch.arange(token_ids.shape[1], device=token_ids.device)
        token_ids = token_ids.masked_fill(positions >= lengths[:, None], self.model.config.pad_token_id)
        return self._to_text(token_ids)

    def nearest_tokens(self, latents: torch.Tensor) -> torch.Tensor:
        """
        The tokens whose embeddings are nearest.

        Args:
            latents (`torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`):
                Latents.

        Returns:
            `torch.LongTensor` of shape `(batch_size, canvas_length)`.
        """
        # All embeddings have the same length: the nearest one is the one with the largest product.
        return (latents @ self.code_embeddings(latents.device).T).argmax(dim=-1)

    def code_embeddings(self, device: torch.device) -> torch.Tensor:
        """
        The code embeddings of the whole vocabulary.

        Args:
            device (`torch.device`):
                Where to put them.

        Returns:
            `torch.FloatTensor` of shape `(vocab_size, latent_size)`.
        """
        # Looked up and not read from the table, which under sequential CPU offload has no values until it is called.
        return self.model.embed(torch.arange(self.model.config.vocab_size, device=device))

    @property
    def lengths(self) -> torch.Tensor:
        """Canvas lengths of the candidates of the last call, of shape `(batch_size * num_candidates,)`."""
        return self._lengths

    # Not `inference_mode`, 7 % faster on a CPU: gradients could not be taken of the tensors in a callback.
    @torch.no_grad()
    @replace_example_docstring(EXAMPLE_DOC_STRING)
    def __call__(
        self,
        prompt: str | list[str],
        num_inference_steps: int = 10,
        num_return_sequences: int = 1,
        temperature: float = 0.05,
        guidance_scale: float = 1.0,
        rounding: str = "decoder",
        target_length: int | None = None,
        generator: torch.Generator | list[torch.Generator] | None = None,
        latents: torch.Tensor | None = None,
        output_type: str = "text",
        return_dict: bool = True,
        callback_on_step_end: Callable[["CodeFusionPipeline", int, torch.Tensor, dict], dict] | None = None,
        callback_on_step_end_tensor_inputs: list[str] = ["latents"],  # noqa: B006 (as all pipelines of diffusers)
        early_exit_patience: int | None = None,
        early_exit_confidence: float = 0.9,
        num_candidates: int | None = None,
        ranking: str | Callable[[str, str], float] = "votes",
        is_valid: Callable[[str], bool] | None = None,
    ) -> CodeFusionPipelineOutput | tuple:
        r"""
        Generate code.

        Args:
            prompt (`str` or `list[str]`):
                What the code shall do.
            num_inference_steps (`int`, *optional*, defaults to 10):
                Denoising steps, at least 1. (Schedulers of second order evaluate the denoiser twice a step.)
            num_return_sequences (`int`, *optional*, defaults to 1):
                Candidates for each prompt, ranked by the mean log-probability of their tokens.
            temperature (`float`, *optional*, defaults to 0.05):
                Divides the scores that the estimate of x_0 is an expectation under, above 0: below 1 each step leans
                towards the likelier tokens, at 1 the candidates are samples of the model's distribution (score
                temperature of CDCD, https://huggingface.co/papers/2211.15089). A model that does not predict an
                expectation has none.
            guidance_scale (`float`, *optional*, defaults to 1.0):
                Scale of classifier-free guidance (https://huggingface.co/papers/2207.12598), at least 1, where there
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
                What is in `callback_kwargs`: `"latents"`, and `"pred_original_sample"`, the estimate of x_0 (see
                [`~CodeFusionPipeline.decode_drafts`]).
            early_exit_patience (`int`, *optional*):
                Take candidates out of the batch as soon as this many evaluations of the denoiser in a row, at least 1,
                have given the same tokens as the one before (see [`~CodeFusionPipeline.num_evaluations`]). Their
                estimate of x_0 is then the result. By default all make all steps.
            early_exit_confidence (`float`, *optional*, defaults to 0.9):
                The least geometric mean of the probabilities that the denoiser gives these tokens, in [0, 1].
            num_candidates (`int`, *optional*):
                Candidates that are drawn for each prompt, at least `num_return_sequences`, which is the default. The
                best are returned; with more to choose from, all that are returned differ more often (see
                [`~CodeFusionPipeline.rank_candidates`]). `generator`, `latents` and [`~CodeFusionPipeline.lengths`]
                are of all that are drawn.
            ranking (`str` or `Callable`, *optional*, defaults to `"votes"`):
                What makes a candidate better: how often it was drawn or, given a function of two programs such as
                [`~codefusion_hf.evaluation.text_similarity.sentence_chrf`], how similar the others are to it (see
                [`~CodeFusionPipeline.rank_candidates`]).
            is_valid (`Callable`, *optional*):
                A function of a program that tells whether it is well-formed, such as
                [`~codefusion_hf.languages.python.syntax.is_valid_python`]. Programs that are not come behind those
                that are.

        Examples:

        Returns:
            [`CodeFusionPipelineOutput`] or `tuple`

        Raises:
            ValueError: if an argument is not allowed, or the scheduler does not fit the model.
        """
        self.check_inputs(
            prompt,
            num_inference_steps,
            num_return_sequences,
            temperature,
            guidance_scale,
            rounding,
            target_length,
            generator,
            latents,
            output_type,
            callback_on_step_end_tensor_inputs,
            early_exit_patience,
            early_exit_confidence,
            num_candidates,
            ranking,
            is_valid,
        )
        num_candidates = num_candidates or num_return_sequences
        self._guidance_scale = guidance_scale
        self.check_noise_schedule()
        device = self._execution_device

        encoder_hidden_states, prompt_mask = self.encode_prompt(prompt, device)
        batch_size = encoder_hidden_states.shape[0]
        if latents is not None and target_length is None:
            target_length = latents.shape[1]
        lengths = self.prepare_lengths(encoder_hidden_states, prompt_mask, num_candidates, target_length)
        self._lengths = lengths
        lengths_of_rows = lengths.tolist()
        num_rows = len(lengths_of_rows)
        canvas_length = max(lengths_of_rows) if latents is None else latents.shape[1]

        timesteps, step_kwargs = self.prepare_timesteps(num_inference_steps, generator)
        latents = self.prepare_latents(
            (num_rows, canvas_length, self.model.config.latent_size),
            encoder_hidden_states.dtype,
            device,
            generator,
            latents,
        )

        key_values = self.model.denoiser.project_prompt(encoder_hidden_states)
        noise_key_values = None
        if self.do_classifier_free_guidance:
            noise = randn_tensor(
                (num_rows, *encoder_hidden_states.shape[1:]),
                generator=generator,
                device=device,
                dtype=encoder_hidden_states.dtype,
            )
            noise_key_values = self.model.denoiser.project_prompt(noise)
        batches = self.prepare_batches(range(num_rows), lengths_of_rows, key_values, prompt_mask, noise_key_values)

        # What depends on nothing but the time, and on nothing but the weights, for all steps.
        time_embeddings = self.model.denoiser.embed_timesteps(timesteps.to(device), latents.dtype)[:, None, None]
        alphas_cumprod = interpolate_alphas_cumprod(self.scheduler.alphas_cumprod, timesteps).to(device)
        code_embeddings = self.code_embeddings(device)

        early_exit = None
        if early_exit_patience is not None:
            early_exit = EarlyExit(
                early_exit_patience,
                early_exit_confidence,
                (num_rows, canvas_length),
                self.model.config.pad_token_id,
                device,
            )
        self._num_timesteps = len(timesteps)
        self._num_evaluations = torch.zeros(num_rows, dtype=torch.long, device=device)
        # The scheduler steps all candidates at once, whatever their batches: so one state serves them all, and noise
        # and callbacks do not depend on these. What is beyond a canvas is nothing to the model.
        prediction = torch.zeros_like(latents)
        pred_original_sample: torch.Tensor | None = None
        with self.progress_bar(total=len(timesteps)) as progress_bar:
            for i, t in enumerate(timesteps):
                is_last = i + 1 == len(timesteps)
                model_input = self.scheduler.scale_model_input(latents, t)
                # Schedulers of several steps keep the last predictions, which must not be written over.
                prediction = prediction.clone()
                logits = []
                for batch in batches:
                    denoised = self.model.denoise(
                        batch.cut(model_input),
                        None,
                        self_condition=None if pred_original_sample is None else batch.cut(pred_original_sample),
                        temperature=temperature,
                        guidance_scale=guidance_scale,
                        time_embedding=time_embeddings[i],
                        code_embeddings=code_embeddings,
                        output_logits=early_exit is not None and not is_last,
                        return_dict=True,
                        **batch.conditioning,
                    )
                    # Under autocast, it is of another type than the latents.
                    prediction[batch.rows, : batch.canvas_length] = denoised.sample.to(prediction.dtype)
                    self._num_evaluations[batch.rows] += 1
                    logits.append(denoised.logits)
                model_output, estimate = self.convert_prediction(
                    prediction, model_input, alphas_cumprod[i], clamp=rounding == "clamping"
                )
                if early_exit is not None and pred_original_sample is not None:
                    estimate = torch.where(early_exit.finished[:, None, None], pred_original_sample, estimate)
                pred_original_sample = estimate
                latents = self.scheduler.step(model_output, t, latents, **step_kwargs, return_dict=False)[0]

                if callback_on_step_end is not None:
                    tensors = {"latents": latents, "pred_original_sample": pred_original_sample}
                    callback_kwargs = {name: tensors[name] for name in callback_on_step_end_tensor_inputs}
                    latents = callback_on_step_end(self, i, t, callback_kwargs).pop("latents", latents)
                progress_bar.update()

                if early_exit is not None and not is_last:
                    for batch, batch_logits in zip(batches, logits, strict=True):
                        if batch_logits is None:
                            drafts = self.ground_latents(
                                estimate[batch.rows, : batch.canvas_length], batch.canvas_mask
                            )
                        else:
                            # Their temperature made the estimate sharper than the model is sure of it.
                            drafts = self._likeliest_tokens(batch_logits * temperature, batch.canvas_mask)
                        early_exit.update(batch, *drafts)
                    unfinished = [row for row, done in enumerate(early_exit.finished.tolist()) if not done]
                    if not unfinished:
                        break
                    if len(unfinished) < sum(len(batch.rows) for batch in batches):
                        batches = self.prepare_batches(
                            unfinished, lengths_of_rows, key_values, prompt_mask, noise_key_values
                        )
        if early_exit is not None:
            latents = torch.where(early_exit.finished[:, None, None], estimate, latents)

        if output_type == "latent":
            output = CodeFusionPipelineOutput(latents=latents.unflatten(0, (batch_size, num_candidates)))
        else:
            if rounding == "decoder":
                token_ids = torch.full((num_rows, canvas_length), self.model.config.pad_token_id, device=device)
                scores = torch.empty(num_rows, device=device)
                key_values = self.model.decoder.project_prompt(encoder_hidden_states)
                for batch in self.prepare_batches(range(num_rows), lengths_of_rows, key_values, prompt_mask):
                    conditioning = {**batch.conditioning, "attention_mask": batch.canvas_mask}
                    decoded = self.decode_latents(batch.cut(latents), **conditioning)
                    token_ids[batch.rows, : batch.canvas_length], scores[batch.rows] = decoded
            else:
                canvas_mask = torch.arange(canvas_length, device=device) < lengths[:, None]
                token_ids, scores = self.ground_latents(latents, canvas_mask)
            sequences, ranked_scores = self.rank_candidates(
                token_ids.unflatten(0, (batch_size, num_candidates)),
                scores.unflatten(0, (batch_size, num_candidates)),
                ranking,
                is_valid,
            )
            sequences, ranked_scores = sequences[:, :num_return_sequences], ranked_scores[:, :num_return_sequences]
            output = CodeFusionPipelineOutput(
                codes=[self._to_text(candidates) for candidates in sequences] if output_type == "text" else None,
                scores=ranked_scores.tolist(),
                sequences=sequences,
            )

        self.maybe_free_model_hooks()
        if not return_dict:
            return output.to_tuple()
        return output

    def rank_candidates(
        self,
        sequences: torch.Tensor,
        scores: torch.Tensor,
        ranking: str | Callable[[str, str], float] = "votes",
        is_valid: Callable[[str], bool] | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """
        Sort the candidates of each prompt.

        By `"votes"`, what was drawn more often comes first (majority voting, as in self-consistency,
        https://huggingface.co/papers/2203.11171). By a similarity, what is expected to be most similar to the right
        answer, if that is any of the candidates that were drawn: the decision of minimum Bayes risk (Kumar and Byrne,
        2004, https://aclanthology.org/N04-1022).
        What is equal in that comes by score. Behind these are, in this order, what is not valid, second and further
        draws of the same, and empty ones.

        Args:
            sequences (`torch.LongTensor` of shape `(batch_size, num_candidates, canvas_length)`):
                Their tokens.
            scores (`torch.FloatTensor` of shape `(batch_size, num_candidates)`):
                Their scores.
            ranking (`str` or `Callable`, *optional*, defaults to `"votes"`):
                `"votes"`, or the similarity of a program to another one: a function of both, of any scale.
            is_valid (`Callable`, *optional*):
                Whether a program is well-formed. By default all are.

        Returns:
            `tuple`: both, sorted.
        """
        order = scores.argsort(dim=-1, descending=True, stable=True)
        sequences, scores = sequences.gather(1, order[..., None].expand_as(sequences)), scores.gather(1, order)
        is_equal = (sequences[:, :, None] == sequences[:, None]).all(dim=-1)
        is_repeat = is_equal.tril(diagonal=-1).any(dim=-1)
        is_empty = ~self._before_end(sequences, include_end=False).any(dim=-1)
        risks = -is_equal.sum(dim=-1)
        is_malformed = torch.zeros_like(is_empty)
        if callable(ranking) or is_valid is not None:
            texts = [self._to_text(candidates) for candidates in sequences]
            if callable(ranking):
                risks = -torch.tensor([_total_similarities(row, ranking) for row in texts], device=scores.device)
            if is_valid is not None:
                malformed = [{text: not is_valid(text) for text in set(row)} for row in texts]
                is_malformed = torch.tensor(
                    [[found[text] for text in row] for found, row in zip(malformed, texts, strict=True)],
                    device=scores.device,
                )
        # Stable, so that the last key counts most, and the score least.
        order = torch.arange(scores.shape[1], device=scores.device).expand_as(scores)
        for key in (risks, is_malformed.int(), is_repeat.int(), is_empty.int()):
            order = order.gather(1, key.gather(1, order).argsort(dim=-1, stable=True))
        return sequences.gather(1, order[..., None].expand_as(sequences)), scores.gather(1, order)

    def _before_end(self, token_ids: torch.Tensor, include_end: bool) -> torch.Tensor:
        """Which positions are before the first end-of-sequence or padding token, or up to it."""
        is_end = (token_ids == self.model.config.eos_token_id) | (token_ids == self.model.config.pad_token_id)
        ends_before = is_end.cumsum(dim=-1) - (is_end.int() if include_end else 0)
        return ends_before == 0

    def _to_text(self, token_ids: torch.Tensor) -> list[str]:
        token_ids = token_ids.masked_fill(
            ~self._before_end(token_ids, include_end=False), self.model.config.pad_token_id
        )
        return [text.strip() for text in self.tokenizer.batch_decode(token_ids, skip_special_tokens=True)]


def _total_similarities(texts: list[str], similarity: Callable[[str, str], float]) -> list[float]:
    """Of each text, the sum of its similarities to all of them, itself included."""
    votes = Counter(texts)
    totals = {text: sum(count * similarity(text, other) for other, count in votes.items()) for text in votes}
    return [totals[text] for text in texts]


__all__ = ["CodeFusionPipeline", "CodeFusionPipelineOutput", "normalize_prompt"]
