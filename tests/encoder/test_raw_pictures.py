"""Pictures shown as they were taken: sizes per view, north in the middle of panoramas, old fingerprints."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam.encoder import Encoder, EncoderConfig
from gleam.errors import ConfigError, EncoderError, GleamError
from gleam.imagery.preparation import Preparation, prepare, source_coordinates
from gleam.views import Pose, View

RAW = Preparation(pixels=32, geometry="raw", panorama_pixels=(32, 64))
CONVNEXT = {"hidden_sizes": [4, 6, 8, 12], "depths": [1, 1, 1, 1]}
POOLED = EncoderConfig(backbone="convnext", backbone_options=CONVNEXT, head="pooled", preparation=RAW)


def ramp(height: int, width: int) -> np.ndarray:
    """Return a picture that tells in red its column and in green its row, in 255ths."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([columns * 255 // width, rows * 255 // height, rows * 0], -1).astype(np.uint8)


def test_the_shipped_encoder_keeps_its_fingerprint() -> None:
    """New keys of config and preparation must not change what atlases and calibrations refer to."""
    shipped = Encoder.from_pretrained("city")
    assert shipped.fingerprint == "9565889270b6c330"
    assert set(shipped.config.to_dict()["preparation"]) == {
        "pixels",
        "ground_width_m",
        "metric_share",
        "rim_elevation_deg",
        "camera_height_m",
        "ground_fov_deg",
    }
    assert "head" not in shipped.config.to_dict()


@pytest.mark.parametrize("config", [EncoderConfig(), POOLED])
def test_configs_come_back_from_their_data(config: EncoderConfig) -> None:
    assert EncoderConfig.from_dict(config.to_dict()) == config


@given(
    view=st.sampled_from(list(View)),
    size=st.tuples(st.integers(20, 90), st.integers(20, 90)),
    heading=st.none() | st.floats(-360, 720),
)
def test_every_pixel_tells_where_it_comes_from(
    view: View, size: tuple[int, int], heading: float | None
) -> None:
    picture, pose = ramp(*size), Pose(heading_deg=heading)
    out, where = prepare(picture, view, pose, RAW).pixels, source_coordinates(size, view, pose, RAW)
    assert out.shape[:2] == where.shape[:2] == RAW.size(view)
    inner = (slice(4, -4), slice(4, -4))
    told_rows = out[..., 1][inner] / 255 * size[0]
    step = max(size) / 32 + max(size) / 128
    assert np.abs(told_rows - where[..., 0][inner]).max() <= step + 1
    told_columns, columns = out[..., 0][inner] / 255 * size[1], where[..., 1][inner]
    away = np.minimum(columns, size[1] - columns) > 2 * step  # clear of the seam of a rolled panorama
    assert np.abs(told_columns - columns)[away].max(initial=0) <= step + 1


def test_north_comes_to_the_middle_of_a_panorama_of_known_heading() -> None:
    picture = np.zeros((32, 64, 3), np.uint8)
    picture[:, 16:18] = 255  # a quarter of the circle left of the centre
    east = prepare(picture, View.PANORAMA, Pose(heading_deg=90.0), RAW)
    assert east.north_up and east.pixels[:, 32:34].min() == 255  # looking east, north is to the left
    unknown = prepare(picture, View.PANORAMA, Pose(), RAW)
    assert not unknown.north_up and "taken as north" in unknown.note
    np.testing.assert_array_equal(unknown.pixels, picture)
    half = Pose(heading_deg=90.0, fov_deg=180.0)
    np.testing.assert_array_equal(prepare(picture, View.PANORAMA, half, RAW).pixels, picture)


def test_views_have_their_own_sizes(pooled: Encoder) -> None:
    picture = ramp(50, 70)
    assert pooled.prepare(picture, "panorama").pixels.shape == (32, 64, 3)
    assert pooled.prepare(picture, "drone").pixels.shape == (32, 32, 3)
    assert pooled.encode([picture], "panorama", patches=True).regions.shape == (1, 1, 2, 12)


def test_only_panoramas_are_searched_under_headings(pooled: Encoder) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 80, 3), np.uint8)
    vectors, headings = pooled.encode_headings(picture, "panorama", count=4)
    assert len(vectors) == 4
    rolled = np.roll(picture, 20, axis=1)
    np.testing.assert_allclose(vectors[1], pooled.encode([rolled], "panorama")[0], atol=1e-6)
    assert list(headings) == [0.0, 90.0, 180.0, 270.0]
    assert len(pooled.encode_headings(picture, "drone", count=4)[0]) == 1


def test_pooled_vectors_are_the_networks_own(pooled: Encoder) -> None:
    import torch

    squares = np.random.default_rng(1).integers(0, 256, (3, 32, 32, 3), np.uint8)
    images = pooled.model.normalise(torch.from_numpy(squares).permute(0, 3, 1, 2))
    with torch.inference_mode():
        own = pooled.model.backbone.model(pixel_values=images).pooler_output.numpy()
    expected = own / np.linalg.norm(own, axis=1, keepdims=True)
    np.testing.assert_array_equal(pooled.embed(squares, "map"), expected)


def test_shares_of_the_positions_and_one_constant_add_up_to_a_pooled_vector(pooled: Encoder) -> None:
    import torch

    squares = np.random.default_rng(2).integers(0, 256, (3, 64, 64, 3), np.uint8)
    vectors, regions = pooled.embed(squares, "satellite", patches=True)
    rest = vectors - regions.sum((1, 2))
    with torch.no_grad():
        bias = pooled.model.backbone.model.layernorm.bias.numpy()
    cosine = (rest * bias).sum(1) / np.linalg.norm(rest, axis=1) / np.linalg.norm(bias)
    np.testing.assert_allclose(cosine, 1.0, atol=1e-4)


def test_a_class_token_has_no_regions() -> None:
    options = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "patch_size": 8,
        "image_size": 32,
    }
    config = EncoderConfig(
        backbone="dinov2", backbone_options=options, head="pooled", preparation=Preparation(pixels=32)
    )
    encoder = Encoder.untrained(config)
    assert encoder.dim == 16 and not encoder.tells_regions
    with pytest.raises(EncoderError, match="no sum of shares"):
        encoder.embed(np.zeros((1, 32, 32, 3), np.uint8), "map", patches=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"geometry": "flat"}, "birdseye or raw"),
        ({"panorama_pixels": [32, 64]}, "for geometry raw"),
        ({"geometry": "raw", "panorama_pixels": [32]}, "height and width"),
        ({"geometry": "raw", "panorama_pixels": [0, 64]}, "height and width"),
    ],
)
def test_impossible_preparations_are_named(change: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Preparation(**change)


def test_impossible_heads_are_named() -> None:
    with pytest.raises(ConfigError, match="turns"):
        EncoderConfig(turns=4, preparation=RAW)
    with pytest.raises(ConfigError, match="layout or pooled"):
        EncoderConfig(head="mean")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="compact has no pooled feature"):
        Encoder.untrained(EncoderConfig(head="pooled"))


def test_impossible_poses_are_refused_for_raw_pictures_too() -> None:
    with pytest.raises(GleamError, match="pitch"):
        prepare(ramp(20, 20), View.DRONE, Pose(pitch_deg=100.0), RAW)


@pytest.fixture
def pooled() -> Encoder:
    """A small network whose layer scales and norms are not the initial ones."""
    import torch

    made = Encoder.untrained(POOLED, seed=2)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, parameter in made.model.named_parameters():
            if parameter.ndim == 1:
                parameter.copy_(0.5 + 0.3 * torch.randn(parameter.shape, generator=generator))
            assert name
    return made
