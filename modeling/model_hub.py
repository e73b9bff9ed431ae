# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Loading, saving and pushing of the model: from safetensors only, with checksums and a card."""

import os
import threading
from pathlib import Path
from typing import Any

import torch
from diffusers.utils.hub_utils import ModelCard
from transformers import AutoModelForTextEncoding, PreTrainedModel
from transformers.utils import CONFIG_NAME, SAFE_WEIGHTS_NAME, cached_file

from .card import CARD_NAME, choose_card, model_card, read_card, weights_variant
from .configuration_codefusion import CodeFusionConfig
from .integrity import add_checksum, damaged_weights, verify_checksum
from .saving import refuse_pickles


# While it builds a model, transformers' `from_pretrained` changes torch's default dtype and functions for all threads.
LOADING_LOCK = threading.Lock()

# What `model.denoiser = torch.compile(model.denoiser)` puts into the names of its weights.
COMPILED_PREFIX = "_orig_mod."


def remove_pooler(encoder: PreTrainedModel) -> PreTrainedModel:
    """Without the pooler of BERT and its kin: E_s is a state for each token, and DDP fails on weights never used."""
    if hasattr(encoder, "pooler"):
        encoder.pooler = None
    return encoder


class CodeFusionModelHubMixin(PreTrainedModel):
    """Loading and saving of [`CodeFusionModel`]."""

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | os.PathLike | None,
        *model_args: Any,
        use_safetensors: bool | None = True,
        **kwargs: Any,
    ) -> Any:
        """
        As [`~PreTrainedModel.from_pretrained`], from safetensors only.

        Args:
            pretrained_model_name_or_path (`str` or `os.PathLike`, *optional*):
                Hub id or folder.
            model_args, kwargs (*optional*):
                As there: `subfolder`, `revision`, `variant`, `dtype`, `device_map`, `token` ...
            use_safetensors (`bool`, *optional*, defaults to `True`):
                Not `False`.

        Returns:
            `CodeFusionModel`: in evaluation mode; with `output_loading_info=True` a `tuple` of it and the information.

        Raises:
            ValueError: if `use_safetensors=False`, the folder contains weights in a pickle, or the weights are of
                another model (with `output_loading_info=True`, the information tells).
            OSError: if a weights file is not there, or truncated or altered; the message names it.
        """
        output_loading_info = kwargs.pop("output_loading_info", False)
        if use_safetensors is False:
            raise ValueError("`use_safetensors` must not be False: other weights are pickles, which can run any code.")
        is_local = pretrained_model_name_or_path is not None and os.path.isdir(pretrained_model_name_or_path)
        folder = os.path.join(pretrained_model_name_or_path or "", kwargs.get("subfolder") or "")
        if is_local and os.path.isdir(folder):
            refuse_pickles(folder)
        try:
            with LOADING_LOCK:
                model, loading_info = super().from_pretrained(
                    pretrained_model_name_or_path,
                    *model_args,
                    use_safetensors=True,
                    output_loading_info=True,
                    **kwargs,
                )
        except Exception as error:
            # safetensors says what is wrong, but not with which file.
            if pretrained_model_name_or_path is not None and not is_local:
                cache = {name: kwargs[name] for name in ("cache_dir", "revision", "subfolder") if name in kwargs}
                found = cached_file(
                    pretrained_model_name_or_path,
                    CONFIG_NAME,
                    local_files_only=True,
                    _raise_exceptions_for_missing_entries=False,
                    _raise_exceptions_for_connection_errors=False,
                    **cache,
                )
                folder = os.path.dirname(found or "")
            damages = damaged_weights(folder) if folder else []
            if not damages:
                raise
            raise OSError(f"The weights file is truncated or altered: {'; '.join(damages)}.") from error
        if output_loading_info:
            return model, loading_info
        missing = sorted(loading_info["missing_keys"])
        # transformers warns of missing weights, and draws them at random. Without a path, they were given or left out.
        if pretrained_model_name_or_path is None:
            return model
        if len(missing) > len(model.state_dict()) // 2 or missing == ["embedding.bias.weight"]:
            raise ValueError(
                f"`pretrained_model_name_or_path`: the weights of {pretrained_model_name_or_path} must be of this "
                "model, and are of another one, or of its first edition: "
                f"{len(missing)} are missing, the first of them {', '.join(missing[:3])}."
            )
        return model

    @classmethod
    def from_encoder_pretrained(cls, pretrained_model_name_or_path: str, **kwargs) -> Any:
        """
        A model with a pre-trained encoder and random weights elsewhere: where the paper starts.

        Args:
            pretrained_model_name_or_path (`str`):
                Hub id or folder of any model that `AutoModelForTextEncoding` loads, such as
                `"Salesforce/codet5-small"`.
            kwargs (*optional*):
                With the prefix `encoder_`, arguments of the encoder's `from_pretrained` (`encoder_revision="main"`);
                all others are fields of [`CodeFusionConfig`]. `vocab_size` and the special tokens default to the
                encoder's, `base_model` to its Hub id if it is not a folder.

        Returns:
            [`CodeFusionModel`], in evaluation mode.

        Raises:
            ValueError: if `encoder_config` is given, which comes with the encoder.
        """
        if "encoder_config" in kwargs:
            raise ValueError(
                "`encoder_config` cannot be given to `from_encoder_pretrained`: it comes with the encoder of "
                f"{pretrained_model_name_or_path!r}."
            )
        encoder_kwargs = {
            name.removeprefix("encoder_"): kwargs.pop(name) for name in list(kwargs) if name.startswith("encoder_")
        }
        encoder = remove_pooler(
            AutoModelForTextEncoding.from_pretrained(pretrained_model_name_or_path, **encoder_kwargs)
        )
        encoder.config.name_or_path = ""  # perhaps a path of this machine, and nothing to publish
        encoder_fields = encoder.config.to_dict()
        for name in ("vocab_size", "pad_token_id", "bos_token_id", "eos_token_id"):
            kwargs.setdefault(name, encoder_fields.get(name))  # T5 has no beginning-of-sequence token
        if not os.path.exists(pretrained_model_name_or_path):
            kwargs.setdefault("base_model", pretrained_model_name_or_path)
        model = cls(CodeFusionConfig(encoder_config=encoder.config, **kwargs))
        model.encoder.load_state_dict(encoder.state_dict())
        return model.eval()

    @staticmethod
    def _load_pretrained_model(
        model: PreTrainedModel, state_dict: dict[str, Any] | None, checkpoint_files: list[str] | None, *args, **kwargs
    ) -> Any:
        # `from_pretrained` calls this with the files that it has chosen and downloaded.
        for path in checkpoint_files or []:
            if path.endswith(".safetensors"):
                verify_checksum(path)
        return PreTrainedModel._load_pretrained_model(model, state_dict, checkpoint_files, *args, **kwargs)

    # The arguments by their names: diffusers looks which of them there are before it saves a pipeline.
    def save_pretrained(
        self,
        save_directory: str | os.PathLike,
        is_main_process: bool = True,
        state_dict: dict[str, torch.Tensor] | None = None,
        push_to_hub: bool = False,
        max_shard_size: int | str = "50GB",
        variant: str | None = None,
        **kwargs: Any,
    ) -> None:
        """
        As [`~PreTrainedModel.save_pretrained`], with a checksum in each weights file, by which loading knows that it
        has not changed. A part that is compiled is saved like one that is not.

        Args:
            save_directory (`str` or `os.PathLike`):
                The folder.
            is_main_process, state_dict, push_to_hub, max_shard_size, variant, kwargs (*optional*):
                As there. What is pushed has a card: the README.md of the folder, else that of the repository, with its
                metadata completed, else a new one.
        """
        weights = self.state_dict() if state_dict is None else state_dict
        if any(COMPILED_PREFIX in name for name in weights):
            state_dict = {name.replace(COMPILED_PREFIX, ""): weight for name, weight in weights.items()}
        # To push, transformers puts the repository's card, or one that says nothing, in the place of the folder's.
        self._folder_card = read_card(save_directory)
        super().save_pretrained(
            save_directory, is_main_process, state_dict, push_to_hub, max_shard_size, variant, **kwargs
        )
        if is_main_process:
            self._add_checksums(save_directory)

    def _upload_modified_files(self, working_dir: str | os.PathLike, repo_id: str, *args: Any, **kwargs: Any) -> Any:
        # Both ways to push come here. With `push_to_hub=True`, `save_pretrained` uploads before it returns.
        self._add_checksums(working_dir)
        path = Path(working_dir) / CARD_NAME
        card = choose_card(self._folder_card, ModelCard.load(path))
        model_card(self, repo_id, weights_variant(os.listdir(working_dir)), card).save(path)
        return super()._upload_modified_files(working_dir, repo_id, *args, **kwargs)

    @staticmethod
    def _add_checksums(folder: str | os.PathLike) -> None:
        name, suffix = os.path.splitext(SAFE_WEIGHTS_NAME)
        for path in Path(folder).glob(f"{name}*{suffix}"):  # with the variants and the parts of them
            add_checksum(path)


__all__ = ["CodeFusionModelHubMixin", "remove_pooler"]
