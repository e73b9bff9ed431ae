# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Fetches transformers' common tests, of the installed version, into the build folder: run by `make conformance`.

They are not part of the installed package. The source distribution on PyPI holds the files at the top of `tests/`, but
none of its subfolders; empty stand-ins take the place of what the common tests import from there:

- `ExportTesterMixin` (torch.export) adds tests to the mixin: without it, they are not run;
- `GenerationTesterMixin` belongs to models with `generate`, which CodeFusion is none of;
- `config_common_kwargs` are read for configurations without sub-configurations, which ours is none of.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import transformers


BUILD_FOLDER = Path(__file__).resolve().parents[2] / "build" / "conformance"
UPSTREAM_FOLDER = BUILD_FOLDER / f"transformers-{transformers.__version__}"

STAND_INS = {
    "__init__.py": "",
    "exporters/__init__.py": "",
    "exporters/test_export.py": "class ExportTesterMixin:\n    pass\n",
    "generation/__init__.py": "",
    "generation/test_utils.py": "class GenerationTesterMixin:\n    pass\n",
    "utils/__init__.py": "",
    "utils/test_configuration_utils.py": "config_common_kwargs = {}\n",
}


def fetch(folder: Path = UPSTREAM_FOLDER) -> None:
    """
    Downloads the source distribution with pip and unpacks its common tests, if they are not there yet.

    Args:
        folder (`Path`, *optional*):
            Where to; created as a whole or not at all. The tests are then the package `tests` in it.

    Raises:
        subprocess.CalledProcessError: if pip finds no source distribution of the installed version.
    """
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary_folder:
        # pip compares the file with the index's hash. It also asks the archive's setup.py for the metadata, for which
        # the setuptools of this environment are enough.
        requirement = f"transformers=={transformers.__version__}"
        options = ["--no-deps", "--no-binary", "transformers", "--no-build-isolation", "--dest", temporary_folder]
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", *options, requirement], check=True)
        (archive,) = Path(temporary_folder).glob("transformers-*.tar.gz")
        unpacked = Path(temporary_folder) / archive.name.removesuffix(".tar.gz")
        # File by file: Python 3.11.2 (Debian's) unpacks no archive with the filters that keep it in its folder.
        (unpacked / "tests").mkdir(parents=True)
        with tarfile.open(archive) as tar:
            for member in tar:
                folder_name, _, name = member.name.rpartition("/")
                if folder_name == f"{unpacked.name}/tests" and (file := tar.extractfile(member)) is not None:
                    (unpacked / "tests" / name).write_bytes(file.read())
        for name, source in STAND_INS.items():
            path = unpacked / "tests" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(source, encoding="utf-8")
        os.replace(unpacked, folder)


if __name__ == "__main__":
    fetch()
