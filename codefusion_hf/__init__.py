# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""CodeFusion, a diffusion model for code generation, on transformers and diffusers."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any


__version__ = "0.1.0.dev0"

# `modeling/` and `pipelines/` lie beside this package in the repository and inside it once installed. Python started
# in the repository's root imports this folder even after a plain `pip install .`, so it has to look beside itself.
_PACKAGE = Path(__file__).resolve().parent
if not (_PACKAGE / "modeling").is_dir() and (_PACKAGE.parent / "setup.py").is_file():
    __path__.append(str(_PACKAGE.parent))

# The public names are imported on first use: torch and transformers take seconds, `codefusion --help` should not.
_SUBMODULE_OF = {
    "CodeFusionConfig": "modeling",
    "CodeFusionModel": "modeling",
    "CodeFusionInfillPipeline": "pipelines",
    "CodeFusionPipeline": "pipelines",
    "CodeFusionPipelineOutput": "pipelines",
    "CodeFusionRevisePipeline": "pipelines",
    "CodeFusionScheduler": "pipelines",
    "CodeFusionStreamer": "pipelines",
}

if TYPE_CHECKING:
    from codefusion_hf.modeling import CodeFusionConfig, CodeFusionModel
    from codefusion_hf.pipelines import (
        CodeFusionInfillPipeline,
        CodeFusionPipeline,
        CodeFusionPipelineOutput,
        CodeFusionRevisePipeline,
        CodeFusionScheduler,
        CodeFusionStreamer,
    )

__all__ = [
    "CodeFusionConfig",
    "CodeFusionInfillPipeline",
    "CodeFusionModel",
    "CodeFusionPipeline",
    "CodeFusionPipelineOutput",
    "CodeFusionRevisePipeline",
    "CodeFusionScheduler",
    "CodeFusionStreamer",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name not in _SUBMODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_SUBMODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_SUBMODULE_OF})
