# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
A sentence to a conditional format, in a copy of a workbook:

    pip install "codefusion-hf[excel]"
    python examples/excel_rules.py students.xlsx "highlight the students who are older than 12"

The copy is students-formatted.xlsx. Of the generated candidates, the first is taken that is a rule, names columns that
the table has, and is possible in Excel. The copy has what openpyxl keeps: cells, formulas and formats, but no shapes.
"""

import argparse
import io
import os
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import torch
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.worksheet import Worksheet

from codefusion_hf import CodeFusionPipeline
from codefusion_hf.checkpoints import checkpoint_path
from codefusion_hf.languages.cf.excel.archive import read_workbook_file
from codefusion_hf.languages.cf.excel.menu import rule_to_menu
from codefusion_hf.languages.cf.excel.workbook import (
    add_rule,
    cells_below_header,
    find_table,
    read_table,
    rule_to_format,
)
from codefusion_hf.languages.cf.prompts import cf_prompt
from codefusion_hf.languages.cf.rules import Node, format_rule, parse_rule


def parse_args(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Write a conditional format into a copy of a workbook.")
    parser.add_argument("workbook", type=Path, help="the workbook, an .xlsx file")
    parser.add_argument("sentence", help="what is to be formatted")
    parser.add_argument("--sheet", help="name of the worksheet (default: the first)")
    parser.add_argument("--checkpoint", type=Path, help="folder of a checkpoint (default: the bundled cf-tiny)")
    parser.add_argument("--output", type=Path, help="the copy (default: WORKBOOK-formatted.xlsx beside it)")
    parser.add_argument("--num-return-sequences", type=int, default=5, help="candidates to choose from (default: 5)")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def load_workbook(path: Path, data_only: bool) -> openpyxl.Workbook:
    """The workbook, with the values of formulas in their place if `data_only`."""
    try:
        content = io.BytesIO(read_workbook_file(path))
    except ValueError as error:
        raise ValueError(f"`workbook` {error}, got {path}.") from error
    try:
        return openpyxl.load_workbook(content, data_only=data_only)
    except Exception as error:  # whatever openpyxl stumbles over: there is no workbook in it, or a damaged one
        raise ValueError(f"`workbook` must be a workbook that can be read, got {path}: {error}.") from error


def select_worksheet(workbook: openpyxl.Workbook, name: str | None) -> Worksheet:
    worksheets = {worksheet.title: worksheet for worksheet in workbook.worksheets}
    if name is None:
        return workbook.worksheets[0]
    if name not in worksheets:
        raise ValueError(f"`sheet` must be one of {', '.join(map(repr, worksheets))}, got {name!r}.")
    return worksheets[name]


def choose_rule(candidates: Sequence[str], cells: CellRange) -> Node:
    """The first candidate that can be written for the cells of a table."""
    problems = []
    for candidate in candidates:
        try:
            rule = parse_rule(candidate)
            rule_to_format(rule, cells)
        except ValueError as error:
            problems.append(f"{candidate!r}: {error}")
        else:
            return rule
    raise ValueError("\n  ".join([f"None of the {len(candidates)} candidates is a rule for this table:", *problems]))


def apply_rule(workbook: openpyxl.Workbook, sheet: str | None, rule: Node) -> str:
    """Adds a rule to a worksheet, and tells how one would do that in Excel."""
    worksheet = select_worksheet(workbook, sheet)
    cells = cells_below_header(find_table(worksheet))
    add_rule(worksheet, rule, cells)
    return rule_to_menu(rule, cells)


def save_copy(workbook: openpyxl.Workbook, path: Path) -> None:
    """Under a temporary name first, so that there is never half a file."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        workbook.save(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def main(arguments: Sequence[str] | None = None) -> Path:
    args = parse_args(arguments)
    output = args.output or args.workbook.with_name(f"{args.workbook.stem}-formatted.xlsx")
    workbook = load_workbook(args.workbook, data_only=False)
    if output.suffix.lower() != ".xlsx" or (output.exists() and output.samefile(args.workbook)):
        raise ValueError(f"`output` must be an .xlsx file and not the workbook itself, got {output}.")
    worksheet = select_worksheet(workbook, args.sheet)
    table = find_table(worksheet)
    values = select_worksheet(load_workbook(args.workbook, data_only=True), worksheet.title)

    checkpoint = args.checkpoint or checkpoint_path("cf-tiny")
    # Half precision, which a checkpoint may be stored in, is many times slower on a CPU.
    pipe = CodeFusionPipeline.from_pretrained(checkpoint, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    candidates = pipe(
        cf_prompt(args.sentence, read_table(values, table)),
        num_return_sequences=args.num_return_sequences,
        # What the checkpoint's card was measured with: of many different draws, those that come most often.
        num_candidates=4 * args.num_return_sequences,
        temperature=1.0,
        generator=torch.Generator().manual_seed(args.seed),
    ).codes[0]
    rule = choose_rule(candidates, cells_below_header(table))

    instruction = apply_rule(workbook, args.sheet, rule)
    save_copy(workbook, output)
    print(f"{format_rule(rule)}\nThe same in Excel: {instruction}\nWritten to {output}")
    return output


if __name__ == "__main__":
    main()
