# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What is saved beside the weights so that they load without this package, and what is never loaded as weights."""

import os
import sys
from pathlib import Path


# What makes one file of a module of this package. A file that it has made is whole, and is saved again as it is: by
# users who do not have this package, and with whom it therefore is not imported.
CODE_GENERATOR = "codefusion_hf.modeling.self_contained"

# Loading a pickle can run any code, which safetensors cannot hold.
PICKLE_SUFFIXES = (".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth")

# The first letters of the files that `Trainer` keeps beside the weights to resume from.
TRAINING_STATE_NAMES = ("optimizer", "rng_state", "scaler", "scheduler", "training_args")


def save_code(module_name: str, path: str | os.PathLike) -> None:
    """
    Save a module in one file that needs nothing but torch, transformers and diffusers, for `trust_remote_code=True`.

    Args:
        module_name (`str`):
            The module, which has been imported: `__name__` in itself.
        path (`str` or `os.PathLike`):
            The file. Its folder is made if it is missing; an older file is replaced.

    Raises:
        OSError: if it cannot be written; an older file is then as it was.
    """
    module = sys.modules[module_name]
    if CODE_GENERATOR in sys.modules:
        source = sys.modules[CODE_GENERATOR].self_contained_source(module)
    else:
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(source, encoding="utf-8")
    os.replace(temporary, path)


def refuse_pickles(folder: str | os.PathLike) -> None:
    """
    Check that there are no weights in a folder but safetensors.

    Args:
        folder (`str` or `os.PathLike`):
            The folder of a model or a pipeline. Folders in it are not looked into.

    Raises:
        ValueError: if it contains a pickle; the message names it. The training state of `Trainer`, which is never
            loaded as weights, is let be.
    """
    for path in sorted(Path(folder).iterdir()):
        if path.suffix in PICKLE_SUFFIXES and not path.name.startswith(TRAINING_STATE_NAMES):
            raise ValueError(
                f"`{path}` is a pickle, and loading one can run any code: weights must be safetensors. Have whoever "
                "made this checkpoint save it with `save_pretrained`, or remove the file if there are safetensors too."
            )


__all__ = ["refuse_pickles", "save_code"]
