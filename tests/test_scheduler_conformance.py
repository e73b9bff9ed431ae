# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What diffusers asks of every scheduler: its interface, configs that survive saving and swapping, whole loops."""

import copy
import inspect
import json

import diffusers
import numpy as np
import pytest
import torch
from diffusers import ConfigMixin, DDIMScheduler, DDPMScheduler, SchedulerMixin

from codefusion_hf.pipelines import CodeFusionScheduler
from codefusion_hf.pipelines.scheduling_codefusion import CodeFusionSchedulerOutput


# diffusers hands torch tensors to numpy functions, in every `set_timesteps`
pytestmark = pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")

SHAPE = (2, 5, 16)
DEVICES = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]

# Each field of the config at each kind of value it takes.
CONFIGS = [
    {},
    {"num_train_timesteps": 2},
    {"num_train_timesteps": 10},
    {"num_train_timesteps": 1000},
    {"schedule_offset": 1e-6},
    {"schedule_offset": 5e-4},
    {"noise_factor": 0.5},
    {"noise_factor": 4},
    {"prediction_type": "sample"},
    {"prediction_type": "epsilon"},
    {"clip_sample": True},
    {"clip_sample": True, "prediction_type": "epsilon"},
    {"timestep_spacing": "linspace"},
    {"timestep_spacing": "leading"},
    {"timestep_spacing": "trailing"},
    {"trained_betas": [0.1, 0.3]},
    {"trained_betas": np.linspace(1e-4, 0.02, 50)},
    {"trained_betas": torch.linspace(1e-4, 0.02, 50), "prediction_type": "epsilon", "timestep_spacing": "leading"},
]


def name_config(config):
    names = (name if name == "trained_betas" else f"{name}={value}" for name, value in config.items())
    return ",".join(names) or "defaults"


@pytest.fixture(params=CONFIGS, ids=name_config)
def config(request):
    return request.param


@pytest.fixture
def sample():
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def model_output():
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(1))


def reload(scheduler, folder, **kwargs):
    scheduler.save_pretrained(folder)
    return CodeFusionScheduler.from_pretrained(folder, **kwargs)


def step(scheduler, timestep, model_output, sample, seed=2, **kwargs):
    generator = torch.Generator(sample.device).manual_seed(seed)
    return scheduler.step(model_output, timestep, sample, generator=generator, **kwargs)


def gaussian_model(scheduler, sample, timestep):
    """The best prediction where the data are standard normal: x_0 is then sqrt(alpha_bar) x_t in the mean."""
    alpha_prod_t = scheduler.alphas_cumprod[int(timestep)].to(sample.device)
    if scheduler.config.prediction_type == "epsilon":
        return (1.0 - alpha_prod_t).sqrt() * sample
    return alpha_prod_t.sqrt() * sample


def loop(scheduler, sample, timesteps, seed=3):
    generator = torch.Generator(sample.device).manual_seed(seed)
    for timestep in timesteps:
        sample = scheduler.scale_model_input(sample, timestep)
        output = gaussian_model(scheduler, sample, timestep)
        sample = scheduler.step(output, timestep, sample, generator=generator).prev_sample
    return sample


def expected_moments(scheduler, timesteps, mean, variance):
    """What becomes of the mean and the variance in `loop`: every step of it is linear in the sample."""
    alphas = scheduler.alphas_cumprod.double().numpy()
    for timestep, prev_timestep in zip(timesteps, [*timesteps[1:], None], strict=True):
        alpha = alphas[timestep]
        if prev_timestep is None:
            return mean * alpha**0.5, variance * alpha
        prev_alpha = alphas[prev_timestep]
        # q(x_prev | x_t, x_0): the product of two Gaussians, one around x_0 and one around x_t, by their precisions
        ratio = alpha / prev_alpha
        precision = 1.0 / (1.0 - prev_alpha) + ratio / (1.0 - ratio)
        rate = (prev_alpha**0.5 * alpha**0.5 / (1.0 - prev_alpha) + ratio**0.5 / (1.0 - ratio)) / precision
        mean, variance = mean * rate, variance * rate**2 + 1.0 / precision


class TestInterface:
    def test_is_a_scheduler_of_diffusers(self):
        assert issubclass(CodeFusionScheduler, SchedulerMixin) and issubclass(CodeFusionScheduler, ConfigMixin)
        assert CodeFusionScheduler.config_name == "scheduler_config.json"
        assert CodeFusionScheduler.order == 1  # calls of the model a step, by which image-to-image pipelines count
        assert CodeFusionScheduler().init_noise_sigma == 1.0

    @pytest.mark.parametrize("name", ["step", "add_noise", "scale_model_input", "set_timesteps", "previous_timestep"])
    def test_methods_take_what_those_of_ddpm_take(self, name):
        ours = inspect.signature(getattr(CodeFusionScheduler, name)).parameters
        theirs = list(inspect.signature(getattr(DDPMScheduler, name)).parameters)
        assert list(ours) == theirs[: len(ours)]

    def test_every_argument_is_in_the_config_and_none_is_deprecated(self):
        parameters = inspect.signature(CodeFusionScheduler.__init__).parameters.values()
        assert all(parameter.kind is not parameter.VAR_KEYWORD for parameter in parameters)
        assert CodeFusionScheduler._deprecated_kwargs == []
        assert {parameter.name for parameter in parameters} - {"self"} <= set(CodeFusionScheduler().config)

    def test_a_field_read_as_an_attribute_is_deprecated(self):
        scheduler = CodeFusionScheduler()
        with pytest.warns(FutureWarning, match="noise_factor"):
            assert scheduler.noise_factor == 1.0
        with pytest.raises(AttributeError, match="'CodeFusionScheduler' object has no attribute 'beta_start'"):
            scheduler.beta_start  # noqa: B018

    def test_length_and_state_before_the_timesteps_are_set(self, config):
        scheduler = CodeFusionScheduler(**config)
        assert len(scheduler) == scheduler.config.num_train_timesteps == len(scheduler.betas)
        assert scheduler.num_inference_steps is None
        assert scheduler.timesteps.tolist() == list(reversed(range(len(scheduler))))

    def test_betas_and_alphas_belong_together(self, config):
        scheduler = CodeFusionScheduler(**config)
        betas, alphas_cumprod = scheduler.betas, scheduler.alphas_cumprod
        assert betas.dtype == alphas_cumprod.dtype == torch.float32
        assert ((betas > 0.0) & (betas < 1.0)).all() and (alphas_cumprod.diff() < 0.0).all()
        torch.testing.assert_close((1.0 - betas.double()).cumprod(dim=0).float(), alphas_cumprod, atol=0, rtol=1e-4)

    def test_scale_model_input_is_the_identity(self, sample):
        scheduler = CodeFusionScheduler()
        for timestep in (0, 600, torch.tensor(1199), None):
            assert scheduler.scale_model_input(sample, timestep) is sample

    @pytest.mark.parametrize("device", [*DEVICES, "meta"])
    def test_timesteps_are_whole_and_on_the_device(self, config, device):
        scheduler = CodeFusionScheduler(**config)
        scheduler.set_timesteps(min(10, len(scheduler)), device=device)
        assert scheduler.timesteps.dtype == torch.int64
        assert scheduler.timesteps.device.type == device
        assert scheduler.timesteps.shape == (scheduler.num_inference_steps,)


class TestConfigs:
    def test_saved_and_loaded_it_steps_alike(self, config, sample, model_output, tmp_path):
        scheduler = CodeFusionScheduler(**config)
        again = reload(scheduler, tmp_path)
        for one in (scheduler, again):
            one.set_timesteps(min(10, len(one)))
        assert torch.equal(again.timesteps, scheduler.timesteps)
        for timestep in (0, 1, len(scheduler) // 2, len(scheduler) - 1):
            expected = step(scheduler, timestep, model_output, sample)
            actual = step(again, timestep, model_output, sample)
            assert torch.equal(actual.prev_sample, expected.prev_sample)
            assert torch.equal(actual.pred_original_sample, expected.pred_original_sample)

    def test_round_trips_give_the_same_config(self, config, tmp_path):
        scheduler = CodeFusionScheduler(**config)
        fields = {name: scheduler.config[name] for name in inspect.signature(CodeFusionScheduler).parameters}
        assert json.loads(json.dumps(fields)) == fields
        scheduler.save_config(tmp_path)
        for again in (
            CodeFusionScheduler.from_config(scheduler.config),
            CodeFusionScheduler.from_config(CodeFusionScheduler.load_config(tmp_path)),
            CodeFusionScheduler.from_pretrained(tmp_path),
            reload(CodeFusionScheduler.from_pretrained(tmp_path), tmp_path / "again"),
        ):
            assert {name: again.config[name] for name in fields} == fields
            assert torch.equal(again.alphas_cumprod, scheduler.alphas_cumprod)
        assert (tmp_path / "again" / "scheduler_config.json").read_bytes() == (
            tmp_path / "scheduler_config.json"
        ).read_bytes()

    def test_the_file_names_its_class_and_no_folder(self, tmp_path):
        CodeFusionScheduler().save_pretrained(tmp_path / "scheduler")
        saved = json.loads((tmp_path / "scheduler" / "scheduler_config.json").read_text(encoding="utf-8"))
        assert saved["_class_name"] == "CodeFusionScheduler"
        assert saved["_diffusers_version"] == diffusers.__version__
        assert str(tmp_path) not in json.dumps(saved)

    def test_loads_from_a_subfolder_with_changes(self, tmp_path):
        CodeFusionScheduler(noise_factor=2.0).save_pretrained(tmp_path / "scheduler")
        scheduler, unused = CodeFusionScheduler.from_pretrained(
            tmp_path, subfolder="scheduler", timestep_spacing="leading", colour="red", return_unused_kwargs=True
        )
        assert (scheduler.config.noise_factor, scheduler.config.timestep_spacing) == (2.0, "leading")
        assert unused["colour"] == "red"

    def test_copies_share_nothing(self, sample, model_output):
        scheduler = CodeFusionScheduler()
        scheduler.set_timesteps(10)
        other = copy.deepcopy(scheduler)
        other.set_timesteps(4)
        assert len(scheduler.timesteps) == 10 and len(other.timesteps) == 4
        assert dict(other.config) == dict(scheduler.config)
        expected = step(CodeFusionScheduler(), 0, model_output, sample)
        assert torch.equal(step(other, 0, model_output, sample).prev_sample, expected.prev_sample)

    @pytest.mark.parametrize("num_train_timesteps", [10, 300])
    def test_compatible_classes_are_found_and_take_the_schedule(self, num_train_timesteps):
        scheduler = CodeFusionScheduler(num_train_timesteps, noise_factor=2.0, prediction_type="epsilon")
        compatibles = scheduler.compatibles
        assert {cls.__name__ for cls in compatibles} == set(CodeFusionScheduler._compatibles)
        for cls in compatibles:
            other = cls.from_config(scheduler.config)
            torch.testing.assert_close(other.alphas_cumprod, scheduler.alphas_cumprod, atol=1e-6, rtol=1e-4)

    def test_config_of_another_class_is_taken_where_it_says_something(self):
        betas = np.linspace(1e-4, 0.02, 300).tolist()
        ddim = DDIMScheduler(trained_betas=betas, num_train_timesteps=300, prediction_type="epsilon")
        scheduler = CodeFusionScheduler.from_config(ddim.config)
        assert scheduler.config.trained_betas == pytest.approx(betas)
        assert (len(scheduler), scheduler.config.prediction_type) == (300, "epsilon")
        torch.testing.assert_close(scheduler.alphas_cumprod, ddim.alphas_cumprod)


class TestStep:
    @pytest.mark.parametrize("num_inference_steps", [1, 2, 10, 50, 1200])
    def test_keeps_the_shape_at_every_timestep(self, num_inference_steps, sample, model_output):
        scheduler = CodeFusionScheduler()
        scheduler.set_timesteps(num_inference_steps)
        for timestep in scheduler.timesteps[:: max(1, num_inference_steps // 10)]:
            output = step(scheduler, timestep, model_output, sample)
            assert output.prev_sample.shape == output.pred_original_sample.shape == SHAPE
            assert output.prev_sample.isfinite().all()

    @pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 4, 5)])
    def test_takes_any_number_of_dimensions(self, shape):
        scheduler = CodeFusionScheduler()
        sample = torch.randn(shape)
        assert step(scheduler, 600, sample, sample).prev_sample.shape == shape
        assert scheduler.add_noise(sample, sample, torch.tensor([600])).shape == shape

    def test_tuple_and_output_are_the_same(self, config, sample, model_output):
        scheduler = CodeFusionScheduler(**config)
        timestep = len(scheduler) - 1
        output = step(scheduler, timestep, model_output, sample)
        as_tuple = step(scheduler, timestep, model_output, sample, return_dict=False)
        assert isinstance(output, CodeFusionSchedulerOutput) and isinstance(as_tuple, tuple)
        assert list(output.keys()) == ["prev_sample", "pred_original_sample"]
        for first, second in zip(output.to_tuple(), as_tuple, strict=True):
            assert torch.equal(first, second)

    def test_changes_neither_its_arguments_nor_itself(self, config, sample, model_output):
        scheduler = CodeFusionScheduler(**config)
        scheduler.set_timesteps(2)
        kept = sample.clone(), model_output.clone(), scheduler.timesteps.clone(), scheduler.alphas_cumprod.clone()
        first = step(scheduler, scheduler.timesteps[0], model_output, sample).prev_sample
        scheduler.add_noise(sample, model_output, scheduler.timesteps)
        second = step(scheduler, scheduler.timesteps[0], model_output, sample).prev_sample
        assert torch.equal(first, second)
        now = sample, model_output, scheduler.timesteps, scheduler.alphas_cumprod
        assert all(torch.equal(*pair) for pair in zip(now, kept, strict=True))

    @pytest.mark.parametrize("device", DEVICES)
    def test_add_noise_takes_timesteps_of_another_device(self, device, sample, model_output):
        scheduler = CodeFusionScheduler()
        for timesteps in (torch.tensor([0, 1199]), torch.tensor([3]), torch.tensor([0, 1199], dtype=torch.int32)):
            noisy = scheduler.add_noise(sample.to(device), model_output.to(device), timesteps)
            assert noisy.device.type == device
            torch.testing.assert_close(noisy.cpu(), scheduler.add_noise(sample, model_output, timesteps))

    def test_add_noise_goes_from_the_sample_to_the_noise(self, config, sample, model_output):
        scheduler = CodeFusionScheduler(**config)
        timesteps = torch.arange(len(scheduler))
        noisy = scheduler.add_noise(
            sample[:1].expand(len(scheduler), -1, -1), model_output[:1].expand(len(scheduler), -1, -1), timesteps
        )
        distances = (noisy - sample[:1]).flatten(1).norm(dim=1), (noisy - model_output[:1]).flatten(1).norm(dim=1)
        assert distances[0][0] < distances[0][-1] and distances[1][0] > distances[1][-1]
        rates = scheduler.alphas_cumprod.sqrt()[:, None, None], (1.0 - scheduler.alphas_cumprod).sqrt()[:, None, None]
        torch.testing.assert_close(noisy, rates[0] * sample[:1] + rates[1] * model_output[:1])


class TestFullLoop:
    """Whole loops with a linear model, for which every moment of the result is known."""

    shape = (8, 125, 40)

    @pytest.mark.parametrize("timestep_spacing", ["linspace", "leading", "trailing"])
    @pytest.mark.parametrize("prediction_type", ["sample", "epsilon"])
    @pytest.mark.parametrize("num_inference_steps", [1, 10, 300])
    def test_from_pure_noise(self, num_inference_steps, prediction_type, timestep_spacing):
        scheduler = CodeFusionScheduler(prediction_type=prediction_type, timestep_spacing=timestep_spacing)
        scheduler.set_timesteps(num_inference_steps)
        sample = torch.randn(self.shape, generator=torch.Generator().manual_seed(0)) * scheduler.init_noise_sigma
        result = loop(scheduler, sample, scheduler.timesteps)
        _, variance = expected_moments(scheduler, scheduler.timesteps.tolist(), 0.0, 1.0)
        assert abs(result.mean().item()) < 0.02
        assert result.std().item() == pytest.approx(variance**0.5, rel=0.02)

    @pytest.mark.parametrize("prediction_type", ["sample", "epsilon"])
    @pytest.mark.parametrize("num_inference_steps", [10, 300])
    def test_from_a_noised_sample(self, num_inference_steps, prediction_type):
        """As image-to-image pipelines do: the loop starts in the middle, with a sample noised as far."""
        scheduler = CodeFusionScheduler(prediction_type=prediction_type)
        scheduler.set_timesteps(num_inference_steps)
        timesteps = scheduler.timesteps[num_inference_steps * 4 // 5 :]
        noise = torch.randn(self.shape, generator=torch.Generator().manual_seed(0))
        noisy = scheduler.add_noise(torch.full(self.shape, 3.0), noise, timesteps[:1])
        result = loop(scheduler, noisy, timesteps)
        alpha = scheduler.alphas_cumprod[timesteps[0]].item()
        mean, variance = expected_moments(scheduler, timesteps.tolist(), 3.0 * alpha**0.5, 1.0 - alpha)
        assert result.mean().item() == pytest.approx(mean, abs=0.02)
        assert result.std().item() == pytest.approx(variance**0.5, rel=0.02)

    def test_of_all_training_timesteps_returns_the_distribution(self):
        scheduler = CodeFusionScheduler()
        sample = torch.randn(8, 25, 40, generator=torch.Generator().manual_seed(0))
        result = loop(scheduler, sample, scheduler.timesteps)
        assert result.std().item() == pytest.approx(1.0, rel=0.03)

    @pytest.mark.parametrize("timestep_spacing", ["linspace", "leading"])
    @pytest.mark.parametrize("prediction_type", ["sample", "epsilon"])
    @pytest.mark.parametrize("start", [0, 6])
    def test_is_that_of_ddpm(self, start, prediction_type, timestep_spacing):
        ours = CodeFusionScheduler(prediction_type=prediction_type, timestep_spacing=timestep_spacing)
        ddpm = DDPMScheduler.from_config(ours.config)
        results = []
        for scheduler in (ours, ddpm):
            scheduler.set_timesteps(10)
            timesteps = scheduler.timesteps[start:]
            sample, noise = torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(0)).unbind()
            results.append(loop(scheduler, scheduler.add_noise(sample, noise, timesteps[:1]), timesteps))
        torch.testing.assert_close(results[0], results[1], atol=1e-4, rtol=1e-4)

    def test_twice_with_one_scheduler_gives_the_same(self, sample):
        scheduler = CodeFusionScheduler()
        scheduler.set_timesteps(10)
        first = loop(scheduler, sample, scheduler.timesteps)
        scheduler.set_timesteps(3)
        assert not torch.equal(loop(scheduler, sample, scheduler.timesteps), first)
        scheduler.set_timesteps(10)
        assert torch.equal(loop(scheduler, sample, scheduler.timesteps), first)

    @pytest.mark.parametrize("device", DEVICES)
    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_in_half_precision(self, dtype, device, sample):
        scheduler = CodeFusionScheduler()
        scheduler.set_timesteps(20, device=device)
        result = loop(scheduler, sample.to(device, dtype), scheduler.timesteps)
        assert result.dtype == dtype and result.device.type == device
        assert result.isfinite().all() and 0.3 < result.float().std() < 3.0
