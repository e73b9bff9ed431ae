# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Scores of ranked candidates against several references, at top-1, top-3 and top-5 as in the CodeFusion paper
(https://huggingface.co/papers/2310.17680, section 4).

All scores are means over prompts with 95 % bootstrap intervals over prompts, in per cent unless said otherwise. The
figure at top-k is that of the best of the first k candidates of each prompt: for a match, whether any of them matches.

- All languages: `non_empty` and `valid` (top-1 alone), `exact_match`, `bleu`, `chrf`
  ([`~codefusion_hf.evaluation.metrics.text_similarity`]) and `edit_distance` to the nearest reference, of which less
  is better.
- Bash: `valid` is what `bash -n` accepts, where Bash is installed, and `parses` what bashlex does; `template_match`
  ([`~codefusion_hf.languages.bash.templates`]) and `nlc2cmd` ([`~codefusion_hf.languages.bash.nlc2cmd`]).
- Python: `valid` is what `ast.parse` accepts; `name_copy` over the prompts that quote a name of their reference
  ([`~codefusion_hf.languages.python.name_copy`]); with an encoder, `code_bert_score`
  ([`~codefusion_hf.evaluation.metrics.code_bert_score`]).
- CF rules: `valid` is what the grammar accepts; `execution_match` and `execution_match_any_column`;
  `constants` over the prompts whose rule has constants ([`~codefusion_hf.languages.cf.match`]).
"""

import math
import shutil
from collections.abc import Collection, Sequence

from codefusion_hf.evaluation.examples import Example
from codefusion_hf.evaluation.metrics.code_bert_score import CodeBERTScore
from codefusion_hf.evaluation.metrics.confidence import Estimate, bootstrap_mean
from codefusion_hf.evaluation.metrics.diversity import diversity
from codefusion_hf.evaluation.metrics.exact_match import normalize_whitespace
from codefusion_hf.evaluation.metrics.text_similarity import corpus_bleu, corpus_chrf, edit_distance
from codefusion_hf.languages import get_language
from codefusion_hf.languages.metrics import CandidateMetric, Exercise


KS = (1, 3, 5)


def _matches_exactly(candidate: str, example: Exercise) -> float:
    return float(normalize_whitespace(candidate) in map(normalize_whitespace, example.references))


def _least_edit_distance(candidate: str, example: Exercise) -> float:
    return min(edit_distance(candidate, reference) for reference in example.references)


_NON_EMPTY = CandidateMetric("non_empty", "non-empty", lambda candidate, example: 1.0, only_first=True)
_EXACT_MATCH = CandidateMetric("exact_match", "exact match", _matches_exactly)
_EDIT_DISTANCE = CandidateMetric(
    "edit_distance", "edit distance ↓", _least_edit_distance, worst=1.0, less_is_better=True
)

_CORPUS_METRICS = {"bleu": ("BLEU", corpus_bleu), "chrf": ("chrF", corpus_chrf)}


def candidate_metrics(language: str) -> tuple[CandidateMetric, ...]:
    """
    The metrics that give each candidate a number, in the order of reports.

    Args:
        language (`str`):
            One of [`~codefusion_hf.languages.LANGUAGES`].

    Returns:
        `tuple[CandidateMetric, ...]`: those of all languages and its own.

    Raises:
        `ValueError`: If `language` is unknown.
    """
    own = get_language(language).metrics()
    checks = [metric for metric in own if metric.only_first]
    matches = [metric for metric in own if not metric.only_first]
    return (_NON_EMPTY, *checks, _EXACT_MATCH, *matches, _EDIT_DISTANCE)


def metric_title(language: str, name: str, encoder_title: str = "CodeBERTScore") -> str:
    """
    What tables and plots call a score.

    Args:
        language (`str`):
            One of [`~codefusion_hf.languages.LANGUAGES`].
        name (`str`):
            Name of a metric, or a key of what [`score_candidates`] returns.
        encoder_title (`str`, *optional*, defaults to `"CodeBERTScore"`):
            What to call `code_bert_score`, see `name` of
            [`~codefusion_hf.evaluation.metrics.code_bert_score.CodeBERTScore`].

    Returns:
        `str`: for instance `template match`, or `template match @5`.
    """
    titles = {metric.name: metric.title for metric in candidate_metrics(language)}
    titles |= {metric: title for metric, (title, _) in _CORPUS_METRICS.items()}
    titles["code_bert_score"] = encoder_title
    metric, _, k = name.partition("_top")
    return f"{titles[metric]} @{k}" if k else titles[metric]


def score_candidates(
    examples: Sequence[Example],
    candidates: Sequence[Sequence[str]],
    language: str,
    ks: Sequence[int] = KS,
    encoder: CodeBERTScore | None = None,
    metrics: Collection[str] | None = None,
) -> dict[str, Estimate]:
    """
    Score ranked candidates. The module's docstring names the metrics.

    Args:
        examples (sequence of [`Example`]):
            The prompts with their references, one or more.
        candidates (sequence of sequences of `str`):
            Ranked candidates of every prompt, best first. Blank ones match nothing; a prompt without candidates counts
            as not answered.
        language (`str`):
            `bash`, `python` or `cf`.
        ks (sequence of `int`, *optional*, defaults to `(1, 3, 5)`):
            How many candidates to look at, each 1 or more.
        encoder ([`CodeBERTScore`], *optional*):
            Encoder of the score of that name.
        metrics (collection of `str`, *optional*):
            Names of the metrics to compute. All of the language if not given.

    Returns:
        `dict[str, Estimate]`: `{metric}_top{k}`, in per cent. A metric that is defined for no prompt is left out.

    Raises:
        `ValueError`: If there are no prompts, the two lengths differ, `language` is unknown, or a `k` is below 1.
    """
    if len(candidates) == 0 or len(candidates) != len(examples):
        raise ValueError(
            "`examples` and `candidates` must have one entry for each of one or more prompts, "
            f"got {len(examples)} and {len(candidates)}."
        )
    language_metrics = candidate_metrics(language)
    if len(ks) == 0 or min(ks) < 1:
        raise ValueError(f"`ks` must be one or more integers from 1 up, got {ks!r}.")
    candidates = [ranked[: max(ks)] for ranked in candidates]

    scores: dict[str, Estimate] = {}
    for metric in language_metrics:
        if metrics is not None and metric.name not in metrics:
            continue
        if metric.program is not None and shutil.which(metric.program) is None:
            continue
        values = [
            [metric.value(code, example) if code.strip() else metric.worst for code in ranked]
            for ranked, example in zip(candidates, examples, strict=True)
            if metric.is_defined is None or metric.is_defined(example)
        ]
        if not values:
            continue
        for k in (1,) if metric.only_first else ks:
            scores[f"{metric.name}_top{k}"] = _best_of(values, k, metric.worst, metric.less_is_better)
    references = [example.references for example in examples]
    for name, (_, score) in _CORPUS_METRICS.items():
        for k in ks if metrics is None or name in metrics else ():
            scores[f"{name}_top{k}"] = score(candidates, references, k)
    if encoder is not None and (metrics is None or "code_bert_score" in metrics):
        similarities = iter(
            encoder.score(
                [code for ranked in candidates for code in ranked],
                [example.references for example, ranked in zip(examples, candidates, strict=True) for _ in ranked],
            )
        )
        values = [[next(similarities) for _ in ranked] for ranked in candidates]
        for k in ks:
            scores[f"code_bert_score_top{k}"] = _best_of(values, k, worst=0.0)
    return scores


def _best_of(values: Sequence[Sequence[float]], k: int, worst: float, less_is_better: bool = False) -> Estimate:
    best = min if less_is_better else max
    return bootstrap_mean([100 * best(ranked[:k], default=worst) for ranked in values])


def score_diversity(candidates: Sequence[Sequence[str]], encoder: CodeBERTScore | None = None) -> dict[str, Estimate]:
    """
    How different the candidates of a prompt are from each other, see [`~codefusion_hf.evaluation.metrics.diversity`].

    Args:
        candidates (sequence of sequences of `str`):
            Candidates of every prompt.
        encoder ([`CodeBERTScore`], *optional*):
            Encoder for the mean similarity of embeddings.

    Returns:
        `dict[str, Estimate]`: means in [0, 1] over the prompts that have the figure (one with a single candidate has
        no distance); a figure that no prompt has is left out.
    """
    scores = {}
    for name, values in diversity(candidates, encoder).items():
        if defined := [value for value in values if not math.isnan(value)]:
            scores[name] = bootstrap_mean(defined)
    return scores


def unparsable_share(examples: Sequence[Example], language: str) -> float:
    """
    Share of the references that the parser of their language does not take. They count as plain strings.

    Args:
        examples (sequence of [`Example`]):
            The examples, one or more.
        language (`str`):
            `bash`, `python` or `cf`.

    Returns:
        `float`: in per cent.
    """
    references = [reference for example in examples for reference in example.references]
    is_parsable = get_language(language).is_parsable
    return 100 * sum(not is_parsable(reference) for reference in references) / len(references)


__all__ = [
    "KS",
    "candidate_metrics",
    "metric_title",
    "score_candidates",
    "score_diversity",
    "unparsable_share",
]
