"""What a state of the mapper's search is worth, and the count of what it took to know.

The kernels share their arguments. ``problem`` is what ``mapper.problem_of`` makes. ``state`` is
(factor (L, 3, 8), order (L, 8), keep (L, 3)). ``tally`` is (best score, evaluations). ``work`` are the
arrays of ``mapping.workspace``.
"""

from __future__ import annotations

import numpy as np

from .compiled import borrowing, compiled
from .cost import evaluate_below, narrowed
from .layout import DELAY, ENERGY, ENERGY_DELAY, OK, TEMPORAL, TRAFFIC
from .moves import close

BEST, SPENT = range(2)  # of a tally


@compiled
def bounded_score(problem, state, objective, bound, cut, work):
    """The objective of a state, as far as that matters. The outermost factors are set first.

    A state whose computation alone takes it to ``bound`` or beyond is not looked at further. Every
    product costs at least ``problem``'s floor, whatever moves.

    Args:
        problem: see the module.
        state: see the module; its outermost factors are set.
        objective: an index of ``layout.OBJECTIVES``.
        bound: a score from which on the state is of no use.
        cut: a score from which on it does not matter how much higher it is, if the state fits.
        work: see the module.

    Returns:
        pJ cycles, pJ, cycles or bits through DRAM; any number from ``cut`` on where that is reached;
        infinite where the state does not fit or reaches the bound.
    """
    dims, conv, arch, switches, floor_pj = problem
    factor, order, keep = state
    close(dims, factor)
    if bound < np.inf and (objective == ENERGY_DELAY or objective == DELAY):
        cycles = 1.0
        for level in range(factor.shape[0]):
            for d in range(8):
                cycles *= factor[level, TEMPORAL, d]
        if cycles * (floor_pj if objective == ENERGY_DELAY else 1.0) >= bound:
            return np.inf
    out = evaluate_below(
        dims, conv, factor, order, keep, arch, switches, objective, floor_pj, cut, work
    )
    if out[0] != OK:
        return np.inf
    if objective == ENERGY:
        return out[4]
    if objective == DELAY:
        return out[5]
    if objective == TRAFFIC:
        moved = 0.0
        for t in range(3):
            moved += (work[0][0, t, 0] + work[0][0, t, 2]) * arch[1][0, t]
        return moved - narrowed(work[0], arch[1], 0)
    return out[4] * out[5]


@borrowing
def score(problem, state, objective, bound, work):
    """The objective of a state that is of use below ``bound`` only.

    Args:
        problem: see the module.
        state: see the module; its outermost factors are set.
        objective: an index of ``layout.OBJECTIVES``.
        bound: a score from which on the state is of no use.
        work: see the module.

    Returns:
        pJ cycles, pJ, cycles or bits through DRAM; a number from ``bound`` on where that is reached,
        infinite where the state does not fit.
    """
    return bounded_score(problem, state, objective, bound, bound, work)


@borrowing
def accepted(tally, new):
    """Count an evaluation, and keep its score if it is the best.

    Args:
        tally: (2,), best score and evaluations, updated.
        new: the score of the state.

    Returns:
        Whether it is better than the best.
    """
    tally[SPENT] += 1
    if new < tally[BEST]:
        tally[BEST] = new
        return True
    return False
