"""The mapper's search: deterministic, compiled."""

from __future__ import annotations

import numpy as np

from .compiled import compiled
from .annealing import anneal
from .descent import descend
from .layout import TEMPORAL
from .moves import ORDERS, close, unroll
from .scoring import score

FIRST, GROWTH = 3200, 2.5  # evaluations of the first stage; each ends at so many times the last
# by kind of moves: share of the first stage and of the others for the race; annealings after the first
RACE, CHAINS = np.array([[0.8, 0.8], [0.8, 0.1]]), np.array([1, 3])
SHARES = np.array([0.5, 0.3, 0.2])  # of the race, by round


@compiled
def search(problem, objective, spatial, room, must, optional, starts, moves, budget, work):
    """Search for a good mapping.

    The search goes in stages, each longer than the one before. In a stage all starts race: each goes
    on with its descent for a short while, the better quarter for longer, the best of these for the
    longest. What is left of the stage anneals from the best, and with joint moves also from others. The
    budget ends the search and changes nothing before, so a larger one is never worse.

    Args:
        problem: what ``mapper.problem_of`` makes.
        objective: an index of ``layout.OBJECTIVES``.
        spatial: (L, 2, 8) bool, dimensions that may be unrolled.
        room: (L, 2) int64, children along x and y.
        must: (L, 3) bool, tensors that a level must keep.
        optional: (L, 3) bool, tensors that it may keep beyond those.
        starts: (s, axes), which dimensions each start unrolls first; see ``moves.unroll``.
        moves: an index of ``layout.MOVES``.
        budget: evaluations.
        work: the arrays of ``mapping.workspace``.

    Returns:
        (score, evaluations, factor, order, keep); an infinite score where nothing fits.
    """
    dims = problem[0]
    levels = must.shape[0]
    n = starts.shape[0] + 1
    factors = np.ones((n, levels, 3, 8), np.int64)
    orders = np.empty((n, levels, 8), np.int64)
    keeps = np.empty((n, levels, 3), np.bool_)
    scores = np.full(n, np.inf)
    settled = np.zeros(n, np.bool_)  # nothing improves it any more
    trial = np.empty(8, np.int64)
    spent = 0
    for s in range(n):
        orders[s] = ORDERS[4]
        keeps[s] = must | optional
        if s < n - 1:
            unroll(dims, factors[s], spatial, room, starts[s])
        else:  # the smallest tiles: if these do not fit, nothing does
            keeps[s] = must
        again = False
        for before in range(s):
            again = again or (factors[before, :, 1:] == factors[s, :, 1:]).all()
        if again and s < n - 1:
            continue
        state = (factors[s], orders[s], keeps[s])
        scores[s] = score(problem, state, objective, np.inf, work)
        spent += 1
    best = int(np.argmin(scores))
    top = scores[best]
    best_factor, best_order, best_keep = (
        factors[best].copy(),
        orders[best].copy(),
        keeps[best].copy(),
    )
    if top == np.inf:
        return top, spent, best_factor, best_order, best_keep
    seed, end, first, stage = 88172645463325252, FIRST, 0, 0
    while spent < budget:
        length = max(1, end - spent)
        # the race: of those alive each descends, and the better quarter goes on
        alive = int(np.isfinite(scores).sum())
        for turn in range(3):
            ranked = np.argsort(scores, kind="mergesort")[:alive]
            each = int(SHARES[turn] * length * RACE[moves, min(stage, 1)] / alive) + 1
            for s in ranked:
                limit = min(each, budget - spent)
                if settled[s] or limit <= 0:
                    continue
                state = (factors[s], orders[s], keeps[s])
                scores[s], used = descend(
                    problem, state, objective, spatial, room, optional, limit, scores[s], work,
                    trial, first,
                )  # fmt: skip
                spent += used
                settled[s] = used < limit
                if scores[s] < top:
                    top = scores[s]
                    best_factor[:], best_order[:], best_keep[:] = factors[s], orders[s], keeps[s]
            alive = max(1, alive // 4)
            first += 1  # a descent that goes on begins with other moves than before
        # anneal with what is left of the stage, descend from what that finds
        chains = CHAINS[moves] if stage > 0 else 1
        ranked = np.argsort(scores, kind="mergesort")
        for chain in range(chains):
            turns = max(1, (end - spent) // (chains - chain))
            limit = min(turns, budget - spent)
            if limit <= 0:
                continue
            s = ranked[(chain + stage * chains) % int(np.isfinite(scores).sum())]
            if chain == 0:  # from the best
                factor, order, keep = best_factor.copy(), best_order.copy(), best_keep.copy()
            else:  # from another start, another one in each stage
                factor, order, keep = factors[s].copy(), orders[s].copy(), keeps[s].copy()
            f, o, k = factor.copy(), order.copy(), keep.copy()
            found, seed = anneal(
                problem, (factor, order, keep), (f, o, k), objective, spatial, room, must, optional,
                moves, turns, limit, seed, work,
            )  # fmt: skip
            spent += limit
            if chain > 0 and found < scores[s]:
                scores[s], settled[s] = found, False
                factors[s], orders[s], keeps[s] = f, o, k
            if found < top:
                top, used = descend(
                    problem, (f, o, k), objective, spatial, room, optional, budget - spent, found,
                    work, trial, 0,
                )  # fmt: skip
                spent += used
                best_factor[:], best_order[:], best_keep[:] = f, o, k
        end = int(end * GROWTH)
        stage += 1
    close(dims, best_factor)
    return top, spent, best_factor, best_order, best_keep


@compiled
def sweep_tiles(problem, objective, candidates, keep, work):
    """The best tiling of the level below the outermost, by trying every one that fits.

    Nothing is unrolled, and everything further inside is of one word. So what DRAM sees is all that
    is compared: the answer for a larger buffer can only be better.

    Args:
        problem: what ``mapper.problem_of`` makes.
        objective: an index of ``layout.OBJECTIVES``.
        candidates: (8, most) factors in rising order, 0 where there are no more.
        keep: (L, 3) bool, tensors that a level keeps.
        work: the arrays of ``mapping.workspace``.

    Returns:
        (score, factor, order).
    """
    dims = problem[0]
    levels = keep.shape[0]
    factor = np.ones((levels, 3, 8), np.int64)
    order = np.empty((levels, 8), np.int64)
    order[:] = ORDERS[4]
    best, best_factor, best_order = np.inf, factor.copy(), order.copy()
    at = np.zeros(8, np.int64)
    while True:
        for d in range(8):
            factor[1, TEMPORAL, d] = candidates[d, at[d]]
        fits = False
        for k in range(ORDERS.shape[0]):
            order[0] = ORDERS[k]
            new = score(problem, (factor, order, keep), objective, np.inf, work)
            if new == np.inf:
                break
            fits = True
            if new < best:
                best = new
                best_factor[:], best_order[:] = factor, order
        # larger factors of the first dimension that is not at its smallest do not fit either
        d = 0
        if not fits:
            while d < 8 and at[d] == 0:
                d += 1
            if d == 8:
                break
            at[d] = candidates.shape[1]
        else:
            at[0] += 1
        while d < 8 and (at[d] >= candidates.shape[1] or candidates[d, at[d]] == 0):
            at[d] = 0
            d += 1
            if d < 8:
                at[d] += 1
        if d == 8:
            break
    close(dims, best_factor)
    return best, best_factor, best_order
