# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
The page as a Space, or on your own machine:

    pip install -r requirements.txt
    python app.py

Its address is that of GRADIO_SERVER_NAME and GRADIO_SERVER_PORT, by default http://127.0.0.1:7860.
"""

import os


# Before gradio is imported: a page that is served to others calls nobody else.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr  # noqa: E402
import torch  # noqa: E402
from generation import Writer  # noqa: E402
from limits import MAX_UNFINISHED, MAX_UPLOAD_BYTES  # noqa: E402
from page import FOLDER, Page  # noqa: E402
from turns import Turns  # noqa: E402


def main() -> None:
    """Serve the page."""
    # A core for each call: two calls at once are faster than one on two cores after the other.
    torch.set_num_threads(1)
    blocks = Page(Writer(), Turns()).build()
    blocks.queue(default_concurrency_limit=None, max_size=2 * MAX_UNFINISHED)
    blocks.launch(
        # Each of those that wait keeps a thread.
        max_threads=2 * MAX_UNFINISHED,
        max_file_size=MAX_UPLOAD_BYTES,
        show_error=False,
        run_history=False,
        ssr_mode=False,
        theme=gr.themes.Soft(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        css_paths=FOLDER / "style.css",
        head=f"<script>{(FOLDER / 'replay.js').read_text(encoding='utf-8')}</script>",
    )


if __name__ == "__main__":
    main()
