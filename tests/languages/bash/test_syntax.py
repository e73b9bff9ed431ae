# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What Bash accepts, found out without running it."""

import shutil

import pytest

from codefusion_hf.languages.bash.syntax import is_valid_bash


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_validity(tmp_path, monkeypatch):
    assert is_valid_bash("for f in *; do echo $f; done")
    assert not is_valid_bash("for f in *; echo $f; done")
    assert not is_valid_bash("fi\nls")
    assert not is_valid_bash(" \n")
    # Nothing runs: neither the code nor a start-up file.
    startup = tmp_path / "startup"
    startup.write_text(f"touch {tmp_path}/started\n")
    monkeypatch.setenv("BASH_ENV", str(startup))
    assert is_valid_bash(f"touch {tmp_path}/ran; echo $(touch {tmp_path}/ran)")
    assert [path.name for path in tmp_path.iterdir()] == ["startup"]


def test_bash_validity_without_bash(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="no `bash` was found"):
        is_valid_bash("echo a command that no other test has cached")
