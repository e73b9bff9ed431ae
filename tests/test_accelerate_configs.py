# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The configuration files for training on several GPUs, as accelerate reads them."""

from pathlib import Path

import pytest
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.commands.launch import launch_command_parser

from codefusion_hf.modeling import modeling_codefusion


FOLDER = Path(__file__).resolve().parent.parent / "examples" / "accelerate"
DISTRIBUTED_TYPES = {"ddp": "MULTI_GPU", "fsdp": "FSDP", "deepspeed_zero2": "DEEPSPEED"}


def test_there_is_a_file_for_each_way():
    assert {path.stem for path in FOLDER.iterdir()} == set(DISTRIBUTED_TYPES)


@pytest.mark.parametrize("name", DISTRIBUTED_TYPES)
def test_accelerate_knows_every_key(name):
    config = load_config_from_file(str(FOLDER / f"{name}.yaml"))  # raises for an unknown one
    assert str(config.distributed_type) in (DISTRIBUTED_TYPES[name], f"DistributedType.{DISTRIBUTED_TYPES[name]}")
    assert config.mixed_precision == "bf16"
    assert not config.use_cpu


@pytest.mark.parametrize(("name", "section"), [("fsdp", "fsdp_config"), ("deepspeed_zero2", "deepspeed_config")])
def test_what_a_file_sets_is_an_option_of_the_launcher(name, section):
    config = load_config_from_file(str(FOLDER / f"{name}.yaml"))
    options = vars(launch_command_parser().parse_args(["script.py"]))
    assert set(getattr(config, section)) <= set(options)


def test_fsdp_wraps_a_layer_that_there_is():
    config = load_config_from_file(str(FOLDER / "fsdp.yaml"))
    assert hasattr(modeling_codefusion, config.fsdp_config["fsdp_transformer_layer_cls_to_wrap"])
    assert config.fsdp_config["fsdp_version"] == 2


def test_deepspeed_is_at_stage_2():
    assert load_config_from_file(str(FOLDER / "deepspeed_zero2.yaml")).deepspeed_config["zero_stage"] == 2
