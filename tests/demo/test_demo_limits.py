# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What visitors may ask for, and that others are told what is allowed."""

import math

import pytest
from limits import RequestError, check_choice, check_share, check_text, check_whole_number


def test_what_is_allowed_comes_back():
    assert check_text("Prompt", "list all files", 20) == "list all files"
    assert check_text("Prompt", " ", 20, may_be_blank=True) == " "
    assert check_whole_number("Steps", 10.0, 1, 30) == 10 and type(check_whole_number("Steps", 10.0, 1, 30)) is int
    assert check_share("Strength", 1) == 1.0
    assert check_choice("Language", "bash", ("bash", "cf")) == "bash"


@pytest.mark.parametrize("value", ["", " \n", "x" * 21, "\ud800", None, 5, ["list"], {"a": 1}])
def test_texts_that_are_not_allowed(value):
    with pytest.raises(RequestError, match="^Prompt: "):
        check_text("Prompt", value, 20)


@pytest.mark.parametrize("value", [0, 31, 1.5, -1, math.nan, math.inf, True, None, "10", [10], 10**60])
def test_numbers_that_are_not_allowed(value):
    with pytest.raises(RequestError, match="^Steps: expected a whole number from 1 to 30, got .{1,40}$"):
        check_whole_number("Steps", value, 1, 30)


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf, False, None, "0.5"])
def test_shares_that_are_not_allowed(value):
    with pytest.raises(RequestError, match="^Strength: expected a number from 0 to 1, got "):
        check_share("Strength", value)


@pytest.mark.parametrize("value", ["perl", None, ["bash"], 3])
def test_choices_that_there_are_not(value):
    with pytest.raises(RequestError, match="^Language: expected one of bash, cf, got "):
        check_choice("Language", value, ("bash", "cf"))


def test_a_message_does_not_grow_with_what_was_given():
    for value in ("x" * 10**6, ["x" * 10**6]):
        with pytest.raises(RequestError) as error:
            check_choice("Language", value, ("bash",))
        assert len(str(error.value)) < 120
