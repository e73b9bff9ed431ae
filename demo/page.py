# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The page: what is on it, what its buttons do, and its API."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from drawing import draw_candidates, draw_rule, draw_run, draw_step, draw_waiting
from generation import MASK, SCHEDULERS, Settings, Step, Writer
from limits import (
    MAX_CANDIDATES,
    MAX_CODE_CHARACTERS,
    MAX_PROMPT_CHARACTERS,
    MAX_SEED,
    MAX_STEPS,
    RequestError,
    check_text,
)
from turns import Turns, Waiting
from workbooks import choose_rule, read_workbook

from codefusion_hf.languages.cf.prompts import cf_prompt


FOLDER = Path(__file__).resolve().parent

TITLE = "CodeFusion"
INTRODUCTION = """# CodeFusion
Code by diffusion: it starts as noise, and every step may reconsider every token. What a step has changed is
<span class="changed-sample">coloured</span>, and what the model is not sure of is pale. The models behind this page
are tiny (up to 11 million parameters): read what they write before you use it. Nothing that is written here is run."""

LANGUAGES = [("Bash", "bash"), ("Python", "python"), ("Excel rule", "cf")]

GENERATE_EXAMPLES = [
    ["find all files larger than 10 MB", "bash"],
    ["count the lines of all python files below the current directory", "bash"],
    ["show the 5 largest folders in /var", "bash"],
    ["sort a list `names` in descending order", "python"],
    ["read the csv file data.csv into a pandas data frame", "python"],
    ["highlight the values above 40", "cf"],
]
REVISE_EXAMPLES = [
    ["find all files named '*.txt'", "find . -name '*.txt' -type d", "bash"],
    ["count the lines of notes.txt", "wc -c notes.txt", "bash"],
    ["", "tar -xzf", "bash"],
    ["reverse the list `items`", "items.sort()", "python"],
]
INFILL_EXAMPLES = [
    ["list all python files", f"find . -name {MASK}", "bash"],
    ["count the lines of all '*.py' files", f"find . -name {MASK} | xargs {MASK}", "bash"],
    ["", f"tar {MASK} archive.tar.gz", "bash"],
    ["sort the list by length", f"sorted(words, key={MASK})", "python"],
]
RULE_EXAMPLES = ["highlight the students who are older than 12", "the lowest 3 scores", "names that start with A"]
EXAMPLE_WORKBOOK = FOLDER / "students.xlsx"


class Page:
    """
    The page and its API.

    Args:
        writer ([`Writer`]):
            The checkpoints.
        turns ([`Turns`]):
            Whose turn it is.
    """

    def __init__(self, writer: Writer, turns: Turns):
        self.writer, self.turns = writer, turns

    def build(self) -> gr.Blocks:
        """
        Returns:
            `gr.Blocks`: the page.
        """
        # What a visitor has uploaded is deleted after an hour.
        with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(3600, 3600)) as blocks:
            # First, so that the names are these and not those of the page's own functions.
            for name in ("generate", "revise", "infill"):
                gr.api(getattr(self, f"api_{name}"), api_name=name, concurrency_limit=None)
            gr.Markdown(INTRODUCTION)
            with gr.Tab("Write"):
                self._add_generate()
            with gr.Tab("Revise"):
                self._add_revise()
            with gr.Tab("Fill in"):
                self._add_infill()
            with gr.Tab("Excel"):
                self._add_workbook()
        return blocks

    # What the tabs look like

    def _add_generate(self) -> None:
        with gr.Row():
            with gr.Column(min_width=300):
                prompt = _prompt_box("What shall the code do?", "list all files", "generate-prompt")
                language = _language_radio()
                settings = _settings("generate")
                button = gr.Button("Write code", variant="primary", elem_id="generate-button")
            outputs = _outputs("generate")
        _add_examples(GENERATE_EXAMPLES, [prompt, language], "{0}")
        inputs = [prompt, language, *settings]
        gr.on([button.click, prompt.submit], self.generate, inputs, outputs, **_OF_THE_PAGE)

    def _add_revise(self) -> None:
        with gr.Row():
            with gr.Column(min_width=300):
                prompt = _prompt_box(
                    "What shall the code do? (may be empty)", "find all files named '*.txt'", "revise-prompt"
                )
                code = _code_box("Draft", "find . -name '*.txt' -type d", "revise-code")
                strength = gr.Slider(
                    0, 1, 0.4, step=0.05, label="Strength", info="0 leaves the draft as it is, 1 ignores it"
                )
                language = _language_radio()
                settings = _settings("revise")
                button = gr.Button("Revise", variant="primary", elem_id="revise-button")
            outputs = _outputs("revise")
        _add_examples(REVISE_EXAMPLES, [prompt, code, language], "{1}  ⟵  {0}")
        button.click(self.revise, [prompt, code, strength, language, *settings], outputs, **_OF_THE_PAGE)

    def _add_infill(self) -> None:
        with gr.Row():
            with gr.Column(min_width=300):
                prompt = _prompt_box(
                    "What shall the code do? (may be empty)", "list all python files", "infill-prompt"
                )
                code = _code_box(
                    f"Code, with {MASK} where something is missing", f"find . -name {MASK}", "infill-code"
                )
                language = _language_radio()
                settings = _settings("infill")
                button = gr.Button("Fill in", variant="primary", elem_id="infill-button")
            outputs = _outputs("infill")
        _add_examples(INFILL_EXAMPLES, [prompt, code, language], "{1}  ⟵  {0}")
        button.click(self.infill, [prompt, code, language, *settings], outputs, **_OF_THE_PAGE)

    def _add_workbook(self) -> None:
        with gr.Row():
            with gr.Column(min_width=300):
                workbook = gr.File(label="Workbook (.xlsx, up to 1 MB)", file_types=[".xlsx"], height=140)
                prompt = _prompt_box("Which cells shall be formatted?", RULE_EXAMPLES[0], "workbook-prompt")
                sheet = gr.Textbox("", label="Sheet", placeholder="the first", max_length=31)
                settings = _settings("workbook", candidates=MAX_CANDIDATES)
                button = gr.Button("Write the rule", variant="primary", elem_id="workbook-button")
            with gr.Column(min_width=300):
                result = _html("The table", "The table appears here.", "workbook-result")
                frames, replay, candidates = _run_outputs("workbook")
                # For the API alone.
                answer = gr.JSON(visible=False, label="Answer")
        examples = [[str(EXAMPLE_WORKBOOK), sentence] for sentence in RULE_EXAMPLES]
        _add_examples(examples, [workbook, prompt], f"{EXAMPLE_WORKBOOK.name}: {{1}}")
        button.click(
            self.format_workbook,
            [workbook, prompt, sheet, *settings],
            [result, frames, replay, candidates, answer],
            api_name="format_workbook",
            **{**_OF_THE_PAGE, "api_visibility": "public"},
        )

    # What the buttons do

    def generate(
        self,
        prompt: str,
        language: str,
        steps: float,
        candidates: float,
        scheduler: str,
        seed: float,
        request: gr.Request,
    ) -> Iterator[tuple]:
        """Of the tab "Write"."""
        yield from self._show(
            request,
            lambda: self.writer.generate(Settings(language, steps, candidates, scheduler, seed), prompt),
        )

    def revise(
        self,
        prompt: str,
        code: str,
        strength: float,
        language: str,
        steps: float,
        candidates: float,
        scheduler: str,
        seed: float,
        request: gr.Request,
    ) -> Iterator[tuple]:
        """Of the tab "Revise"."""
        yield from self._show(
            request,
            lambda: self.writer.revise(Settings(language, steps, candidates, scheduler, seed), prompt, code, strength),
        )

    def infill(
        self,
        prompt: str,
        code: str,
        language: str,
        steps: float,
        candidates: float,
        scheduler: str,
        seed: float,
        request: gr.Request,
    ) -> Iterator[tuple]:
        """Of the tab "Fill in"."""
        yield from self._show(
            request,
            lambda: self.writer.infill(Settings(language, steps, candidates, scheduler, seed), prompt, code),
        )

    def format_workbook(
        self,
        workbook: str | None,
        prompt: str,
        sheet: str = "",
        steps: float = 10,
        candidates: float = MAX_CANDIDATES,
        scheduler: str = SCHEDULERS[0],
        seed: float = 0,
        request: gr.Request | None = None,
    ) -> Iterator[tuple]:
        """
        Of the tab "Excel": a rule for the table of a workbook, and the cells that it formats.
        """
        with _Messages():
            check_text("Prompt", prompt, MAX_PROMPT_CHARACTERS)
            check_text("Sheet", sheet, 31, may_be_blank=True)
            settings = Settings("cf", steps, candidates, scheduler, seed)  # type: ignore[arg-type]
            if workbook is None:
                raise RequestError("Workbook: please choose an .xlsx file.")
        found: list[Any] = []

        def make_steps() -> Iterator[Step]:
            # Reading takes time, too, and is done when it is one's turn.
            found.append(read_workbook(workbook, sheet))
            yield from self.writer.write_rule(settings, cf_prompt(prompt, found[0].rows))

        drawn = ""
        for frames, replay, candidates_table, step in self._draw(request, make_steps):
            if step is None or step.candidates is None:
                if found and not drawn:
                    drawn = draw_rule(None, found[0]).partition("</p>")[2]
                yield drawn, frames, replay, candidates_table, None
                continue
            (table,) = found
            rule = choose_rule([candidate.code for candidate in step.candidates], table)
            answer = {"applied": None if rule is None else rule.to_json(table), **step.to_json()}
            yield draw_rule(rule, table), frames, replay, candidates_table, answer

    def _show(self, request: gr.Request, make_steps: Callable[[], Iterator[Step]]) -> Iterator[tuple]:
        with _Messages():
            steps = make_steps()
        for *shown, _ in self._draw(request, lambda: steps):
            yield tuple(shown)

    def _draw(
        self, request: gr.Request | None, make_steps: Callable[[], Iterator[Step]]
    ) -> Iterator[tuple[Any, Any, Any, Step | None]]:
        """What is shown of a run: the drafts, the slider to replay them with, and the candidates."""
        steps: list[Step] = []
        for step in self._take_turn(request, make_steps):
            if isinstance(step, Waiting):
                yield draw_waiting(step.place), gr.skip(), "", None
                continue
            steps.append(step)
            if step.candidates is None:
                slider = gr.Slider(interactive=False, visible=True) if len(steps) == 1 else gr.skip()
                yield draw_step(step), slider, "", step
            else:
                number = len(steps)
                slider = gr.Slider(maximum=max(number, 2), value=number, interactive=number > 1, visible=True)
                yield draw_run(steps), slider, draw_candidates(step.candidates), step

    def _take_turn(
        self, request: gr.Request | None, make_steps: Callable[[], Iterator[Step]]
    ) -> Iterator[Step | Waiting]:
        client = getattr(request, "client", None)
        session, address = getattr(request, "session_hash", None), getattr(client, "host", None)
        with _Messages():
            yield from self.turns.run(session or f"{id(request)}", address or "unknown", make_steps)

    # What the API has

    def api_generate(
        self,
        prompt: str,
        language: str = "bash",
        steps: int = 10,
        candidates: int = 10,
        scheduler: str = SCHEDULERS[0],
        seed: int = 0,
        request: gr.Request = None,  # type: ignore[assignment]  # Gradio's
    ) -> Iterator[dict]:
        """Programs for a prompt: each step, and at last the best candidates."""
        with _Messages():
            made = self.writer.generate(Settings(language, steps, candidates, scheduler, seed), prompt)
        yield from self._to_json(request, made)

    def api_revise(
        self,
        prompt: str,
        code: str,
        strength: float = 0.4,
        language: str = "bash",
        steps: int = 10,
        candidates: int = 10,
        scheduler: str = SCHEDULERS[0],
        seed: int = 0,
        request: gr.Request = None,  # type: ignore[assignment]
    ) -> Iterator[dict]:
        """A draft, revised under a prompt: each step, and at last the best candidates."""
        with _Messages():
            settings = Settings(language, steps, candidates, scheduler, seed)
            made = self.writer.revise(settings, prompt, code, strength)
        yield from self._to_json(request, made)

    def api_infill(
        self,
        prompt: str,
        code: str,
        language: str = "bash",
        steps: int = 10,
        candidates: int = 10,
        scheduler: str = SCHEDULERS[0],
        seed: int = 0,
        request: gr.Request = None,  # type: ignore[assignment]
    ) -> Iterator[dict]:
        """Code, its gaps filled in: each step, and at last the best candidates."""
        with _Messages():
            made = self.writer.infill(Settings(language, steps, candidates, scheduler, seed), prompt, code)
        yield from self._to_json(request, made)

    def _to_json(self, request: gr.Request, steps: Iterator[Step]) -> Iterator[dict]:
        for step in self._take_turn(request, lambda: steps):
            if isinstance(step, Waiting):
                yield {"waiting": step.place, "step": 0, "num_steps": 0, "drafts": [], "candidates": []}
            else:
                yield step.to_json()


class _Messages:
    """Says on the page what was refused, and of other errors no more than that there was one."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if isinstance(error, RequestError):
            raise gr.Error(str(error), print_exception=False) from error
        if isinstance(error, Exception) and not isinstance(error, gr.Error):
            raise gr.Error("Something went wrong here. It is in the log.") from error


# The API has its own functions, of JSON.
_OF_THE_PAGE: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": None, "show_progress": "hidden"}


def _prompt_box(label: str, value: str, elem_id: str) -> gr.Textbox:
    return gr.Textbox(value, label=label, lines=2, max_lines=4, max_length=MAX_PROMPT_CHARACTERS, elem_id=elem_id)


def _code_box(label: str, value: str, elem_id: str) -> gr.Textbox:
    return gr.Textbox(
        value,
        label=label,
        lines=2,
        max_lines=6,
        max_length=MAX_CODE_CHARACTERS,
        elem_id=elem_id,
        elem_classes="code-box",
        html_attributes=gr.InputHTMLAttributes(spellcheck=False, autocapitalize="off", autocorrect="off"),
    )


def _language_radio() -> gr.Radio:
    return gr.Radio(LANGUAGES, value="bash", label="Language")


def _settings(name: str, candidates: int = 10) -> list[Any]:
    with gr.Accordion("Settings", open=False, elem_id=f"{name}-settings"):
        return [
            gr.Slider(1, MAX_STEPS, 10, step=1, label="Steps"),
            gr.Slider(1, MAX_CANDIDATES, candidates, step=1, label="Candidates", info="the best five are shown"),
            gr.Dropdown([(name.removesuffix("Scheduler"), name) for name in SCHEDULERS], label="Scheduler"),
            gr.Number(0, label="Seed", precision=0, minimum=0, maximum=MAX_SEED),
        ]


def _outputs(name: str) -> list[Any]:
    with gr.Column(min_width=300):
        return _run_outputs(name)


def _run_outputs(name: str) -> list[Any]:
    frames = _html("From noise to code", "The code appears here.", f"{name}-frames")
    replay = gr.Slider(1, 2, 1, step=1, label="Replay: step", interactive=False, elem_id=f"{name}-replay")
    replay.change(None, replay, js=f"(step) => window.showStep('{name}-frames', step)", api_visibility="private")
    candidates = _html("Candidates", "The candidates appear here, the best first.", f"{name}-candidates")
    return [frames, replay, candidates]


def _html(label: str, text: str, elem_id: str) -> gr.HTML:
    # The label is for the API: on the page, it would lie on what is shown.
    return gr.HTML(
        f'<p class="nothing">{text}</p>', label=label, show_label=False, container=True, padding=True, elem_id=elem_id
    )


def _add_examples(examples: list[list[str]], inputs: list[Any], label: str) -> None:
    # Labels, as the columns of a table of code do not fit on a phone.
    labels = [label.format(*example).removesuffix("  ⟵  ") for example in examples]
    gr.Examples(examples, inputs, label="Examples", example_labels=labels)


__all__ = ["Page"]
