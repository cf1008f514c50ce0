"""Raw pictures: several sizes in one step, and a world that turns under panoramas by rolling them."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from gleam.encoder import Encoder, EncoderConfig, ViewRun, build_model
from gleam.encoder.ragged import Ragged
from gleam.imagery.preparation import Preparation
from gleam.training.augmentation import Colour, Geometry, draw_geometry, recolour
from gleam.training.config import AugmentConfig, TrainConfig
from gleam.training.roll import roll_panoramas
from gleam.training.trainer import train
from gleam.training.warp import warp_squares
from gleam.views import View

RAW = EncoderConfig(
    backbone="convnext",
    backbone_options={"hidden_sizes": [4, 6, 8, 12], "depths": [1, 1, 1, 1]},
    head="pooled",
    preparation=Preparation(pixels=32, geometry="raw", panorama_pixels=(32, 64)),
)


def bearing_ring(size: int) -> np.ndarray:
    """Return a square whose red at its rim tells the bearing from its centre."""
    along = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = np.meshgrid(along, -along)
    bearing = np.degrees(np.arctan2(x, y)) % 360.0
    return np.repeat((bearing / 360.0 * 255).astype(np.uint8)[..., None], 3, 2)


def panorama_of_bearings(width: int) -> np.ndarray:
    """Return the panorama from the centre of that square: the centre column looks up."""
    bearing = ((np.arange(width) + 0.5) / width * 360.0 + 180.0) % 360.0
    return np.broadcast_to((bearing / 360.0 * 255).astype(np.uint8)[None, :, None], (4, width, 3)).copy()


@pytest.mark.parametrize("mirror", [0, 1])
@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
@pytest.mark.parametrize("angle", [0.0, 0.5])
def test_a_panorama_turns_with_the_square_of_its_place(mirror: int, quarter: int, angle: float) -> None:
    one = np.array([0])
    geometry = Geometry(
        np.array([quarter]),
        np.array([mirror]),
        np.array([[angle]]),
        np.ones((1, 1)),
        np.zeros((1, 1)),
        np.zeros((1, 1)),
    )
    square = np.empty((1, 3, 64, 64), np.uint8)
    warp_squares(bearing_ring(64)[None], geometry.matrices(0, one, np.array([True])), square)
    rolled = roll_panoramas(panorama_of_bearings(360)[None], *geometry.rolls(0, one, np.array([True])))
    for seen_at in (30, 100, 200, 310):  # a bearing in the turned square, clear of the jump of colours
        away = np.radians(seen_at)
        row, column = int(32 - 24 * np.cos(away)), int(32 + 24 * np.sin(away))
        told = int(rolled[0, 0, 0, (seen_at + 180) % 360])
        difference = (int(square[0, 0, row, column]) - told + 128) % 256 - 128
        assert abs(difference) <= 4


def test_without_heading_a_panorama_is_mirrored_but_not_turned() -> None:
    geometry = draw_geometry(AugmentConfig(), [View.PANORAMA], 40, torch.Generator().manual_seed(0))
    turns, mirrored = geometry.rolls(0, np.arange(40), np.zeros(40, bool))
    assert not turns.any() and mirrored.any() and not mirrored.all()


def test_a_ragged_batch_is_cut_and_embedded_like_its_pictures() -> None:
    model = build_model(RAW, seed=1).eval()
    generator = torch.Generator().manual_seed(0)
    squares = torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8, generator=generator)
    panoramas = torch.randint(0, 256, (2, 3, 32, 64), dtype=torch.uint8, generator=generator)
    runs = (ViewRun(View.SATELLITE, 1), ViewRun(View.DRONE, 2), ViewRun(View.PANORAMA, 2))
    batch = model.normalise(Ragged([squares, panoramas]))
    with torch.inference_mode():
        whole = model(batch, runs)
        single = torch.cat(
            [model(model.normalise(p[None]), [ViewRun(View.MAP, 1)]) for p in (*squares, *panoramas)]
        )
    torch.testing.assert_close(whole, single, atol=1e-5, rtol=0)
    assert [len(part) for part in batch[2:4].parts] == [1, 1] and len(batch) == 5
    colour = Colour(
        torch.rand(5, generator=generator), torch.rand((5, 3), generator=generator), torch.ones(5).bool()
    )
    changed = recolour(batch, colour)
    torch.testing.assert_close(changed.parts[1], recolour(batch.parts[1].clone(), colour.only(slice(3, 5))))


@pytest.mark.parametrize("chunk", [0, 5])
def test_views_of_two_sizes_are_trained_together(recipe: Callable[..., TrainConfig], chunk: int) -> None:
    result = train(recipe(phase={"steps": 3, "chunk": chunk}, encoder=RAW))
    assert result.steps == 6 and {"panorama", "drone"} <= set(result.recalls[-1].views)
    trained = Encoder.from_pretrained(result.out)
    assert trained.dim == 12 and trained.preparation == RAW.preparation
