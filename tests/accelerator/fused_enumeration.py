"""Every fused nest of a tiny pair, written out; shares nothing with the search but the counting."""

import itertools

import numpy as np
from archgym.simulators.accelerator.uneven.counting import cost, workspace
from archgym.simulators.accelerator.uneven.evaluating import arrays_of
from archgym.simulators.accelerator.uneven.nest import BARRIER, HOLD, LOOP, UNROLL


def arrangements(loops):
    """All different orders of loops that are given as {dimension: number of loops of 2}."""
    letters = [d for d, n in loops.items() for _ in range(n)]
    return sorted(set(itertools.permutations(letters)))


def nests_of(product, passed, machine, shared, home, primes):
    """(places of the two others in the shared part, bits held: intermediate, shared, own; pJ, cycles)."""
    extents, coefficients = product.arrays
    names, arch = product.dimensions, arrays_of(machine)
    work = workspace(2, 3, len(extents))
    others = [t for t in product.tensors if t != passed]
    left = {d: primes[d] - shared.count(d) for d in names}
    word = machine.bits
    out = []
    for unrolled in [None, *(d for d in names if left[d])]:
        own_loops = {d: n - (d == unrolled) for d, n in left.items()}
        for own in arrangements(own_loops):
            choices = [
                None,
                *(("s", i) for i in range(len(shared) + 1)),
                *(("o", i) for i in range(len(own) + 1)),
            ]
            for places in itertools.product(choices, repeat=2):
                for swap in (False, True):
                    if swap and (None in places or places[0] != places[1]):
                        continue
                    order = others[::-1] if swap else others
                    items, at = [(HOLD, 0, product.tensors.index(t), 0) for t in others], {}
                    number = 0
                    for part, loops in (("s", shared), ("o", own)):
                        for i in range(len(loops) + 1):
                            if part == "s" and i == home:
                                number += 1
                                at["home"] = len(items)
                                items.append((HOLD, 1, product.tensors.index(passed), number))
                            for t in order:
                                if places[others.index(t)] == (part, i):
                                    number += 1
                                    at[t] = len(items)
                                    items.append((HOLD, 1, product.tensors.index(t), number))
                            if i < len(loops):
                                items.append((LOOP, names.index(loops[i]), 2, 0))
                        if part == "s":
                            items.append((BARRIER, 0, -1, 0))
                    if unrolled:
                        items.append((UNROLL, names.index(unrolled), 2, 2))
                    pj, cycles, _ = cost(
                        np.array(items, np.int64), extents, coefficients, arch, work
                    )
                    bits = {
                        t: work[1][1, product.tensors.index(t)] * word[product.tensors.index(t)]
                        for t in product.tensors
                    }
                    in_part = {
                        p: sum(bits[t] for t, x in zip(others, places) if x and x[0] == p)
                        for p in "so"
                    }
                    out.append((bits[passed], in_part["s"], in_part["o"], pj, cycles))
    return np.unique(np.array(out), axis=0)


def best_values(pair, machine, primes):
    """The least energy, cycles and product of both of all fused nests that fit."""
    first, second = pair.products
    passed = pair.intermediates[0]
    both = [d for d in first.dimensions if d in second.dimensions]
    size = machine.levels[1].size_bits
    best = np.full(3, np.inf)
    for counts in itertools.product(*(range(primes[d] + 1) for d in both)):
        for shared in arrangements(dict(zip(both, counts))):
            for home in range(len(shared) + 1):
                one, two = (
                    nests_of(p, passed, machine, shared, home, primes) for p in pair.products
                )
                room = (
                    np.maximum(one[:, None, 0], two[None, :, 0]) + one[:, None, 1] + two[None, :, 1]
                )
                fits = room + np.maximum(one[:, None, 2], two[None, :, 2]) <= size
                pj, cycles = one[:, None, 3] + two[None, :, 3], one[:, None, 4] + two[None, :, 4]
                for k, value in enumerate((pj, cycles, pj * cycles)):
                    if fits.any():
                        best[k] = min(best[k], value[fits].min())
    return best
