"""Short cuts of the compiled kernels against the long way round."""

import itertools

import numpy as np
import pytest
from archgym.simulators.accelerator.decoding import largest
from archgym.simulators.accelerator.layout import OBJECTIVES
from archgym.simulators.accelerator.machines import load_architecture
from archgym.simulators.accelerator.mapper import problem_of
from archgym.simulators.accelerator.mapping import workspace
from archgym.simulators.accelerator.moves import propose
from archgym.simulators.accelerator.nest import box_volume
from archgym.simulators.accelerator.scoring import bounded_score, score

from tests.accelerator.walks import STRIDED, begin


def states(layer, machine, n):
    """States that a random walk of the mapper's moves passes, most of which fit."""
    state, spatial, room, must, optional = begin(layer, machine)
    levels = len(machine.levels)
    seed = 7
    for _ in range(n):
        before = tuple(part.copy() for part in state)
        seed = propose(layer.dims, state, spatial, room, must, optional, seed)
        fits = score(
            problem_of(layer, machine, "physical"), state, 0, np.inf, workspace(levels)
        )  # fmt: skip
        if fits < np.inf:
            yield tuple(part.copy() for part in state)
        else:
            state = before


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("name", ["eyeriss", "simba"])
def test_a_cost_that_is_cut_off_is_the_cost_or_from_the_cut_on(name, objective):
    machine, goal = load_architecture(name), OBJECTIVES.index(objective)
    problem, work = problem_of(STRIDED, machine, "physical"), workspace(len(machine.levels))
    cut_off, seen = 0, 0
    for state in itertools.islice(states(STRIDED, machine, 400), 150):
        exact = score(problem, state, goal, np.inf, work)
        for share in (0.3, 0.9, 1.0, 1.0 + 1e-12, 1.5):
            cut = share * exact
            got = bounded_score(problem, state, goal, np.inf, cut, work)
            assert got == exact if exact < cut else got >= cut
            seen += 1
            cut_off += got != exact
    assert seen == 750 and (cut_off > 100 or objective in ("dram-traffic", "delay"))


def fits(extents, machine, keep, level):
    size, bits = machine.arrays[:2]
    volumes = [box_volume(t, extents, STRIDED.geometry) for t in range(3)]
    return all(
        sum(volumes[t] * bits[outer, t] for t in range(3) if keep[outer, t]) <= size[outer]
        for outer in range(level + 1)
    )


def test_the_largest_factor_that_fits_is_found():
    """Against every factor ceil(left / k) by itself, for tiles that are clipped and such that are not."""
    machine, rng = load_architecture("eyeriss"), np.random.default_rng(0)
    machine = machine.with_level("GLB", size_bits=4000.0)
    size, bits = machine.arrays[:2]
    dims, cut = STRIDED.dims, 0
    for _ in range(600):
        keep = machine.keeps[0] | (rng.random((5, 3)) < 0.3)
        d = int(rng.choice([2, 3, 4, 5, 6, 7]))
        inside = np.array([int(rng.integers(1, n // 2 + 2)) for n in dims], np.int64)
        inside[d] = rng.integers(1, 3)
        left = -(-int(dims[d]) // int(inside[d]))
        wanted, level = int(rng.integers(1, left + 1)), int(rng.integers(1, 3))
        at_most = -(-left // -(-left // wanted))  # the factor of as many rounds
        allowed = {1}
        for k in range(1, left + 1):
            factor = -(-left // k)
            tile = inside.copy()
            tile[d] *= factor
            if factor <= at_most and fits(np.minimum(tile, dims), machine, keep, level):
                allowed.add(factor)
        got = largest(
            dims, STRIDED.geometry, keep, size, bits, level, inside.copy(), d, left, wanted
        )
        assert got == max(allowed)
        cut += got < at_most
    assert 100 < cut < 500
