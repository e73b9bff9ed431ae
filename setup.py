# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Packaging: the top-level folders `modeling/` and `pipelines/` are installed inside `codefusion_hf`."""

import re
from pathlib import Path

from setuptools import find_packages, setup


ROOT = Path(__file__).resolve().parent


def read_version() -> str:
    """Reads `__version__` without importing the package, whose dependencies are not there while it is being built."""
    source = (ROOT / "codefusion_hf" / "__init__.py").read_text(encoding="utf-8")
    match = re.search(r'^__version__ = "([^"]+)"$', source, flags=re.MULTILINE)
    if match is None:
        raise RuntimeError('codefusion_hf/__init__.py has no line `__version__ = "..."`.')
    return match.group(1)


# A lower bound stands only where an API needs it, an upper bound nowhere.
install_requires = [
    "accelerate",  # diffusers loads pipelines, and transformers' Trainer trains, through it
    "diffusers>=0.41",  # the oldest release tested; the newest one for Python 3.10
    "filelock",
    "huggingface-hub",
    "pyyaml",
    "rich",
    "safetensors",
    "torch>=2.6",  # FSDP version 2, whose weights the moving average gathers
    "tqdm",
    "transformers>=5.20",  # configurations are dataclasses that declare their parts with `SubConfigSpec`
]

extras = {}
extras["training"] = ["datasets", "tokenizers", "bashlex"]
extras["lora"] = ["peft"]
extras["trackers"] = ["tensorboard"]
extras["evaluation"] = [
    "bashlex",
    "matplotlib",
    "rapidfuzz",
    "sacrebleu",
    "scikit-learn",
    "scipy>=1.15",  # `bootstrap` takes `rng`
]
extras["excel"] = ["defusedxml", "openpyxl"]
extras["pictures"] = ["pillow>=10.1"]  # the first whose own font can be scaled
# The page: Gradio 6, where style and script are arguments of `launch`
extras["demo"] = ["gradio>=6", *extras["excel"]]
extras["memory"] = ["bm25s", "pyarrow"]
extras["dense"] = [*extras["memory"], "faiss-cpu"]  # look-up with a sentence encoder
extras["samplers"] = ["scipy", "torchsde"]  # LMSDiscreteScheduler and the DPMSolverSDE scheduler of diffusers
extras["docs"] = ["mkdocs-material", "mkdocstrings[python]"]
# setuptools 70.1 is the first that builds a wheel alone: `make quality` and the wheel's test build without isolation
extras["quality"] = ["mypy", "ruff", "setuptools>=70.1"]
extras["test"] = [
    "hypothesis",
    "ipykernel",  # with the next two, examples/tour.ipynb is run
    "nbclient",
    "nbformat",
    "parameterized",  # transformers' common tests, of `make conformance`
    "psutil",
    "pytest",
    "pytest-xdist",
    "setuptools>=70.1",
    *(
        requirement
        for name in ("training", "lora", "evaluation", "excel", "pictures", "dense", "samplers")
        for requirement in extras[name]
    ),
]
extras["dev"] = [*extras["test"], *extras["quality"]]

setup(
    name="codefusion-hf",
    version=read_version(),
    description="CodeFusion, a diffusion model for code generation, as a transformers model and a diffusers pipeline",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="The codefusion-hf authors",
    license="Apache-2.0",
    license_files=["LICENSE"],
    keywords="diffusion code-generation transformers diffusers pytorch bash",
    packages=[
        *find_packages(include=["codefusion_hf", "codefusion_hf.*"]),
        "codefusion_hf.modeling",
        "codefusion_hf.pipelines",
    ],
    package_dir={"codefusion_hf.modeling": "modeling", "codefusion_hf.pipelines": "pipelines"},
    package_data={
        "codefusion_hf": [
            "py.typed",
            # A checkpoint is a folder of folders (model/, scheduler/, tokenizer/), with files for plain diffusers and
            # transformers that say where its classes are: in this package.
            *(f"checkpoints/**/*.{suffix}" for suffix in ("json", "md", "py", "safetensors", "txt")),
            "cookbook/README.md",
            "cookbook/**/*.jsonl",
            "languages/**/*.yaml",
            "training/presets/*.yaml",
        ]
    },
    entry_points={"console_scripts": ["codefusion = codefusion_hf.cli:main"]},
    python_requires=">=3.10",
    install_requires=install_requires,
    extras_require=extras,
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 14)),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
