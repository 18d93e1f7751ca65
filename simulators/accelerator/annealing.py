"""Annealing: how the mapper's search leaves a state that no move improves.

The kernels' arguments are those of :mod:`scoring`.
"""

from __future__ import annotations

import numpy as np

from .compiled import compiled
from .joint_moves import propose_jointly
from .layout import SINGLE
from .moves import copy_state, draw, propose
from .scoring import bounded_score, score

# temperatures by kind of moves, in logarithms of the objective
HOT, COLD = np.array([0.2, 0.1]), np.array([0.01, 0.005])
NEVER = 8.0  # a step worse by that many temperatures is not taken


@compiled
def anneal(
    problem, state, best_state, objective, spatial, room, must, optional, moves, turns, budget, seed,
    work,
):  # fmt: skip
    """Simulated annealing on the logarithm of the objective.

    Args:
        problem: see :mod:`scoring`.
        state: see :mod:`scoring`; where the annealing starts and walks.
        best_state: arrays like ``state``, filled with the best.
        objective: an index of ``layout.OBJECTIVES``.
        spatial: (L, 2, 8) bool, dimensions that may be unrolled.
        room: (L, 2) int64, children along x and y.
        must: (L, 3) bool, tensors that a level must keep.
        optional: (L, 3) bool, tensors that it may keep beyond those.
        moves: an index of ``layout.MOVES``.
        turns: evaluations over which the temperature falls from hot to cold.
        budget: evaluations after which it stops all the same.
        seed: of the random moves.
        work: see :mod:`scoring`.

    Returns:
        (best score, next seed).
    """
    dims = problem[0]
    kept = (state[0].copy(), state[1].copy(), state[2].copy())
    here = score(problem, state, objective, np.inf, work)
    best = here
    copy_state(state, best_state)
    cooling = (COLD[moves] / HOT[moves]) ** (1.0 / turns)
    heat = HOT[moves]
    for _ in range(min(turns, budget)):
        heat *= cooling
        if moves == SINGLE:
            seed = propose(dims, state, spatial, room, must, optional, seed)
        else:
            seed = propose_jointly(dims, state, spatial, room, optional, seed)
        # a step that would be taken with a chance below exp(-NEVER) is cut off early
        hopeless = here * np.exp(NEVER * heat)
        # how much worse a step may be is drawn beforehand: past that its cost need not be known
        after = draw(seed)
        chance = (after >> 20) / float(1 << 43)
        cut = np.inf if chance == 0.0 else here * np.exp(-heat * np.log(chance))
        new = bounded_score(problem, state, objective, hopeless, cut, work)
        accept = new <= here
        if not accept and new < np.inf:
            seed = after
            accept = chance < np.exp(-np.log(new / here) / heat)
        if accept:
            here = new
            copy_state(state, kept)
            if new < best:
                best = new
                copy_state(state, best_state)
        else:
            copy_state(kept, state)
    return best, seed
