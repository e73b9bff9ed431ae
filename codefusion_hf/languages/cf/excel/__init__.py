# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Rules of conditional formatting in the words of Excel: formulas, menu and workbooks. They need the extra `excel`."""
