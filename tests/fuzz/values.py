# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Values that nobody means, for any argument, and what has to come of a call with them: a result, or a clear error."""

import math
import os
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from huggingface_hub.errors import StrictDataclassError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st


# Calls that a share of 1 is, in `make test` and in `make test-slow`. The shares of this folder come to 1.65 and 1.9.
FAST_EXAMPLES, SLOW_EXAMPLES = 300, 5000
# A call takes no longer, and no more memory than it had plus this much.
SECONDS, BYTES = 30.0, 2**31

# Errors that a caller expects. Configurations of transformers raise the first one, of a field that they name; the
# second one says which package is to be installed.
CLEAR_ERRORS = (StrictDataclassError, ImportError, TypeError, ValueError)
# What an error says of itself where a library stumbled: it would name no argument.
STUMBLES = ("unsupported operand", "object is not", "has no attribute", "not subscriptable", "expected scalar type")

INTEGERS = st.one_of(
    st.sampled_from((-1, 0, 1, 2, 3, 7, 8, 16, 24, 32, 100, 320, 1000, 2**31, 2**63, -(2**63), 10**7, 10**400)),
    st.integers(),
)
FLOATS = st.one_of(
    st.sampled_from((math.nan, math.inf, -math.inf, -1.0, -0.0, 0.5, 1.0, 2.5, 1e-300, 1e30, 1e300)), st.floats()
)
TEXTS = st.one_of(
    st.sampled_from(("", "evil", "4096", "nan", "1e-3", "\ud800", "\0", "../..", "x" * 10_000)), st.text(max_size=5)
)
OTHERS = st.sampled_from(
    (
        None,
        True,
        False,
        b"x",
        [],
        [1],
        [[]],
        (1, 2),
        {},
        {"a": 1},
        {1},
        1j,
        np.float32(math.nan),
        np.int64(3),
        np.zeros(2),
        torch.tensor(3),
        torch.tensor([0.5, 2.0]),
        torch.zeros(0),
        object,
        len,
    )
)
ANYTHING = st.one_of(INTEGERS, FLOATS, TEXTS, OTHERS)


def budget(share: float, slow: bool = False) -> settings:
    """
    The settings of a test that makes its share of the calls: in `make test` always the same ones, in `make test-slow`
    others each time.
    """
    return settings(
        max_examples=round(share * (SLOW_EXAMPLES if slow else FAST_EXAMPLES)),
        deadline=None,
        database=None,
        derandomize=not slow,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


def result_or_clear_error(call: Callable[[], Any]) -> Any:
    """
    What a call returns, or the error that it raises where that is clear: of a type that callers expect, with a message
    of its own, soon, and without filling the memory.
    """
    before = resident_bytes()
    start = time.monotonic()
    try:
        outcome = call()
    except CLEAR_ERRORS as error:
        outcome = error
        message = str(error)
        assert message and not any(words in message for words in STUMBLES), repr(error)
    assert time.monotonic() - start < SECONDS
    assert resident_bytes() - before < BYTES
    return outcome


def resident_bytes() -> int:
    """The memory that this process has at the moment or, where the system does not say, has had at most."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
