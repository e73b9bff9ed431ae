# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A tiny checkpoint, and commands that are run in this process."""

import pytest

from codefusion_hf.cli import main


@pytest.fixture(scope="session")
def checkpoint(make_pipeline, tmp_path_factory):
    """The folder of a tiny pipeline, to be read alone."""
    folder = tmp_path_factory.mktemp("checkpoint")
    make_pipeline().save_pretrained(folder)
    return str(folder)


@pytest.fixture
def run(capsys):
    """A function that runs a command, and gives its exit code, standard output and standard error."""

    def run(*argv):
        try:
            code = main([str(argument) for argument in argv])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def refuse(run):
    """A function that runs a command which is to end with one line of error, and gives this."""

    def refuse(*argv):
        code, _, err = run(*argv)
        assert code == 2
        assert err.startswith("codefusion") and ": error: " in err
        assert err.count("\n") == 1 and err.endswith("\n") and len(err) < 400
        return err

    return refuse
