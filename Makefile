# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
#
# make demo         an English sentence each to Bash, Python and a rule for Excel, with the bundled checkpoints, offline
# make space        the page: a Gradio Space at http://127.0.0.1:7860, offline
# make test         the tests, without the slow ones
# make test-slow    the slow tests
# make conformance  transformers' own tests of models, fetched from PyPI, and of a scheduler; says why one is skipped
# make quality      what must pass before a commit: ruff and mypy
# make style        what ruff can mend by itself
# make docs         the pages of docs/ as a site, in build/site; fails on a warning
# make gif          the README's animation, anew: with another checkpoint the run is another one
# make clean        removes all that the other targets made, the virtual environment too
#
# Each target first creates .venv and installs what it needs. It takes PYTHON=python3.12 for another interpreter, and
# TORCH=torch TORCH_INDEX=https://download.pytorch.org/whl/cu130 (or another of PyTorch's indexes) for a GPU build.

SHELL := bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PROMPT ?= find all files larger than 10 MB
PYTHON_PROMPT ?= sort a list `names` in descending order
CF_PROMPT ?= highlight the values above 40
# The shell reads them from its environment, where a backtick is no command.
export PROMPT PYTHON_PROMPT CF_PROMPT

# A version is named because pip takes the highest one of all its sources: a release that PyPI has and this index does not
# would win, and PyPI's builds for Linux bring gigabytes of CUDA. Of equal versions, pip prefers the index's "+cpu".
TORCH ?= torch==2.13.0
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

.PHONY: demo space test test-slow conformance quality style docs gif clean
.NOTPARALLEL:

demo: $(VENV)/.installed
	@export HF_HUB_OFFLINE=1 TIMEFORMAT="Took %1R seconds, loading included."; \
	time $(BIN)/codefusion generate "$$PROMPT" && \
	time $(BIN)/codefusion generate --language python "$$PYTHON_PROMPT" && \
	time $(BIN)/codefusion generate --language cf "$$CF_PROMPT"

space: $(VENV)/.installed-demo
	HF_HUB_OFFLINE=1 $(BIN)/python demo/app.py

# A process for each core, with one thread each.
test: $(VENV)/.installed-test
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" -n auto --dist worksteal

test-slow: $(VENV)/.installed-test
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -m slow

# RUN_SLOW is how transformers asks for its own slow tests.
conformance: $(VENV)/.installed-test
	$(BIN)/python tests/conformance/fetch_transformers_tests.py
	HF_HUB_OFFLINE=1 RUN_SLOW=1 $(BIN)/python -m pytest -rs --no-fold-skipped tests/conformance \
		tests/test_scheduler_conformance.py

# mypy reads the package as it is installed: in the checkout, modeling/ and pipelines/ do not lie where their names say.
# build/ goes first, since setuptools would pack what an earlier build left there.
quality: $(VENV)/.installed-quality
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -rf build
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --target build/typecheck .
	$(BIN)/mypy build/typecheck/codefusion_hf

style: $(VENV)/.installed-quality
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir build/site

# matplotlib brings the font.
GIF_PROMPT := count the lines of all python files below the current folder
gif: $(VENV)/.installed-evaluation
	HF_HUB_OFFLINE=1 $(BIN)/python examples/show_revisions.py '$(GIF_PROMPT)' docs/assets/generation.gif \
		--checkpoint bash-tiny --seed 5

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ".installed" stands for the package with its requirements, ".installed-test" for the extra "test" as well, and so on.
$(VENV)/.installed: setup.py $(VENV)/.torch
	$(BIN)/python -m pip install -e .
	@touch $@

$(VENV)/.installed-%: setup.py $(VENV)/.torch
	$(BIN)/python -m pip install -e ".[$*]"
	@touch $@ $(VENV)/.installed

# torch alone and before the rest, so that only one package is looked up in PyTorch's index; where that does not answer,
# pip gives up on it soon and takes what its other sources have. torch's own requirements come with the package's.
$(VENV)/.torch: | $(BIN)/pip
	$(BIN)/python -m pip install --no-deps --retries 1 --timeout 15 --extra-index-url $(TORCH_INDEX) "$(TORCH)"
	@touch $@

$(BIN)/pip:
	$(PYTHON) -m venv $(VENV)
