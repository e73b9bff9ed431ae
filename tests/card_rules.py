# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What the Hub asks of the metadata of a card, of a model or a data set, as far as ours have it."""

import re
from typing import Any

import yaml


REPO_ID = re.compile(r"([A-Za-z0-9][\w.-]*/)?[A-Za-z0-9][\w.-]*")
LANGUAGE = re.compile(r"[a-z]{2,3}|code|multilingual")
SIZE = re.compile(r"n<1K|1K<n<10K|10K<n<100K|100K<n<1M|1M<n<10M|10M<n<100M")
LICENCE = re.compile(r"[a-z0-9][a-z0-9.-]*")


def metadata_errors(card: str) -> list[str]:
    """The errors in the metadata of a card, given with its text."""
    match = re.match(r"---\n(.*?)\n---\n", card, flags=re.DOTALL)
    if match is None:
        return []  # the Hub warns
    data = yaml.safe_load(match[1])
    if not isinstance(data, dict):
        return ["the metadata must be a mapping"]
    errors = []

    def check(name: str, value: Any, pattern: re.Pattern) -> None:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            errors.append(f"{name} is not valid: {value!r}")

    for name, pattern in (("license", LICENCE), ("library_name", LICENCE), ("pipeline_tag", LICENCE)):
        if name in data:
            check(name, data[name], pattern)
    for name, pattern in (
        ("language", LANGUAGE),
        ("datasets", REPO_ID),
        ("base_model", REPO_ID),
        ("size_categories", SIZE),
        ("task_categories", LICENCE),
    ):
        values = data.get(name, [])
        for value in values if isinstance(values, list) else [values]:
            check(name, value, pattern)
    if not isinstance(data.get("tags", []), list):
        errors.append("tags must be a list")
    for tag in data.get("tags", []):
        check("tags", tag, re.compile(r"\S.*"))
    for model in data.get("model-index", []):
        check("model-index.name", model.get("name"), re.compile(r".+"))
        for result in model["results"]:
            check("model-index.task.type", result["task"].get("type"), LICENCE)
            for name in ("type", "name"):
                check(f"model-index.dataset.{name}", result["dataset"].get(name), re.compile(r".+"))
            for metric in result["metrics"]:
                check("model-index.metrics.type", metric.get("type"), re.compile(r".+"))
                if not isinstance(metric.get("value"), int | float):
                    errors.append(f"model-index.metrics.value is not valid: {metric.get('value')!r}")
    return errors


__all__ = ["metadata_errors"]
