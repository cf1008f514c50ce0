"""One network in several threads at once."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from gleam.encoder import Encoder
from gleam.encoder.config import EncoderConfig
from gleam.encoder.normalisation import VIEW_ORDER, RunContext, ViewRun
from gleam.imagery.preparation import Preparation


def encoder_with_own_statistics():
    config = EncoderConfig(
        backbone_options={"stem": 8, "channels": [8, 16, 16], "blocks": [1, 1, 1]},
        dim=16,
        grid_channels=8,
        preparation=Preparation(pixels=32, ground_width_m=128.0),
    )
    encoder = Encoder.untrained(config, seed=1)
    for row in range(len(VIEW_ORDER)):
        encoder.model.backbone.stem[2].mean[row] = 0.1 * row  # so that every view sees another network
    return encoder


def test_threads_do_not_take_each_others_view():
    encoder = encoder_with_own_statistics()
    squares = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    alone = {view: encoder.embed(squares, view) for view in VIEW_ORDER}
    assert not np.array_equal(alone[VIEW_ORDER[0]], alone[VIEW_ORDER[1]])
    with ThreadPoolExecutor(4) as pool:
        asked = list(VIEW_ORDER) * 12
        for view, found in zip(asked, pool.map(lambda v: encoder.embed(squares, v), asked), strict=True):
            np.testing.assert_array_equal(found, alone[view])


def test_the_runs_of_a_thread_are_not_copied_along():
    context = RunContext()
    context.runs = (ViewRun(VIEW_ORDER[0], 3),)
    for other in (copy.deepcopy(context), pickle.loads(pickle.dumps(context))):
        assert other.runs == ()
        other.runs = (ViewRun(VIEW_ORDER[1], 1),)
    assert context.runs == (ViewRun(VIEW_ORDER[0], 3),)
