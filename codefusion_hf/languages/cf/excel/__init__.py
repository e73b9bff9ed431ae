# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Rules of conditional formatting in the words of Excel: formulas, menu and workbooks."""

try:
    import openpyxl  # noqa: F401
except ImportError as error:
    raise ImportError(
        "Excel's rules need openpyxl, which is not installed: `pip install 'codefusion-hf[excel]'`."
    ) from error
