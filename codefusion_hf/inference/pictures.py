# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Pictures of a call step by step: an animation, or all steps below each other."""

import importlib.util
import os
from collections.abc import Iterable
from pathlib import Path

from codefusion_hf.pipelines import CodeFusionDraft, CodeFusionRevision
from codefusion_hf.terminal import printable


try:
    from PIL import Image, ImageDraw, ImageFont
except ImportError as error:
    raise ImportError(
        "Pictures need Pillow, which is not installed: `pip install 'codefusion-hf[pictures]'`."
    ) from error


BACKGROUND, PANEL, TEXT, LABEL, CHANGED, FINISHED = "#ffffff", "#eaeef2", "#1f2328", "#6e7781", "#ffe08a", "#1a7f37"
# A token that the model is not sure of at all is drawn so, others between this and `TEXT`.
UNSURE = "#a8b0b8"

FONT_SIZE = 18
MARGIN = 16
# Of a character's cell, in sizes of the font.
CELL_WIDTH, LINE_HEIGHT = 0.62, 1.6
# Within matplotlib, which the evaluation's plots need.
MONOSPACED_FONT = "mpl-data/fonts/ttf/DejaVuSansMono.ttf"
TAB = "    "

# How long a step and the result stay, in milliseconds.
STEP_TIME, RESULT_TIME = 450, 2500
# A GIF has at most 256 colours; a picture of text needs fewer.
NUM_COLORS = 64


def show_revisions(
    revisions: Iterable[CodeFusionRevision],
    path: str | os.PathLike[str],
    title: str | None = None,
    prompt_index: int = 0,
    columns: int = 72,
) -> Path:
    """
    Draw how a program came about. What changed since the step before has a coloured background, and a token is as pale
    as the model is unsure of it. The font is matplotlib's DejaVu Sans Mono where that is installed, else Pillow's own.

    Args:
        revisions (iterable of [`~codefusion_hf.pipelines.CodeFusionRevision`]):
            What [`~codefusion_hf.CodeFusionPipeline.stream`] gives. Of the candidates of a prompt, the one is drawn
            that the best program was read from; if the last revision is missing, the first.
        path (`str` or `os.PathLike`):
            The file to write: `.gif` for an animation, or `.png` for all steps below each other, where those in which
            nothing changed are left out. An older file is replaced.
        title (`str`, *optional*):
            A line above the code, such as the prompt.
        prompt_index (`int`, *optional*, defaults to 0):
            Which prompt of the call, in [0, batch size - 1].
        columns (`int`, *optional*, defaults to 72):
            Characters of a line, in [16, 256]; a longer line is wrapped.

    Returns:
        `Path`: the file.

    Raises:
        ValueError: if there is no revision, `path` has another suffix, or a number is out of its range.
        OSError: if the file cannot be written; an older one is then as it was.
    """
    path = Path(path)
    if path.suffix.lower() not in (".gif", ".png"):
        raise ValueError(f"`path` must end in .gif or .png, got {path}.")
    if not 16 <= columns <= 256:
        raise ValueError(f"`columns` must be in [16, 256], got {columns}.")
    steps = list(revisions)
    if not steps:
        raise ValueError("`revisions` must be one or more, got none.")
    if not 0 <= prompt_index < len(steps[0].drafts):
        raise ValueError(f"`prompt_index` must be in [0, {len(steps[0].drafts) - 1}], got {prompt_index}.")

    last = steps[-1].drafts[prompt_index][0]
    candidate = last.candidate if steps[-1].is_last else 0
    if candidate >= len(steps[0].drafts[prompt_index]) and not steps[0].is_last:
        # What a neighbour has written has no steps.
        steps = steps[-1:]
    drafts = [last if step.is_last else step.drafts[prompt_index][candidate] for step in steps]
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        if path.suffix.lower() == ".gif":
            _save_animation(steps, drafts, temporary, title, columns)
        else:
            _save_strip(steps, drafts, temporary, title, columns)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _save_animation(
    steps: list[CodeFusionRevision], drafts: list[CodeFusionDraft], path: Path, title: str | None, columns: int
) -> None:
    above = _wrap_text(title, columns)
    num_lines = max(len(_wrap(draft, columns)) for draft in drafts)
    frames = []
    for step, draft in zip(steps, drafts, strict=True):
        page = _Page(columns, len(above) + num_lines + 1)
        for number, line in enumerate(above):
            page.write(number, line, LABEL)
        page.draw_code(len(above), draft)
        share = 1.0 if step.is_last else (step.step + 1) / (step.num_steps + 1)
        page.draw_progress(len(above) + num_lines, _label(step), share)
        frames.append(page.image.quantize(NUM_COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE))
    times = [RESULT_TIME if step.is_last else STEP_TIME for step in steps]
    # An encoder drops a frame like the one before and adds up their times: the animation is as long as it was.
    frames[0].save(path, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0, disposal=1)


def _save_strip(
    steps: list[CodeFusionRevision], drafts: list[CodeFusionDraft], path: Path, title: str | None, columns: int
) -> None:
    shown = [
        (step, draft)
        for step, draft in zip(steps, drafts, strict=True)
        if step is steps[0] or step is steps[-1] or any(draft.changed)
    ]
    above = _wrap_text(title, columns)
    indent = max(len(_label(step)) for step, _ in shown) + 2
    heights = [len(_wrap(draft, columns)) for _, draft in shown]
    page = _Page(columns + indent, len(above) + sum(heights))
    for number, line in enumerate(above):
        page.write(number, line, LABEL)
    row = len(above)
    for (step, draft), height in zip(shown, heights, strict=True):
        page.write(row, _label(step), FINISHED if step.is_last else LABEL)
        page.draw_code(row, draft, indent)
        row += height
    page.image.save(path, "PNG", optimize=True)


def _label(step: CodeFusionRevision) -> str:
    return "result" if step.is_last else f"step {step.step + 1}/{step.num_steps}"


def _wrap_text(text: str | None, columns: int) -> list[str]:
    """A title by its lines."""
    if not text:
        return []
    letters = printable(text)
    return [letters[start : start + columns] for start in range(0, len(letters), columns)]


def _wrap(draft: CodeFusionDraft, columns: int) -> list[list[tuple[str, int]]]:
    """A program by its lines: the characters, each with the number of its token."""
    lines: list[list[tuple[str, int]]] = [[]]
    for number, token in enumerate(draft.tokens):
        for letter in token:
            if letter == "\n":
                lines.append([])
                continue
            for shown in TAB if letter == "\t" else printable(letter):
                if len(lines[-1]) == columns:
                    lines.append([])
                lines[-1].append((shown, number))
    return lines


def _mix(start: str, end: str, share: float) -> tuple[int, ...]:
    """A colour between two."""
    pairs = [(int(start[at : at + 2], 16), int(end[at : at + 2], 16)) for at in (1, 3, 5)]
    return tuple(round(first + (second - first) * share) for first, second in pairs)


def _load_font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A monospaced font where there is one: Pillow's own is none, but can be drawn as if it were."""
    found = importlib.util.find_spec("matplotlib")
    if found is not None and found.origin is not None:
        font = Path(found.origin).parent / MONOSPACED_FONT
        if font.is_file():
            return ImageFont.truetype(font, FONT_SIZE)
    return ImageFont.load_default(FONT_SIZE)


class _Page:
    """A picture of lines of text. Each character has a cell of the same width, whatever the font."""

    def __init__(self, columns: int, num_lines: int):
        self.font = _load_font()
        self.cell_width, self.line_height = round(FONT_SIZE * CELL_WIDTH), round(FONT_SIZE * LINE_HEIGHT)
        size = (columns * self.cell_width + 2 * MARGIN, num_lines * self.line_height + 2 * MARGIN)
        self.image = Image.new("RGB", size, BACKGROUND)
        self.canvas = ImageDraw.Draw(self.image)

    def write(self, row: int, text: str, color: str | tuple[int, ...], column: int = 0) -> None:
        """Characters, each in the middle of its cell."""
        middle = MARGIN + row * self.line_height + self.line_height // 2
        for number, letter in enumerate(text, column):
            left = MARGIN + number * self.cell_width
            self.canvas.text((left + self.cell_width / 2, middle), letter, fill=color, font=self.font, anchor="mm")

    def draw_code(self, row: int, draft: CodeFusionDraft, column: int = 0) -> None:
        """A program, from a line on."""
        for line in _wrap(draft, (self.image.width - 2 * MARGIN) // self.cell_width - column):
            # Backgrounds first, or one would cover what a wide letter has in the cell beside it.
            for number, (_, token) in enumerate(line, column):
                if draft.changed[token]:
                    left, top = MARGIN + number * self.cell_width, MARGIN + row * self.line_height
                    self.canvas.rectangle(
                        (left, top + 2, left + self.cell_width - 1, top + self.line_height - 3), fill=CHANGED
                    )
            for number, (letter, token) in enumerate(line, column):
                self.write(row, letter, _mix(UNSURE, TEXT, draft.confidences[token]), number)
            row += 1

    def draw_progress(self, row: int, label: str, share: float) -> None:
        """A bar, with its label in front."""
        is_full = share == 1.0
        self.write(row, label, FINISHED if is_full else LABEL)
        start = MARGIN + 14 * self.cell_width
        middle = MARGIN + row * self.line_height + self.line_height // 2
        end = self.image.width - MARGIN
        self.canvas.rectangle((start, middle - 3, end, middle + 3), fill=PANEL)
        self.canvas.rectangle(
            (start, middle - 3, start + round((end - start) * share), middle + 3), fill=FINISHED if is_full else LABEL
        )


__all__ = ["show_revisions"]
