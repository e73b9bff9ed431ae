# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""CodeFusion's noise scheduler."""

import numbers
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from diffusers import ConfigMixin, SchedulerMixin
from diffusers.configuration_utils import register_to_config
from diffusers.utils import BaseOutput
from diffusers.utils.hub_utils import load_or_create_model_card
from diffusers.utils.torch_utils import randn_tensor

from ..modeling.argument_checks import check_integer, shorten
from ..modeling.card import CARD_NAME, choose_card, read_card
from ..modeling.configuration_codefusion import MAX_TIMESTEPS, square_root_alphas_cumprod
from ..modeling.saving import save_code
from .scheduler_card import scheduler_card
from .scheduler_support import SUPPORTED_SCHEDULERS


# The file that the scheduler is saved in for those who do not have this package.
SCHEDULER_CODE = "scheduling_codefusion"


def _betas(trained_betas: Any) -> torch.Tensor:
    """Betas of a configuration, in double precision."""
    try:
        betas = torch.as_tensor(trained_betas, dtype=torch.float64)
    except (OverflowError, RuntimeError, TypeError, ValueError):
        betas = torch.zeros(0)
    if betas.ndim != 1 or not 2 <= len(betas) <= MAX_TIMESTEPS or not ((betas > 0.0) & (betas < 1.0)).all():
        raise ValueError(
            f"`trained_betas` must be a list of 2 to {MAX_TIMESTEPS} numbers above 0 and below 1, got "
            f"{shorten(trained_betas)}."
        )
    alphas_cumprod = torch.cumprod(1.0 - betas, dim=0).float()
    if not (alphas_cumprod[0] < 1.0 and 0.0 < alphas_cumprod[-1]):
        raise ValueError(
            "`trained_betas` must add noise at the first step and leave signal at the last, in single precision, got "
            f"{shorten(trained_betas)}, which leave {alphas_cumprod[0]:g} and {alphas_cumprod[-1]:g} of its variance."
        )
    return betas


def _check_tensor(name: str, value: Any, like: torch.Tensor | None = None) -> None:
    """That a value is a tensor of finite real numbers, of the shape and on the device of another one."""
    if not isinstance(value, torch.Tensor) or not value.is_floating_point() or value.ndim == 0 or value.numel() == 0:
        given = f"shape {tuple(value.shape)}, {value.dtype}" if isinstance(value, torch.Tensor) else shorten(value)
        raise ValueError(f"`{name}` must be a batch of real numbers, a tensor that is not empty, got {given}.")
    if like is not None and (value.shape != like.shape or value.device != like.device):
        raise ValueError(
            f"`{name}` must be of shape {tuple(like.shape)} and on {like.device}, got shape {tuple(value.shape)} on "
            f"{value.device}."
        )
    if not value.isfinite().all():
        raise ValueError(f"`{name}` must be finite, got NaN or infinity in {tuple(value.shape)}.")


def _check_generator(generator: Any, sample: torch.Tensor) -> None:
    """That a generator is one, or one for each element of a batch."""
    generators = generator if isinstance(generator, list) else [generator]
    is_list = isinstance(generator, list)
    if generator is not None and (
        not all(isinstance(one, torch.Generator) for one in generators) or (is_list and len(generators) != len(sample))
    ):
        raise ValueError(
            "`generator` must be None, a torch.Generator or a list of one for each of the batch, got "
            f"{shorten(generator)}."
        )


@dataclass
class CodeFusionSchedulerOutput(BaseOutput):
    """
    Output of [`CodeFusionScheduler.step`].

    Args:
        prev_sample (`torch.Tensor` of shape `(batch_size, canvas_length, latent_size)`):
            The sample at the next, less noisy timestep: the model's next input.
        pred_original_sample (`torch.Tensor` of shape `(batch_size, canvas_length, latent_size)`):
            The predicted clean embeddings x_0, for previews and self-conditioning.
    """

    prev_sample: torch.Tensor
    pred_original_sample: torch.Tensor


class CodeFusionScheduler(SchedulerMixin, ConfigMixin):
    """
    The ancestral sampler of DDPM (https://huggingface.co/papers/2006.11239) on the square-root noise schedule of
    Diffusion-LM (https://huggingface.co/papers/2205.14217), as CodeFusion uses it
    (https://huggingface.co/papers/2310.17680).

    Each step draws from the posterior between two timesteps that may lie any distance apart; the last step returns the
    predicted x_0. No other scheduler knows the square-root schedule by name, so the config carries it as
    `trained_betas`, and `DDIMScheduler.from_config(scheduler.config)` follows it, as do all of `SUPPORTED_SCHEDULERS`.

    This model inherits from [`SchedulerMixin`] and [`ConfigMixin`]. Check the superclass documentation for the generic
    methods the library implements for all schedulers such as loading and saving.

    Args:
        num_train_timesteps (`int`, defaults to 1200):
            Steps `T` the model is trained with; at least 2.
        schedule_offset (`float`, defaults to 1e-4):
            Offset `s` of the square-root schedule, above 0 and below `1 / T`, see [`square_root_alphas_cumprod`].
        noise_factor (`float`, defaults to 1.0):
            Factor above 0 on the noise of the schedule; 1.0 is the paper's.
        prediction_type (`"sample"` or `"epsilon"`, defaults to `"sample"`):
            What the model predicts: the clean embeddings x_0, or the noise, as in the paper.
        trained_betas (`list[float]`, *optional*):
            Betas in (0, 1) to use as they are, one a training step (a list, an array or a tensor); then
            `num_train_timesteps`, `schedule_offset` and `noise_factor` do not count. By default they are computed, and
            entered into the config.
        clip_sample (`bool`, defaults to `False`):
            Whether to clip the predicted x_0 to [-1, 1]. Embeddings are not bounded by that; the field says so to the
            schedulers that would clip by default.
        timestep_spacing (`"linspace"`, `"leading"` or `"trailing"`, defaults to `"linspace"`):
            How the timesteps are chosen, as in Table 2 of https://huggingface.co/papers/2305.08891. The default is the
            only one that contains both ends: sampling starts from pure noise, so at `T - 1`, and the last x_0 is
            predicted at 0, where a token is certain. `"trailing"` stops `T / num_inference_steps` short of 0, where
            the prediction is still a mean of several tokens, and `"leading"` starts as far short of `T - 1`.

    Raises:
        ValueError: if an argument is outside its range.
    """

    _compatibles = list(SUPPORTED_SCHEDULERS)
    order = 1

    @register_to_config
    def __init__(
        self,
        num_train_timesteps: int = 1200,
        schedule_offset: float = 1e-4,
        noise_factor: float = 1.0,
        prediction_type: Literal["sample", "epsilon"] = "sample",
        trained_betas: list[float] | None = None,
        clip_sample: bool = False,
        timestep_spacing: Literal["linspace", "leading", "trailing"] = "linspace",
    ):
        if not isinstance(prediction_type, str) or prediction_type not in ("sample", "epsilon"):
            raise ValueError(f"`prediction_type` must be 'sample' or 'epsilon', got {shorten(prediction_type)}.")
        if not isinstance(timestep_spacing, str) or timestep_spacing not in ("linspace", "leading", "trailing"):
            raise ValueError(
                f"`timestep_spacing` must be 'linspace', 'leading' or 'trailing', got {shorten(timestep_spacing)}."
            )
        if not isinstance(clip_sample, bool):
            raise ValueError(f"`clip_sample` must be True or False, got {shorten(clip_sample)}.")

        if trained_betas is None:
            alphas_cumprod = square_root_alphas_cumprod(num_train_timesteps, schedule_offset, noise_factor).double()
            betas = 1.0 - alphas_cumprod / torch.cat([alphas_cumprod.new_ones(1), alphas_cumprod[:-1]])
        else:
            betas = _betas(trained_betas)

        # Float64 keeps the schedule the model is trained with to the last bit of float32, saved or not.
        self.betas = betas.float()
        self.alphas_cumprod = torch.cumprod(1.0 - betas, dim=0).float()

        # PNDM's Runge-Kutta warm-up counts on `"leading"` timesteps. On others it goes astray (in 10 steps to an RMS
        # of 2.8 from the nearest token, 0.26 without the warm-up), and it doubles the number of calls of the model.
        config = {"num_train_timesteps": len(betas), "trained_betas": betas.tolist(), "skip_prk_steps": True}
        if "_use_default_values" in self.config:
            # `from_config` of another class drops the fields listed here and takes its own defaults: 1000 linear
            # betas, noise prediction, clipping. Only what no other class knows may stay on the list.
            config["_use_default_values"] = [
                name for name in ("schedule_offset", "noise_factor") if name in self.config["_use_default_values"]
            ]
        self.register_to_config(**config)

        # standard deviation of the initial noise distribution
        self.init_noise_sigma = 1.0

        # settable values
        self.num_inference_steps: int | None = None
        self.timesteps = torch.arange(len(betas)).flip(0)

    def scale_model_input(self, sample: torch.Tensor, timestep: int | None = None) -> torch.Tensor:
        """
        Ensures interchangeability with schedulers that scale the model's input depending on the timestep.

        Args:
            sample (`torch.Tensor`):
                The input sample.
            timestep (`int`, *optional*):
                The current timestep, not used.

        Returns:
            `torch.Tensor`:
                The sample, unchanged.
        """
        return sample

    def set_timesteps(self, num_inference_steps: int, device: str | torch.device | None = None) -> None:
        """
        Sets the timesteps of the sampling loop; to be called before it.

        Args:
            num_inference_steps (`int`):
                The number of steps, from 1 to `num_train_timesteps`.
            device (`str` or `torch.device`, *optional*):
                The device to place the timesteps on.

        Raises:
            ValueError: if `num_inference_steps` is no integer or out of range, or `device` names no device.
        """
        num_train_timesteps = self.config.num_train_timesteps
        check_integer("num_inference_steps", num_inference_steps, 1, num_train_timesteps)
        try:
            device = None if device is None else torch.device(device)
        except (RuntimeError, TypeError) as error:
            raise ValueError(f"`device` must be None or a device of torch, got {shorten(device)}.") from error
        if self.config.timestep_spacing == "linspace":
            timesteps = torch.linspace(num_train_timesteps - 1, 0, num_inference_steps, dtype=torch.float64).round()
        elif self.config.timestep_spacing == "leading":
            timesteps = torch.arange(num_inference_steps).flip(0) * (num_train_timesteps // num_inference_steps)
        else:
            positions = torch.arange(num_inference_steps, 0, -1, dtype=torch.float64)
            timesteps = (positions * num_train_timesteps / num_inference_steps).round() - 1
        self.num_inference_steps = num_inference_steps
        self.timesteps = timesteps.to(device=device, dtype=torch.int64)

    def previous_timestep(self, timestep: int) -> int:
        """
        The timestep that a step from `timestep` leads to.

        Args:
            timestep (`int`):
                The current timestep, in [0, num_train_timesteps - 1], which need not be one of `timesteps`.

        Returns:
            `int`:
                The next lower one of `timesteps`, or -1, the clean embeddings, below the last of them.

        Raises:
            ValueError: if `timestep` is not a training step.
        """
        lower_timesteps = self.timesteps[self.timesteps < self._training_step(timestep)]
        return int(lower_timesteps[0]) if len(lower_timesteps) > 0 else -1

    def _training_step(self, timestep: Any) -> int:
        value = timestep.item() if isinstance(timestep, torch.Tensor) and timestep.numel() == 1 else timestep
        is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        # Compared before it is converted: a number may be infinite, or none.
        if not is_number or not 0 <= value < self.config.num_train_timesteps or int(value) != value:
            raise ValueError(
                f"`timestep` must be a whole number in [0, {self.config.num_train_timesteps - 1}], got "
                f"{shorten(timestep)}."
            )
        return int(value)

    def step(
        self,
        model_output: torch.Tensor,
        timestep: int | float | torch.Tensor,
        sample: torch.Tensor,
        generator: torch.Generator | list[torch.Generator] | None = None,
        return_dict: bool = True,
    ) -> CodeFusionSchedulerOutput | tuple[torch.Tensor, torch.Tensor]:
        r"""
        Draw the sample at the next, less noisy timestep from the posterior $q(x_{prev} | x_t, \hat x_0)$, formula (7)
        of https://huggingface.co/papers/2006.11239.

        Args:
            model_output (`torch.Tensor` of shape `(batch_size, canvas_length, latent_size)`):
                The model's prediction, of `prediction_type`.
            timestep (`int`, `float` or `torch.Tensor` of shape `()`):
                The current timestep, a whole number in [0, num_train_timesteps - 1].
            sample (`torch.Tensor` of shape `(batch_size, canvas_length, latent_size)`):
                The current sample x_t.
            generator (`torch.Generator` or `list[torch.Generator]`, *optional*):
                Random number generator, or one for each element of the batch.
            return_dict (`bool`, defaults to `True`):
                Whether to return a [`CodeFusionSchedulerOutput`] instead of a plain tuple.

        Returns:
            [`CodeFusionSchedulerOutput`] or `tuple`:
                The sample at the next timestep, which after the last one is the predicted x_0, and the predicted x_0.

        Raises:
            ValueError: if `timestep` is not a training step, `model_output` or `sample` is no tensor of finite real
                numbers, they are of two shapes or on two devices, or `generator` is of another type or number.
        """
        t = self._training_step(timestep)
        _check_tensor("sample", sample)
        _check_tensor("model_output", model_output, like=sample)
        _check_generator(generator, sample)
        alpha_prod_t = self.alphas_cumprod[t]
        beta_prod_t = 1.0 - alpha_prod_t

        if self.config.prediction_type == "epsilon":
            pred_original_sample = (sample - beta_prod_t.sqrt() * model_output) / alpha_prod_t.sqrt()
        else:
            pred_original_sample = model_output
        if self.config.clip_sample:
            pred_original_sample = pred_original_sample.clamp(-1.0, 1.0)

        prev_t = self.previous_timestep(t)
        if prev_t < 0:
            prev_sample = pred_original_sample
        else:
            alpha_prod_t_prev = self.alphas_cumprod[prev_t]
            beta_prod_t_prev = 1.0 - alpha_prod_t_prev
            current_alpha_t = alpha_prod_t / alpha_prod_t_prev
            current_beta_t = 1.0 - current_alpha_t

            mean = (
                alpha_prod_t_prev.sqrt() * current_beta_t / beta_prod_t * pred_original_sample
                + current_alpha_t.sqrt() * beta_prod_t_prev / beta_prod_t * sample
            )
            variance = beta_prod_t_prev / beta_prod_t * current_beta_t
            noise = randn_tensor(sample.shape, generator=generator, device=sample.device, dtype=sample.dtype)
            prev_sample = mean + variance.sqrt() * noise

        if not return_dict:
            return prev_sample, pred_original_sample
        return CodeFusionSchedulerOutput(prev_sample=prev_sample, pred_original_sample=pred_original_sample)

    def add_noise(
        self, original_samples: torch.Tensor, noise: torch.Tensor, timesteps: torch.IntTensor
    ) -> torch.Tensor:
        """
        Diffuse clean embeddings forward to the noise levels of the given timesteps.

        Args:
            original_samples (`torch.Tensor` of shape `(batch_size, canvas_length, latent_size)`):
                The clean embeddings x_0.
            noise (`torch.Tensor` of the same shape):
                Standard normal noise.
            timesteps (`torch.IntTensor` of shape `(batch_size,)` or `(1,)`):
                The timesteps, in [0, num_train_timesteps - 1].

        Returns:
            `torch.Tensor` of the shape of `original_samples`:
                The noisy samples x_t.

        Raises:
            ValueError: if `original_samples` or `noise` is no tensor of finite real numbers, they are of two shapes or
                on two devices, or `timesteps` is no tensor of training steps, one or one a sample.
        """
        _check_tensor("original_samples", original_samples)
        _check_tensor("noise", noise, like=original_samples)
        batch_size = len(original_samples)
        if (
            not isinstance(timesteps, torch.Tensor)
            or timesteps.dtype in (torch.bool, torch.complex64, torch.complex128)
            or timesteps.is_floating_point()
            or tuple(timesteps.shape) not in ((batch_size,), (1,))
            or not ((timesteps >= 0) & (timesteps < self.config.num_train_timesteps)).all()
        ):
            raise ValueError(
                f"`timesteps` must be an integer tensor of shape ({batch_size},) or (1,) with values in "
                f"[0, {self.config.num_train_timesteps - 1}], got {shorten(timesteps)}."
            )
        alpha_prod_t = self.alphas_cumprod.to(original_samples.device)[timesteps.to(original_samples.device)]
        alpha_prod_t = alpha_prod_t.reshape(-1, *[1] * (original_samples.ndim - 1))
        # Rounded to the samples' type only here: in half precision 1 - alpha_prod_t would lose the first timesteps.
        signal_rate = alpha_prod_t.sqrt().to(original_samples.dtype)
        noise_rate = (1.0 - alpha_prod_t).sqrt().to(original_samples.dtype)
        return signal_rate * original_samples + noise_rate * noise

    def __len__(self) -> int:
        return self.config.num_train_timesteps

    def save_config(self, save_directory: str | os.PathLike, push_to_hub: bool = False, **kwargs: Any) -> None:
        """
        As [`~ConfigMixin.save_config`], with the scheduler's code beside it.

        Args:
            save_directory (`str` or `os.PathLike`):
                The folder.
            push_to_hub (`bool`, *optional*, defaults to `False`):
                Whether to push it to the Hub as well, with a card: the README.md of the folder, else that of the
                repository, with its metadata completed, else a new one.
            kwargs (*optional*):
                As there.
        """
        save_code(__name__, Path(save_directory) / f"{SCHEDULER_CODE}.py")
        super().save_config(os.fspath(save_directory), push_to_hub=push_to_hub, **kwargs)

    def _upload_folder(
        self,
        working_dir: str | os.PathLike,
        repo_id: str,
        token: str | None = None,
        *args: Any,
        subfolder: str | None = None,
        **kwargs: Any,
    ) -> Any:
        # Both ways to push come here. In a subfolder it is part of a pipeline, which has a card.
        if not subfolder:
            card = choose_card(read_card(working_dir), load_or_create_model_card(repo_id, token=token))
            scheduler_card(self, repo_id, card).save(Path(working_dir) / CARD_NAME)
        return super()._upload_folder(working_dir, repo_id, token, *args, subfolder=subfolder, **kwargs)


__all__ = ["CodeFusionScheduler", "CodeFusionSchedulerOutput"]
