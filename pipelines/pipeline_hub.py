# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""How a pipeline is saved, pushed and loaded: with the code of its classes beside the weights, and without pickles."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from diffusers import DiffusionPipeline
from diffusers.utils.hub_utils import HfHubHTTPError, ModelCard

from ..modeling.card import CARD_NAME, choose_card, read_card, weights_variant
from ..modeling.saving import refuse_pickles, save_code
from .pipeline_card import pipeline_card


# The file that the pipeline is saved in for those who do not have this package: the name that diffusers looks for.
PIPELINE_CODE = "pipeline"

# Where the classes are that a saved pipeline knows by the file that is saved beside them, for those who have it.
INSTALLED_MODULES = ("codefusion_hf.modeling.modeling_codefusion", "codefusion_hf.pipelines.scheduling_codefusion")


class CodeFusionHubMixin(DiffusionPipeline):
    """
    Saving, pushing and loading of a pipeline with the components `model`, `tokenizer` and `scheduler`.

    A class whose code travels names its module as `_code_module`; those that inherit from it are saved as it.
    """

    _code_module: str

    @classmethod
    def from_pretrained(
        cls, pretrained_model_name_or_path: str | os.PathLike, use_safetensors: bool | None = True, **kwargs: Any
    ) -> Any:
        """
        As [`~DiffusionPipeline.from_pretrained`], from safetensors only, and without `trust_remote_code`: the classes
        are those of this package, whatever code is saved beside the weights.

        Args:
            pretrained_model_name_or_path (`str` or `os.PathLike`):
                Hub id or folder.
            use_safetensors (`bool`, *optional*, defaults to `True`):
                Not `False`.
            kwargs (*optional*):
                As there: `revision`, `variant`, `dtype`, `device_map`, `token`, components ...

        Returns:
            `DiffusionPipeline`: of this class.

        Raises:
            ValueError: if `use_safetensors=False`, or the folder contains a pickle.
            OSError: if a file is not there, or a weights file is truncated or altered; the message names it. Of it are
                huggingface_hub's own errors: for a repository that is private or missing, a wrong revision ...
        """
        if use_safetensors is False:
            raise ValueError("`use_safetensors` must not be False: other weights are pickles, which can run any code.")
        return super().from_pretrained(pretrained_model_name_or_path, use_safetensors=True, **kwargs)

    @classmethod
    def download(cls, pretrained_model_name: str, **kwargs: Any) -> str | os.PathLike:
        try:
            return super().download(pretrained_model_name, **kwargs)
        except OSError as error:
            if not isinstance(error.__cause__, HfHubHTTPError):
                raise
            refusal = error.__cause__
        # Where the Hub refused, diffusers has looked into the cache, and said that it found nothing there.
        raise refusal

    @classmethod
    def load_config(cls, pretrained_model_name_or_path: str | os.PathLike, **kwargs: Any) -> Any:
        # The components' classes by where they are installed. Not sooner: to download them, diffusers wants the names
        # of the files that are in the repository.
        loaded = super().load_config(pretrained_model_name_or_path, **kwargs)
        config = loaded[0] if isinstance(loaded, tuple) else loaded
        installed = {name.rpartition(".")[2]: name for name in INSTALLED_MODULES if name in sys.modules}
        for name, (module, class_name) in cls._components_of(config).items():
            config[name] = [installed.get(module.rpartition(".")[2], module), class_name]
        if os.path.isdir(pretrained_model_name_or_path):
            refuse_pickles(pretrained_model_name_or_path)
        return loaded

    @classmethod
    def _dict_from_json_file(cls, json_file: str | os.PathLike) -> dict[str, Any]:
        # `["pipeline", "CodeFusionPipeline"]` is the class of the code that is saved beside the weights. Whoever calls
        # this has the class already.
        config = super()._dict_from_json_file(json_file)
        if isinstance(config["_class_name"], list):
            config["_class_name"] = config["_class_name"][1]
        return config

    @staticmethod
    def _components_of(config: dict[str, Any]) -> dict[str, list[str]]:
        """The entries of a `model_index.json` that name a component's module and class."""
        return {
            name: list(value)
            for name, value in config.items()
            if not name.startswith("_") and isinstance(value, list | tuple) and isinstance(value[0], str)
        }

    def save_pretrained(self, save_directory: str | os.PathLike, *args: Any, **kwargs: Any) -> None:
        """
        As [`~DiffusionPipeline.save_pretrained`], with the code of model, scheduler and pipeline beside them, so that
        `DiffusionPipeline.from_pretrained(..., trust_remote_code=True)` loads it where this package is not installed.

        Args:
            save_directory (`str` or `os.PathLike`):
                The folder.
            args, kwargs (*optional*):
                As there: `variant` (which names the file, and casts nothing: call `pipe.to(torch.float16)` before),
                `max_shard_size`, `push_to_hub`, `repo_id` ... What is pushed has a card: the README.md of the folder,
                else that of the repository, with its metadata completed, else a new one. One that was made by a push
                does not replace one that somebody has edited.
        """
        # What loading and calling leave in a tokenizer: where it came from, and how the last prompts were padded.
        for name in ("is_local", "local_files_only"):
            self.tokenizer.init_kwargs.pop(name, None)
        if self.tokenizer.is_fast:
            self.tokenizer.backend_tokenizer.no_padding()
            self.tokenizer.backend_tokenizer.no_truncation()
        # To push, diffusers puts the card of the repository, or one that says nothing, in the place of the folder's.
        self._folder_card = read_card(save_directory)
        super().save_pretrained(os.fspath(save_directory), *args, **kwargs)

    def _upload_folder(
        self, working_dir: str | os.PathLike, repo_id: str, *args: Any, subfolder: str | None = None, **kwargs: Any
    ) -> Any:
        # Both ways to push come here.
        if subfolder is None:
            path = Path(working_dir) / CARD_NAME
            card = choose_card(self._folder_card, ModelCard.load(path))
            files = [file.relative_to(working_dir).as_posix() for file in path.parent.rglob("*")]
            variant = weights_variant(files, "model/")
            pipeline_card(self.model, repo_id, variant, card).save(path)
        return super()._upload_folder(working_dir, repo_id, *args, subfolder=subfolder, **kwargs)

    def save_config(self, save_directory: str | os.PathLike, push_to_hub: bool = False, **kwargs: Any) -> None:
        # `save_pretrained` calls this after the components are saved and before anything is uploaded.
        save_code(self._code_class()._code_module, Path(save_directory) / f"{PIPELINE_CODE}.py")
        # The auto classes look for the model's code here, even with `subfolder="model"`.
        self.model.config.save_code(save_directory)
        super().save_config(os.fspath(save_directory), push_to_hub=push_to_hub, **kwargs)

    def to_json_string(self) -> str:
        # The classes by the files that are saved beside them.
        config = json.loads(super().to_json_string())
        config.pop("_name_or_path", None)  # perhaps a path of this machine, and nothing to publish
        config["_class_name"] = [PIPELINE_CODE, self._code_class().__name__]
        saved = {name.rpartition(".")[2] for name in INSTALLED_MODULES}
        for name, (module, class_name) in self._components_of(config).items():
            file = module.rpartition(".")[2]
            config[name] = [file if file in saved else module, class_name]
        return json.dumps(config, indent=2, sort_keys=True) + "\n"

    @classmethod
    def _code_class(cls) -> Any:
        """The class whose code is saved."""
        return next(parent for parent in cls.__mro__ if "_code_module" in vars(parent))


__all__ = ["CodeFusionHubMixin"]
