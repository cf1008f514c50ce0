"""The encoder: unit vectors, additive regions, strict saving and loading, fingerprints."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from gleam.encoder import Encoder, EncoderConfig, ViewRun, build_model
from gleam.encoder.inference import EXACT
from gleam.encoder.storage import HUB_PREFIX, shipped_encoders
from gleam.errors import ConfigError, EncoderError, GleamError
from gleam.imagery.preparation import Preparation
from gleam.views import QUERY_VIEWS, Pose, View

SMALL = EncoderConfig(
    backbone_options={"stem": 8, "channels": [8, 12, 16]},
    dim=16,
    grid=2,
    grid_channels=6,
    preparation=Preparation(pixels=32, ground_width_m=64.0),
)


@pytest.fixture
def encoder() -> Encoder:
    """A small encoder whose normalisation statistics are not the initial ones."""
    made = Encoder.untrained(SMALL, seed=3)
    made.model.train()
    squares = torch.from_numpy(np.random.default_rng(0).integers(0, 255, (20, 3, 32, 32), np.uint8))
    runs = [ViewRun(view, 4) for view in View]
    for _ in range(3):
        made.model(made.model.normalise(squares), runs)
    made.model.eval()
    return made


def squares(n: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (n, 32, 32, 3), np.uint8)


def test_vectors_are_unit_and_repeatable(encoder: Encoder) -> None:
    vectors = encoder.embed(squares(5), View.DRONE)
    assert vectors.shape == (5, 16) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    np.testing.assert_array_equal(vectors, encoder.embed(squares(5), View.DRONE))


def test_batching_changes_nothing(encoder: Encoder) -> None:
    images = list(squares(7))
    one = encoder.encode(images, "map", batch_size=1)
    many = encoder.encode(images, "map", batch_size=4)
    np.testing.assert_allclose(one, many, atol=1e-5)


def test_empty_input_gives_no_rows(encoder: Encoder) -> None:
    assert encoder.encode([], "ground").shape == (0, 16)


def test_views_use_their_own_statistics_but_the_same_weights(encoder: Encoder) -> None:
    first = encoder.embed(squares(3), View.MAP)
    assert np.abs(first - encoder.embed(squares(3), View.GROUND)).max() > 1e-3
    learnt = {name for name, _ in encoder.model.named_parameters()}
    assert not [name for name in learnt if "statistics" in name]


def test_runs_of_a_mixed_batch_equal_single_view_batches(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(EXACT, "1")  # the plain network, as the mixed batch runs it
    pixels = torch.from_numpy(squares(6)).permute(0, 3, 1, 2)
    x = encoder.model.normalise(pixels)
    with torch.inference_mode():
        mixed = encoder.model(x, [ViewRun(View.MAP, 2), ViewRun(View.DRONE, 4)]).numpy()
    np.testing.assert_allclose(mixed[:2], encoder.embed(squares(6)[:2], View.MAP), atol=1e-5)
    np.testing.assert_allclose(mixed[2:], encoder.embed(squares(6)[2:], View.DRONE), atol=1e-5)


def test_runs_must_add_up(encoder: Encoder) -> None:
    with pytest.raises(ValueError, match="runs hold 3"):
        encoder.model(torch.zeros(2, 3, 32, 32), [ViewRun(View.MAP, 3)])


def test_regions_are_additive_shares_of_the_vector(encoder: Encoder) -> None:
    """Blanking the grid path leaves exactly vector - sum of regions, up to the common length."""
    vectors, regions = encoder.embed(squares(4), View.SATELLITE, patches=True)
    assert regions.shape == (4, 2, 2, 16)
    rest = vectors - regions.sum((1, 2))
    head = encoder.model.head
    with torch.no_grad():
        kept = head.project.weight.clone()
        head.project.weight[:, head.channels :] = 0
        x = encoder.model.normalise(torch.from_numpy(squares(4)).permute(0, 3, 1, 2))
        alone = encoder.embed(squares(4), View.SATELLITE)
        head.project.weight.copy_(kept)
    del x
    cosine = (rest * alone).sum(1) / np.linalg.norm(rest, axis=1)
    np.testing.assert_allclose(cosine, 1.0, atol=1e-4)


def test_four_turns_join_the_vectors_of_the_turned_squares(encoder: Encoder) -> None:
    config = EncoderConfig.from_dict({**encoder.config.to_dict(), "turns": 4})
    model = build_model(config)
    model.load_state_dict(encoder.model.state_dict())
    four = Encoder(model)
    pictures = squares(3)
    vectors, regions = four.embed(pictures, View.MAP, patches=True)
    assert four.dim == 64 and vectors.shape == (3, 64) and regions.shape == (3, 2, 2, 64)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    single = [encoder.embed(np.rot90(pictures, k, (1, 2)), View.MAP) for k in range(4)]
    np.testing.assert_allclose(vectors, np.concatenate(single, 1) / 2, atol=1e-5)
    # The regions lie where they lie in the upright square, whatever turn they were seen under.
    once, upright = encoder.embed(np.rot90(pictures, 1, (1, 2)), View.MAP, patches=True)
    np.testing.assert_allclose(regions[..., 16:32], np.rot90(upright, -1, (1, 2)) / 2, atol=1e-5)
    np.testing.assert_allclose(four.embed(pictures, View.MAP), vectors, atol=1e-6)
    del once


@pytest.mark.parametrize(("key", "value"), [("turns", 3), ("dim", 0), ("grid", -1)])
def test_impossible_settings_are_named(key: str, value: int) -> None:
    with pytest.raises(ConfigError, match=f"encoder.{key}"):
        EncoderConfig.from_dict({key: value})


def test_save_and_load_keep_every_vector(encoder: Encoder, tmp_path: Path) -> None:
    encoder.calibration = {"drone": {"n": 3}}
    encoder.save(tmp_path / "net")
    again = Encoder.from_pretrained(tmp_path / "net")
    assert again.fingerprint == encoder.fingerprint
    assert again.calibration == {"drone": {"n": 3}}
    assert again.preparation == SMALL.preparation
    np.testing.assert_array_equal(again.embed(squares(3), View.MAP), encoder.embed(squares(3), View.MAP))


def test_saving_again_replaces_an_encoder_but_nothing_else(encoder: Encoder, tmp_path: Path) -> None:
    encoder.save(tmp_path / "net")
    Encoder.untrained(SMALL, seed=8).save(tmp_path / "net")
    assert Encoder.from_pretrained(tmp_path / "net").fingerprint != encoder.fingerprint
    (tmp_path / "net" / "checkpoints").mkdir()
    with pytest.raises(GleamError, match="already has content"):
        encoder.save(tmp_path / "net")
    assert (tmp_path / "net" / "checkpoints").is_dir()


def test_a_calibration_is_stored_only_beside_its_own_weights(encoder: Encoder, tmp_path: Path) -> None:
    encoder.save(tmp_path / "net")
    (tmp_path / "net" / "log.jsonl").write_text("kept")
    encoder.calibration = {"pairs": []}
    encoder.save_calibration(tmp_path / "net")
    assert Encoder.from_pretrained(tmp_path / "net").calibration == {"pairs": []}
    assert (tmp_path / "net" / "log.jsonl").read_text() == "kept"
    with pytest.raises(EncoderError, match="save the encoder itself first"):
        Encoder.untrained(SMALL, seed=8).save_calibration(tmp_path / "net")


def test_the_fingerprint_follows_weights_and_preparation(encoder: Encoder) -> None:
    changed = Encoder.untrained(SMALL, seed=4)
    assert changed.fingerprint != Encoder.untrained(SMALL, seed=3).fingerprint
    other = EncoderConfig.from_dict(
        {**SMALL.to_dict(), "preparation": {"pixels": 32, "ground_width_m": 65.0}}
    )
    assert Encoder.untrained(other, seed=3).fingerprint != Encoder.untrained(SMALL, seed=3).fingerprint


def test_a_prefixed_checkpoint_is_refused_with_the_keys_named(encoder: Encoder, tmp_path: Path) -> None:
    """Peers load these with strict=False and keep random weights silently."""
    encoder.save(tmp_path / "net")
    path = tmp_path / "net" / "model.safetensors"
    save_file({f"module.{k}": v for k, v in load_file(path).items()}, path)
    with pytest.raises(EncoderError, match=r"missing .*not expected \(e\.g\. module\."):
        Encoder.from_pretrained(tmp_path / "net")


def test_weights_of_another_shape_are_refused(encoder: Encoder, tmp_path: Path) -> None:
    encoder.save(tmp_path / "net")
    path = tmp_path / "net" / "model.safetensors"
    weights = load_file(path)
    weights["head.reduce.weight"] = weights["head.reduce.weight"][:2].contiguous()
    save_file(weights, path)
    with pytest.raises(EncoderError, match="1 of another shape"):
        Encoder.from_pretrained(tmp_path / "net")


def test_swapped_weights_do_not_pass_for_the_saved_ones(encoder: Encoder, tmp_path: Path) -> None:
    encoder.save(tmp_path / "net")
    Encoder.untrained(SMALL, seed=9).save(tmp_path / "other")
    (tmp_path / "other" / "model.safetensors").replace(tmp_path / "net" / "model.safetensors")
    with pytest.raises(EncoderError, match="do not belong together"):
        Encoder.from_pretrained(tmp_path / "net")


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors"])
def test_half_an_encoder_is_refused(encoder: Encoder, tmp_path: Path, missing: str) -> None:
    encoder.save(tmp_path / "net")
    (tmp_path / "net" / missing).unlink()
    with pytest.raises(EncoderError, match=f"{missing} is missing"):
        Encoder.from_pretrained(tmp_path / "net")


def test_truncated_weights_are_refused(encoder: Encoder, tmp_path: Path) -> None:
    encoder.save(tmp_path / "net")
    path = tmp_path / "net" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(EncoderError, match="cannot be read"):
        Encoder.from_pretrained(tmp_path / "net")


def test_unknown_names_list_the_choices() -> None:
    with pytest.raises(EncoderError, match=f"Unknown encoder 'citty'.*{HUB_PREFIX}"):
        Encoder.from_pretrained("citty")
    with pytest.raises(GleamError, match=r"Unknown backbone 'resnet9000'.*compact"):
        build_model(EncoderConfig(backbone="resnet9000"))
    with pytest.raises(EncoderError, match=r"unknown key 'dimension'.*dim"):
        EncoderConfig.from_dict({"dimension": 3})
    with pytest.raises(ConfigError, match="stem=0"):
        build_model(EncoderConfig(backbone_options={"stem": 0}))


def test_a_config_key_unknown_to_the_preparation_is_named(encoder: Encoder, tmp_path: Path) -> None:
    encoder.save(tmp_path / "net")
    path = tmp_path / "net" / "config.json"
    data = json.loads(path.read_text())
    data["preparation"]["pixel"] = 3
    path.write_text(json.dumps(data))
    with pytest.raises(EncoderError, match="unknown preparation key 'pixel'"):
        Encoder.from_pretrained(tmp_path / "net")


def test_headings_are_rotations_of_the_same_picture(encoder: Encoder) -> None:
    image = squares(1)[0]
    pose = Pose(pitch_deg=-90.0, height_m=50.0, fov_deg=60.0)
    vectors, headings = encoder.encode_headings(image, "drone", pose, count=4)
    assert vectors.shape == (4, 16) and headings.tolist() == [0.0, 90.0, 180.0, 270.0]
    known = encoder.encode([image], "drone", [pose.with_heading(180.0)])[0]
    np.testing.assert_allclose(vectors[2], known, atol=1e-5)


def test_every_query_view_can_be_encoded_from_a_plain_picture(encoder: Encoder) -> None:
    for view in QUERY_VIEWS:
        assert encoder.encode([squares(1)[0]], view).shape == (1, 16)


def test_shipped_encoders_load_and_match_their_fingerprint() -> None:
    for name in shipped_encoders():
        assert Encoder.from_pretrained(name).name == name
