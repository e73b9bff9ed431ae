# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Confidence intervals of figures that are means over prompts, by bootstrap over the prompts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


try:
    from scipy.stats import bootstrap
except ImportError as error:
    raise ImportError(
        "Confidence intervals need scipy, which is not installed: `pip install 'codefusion-hf[evaluation]'`."
    ) from error


# Resamples drawn at once: all of them for thousands of prompts would take tens of megabytes and be no faster.
RESAMPLES_PER_BATCH = 100


@dataclass(frozen=True)
class Estimate:
    """
    A figure with its confidence interval.

    Args:
        value (`float`):
            The figure on all prompts.
        low (`float`):
            Lower end of the interval, at most `value`.
        high (`float`):
            Upper end of the interval, at least `value`.
    """

    value: float
    low: float
    high: float


def bootstrap_mean(
    values: Sequence[float], confidence: float = 0.95, num_resamples: int = 1000, seed: int = 0
) -> Estimate:
    """
    Mean over prompts, with the percentile bootstrap interval of Efron (1979, https://doi.org/10.1214/aos/1176344552):
    prompts are drawn with replacement, as many as there are, and the interval holds the middle share of the means.

    It says how far the figure would move with other prompts of the same kind. What other noise, or another training
    run, would change is not in it.

    Args:
        values (sequence of `float`):
            One value a prompt, one or more. NaN stands for a prompt on which the figure is not defined; these prompts
            are left out.
        confidence (`float`, *optional*, defaults to 0.95):
            Share of the means inside the interval, above 0 and below 1.
        num_resamples (`int`, *optional*, defaults to 1000):
            Number of means, 1 or more.
        seed (`int`, *optional*, defaults to 0):
            Seed of the draws, 0 or more; numpy's global state is not touched.

    Returns:
        [`Estimate`]: The mean and its interval: of no width where all values are equal or there is one alone, and all
        three NaN where no value is defined.

    Raises:
        `ValueError`: If there are no values, one is infinite, or an argument is out of its range.
    """
    if len(values) == 0:
        raise ValueError("`values` must have at least one value, got none.")
    if not 0 < confidence < 1:
        raise ValueError(f"`confidence` must be above 0 and below 1, got {confidence}.")
    if num_resamples < 1:
        raise ValueError(f"`num_resamples` must be 1 or more, got {num_resamples}.")
    if seed < 0:
        raise ValueError(f"`seed` must be 0 or more, got {seed}.")
    sample = np.asarray(values, dtype=np.float64)
    if np.isinf(sample).any():
        raise ValueError(f"`values` must be finite or NaN, got {sample[np.isinf(sample)][0]}.")
    sample = sample[~np.isnan(sample)]
    if len(sample) == 0:
        return Estimate(float("nan"), float("nan"), float("nan"))
    value = float(sample.mean())
    if np.min(sample) == np.max(sample):
        return Estimate(value, value, value)
    interval = bootstrap(
        (sample,),
        np.mean,
        n_resamples=num_resamples,
        batch=RESAMPLES_PER_BATCH,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    # A narrow interval of skewed values need not hold their mean.
    return Estimate(value, min(value, float(interval.low)), max(value, float(interval.high)))
