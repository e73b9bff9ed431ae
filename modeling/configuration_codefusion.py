# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Configuration of CodeFusion, and the square-root noise schedule that model and scheduler share."""

import itertools
import numbers
import os
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import CONFIG_MAPPING, AutoConfig, PreTrainedConfig
from transformers.activations import ACT2FN
from transformers.configuration_utils import SubConfigSpec, strict
from transformers.models.auto.modeling_auto import MODEL_FOR_TEXT_ENCODING_MAPPING

from .argument_checks import check_integer, check_number, shorten
from .saving import save_code


# The file that configuration and model are saved in for those who do not have this package, and its classes by the
# auto classes that load them.
MODEL_CODE = "modeling_codefusion"
AUTO_MAP = {"AutoConfig": f"{MODEL_CODE}.CodeFusionConfig", "AutoModel": f"{MODEL_CODE}.CodeFusionModel"}

# The largest numbers of timesteps, layers, heads and widths, each beyond what has been published (1,000 layers are
# DeepNet's, https://huggingface.co/papers/2203.00555): more is a damaged or a hostile file, which would take hours and
# all memory to lay out, and would then fail for another reason.
MAX_TIMESTEPS = 100_000
NOISE_FACTORS = (0.01, 100.0)
MAX_SIZES = {
    "vocab_size": 2**24,
    "latent_size": 2**16,
    "hidden_size": 2**16,
    "intermediate_size": 2**18,
    "num_attention_heads": 2**12,
    "num_denoiser_layers": 1000,
    "num_decoder_layers": 1000,
    "max_code_length": 2**16,
    "canvas_step": 2**16,
}
# The ranges of what is no size. A smaller epsilon is none in single precision; initial weights above 1 overflow.
RANGES = {
    "layer_norm_eps": (1e-20, 1.0),
    "initializer_range": (0.0, 1.0),
    "self_conditioning_probability": (0.0, 1.0),
    "clean_position_probability": (0.0, 1.0),
}

# The same of an encoder, for the names that transformers' configurations have for it.
ENCODER_MAX_SIZES = {
    **{name: MAX_SIZES[name] for name in ("vocab_size", "hidden_size", "intermediate_size", "num_attention_heads")},
    "num_hidden_layers": 1000,
    "max_position_embeddings": 2**24,
    "d_kv": MAX_SIZES["hidden_size"],
    "d_ff": MAX_SIZES["intermediate_size"],
}
ENCODER_RANGES = {
    **dict.fromkeys(("layer_norm_eps", "layer_norm_epsilon", "rms_norm_eps"), RANGES["layer_norm_eps"]),
    **dict.fromkeys(("dropout", "dropout_rate", "attention_dropout", "hidden_dropout_prob"), (0.0, 1.0)),
    "attention_probs_dropout_prob": (0.0, 1.0),
    "initializer_range": RANGES["initializer_range"],
    "initializer_factor": (0.0, 100.0),
}
ENCODER_ACTIVATIONS = ("hidden_act", "dense_act_fn", "activation")

# What transformers makes something of in any configuration. Of a classifier's classes, it writes down a name each
# before anything is validated.
MAX_LABELS = 2**16
TRANSFORMERS_TYPES = {
    "id2label": (dict,),
    "label2id": (dict,),
    "attn_implementation": (str, dict),
    "problem_type": (str,),
}
# These name code on the Hub, which transformers fetches and runs.
KERNELS = ("attn_implementation", "experts_implementation")
OTHER_ARCHITECTURES = ("layer_types", "mlp_layer_types", "per_layer_config", "rope_parameters", "rope_scaling")


def square_root_alphas_cumprod(
    num_train_timesteps: int, schedule_offset: float = 1e-4, noise_factor: float = 1.0
) -> torch.Tensor:
    r"""
    The square-root noise schedule of Diffusion-LM (https://huggingface.co/papers/2205.14217, appendix A), which
    CodeFusion uses, on the grid `t = 0 … T - 1`:

    $$\bar\alpha(t) = 1 - \sqrt{t / T + s}, \qquad \bar\alpha'(t) = \bar\alpha / (F^2 - (F^2 - 1)\,\bar\alpha)$$

    The second formula is the noise factor of Difformer (https://huggingface.co/papers/2212.09412): every
    standard deviation of the noise relative to the signal is multiplied by `F`.

    Args:
        num_train_timesteps (`int`):
            `T`, the number of steps, from 2 to 100,000.
        schedule_offset (`float`, *optional*, defaults to 1e-4):
            `s`, the noise at `t = 0`; must keep `(T - 1) / T + s` below 1, so that the last step keeps some signal.
        noise_factor (`float`, *optional*, defaults to 1.0):
            `F`, from 0.01 to 100. 1.0 is the paper's schedule.

    Returns:
        `torch.Tensor` of shape `(num_train_timesteps,)`, float32, strictly decreasing, in (0, 1): the share of the
        signal's variance that is left at each step.

    Raises:
        ValueError: if an argument is no number or outside its range, or the noise of two steps is the same in single
            precision.
    """
    check_integer("num_train_timesteps", num_train_timesteps, 2, MAX_TIMESTEPS)
    check_number("schedule_offset", schedule_offset, 0.0, 1.0)
    if not 0.0 < schedule_offset < 1.0 / num_train_timesteps:
        raise ValueError(
            f"`schedule_offset` must be above 0 and below 1 / num_train_timesteps = {1.0 / num_train_timesteps:.3g}, "
            f"got {schedule_offset}."
        )
    check_number("noise_factor", noise_factor, *NOISE_FACTORS)
    t = torch.arange(num_train_timesteps, dtype=torch.float64)
    alphas_cumprod = 1.0 - (t / num_train_timesteps + schedule_offset).sqrt()
    alphas_cumprod = (alphas_cumprod / (noise_factor**2 - (noise_factor**2 - 1.0) * alphas_cumprod)).float()
    if alphas_cumprod.is_meta:  # of a model that is laid out without values, whose configuration has been validated
        return alphas_cumprod
    if not (0.0 < alphas_cumprod[-1] and alphas_cumprod[0] < 1.0 and (alphas_cumprod.diff() < 0.0).all()):
        raise ValueError(
            "`schedule_offset` must be larger, or `noise_factor` or `num_train_timesteps` another one: in single "
            f"precision steps have the same noise, or none, with {schedule_offset}, {noise_factor} and "
            f"{num_train_timesteps}."
        )
    return alphas_cumprod


@strict
class CodeFusionConfig(PreTrainedConfig):
    r"""
    Configuration of a [`CodeFusionModel`]. The defaults are the sizes of the paper, "CodeFusion: A Pre-trained
    Diffusion Model for Code Generation" (https://huggingface.co/papers/2310.17680): CodeT5-small's encoder,
    10 denoiser and 6 decoder layers, 128 code tokens, 1200 steps.

    Parameters at these sizes, from `CodeFusionModel(CodeFusionConfig()).num_parameters_by_component()`:

    | total | encoder | embedding | denoiser | decoder | head | length head |
    |---|---|---|---|---|---|---|
    | 137,461,876 | 35,316,480 | 16,435,200 | 43,402,752 | 25,831,936 | 16,467,300 | 8,208 |

    Args:
        encoder_config (`PreTrainedConfig` or `dict`, *optional*):
            Configuration of the prompt encoder, of any type that `AutoModelForTextEncoding` builds. Defaults to the
            encoder of `Salesforce/codet5-small`.
        vocab_size (`int`, *optional*, defaults to 32100):
            Size of the vocabulary of the code. The prompt's is `encoder_config.vocab_size`; one tokenizer serves both.
        latent_size (`int`, *optional*, defaults to 512):
            Size of the code embeddings, the space in which the noise is added and removed.
        hidden_size (`int`, *optional*, defaults to 512):
            Width of the denoiser and the decoder; a multiple of `num_attention_heads`.
        intermediate_size (`int`, *optional*, defaults to 2048):
            Width of their feed-forward layers.
        num_attention_heads (`int`, *optional*, defaults to 8):
            Attention heads of each of their layers.
        num_denoiser_layers (`int`, *optional*, defaults to 10):
            Layers of the denoiser N, which run at every step.
        num_decoder_layers (`int`, *optional*, defaults to 6):
            Layers of the decoder D, which run once, after the last step.
        hidden_act (`str`, *optional*, defaults to `"gelu"`):
            Activation of the feed-forward layers, a key of `transformers.activations.ACT2FN`.
        layer_norm_eps (`float`, *optional*, defaults to 1e-6):
            Epsilon of the normalisation layers.
        max_code_length (`int`, *optional*, defaults to 128):
            Longest program in tokens, the end-of-sequence token included.
        predict_length (`bool`, *optional*, defaults to `True`):
            Whether a head predicts the length of the canvas from the prompt, so that a short program costs a short
            canvas. With `False` it is always `max_code_length` wide, as in the paper.
        canvas_step (`int`, *optional*, defaults to 8):
            Where lengths are predicted, canvases are a multiple of this many tokens long, and the denoiser decides
            where in the last of them the program ends. With 1 the head has to know the length to the token, which a
            prompt rarely tells. Divides `max_code_length`.
        num_train_timesteps (`int`, *optional*, defaults to 1200):
            Steps `T` of the noise schedule.
        schedule_offset (`float`, *optional*, defaults to 1e-4):
            Offset `s` of the square-root schedule, see [`square_root_alphas_cumprod`].
        noise_factor (`float`, *optional*, defaults to 1.0):
            Factor `F` on the noise of the schedule; 1.0 is the paper's.
        prediction_type (`str`, *optional*, defaults to `"sample"`):
            What the denoiser predicts: `"epsilon"`, the noise, as in the paper, or `"sample"`, the clean embeddings
            x_0, as their mean under a softmax over the vocabulary, trained by cross-entropy (score interpolation of
            CDCD, https://huggingface.co/papers/2211.15089). The scores of the softmax are those of the network plus
            the likelihood of the noisy embedding (https://huggingface.co/papers/2305.18619), and the decoder's are
            added to them.
        clean_position_probability (`float`, *optional*, defaults to 0.0):
            Share of the training rows in which some positions are at timestep 0 and the others are noised, in [0, 1],
            so that the model can fill in and revise.
        copy_token_groups (`list[list[int]]`, *optional*):
            Tokens that stand for a value of the prompt. Those of a group can be drawn only for a prompt that has one
            of them.
        neighbor_token_ids (`list[int]`, *optional*):
            Of a model that reads neighbours behind its prompts: the token that one begins with, and the one that its
            code begins with.
        self_conditioning_probability (`float`, *optional*, defaults to 0.5):
            Share of the training batches in which the denoiser is given its own earlier estimate of x_0
            (https://huggingface.co/papers/2208.04202). With 0.0 the model has no self-conditioning at all.
        initializer_range (`float`, *optional*, defaults to 0.02):
            Standard deviation of the initial weights of the linear layers and the position embeddings.
        pad_token_id, bos_token_id, eos_token_id (`int`, *optional*, default to CodeT5's 0, 1 and 2):
            Special tokens. A program ends with the end-of-sequence token.
        base_model (`str`, *optional*):
            Hub id of the model that the encoder's weights come from, such as `"Salesforce/codet5-small"`, which the
            card says; [`CodeFusionModel.from_encoder_pretrained`] fills it in.

    Raises:
        huggingface_hub.errors.StrictDataclassError: as for all configurations of transformers, if a field has a wrong
            type, is not finite, is out of its range, or does not fit another one; the message names it.
        ValueError: if `encoder_config`, `dtype` or `num_labels` cannot be made anything of.

    ```python
    >>> from codefusion_hf.modeling import CodeFusionConfig, CodeFusionModel

    >>> configuration = CodeFusionConfig()  # the paper's sizes
    >>> model = CodeFusionModel(configuration)
    ```"""

    model_type = "codefusion"
    attribute_map = {"num_hidden_layers": "num_denoiser_layers"}  # whose states are the model's `hidden_states`
    sub_configs_defaults = {
        "encoder_config": SubConfigSpec(
            config_class=AutoConfig,
            model_type="t5",
            init_kwargs={
                "vocab_size": 32100,
                "d_model": 512,
                "d_kv": 64,
                "d_ff": 2048,
                "num_layers": 6,
                "num_decoder_layers": 6,
                "num_heads": 8,
                "feed_forward_proj": "relu",
                "pad_token_id": 0,
                "eos_token_id": 2,
            },
        ),
    }

    encoder_config: dict | PreTrainedConfig | None = None
    vocab_size: int = 32100
    latent_size: int = 512
    hidden_size: int = 512
    intermediate_size: int = 2048
    num_attention_heads: int = 8
    num_denoiser_layers: int = 10
    num_decoder_layers: int = 6
    hidden_act: str = "gelu"
    layer_norm_eps: float | int = 1e-6
    max_code_length: int = 128
    predict_length: bool = True
    canvas_step: int = 8
    num_train_timesteps: int = 1200
    schedule_offset: float | int = 1e-4
    noise_factor: float | int = 1.0
    prediction_type: Literal["epsilon", "sample"] = "sample"
    clean_position_probability: float | int = 0.0
    copy_token_groups: list[list[int]] | None = None
    neighbor_token_ids: list[int] | None = None
    self_conditioning_probability: float | int = 0.5
    initializer_range: float | int = 0.02
    pad_token_id: int = 0
    bos_token_id: int | None = 1
    eos_token_id: int | None = 2
    base_model: str | None = None
    tie_word_embeddings: bool = False

    def __post_init__(self, **kwargs: Any) -> None:
        # What transformers would fail on without saying where, or lay out, before it validates anything.
        for dtype in (self.dtype, kwargs.get("torch_dtype")):
            named = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
            if dtype is not None and not isinstance(named, torch.dtype):
                raise ValueError(f"`dtype` must be a type of torch such as 'float32', got {shorten(dtype)}.")
        if kwargs.get("num_labels") is not None:
            check_integer("num_labels", kwargs["num_labels"], 0, MAX_LABELS)
        for name, types in TRANSFORMERS_TYPES.items():
            value = kwargs.get(name, getattr(self, name, None))
            if value is not None and not isinstance(value, types):
                allowed = " or ".join(f"a {kind.__name__}" for kind in types)
                raise ValueError(f"`{name}` must be None or {allowed}, got {shorten(value)}.")
        for name in OTHER_ARCHITECTURES:
            if kwargs.get(name) is not None:
                raise ValueError(f"`{name}` must be None: CodeFusion has no such thing, got {shorten(kwargs[name])}.")
        if isinstance(self.encoder_config, dict):
            self.encoder_config = _encoder_config(self.encoder_config)
        super().__post_init__(**kwargs)

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], **kwargs: Any) -> Any:
        """
        As [`~PreTrainedConfig.from_dict`], of what a file says.

        Args:
            config_dict (`dict[str, Any]`):
                The fields.
            kwargs (*optional*):
                As there.

        Raises:
            ValueError: if a file has no fields, or chooses the implementation of attention, which is for whoever
                calls: it may be code.
        """
        if not isinstance(config_dict, dict):
            raise ValueError(f"`config_dict` must be an object with the fields' names, got {shorten(config_dict)}.")
        for name in KERNELS:
            if config_dict.get(name) is not None:
                raise ValueError(
                    f"`{name}` must not be chosen by a file, as it may be code on the Hub, which would be run: give "
                    f"it as an argument, got {shorten(config_dict[name])}."
                )
        return super().from_dict(config_dict, **kwargs)

    def validate_architecture(self):
        """Part of `@strict`-powered validation: the fields have to be in their ranges and to fit each other."""
        for name, largest in MAX_SIZES.items():
            check_integer(name, getattr(self, name), 1, largest)
        for name, limits in RANGES.items():
            check_number(name, getattr(self, name), *limits)
        _check_activation("hidden_act", self.hidden_act)
        for name in ("pad_token_id", "bos_token_id", "eos_token_id"):
            if getattr(self, name) is not None:
                check_integer(name, getattr(self, name), 0, self.vocab_size - 1)
        _check_encoder_config(self.encoder_config)
        if self.hidden_size % (2 * self.num_attention_heads) != 0:
            raise ValueError(
                f"`hidden_size` ({self.hidden_size}) must be a multiple of twice `num_attention_heads` "
                f"({self.num_attention_heads})."
            )
        if self.max_code_length % self.canvas_step != 0:
            raise ValueError(
                f"`max_code_length` ({self.max_code_length}) must be a multiple of `canvas_step` ({self.canvas_step})."
            )
        for token_id in itertools.chain.from_iterable(self.copy_token_groups or ()):
            if not 0 <= token_id < self.vocab_size:
                raise ValueError(
                    f"`copy_token_groups` must hold tokens in [0, `vocab_size` = {self.vocab_size}), got {token_id}."
                )
        if self.neighbor_token_ids is not None and (
            len(self.neighbor_token_ids) != 2
            or self.neighbor_token_ids[0] == self.neighbor_token_ids[1]
            or not all(0 <= token_id < self.vocab_size for token_id in self.neighbor_token_ids)
        ):
            raise ValueError(
                f"`neighbor_token_ids` must be None or two tokens in [0, `vocab_size` = {self.vocab_size}), got "
                f"{shorten(self.neighbor_token_ids)}."
            )
        self.alphas_cumprod()  # raises where the fields of the noise schedule do not fit each other

    def alphas_cumprod(self) -> torch.Tensor:
        """
        The noise schedule the model is trained with.

        Returns:
            `torch.Tensor` of shape `(num_train_timesteps,)`, float32, see [`square_root_alphas_cumprod`].
        """
        return square_root_alphas_cumprod(self.num_train_timesteps, self.schedule_offset, self.noise_factor)

    def save_code(self, save_directory: str | os.PathLike) -> None:
        """
        Save the code of configuration and model, in one file, for `trust_remote_code=True`.

        Args:
            save_directory (`str` or `os.PathLike`):
                The folder.
        """
        save_code(f"{__name__.rpartition('.')[0]}.{MODEL_CODE}", Path(save_directory) / f"{MODEL_CODE}.py")

    def save_pretrained(self, save_directory: str | os.PathLike, push_to_hub: bool = False, **kwargs: Any) -> None:
        """
        As [`~PreTrainedConfig.save_pretrained`], with the code beside it, without the path that the encoder was loaded
        from, and without a dtype: a repository may hold weights in several (`variant="fp16"`), and each file says its
        own.

        Args:
            save_directory (`str` or `os.PathLike`):
                The folder.
            push_to_hub (`bool`, *optional*, defaults to `False`):
                Whether to push it to the Hub as well, to `repo_id` or, by default, a repository of the folder's name.
            kwargs (*optional*):
                Arguments of [`~PreTrainedConfig.push_to_hub`].
        """
        encoder_config: Any = self.encoder_config  # a configuration once it is initialised
        encoder_config.name_or_path = ""
        encoder_config.dtype = self.dtype = None
        self.auto_map = dict(AUTO_MAP)
        super().save_pretrained(save_directory)
        self.save_code(save_directory)
        if push_to_hub:
            # Not by `super`, which would upload before the code is there.
            self.push_to_hub(kwargs.pop("repo_id", Path(save_directory).name), **kwargs)


def _encoder_config(fields: dict[str, Any]) -> PreTrainedConfig:
    """The configuration of an encoder from its fields, for errors that say of which configuration a field is."""
    default = CodeFusionConfig.sub_configs_defaults["encoder_config"].model_type
    model_type = fields.get("model_type", default)
    if not isinstance(model_type, str) or model_type not in CONFIG_MAPPING:
        raise ValueError(
            "`encoder_config` must have a `model_type` that transformers has a text encoder of, such as 'bert', "
            f"'roberta' or {default!r}, got {shorten(model_type)}."
        )
    if fields.get("num_labels") is not None:
        check_integer("encoder_config.num_labels", fields["num_labels"], 0, MAX_LABELS)
    try:
        return CONFIG_MAPPING[model_type](**fields)
    except Exception as error:  # whatever a configuration of that type stumbles over
        raise ValueError(f"`encoder_config` is malformed: {shorten(' '.join(str(error).split()), 300)}") from error


def _check_encoder_config(config: Any) -> None:
    if type(config) not in MODEL_FOR_TEXT_ENCODING_MAPPING:
        raise ValueError(
            "`encoder_config` must be of a model that `AutoModelForTextEncoding` builds, such as BertConfig, "
            f"RobertaConfig or T5Config, got {type(config).__name__}."
        )
    for name, largest in ENCODER_MAX_SIZES.items():
        if isinstance(getattr(config, name, None), numbers.Real):
            least = 0 if name == "num_hidden_layers" else 1
            check_integer(f"encoder_config.{name}", getattr(config, name), least, largest)
    for name, limits in ENCODER_RANGES.items():
        if isinstance(getattr(config, name, None), numbers.Real):
            check_number(f"encoder_config.{name}", getattr(config, name), *limits)
    for name in ENCODER_ACTIVATIONS:
        if isinstance(getattr(config, name, None), str):
            _check_activation(f"encoder_config.{name}", getattr(config, name))


def _check_activation(name: str, value: str) -> None:
    if value not in ACT2FN:
        raise ValueError(f"`{name}` must be one of {', '.join(ACT2FN)}, got {shorten(value)}.")


__all__ = ["CodeFusionConfig", "square_root_alphas_cumprod"]
