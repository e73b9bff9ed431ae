# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""From the scores of drawn canvases to ranked programs, no two of them the same."""

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import torch


# What is left of a program's votes for each value of the prompt that it does not have.
VOTES_WITHOUT_VALUE = 0.25
# In a rule, what is no value: `c[2]` has no 2.
_COLUMN = re.compile(r"\bc\[[0-9]+\]")


def likeliest_sequences(
    logits: torch.Tensor,
    num_sequences: int,
    eos_token_id: int | None,
    pad_token_id: int,
    attention_mask: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """
    The likeliest programs of each canvas, exactly: given the latents, its positions are independent, so the best
    beginnings of any length are the best continuations of the best shorter ones.

    A program is as likely as the likeliest canvas that begins with it. What stands behind its end does not count, and
    so the shorter one of two is not the likelier for being short.

    Args:
        logits (`torch.FloatTensor` of shape `(batch_size, canvas_length, vocab_size)`):
            Scores of the tokens.
        num_sequences (`int`):
            How many, at least 1.
        eos_token_id (`int`, *optional*), pad_token_id (`int`):
            A program ends with the first of either.
        attention_mask (`torch.Tensor` of shape `(batch_size, canvas_length)`, *optional*):
            1 for positions of the canvas, 0 for padding behind it.

    Returns:
        `tuple`: token ids of shape `(batch_size, num_sequences, canvas_length)`, padded behind the end; the mean
        log-probability of the tokens of each, of shape `(batch_size, num_sequences)`; and of the same shape how likely
        each is beside the first, the likeliest one, as a log-ratio, by which they are sorted: minus infinity where
        there are no more programs.
    """
    batch_size, canvas_length, vocab_size = logits.shape
    log_probabilities = logits.float().log_softmax(dim=-1)
    ratios = log_probabilities - log_probabilities.amax(dim=-1, keepdim=True)
    ends = [pad_token_id] if eos_token_id is None else [pad_token_id, eos_token_id]
    end_ratios, end_ids = ratios[..., ends].max(dim=-1)
    end_ids = torch.tensor(ends, device=logits.device)[end_ids]
    ratios[..., ends] = -math.inf
    choices, choice_ids = ratios.topk(min(num_sequences, vocab_size), dim=-1)
    if attention_mask is None:
        canvas_lengths = torch.full((batch_size, 1), canvas_length, device=logits.device)
    else:
        canvas_lengths = attention_mask.sum(dim=1, keepdim=True)

    # Programs that go on, and those that have ended; of the former, there is one without any token.
    open_ratios = choices.new_full((batch_size, num_sequences), -math.inf)
    open_ratios[:, 0] = 0.0
    open_ids = choice_ids.new_full((batch_size, num_sequences, canvas_length), pad_token_id)
    ended_ratios, token_ids = torch.full_like(open_ratios, -math.inf), open_ids.clone()
    for position in range(canvas_length):
        all_ratios = [ended_ratios, open_ratios + end_ratios[:, None, position]]
        all_ids = [token_ids, open_ids.clone()]
        all_ids[1][..., position] = end_ids[:, None, position]

        open_ratios, order = (open_ratios[..., None] + choices[:, None, position]).flatten(1).topk(num_sequences)
        parents = (order // choices.shape[-1])[..., None].expand_as(open_ids)
        open_ids = open_ids.gather(1, parents)
        open_ids[..., position] = choice_ids[:, position].gather(1, order % choices.shape[-1])

        # Where the canvas ends, all do.
        is_last = canvas_lengths == position + 1
        all_ratios.append(open_ratios.masked_fill(~is_last, -math.inf))
        all_ids.append(open_ids)
        open_ratios = open_ratios.masked_fill(is_last, -math.inf)
        ended_ratios, order = torch.cat(all_ratios, dim=1).topk(num_sequences)
        token_ids = torch.cat(all_ids, dim=1).gather(1, order[..., None].expand_as(token_ids))
    is_code = token_ids != pad_token_id
    scores = log_probabilities[:, None].expand(-1, num_sequences, -1, -1).gather(3, token_ids[..., None])[..., 0]
    scores = (scores * is_code).sum(dim=-1) / is_code.sum(dim=-1).clamp(min=1)
    return token_ids, scores, ended_ratios


@dataclass
class Program:
    """
    A program that may be returned.

    Args:
        text (`str`):
            The program.
        token_ids (`list[int]`), score (`float`):
            Of its likeliest sequence of tokens: these, padded to the canvas, and their mean log-probability.
        is_drawn (`bool`):
            Whether it is the likeliest program of a draw, or a neighbour's.
        votes (`float`):
            How many draws gave it: of the one vote of a draw, each of its programs has a share by its probability. A
            neighbour's program has votes of its own beside these.
        source (`tuple[int, int]`):
            The candidate that `token_ids` are of, and which of its programs they are. Candidates are the draws, and
            behind them the neighbours.
    """

    text: str
    token_ids: list[int]
    score: float
    is_drawn: bool = False
    votes: float = 0.0
    source: tuple[int, int] = (0, 0)


def collect_programs(
    draws: Sequence[Sequence[tuple[str, list[int], float, float]]], by_confidence: bool = False
) -> list[Program]:
    """
    The programs of some draws, each once.

    Args:
        draws (`Sequence`):
            For each draw, its likeliest programs, the likeliest first: text, token ids, mean log-probability of the
            tokens, and the log-ratio of its probability to that of the first. One of minus infinity is none.
        by_confidence (`bool`, *optional*, defaults to `False`):
            Whether a draw votes for each of its programs with the geometric mean of the probabilities of its tokens,
            and not with a share of one vote: for draws that had different numbers of tokens to fill in, of which some
            were the wrong ones.

    Returns:
        `list[Program]`: in the order in which they first come.
    """
    programs: dict[str, Program] = {}
    for number, draw in enumerate(draws):
        total = sum(math.exp(log_ratio) for *_, log_ratio in draw)
        for rank, (text, token_ids, score, log_ratio) in enumerate(draw):
            if log_ratio == -math.inf:
                continue
            program = programs.setdefault(text, Program(text, token_ids, score, source=(number, rank)))
            # What is no draw's likeliest is scored otherwise where tokens are committed.
            if (rank == 0, score) > (program.is_drawn, program.score):
                program.token_ids, program.score, program.source = token_ids, score, (number, rank)
            program.is_drawn |= rank == 0
            program.votes += math.exp(score) if by_confidence else math.exp(log_ratio) / total
    return list(programs.values())


def add_programs(programs: Sequence[Program], others: Sequence[Program]) -> list[Program]:
    """
    Programs and others beside them, each once: of those that are among both, the votes are added.

    Args:
        programs, others (`Sequence[Program]`):
            The programs, which are changed, and the others.

    Returns:
        `list[Program]`
    """
    by_text = {program.text: program for program in programs}
    for other in others:
        program = by_text.setdefault(other.text, other)
        if program is not other:
            program.votes += other.votes
            program.is_drawn |= other.is_drawn
    return list(by_text.values())


def rank_programs(
    programs: Sequence[Program],
    num_return_sequences: int,
    ranking: str | Callable[[str, str], float] = "votes",
    is_valid: Callable[[str], bool] | None = None,
    values: Collection[str] = (),
) -> list[Program]:
    """
    Choose and sort the programs of a prompt.

    By `"votes"`, what was drawn more often comes first (majority voting, as in self-consistency,
    https://huggingface.co/papers/2203.11171); a draw shares its vote out among programs by their probability. By a
    similarity, what is expected to be most similar to the right answer, if that is any of the programs that were
    drawn: the decision of minimum Bayes risk (Kumar and Byrne, 2004, https://aclanthology.org/N04-1022); what is not
    the likeliest of any draw comes behind. What is equal in that comes by score. Each value of the prompt that a
    program does not have takes three quarters of the votes that it has left. Last are what is malformed and what is
    empty.

    Args:
        programs (`Sequence[Program]`):
            From [`collect_programs`].
        num_return_sequences (`int`):
            How many to return, at least 1.
        ranking (`str` or `Callable`, *optional*, defaults to `"votes"`):
            `"votes"`, or the similarity of a program to another one: a function of both, of any scale.
        is_valid (`Callable`, *optional*):
            Whether a program is well-formed. By default all are.
        values (`Collection[str]`, *optional*):
            What the prompt names itself, such as paths and numbers. By default nothing.

    Returns:
        `list[Program]`: the best first; all of them where there are fewer.
    """

    def votes(program: Program) -> float:
        text = _COLUMN.sub("", program.text)
        return program.votes * VOTES_WITHOUT_VALUE ** sum(value not in text for value in values)

    drawn = [(program.text, votes(program)) for program in programs if program.is_drawn]

    def key(program: Program) -> tuple:
        if not callable(ranking):
            return (not program.text, -votes(program), -program.score)
        similarity = sum(share * ranking(program.text, text) for text, share in drawn) if program.is_drawn else 0.0
        return (not program.text, not program.is_drawn, -similarity, -votes(program), -program.score)

    candidates = sorted(programs, key=key)
    if is_valid is None:
        return candidates[:num_return_sequences]
    valid: list[Program] = []
    malformed: list[Program] = []
    for program in candidates:
        if len(valid) == num_return_sequences:
            break
        (valid if program.text and is_valid(program.text) else malformed).append(program)
    return [*valid, *malformed][:num_return_sequences]


__all__ = ["Program", "add_programs", "collect_programs", "likeliest_sequences", "rank_programs"]
