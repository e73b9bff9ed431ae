# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Any scheduler of diffusers in the pipeline's loop: which fit, how they are set up, and what their `step` takes."""

import inspect
from typing import Any

import torch
from diffusers import DPMSolverSDEScheduler, PNDMScheduler, SchedulerMixin
from transformers import PreTrainedModel

from .decoding import nearest_tokens


# Schedulers of diffusers that follow `trained_betas`: `XScheduler.from_config(pipe.scheduler.config)` swaps one in.
SUPPORTED_SCHEDULERS = (
    "DDIMScheduler",
    "DDPMScheduler",
    "DEISMultistepScheduler",
    "DPMSolverMultistepScheduler",
    "DPMSolverSDEScheduler",
    "DPMSolverSinglestepScheduler",
    "EulerAncestralDiscreteScheduler",
    "EulerDiscreteScheduler",
    "HeunDiscreteScheduler",
    "KDPM2AncestralDiscreteScheduler",
    "KDPM2DiscreteScheduler",
    "LCMScheduler",
    "LMSDiscreteScheduler",
    "PNDMScheduler",
    "SASolverScheduler",
    "UniPCMultistepScheduler",
)

# Those of them whose `step` raises for `prediction_type="sample"`: they have to be given `sample_to_epsilon(...)`.
EPSILON_ONLY_SCHEDULERS = (
    "DPMSolverSDEScheduler",
    "EulerAncestralDiscreteScheduler",
    "KDPM2AncestralDiscreteScheduler",
    "KDPM2DiscreteScheduler",
    "PNDMScheduler",
)


def check_noise_schedule(scheduler: SchedulerMixin, alphas_cumprod: torch.Tensor) -> None:
    """
    Refuse a scheduler that does not remove the noise that a model was trained to remove.

    Args:
        scheduler (`SchedulerMixin`):
            [`CodeFusionScheduler`], one of `SUPPORTED_SCHEDULERS`, or any other with `alphas_cumprod`.
        alphas_cumprod (`torch.Tensor` of shape `(num_train_timesteps,)`):
            The model's noise schedule.

    Raises:
        ValueError: if the scheduler has no `alphas_cumprod`, such as `IPNDMScheduler` and `EDMEulerScheduler`, which
            sample on a noise schedule of their own; if it follows another one than the model's; or if it takes a
            prediction that is neither the noise nor x_0.
    """
    name = type(scheduler).__name__
    if not hasattr(scheduler, "alphas_cumprod"):
        raise ValueError(
            f"`scheduler` is a {name}, which does not follow the noise schedule that the model was trained with. Use "
            f"CodeFusionScheduler or one of {', '.join(SUPPORTED_SCHEDULERS)}."
        )
    if scheduler.config.prediction_type not in ("epsilon", "sample"):
        raise ValueError(
            f"`prediction_type` of `scheduler` ({name}) must be 'epsilon' or 'sample', got "
            f"{scheduler.config.prediction_type!r}."
        )
    found = scheduler.alphas_cumprod.to("cpu", torch.float32)
    if found.shape != alphas_cumprod.shape or not torch.allclose(found, alphas_cumprod, rtol=1e-3, atol=1e-4):
        raise ValueError(
            f"`scheduler` ({name}) does not have the noise schedule of the model ({len(alphas_cumprod)} steps, "
            f"alphas_cumprod from {alphas_cumprod[0]:.4f} to {alphas_cumprod[-1]:.2e}), but one of {len(found)} "
            f"steps, from {found[0]:.4f} to {found[-1]:.2e}. Make it with "
            f"`{name}.from_config(pipe.scheduler.config)`."
        )


def interpolate_alphas_cumprod(alphas_cumprod: torch.Tensor, timestep: int | float | torch.Tensor) -> torch.Tensor:
    r"""
    The noise schedule at a timestep between two training steps, as schedulers that choose their own noise levels ask
    for (Heun, KDPM2, DPMSolverSDE, anything with Karras sigmas). $\log\sigma$, with
    $\sigma^2 = (1 - \bar\alpha) / \bar\alpha$, is linear in between: diffusers' `_sigma_to_t` is the inverse.

    Args:
        alphas_cumprod (`torch.Tensor` of shape `(num_train_timesteps,)`):
            Share of the signal's variance that is left at each training step, in (0, 1).
        timestep (`int`, `float` or `torch.Tensor` of any shape):
            Timesteps in [0, num_train_timesteps - 1], which need not be whole.

    Returns:
        `torch.Tensor` of the shape of `timestep`, float32, on the CPU: the share at each timestep.
    """
    # On the CPU, where the schedulers keep their tables, in float64, which some accelerators do not have.
    timestep = torch.as_tensor(timestep, dtype=torch.float64, device="cpu")
    log_snr = torch.logit(alphas_cumprod.to("cpu", torch.float64))  # -2 log sigma
    lower = timestep.long().clamp(max=len(log_snr) - 2)
    return torch.lerp(log_snr[lower], log_snr[lower + 1], timestep - lower).sigmoid().float()


def sample_to_epsilon(
    pred_original_sample: torch.Tensor, scaled_sample: torch.Tensor, alpha_prod_t: torch.Tensor
) -> torch.Tensor:
    r"""
    Turn a predicted x_0 into the noise it implies, for the schedulers that take nothing else
    (`EPSILON_ONLY_SCHEDULERS`): $\epsilon = (x_t - \sqrt{\bar\alpha}\,x_0) / \sqrt{1 - \bar\alpha}$.

    Args:
        pred_original_sample (`torch.Tensor` of shape `(batch_size, canvas_length, latent_size)`):
            The predicted x_0.
        scaled_sample (`torch.Tensor` of the same shape):
            The model's input x_t, that is the latents after `scheduler.scale_model_input`.
        alpha_prod_t (`torch.Tensor`, broadcastable to it):
            Share of the signal's variance in it, from [`interpolate_alphas_cumprod`].

    Returns:
        `torch.Tensor` of the shape of `pred_original_sample`: the noise.
    """
    return (scaled_sample - alpha_prod_t.sqrt() * pred_original_sample) / (1.0 - alpha_prod_t).sqrt()


def start_scheduler(
    scheduler: SchedulerMixin,
    num_inference_steps: int,
    generator: torch.Generator | list[torch.Generator] | None = None,
) -> tuple[torch.Tensor, dict[str, Any]]:
    """
    Set up the scheduler for a call.

    Args:
        scheduler ([`SchedulerMixin`]):
            That of the call, which is changed.
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
    if type(scheduler).__name__ in EPSILON_ONLY_SCHEDULERS:
        scheduler.register_to_config(prediction_type="epsilon")
    if isinstance(scheduler, DPMSolverSDEScheduler):
        # Its `step` takes no generator, but seeds.
        scheduler.noise_sampler_seed = scheduler.config.noise_sampler_seed
        if generator is not None:
            generators = generator if isinstance(generator, list) else [generator]
            seeds = [int(torch.randint(2**62, (1,), generator=g, device=g.device)) for g in generators]
            scheduler.noise_sampler_seed = seeds if isinstance(generator, list) else seeds[0]
    try:
        # On the CPU, as the schedulers' tables: to look up one of these by a timestep on a GPU waits for the GPU.
        scheduler.set_timesteps(num_inference_steps, device="cpu")
    except ValueError as error:
        raise ValueError(
            f"`num_inference_steps`: {type(scheduler).__name__} cannot make {num_inference_steps} steps with "
            f"its settings ({error})."
        ) from error
    if hasattr(scheduler, "set_begin_index"):
        # Otherwise the first index is looked up by its timestep, and of two equal ones (as with Karras sigmas at
        # 50 steps) the second is taken: `step` then runs off the end.
        scheduler.set_begin_index(0)
    step_kwargs = {}
    if "generator" in inspect.signature(scheduler.step).parameters:
        step_kwargs["generator"] = generator
    return scheduler.timesteps, step_kwargs


def skip_steps(
    scheduler: SchedulerMixin, timesteps: torch.Tensor, num_inference_steps: int, strength: float
) -> torch.Tensor:
    """
    The steps of a schedule that are left for what has been noised to a share of it, as image to image has them in
    diffusers, but at least one where there is noise.

    Args:
        scheduler (`SchedulerMixin`):
            From [`start_scheduler`]; it is told where it begins.
        timesteps (`torch.Tensor`):
            From [`start_scheduler`].
        num_inference_steps (`int`):
            Steps of the whole schedule.
        strength (`float`):
            The share, in [0, 1].

    Returns:
        `torch.Tensor`: the last ones of `timesteps`; none at 0.
    """
    if strength == 0.0:
        return timesteps[:0]
    is_warm_up = isinstance(scheduler, PNDMScheduler) and len(timesteps) > num_inference_steps
    if is_warm_up:
        # It makes its second step twice, whichever that is.
        timesteps = torch.cat([timesteps[:1], timesteps[2:]])
    skipped = max(num_inference_steps - max(int(num_inference_steps * strength), 1), 0) * scheduler.order
    timesteps = timesteps[skipped:]
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(skipped)
    if is_warm_up and len(timesteps) > 1:
        timesteps = torch.cat([timesteps[:2], timesteps[1:]])
    return timesteps


def convert_prediction(
    model: PreTrainedModel,
    prediction: torch.Tensor,
    model_input: torch.Tensor,
    alpha_prod_t: torch.Tensor,
    scheduler: SchedulerMixin,
    clamp: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """
    What the scheduler's `step` takes, and the estimate of x_0, from the denoiser's prediction.

    Args:
        model ([`CodeFusionModel`]):
            The model.
        prediction (`torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`):
            The denoiser's output, of the model's `prediction_type`.
        model_input (`torch.FloatTensor` of the same shape):
            Its input: the latents after `scheduler.scale_model_input`.
        alpha_prod_t (`torch.Tensor`, broadcastable to it):
            Share of the signal's variance in that.
        scheduler ([`SchedulerMixin`]):
            The call's scheduler.
        clamp (`bool`, *optional*, defaults to `False`):
            Whether to move the estimate of x_0 to the nearest embeddings.

    Returns:
        `tuple` of two tensors of that shape.
    """
    pred_original_sample = model.to_original_sample(prediction, model_input, alpha_prod_t)
    if clamp:
        pred_original_sample = model.embed(nearest_tokens(model, pred_original_sample))
    elif scheduler.config.prediction_type == model.config.prediction_type:
        return prediction, pred_original_sample
    if scheduler.config.prediction_type == "epsilon":
        epsilon = sample_to_epsilon(pred_original_sample, model_input, alpha_prod_t)
        return epsilon.to(prediction.dtype), pred_original_sample
    return pred_original_sample, pred_original_sample


__all__ = [
    "EPSILON_ONLY_SCHEDULERS",
    "SUPPORTED_SCHEDULERS",
    "check_noise_schedule",
    "convert_prediction",
    "interpolate_alphas_cumprod",
    "sample_to_epsilon",
    "skip_steps",
    "start_scheduler",
]
