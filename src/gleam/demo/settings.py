"""How large the demo is."""

from __future__ import annotations

from dataclasses import dataclass

from gleam.encoder import EncoderConfig
from gleam.training.config import EvaluateConfig, LossConfig, PhaseConfig, TrainConfig
from gleam.views import View

DEMO_SEED = 987_654
"""Far from every seed that the shipped weights were trained or measured on."""


@dataclass(frozen=True)
class DemoSettings:
    """Sizes of the demo.

    seed, size_km, places, m_per_px: of the city and its satellite mosaic.
    steps: of the two training phases. batch: places per step. rate: highest learning rate.
    photos_per_view, photo_pixels: how many photos are located, and their height.
    encoder: shipped name or folder of the weights that locate and explain.
    """

    seed: int = DEMO_SEED
    size_km: float = 2.0
    places: int = 800
    pixels: int = 128
    m_per_px: float = 0.5
    steps: tuple[int, int] = (100, 280)
    batch: int = 40
    rate: float = 6e-3
    photos_per_view: int = 5
    photo_pixels: int = 384
    encoder: str = "city"

    @classmethod
    def quick(cls, seed: int = DEMO_SEED, encoder: str = "city") -> DemoSettings:
        """Return the small form: the same story in about a minute, with a city too small to learn from."""
        return cls(
            seed=seed,
            size_km=1.2,
            places=160,
            m_per_px=0.8,
            steps=(25, 35),
            batch=24,
            photos_per_view=3,
            encoder=encoder,
        )

    def recipe(self, city: str, out: str, cache: str) -> TrainConfig:
        """Return the short training as a recipe: one view first, then all of them."""

        def phase(name: str, views: list[View], steps: int) -> PhaseConfig:
            return PhaseConfig(
                name=name,
                places=[city],
                split="train",
                views=[view.value for view in views],
                steps=steps,
                batch=self.batch,
                rate=self.rate,
                warmup=0.1,
            )

        return TrainConfig(
            name="demo",
            phases=[
                phase("phase 1", [View.DRONE], self.steps[0]),
                phase("phase 2", [View.DRONE, View.MAP, View.PANORAMA, View.GROUND], self.steps[1]),
            ],
            out=out,
            seed=0,
            encoder=EncoderConfig(),
            loss=LossConfig(anchor="all"),
            evaluate=EvaluateConfig(places=[city], split="test"),
            threads=1,
            cache=cache,
        )
