"""Varied squares: equal to torch's sampling, and the same turn of the world for all views of a place."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from gleam.imagery.preparation import Preparation
from gleam.training.augmentation import Colour, draw_colour, draw_geometry, recolour
from gleam.training.batches import load_step, step_seed
from gleam.training.config import AugmentConfig, PhaseConfig
from gleam.training.dataset import PlaceSet, open_places
from gleam.training.sampler import Batch
from gleam.training.warp import warp_squares
from gleam.views import QUERY_VIEWS, View

VIEWS = (View.SATELLITE, View.DRONE, View.GROUND)
STILL = AugmentConfig(dihedral=False, scale=0, shift=0, gain=0, tint=0, grey=0)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("size", [8, 31, 64])
def test_warping_equals_torch(size: int) -> None:
    squares = np.random.default_rng(size).integers(0, 256, (12, size, size, 3), dtype=np.uint8)
    config = AugmentConfig(scale=0.3, shift=0.3, rotate_deg={"satellite": 180})
    geometry = draw_geometry(config, VIEWS, 12, seeded())
    matrices = geometry.matrices(0, np.arange(12), np.ones(12, bool))
    out = np.empty((12, 3, size, size), np.uint8)
    warp_squares(squares, matrices, out)
    images = torch.from_numpy(squares).permute(0, 3, 1, 2).double()
    grid = functional.affine_grid(torch.from_numpy(matrices), list(images.shape), align_corners=False)
    wanted = functional.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    assert float((wanted - torch.from_numpy(out)).abs().max()) <= 3.0


def test_quarter_turns_and_mirrors_are_exact_and_the_same_for_all_views() -> None:
    squares = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    config = AugmentConfig(scale=0, shift=0)
    geometry = draw_geometry(config, VIEWS, 40, seeded())
    seen = set()
    for view in range(len(VIEWS)):
        out = np.empty((40, 3, 16, 16), np.uint8)
        warp_squares(squares, geometry.matrices(view, np.arange(40), np.ones(40, bool)), out)
        for i in range(40):
            flipped = squares[i, :, ::-1] if geometry.mirror[i] else squares[i]
            wanted = {
                turns: np.rot90(flipped, turns).transpose(2, 0, 1)
                for turns in (geometry.quarter[i], -geometry.quarter[i])
            }
            match = [turns for turns, image in wanted.items() if np.array_equal(image, out[i])]
            assert match, "no quarter turn of the mirrored square"
            seen.add(
                (
                    int(geometry.quarter[i]),
                    int(geometry.mirror[i]),
                    match[0] >= 0 or geometry.quarter[i] in (0, 2),
                )
            )
    assert len({(q, m) for q, m, _ in seen}) == 8


def test_views_of_a_place_turn_the_same_way() -> None:
    squares = np.random.default_rng(0).integers(0, 256, (30, 12, 12, 3), dtype=np.uint8)
    geometry = draw_geometry(AugmentConfig(scale=0, shift=0), VIEWS, 30, seeded(4))
    outs = []
    for view in range(len(VIEWS)):
        out = np.empty((30, 3, 12, 12), np.uint8)
        warp_squares(squares, geometry.matrices(view, np.arange(30), np.ones(30, bool)), out)
        outs.append(out)
    np.testing.assert_array_equal(outs[0], outs[1])
    np.testing.assert_array_equal(outs[0], outs[2])


def test_photos_that_are_not_north_up_are_mirrored_but_not_turned() -> None:
    squares = np.random.default_rng(0).integers(0, 256, (30, 12, 12, 3), dtype=np.uint8)
    geometry = draw_geometry(AugmentConfig(scale=0, shift=0), VIEWS, 30, seeded(5))
    out = np.empty((30, 3, 12, 12), np.uint8)
    warp_squares(squares, geometry.matrices(1, np.arange(30), np.zeros(30, bool)), out)
    for i in range(30):
        wanted = squares[i, :, ::-1] if geometry.mirror[i] else squares[i]
        np.testing.assert_array_equal(out[i], wanted.transpose(2, 0, 1))


def test_extra_turns_only_where_asked() -> None:
    config = AugmentConfig(rotate_deg={"ground": 20.0})
    geometry = draw_geometry(config, VIEWS, 500, seeded())
    assert (geometry.angle[:2] == 0).all()
    assert 0.9 * np.radians(20) < np.abs(geometry.angle[2]).max() <= np.radians(20)


def test_recolouring() -> None:
    images = torch.randn(3, 3, 4, 4, generator=seeded())
    colour = Colour(torch.tensor([1.0, 2.0, 1.0]), torch.zeros(3, 3), torch.tensor([False, False, True]))
    colour.tint[1] = torch.tensor([1.0, 0.0, -1.0])
    out = recolour(images, colour)
    torch.testing.assert_close(out[0], images[0])
    torch.testing.assert_close(out[1], 2 * images[1] + colour.tint[1][:, None, None])
    torch.testing.assert_close(out[2], images[2].mean(0).expand(3, -1, -1))
    drawn = draw_colour(AugmentConfig(grey=0.3), 5, 4000, seeded())
    assert drawn.grey.float().mean().item() == pytest.approx(0.3, abs=0.02)
    assert drawn.gain.std().item() == pytest.approx(0.2, abs=0.01)


@pytest.fixture
def places(table: Path, cache: Path) -> PlaceSet:
    return open_places([str(table)], "train", QUERY_VIEWS, Preparation(pixels=32), cache)


def phase(config: AugmentConfig) -> PhaseConfig:
    return PhaseConfig(name="p", places=["x"], steps=1, augment=config)


def test_without_variation_the_squares_come_as_they_are(places: PlaceSet) -> None:
    batch = Batch(np.array([5, 2, 9]), (View.MAP,))
    step = load_step(places, batch, phase(STILL), seeded())
    assert [(run.view, run.count) for run in step.runs] == [(View.SATELLITE, 3), (View.MAP, 3)]
    wanted = places.stores[View.MAP].read(places.rows(batch.places, View.MAP))
    np.testing.assert_array_equal(step.pixels[3:].permute(0, 2, 3, 1).numpy(), wanted)


@pytest.mark.parametrize("world", [2, 3])
def test_the_processes_show_what_one_process_would_show(places: PlaceSet, world: int) -> None:
    batch = Batch(np.random.default_rng(0).permutation(len(places))[:11], QUERY_VIEWS)
    whole = load_step(places, batch, phase(AugmentConfig()), seeded(7))
    parts = [
        load_step(places, batch, phase(AugmentConfig()), seeded(7), rank=r, world=world) for r in range(world)
    ]
    for view in range(5):
        images, gains = [], []
        for part in parts:
            counts = [run.count for run in part.runs]
            span = slice(sum(counts[:view]), sum(counts[: view + 1]))
            images.append(part.pixels[span])
            gains.append(part.colour.gain[span])
        np.testing.assert_array_equal(
            torch.cat(images).numpy(), whole.pixels[11 * view : 11 * view + 11].numpy()
        )
        torch.testing.assert_close(torch.cat(gains), whole.colour.gain[11 * view : 11 * view + 11])
    width = parts[0].present.shape[1]
    assert [part.first_place for part in parts] == [r * width for r in range(world)]
    assert all(part.present.shape == (5, width) for part in parts)
    assert sum(int(part.present[0].sum()) for part in parts) == 11
    assert parts[0].clash.shape == (world * width, world * width)


def test_steps_have_seeds_of_their_own() -> None:
    seeds = {step_seed(seed, phase, step) for seed in range(5) for phase in range(3) for step in range(200)}
    assert len(seeds) == 5 * 3 * 200
    for seed in seeds:
        torch.Generator().manual_seed(seed)
