# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What is known of the options of utilities: the content of `utilities.yaml`, which says what each table is."""

from collections.abc import Mapping

from codefusion_hf.languages.resources import load_yaml


def _by_utility(table: Mapping[str, str]) -> dict[str, str]:
    """Options by utility, of a table by utilities that have the same ones."""
    return {utility: options for utilities, options in table.items() for utility in utilities.split()}


_KNOWN = load_yaml(__package__, "utilities.yaml")

SINGLE_DASH_LONG_OPTIONS = frozenset(_KNOWN["single_dash_long_options"].split())
VALUE_OPTIONS = _by_utility(_KNOWN["value_options"])
DIGIT_OPTIONS = _by_utility(_KNOWN["digit_options"])
WRAPPERS: dict[str, int] = _KNOWN["wrappers"]
DASHLESS_CLUSTER = frozenset(_KNOWN["dashless_cluster"].split())
FIND_UTILITIES, FIND_ACTIONS, FIND_COMMAND_ACTIONS, FIND_GLOBAL_OPTIONS, FIND_VALUE_PREDICATES = (
    frozenset(_KNOWN["find"][name].split())
    for name in ("utilities", "actions", "command_actions", "global_options", "value_predicates")
)


__all__ = [
    "DASHLESS_CLUSTER",
    "DIGIT_OPTIONS",
    "FIND_ACTIONS",
    "FIND_COMMAND_ACTIONS",
    "FIND_GLOBAL_OPTIONS",
    "FIND_UTILITIES",
    "FIND_VALUE_PREDICATES",
    "SINGLE_DASH_LONG_OPTIONS",
    "VALUE_OPTIONS",
    "WRAPPERS",
]
