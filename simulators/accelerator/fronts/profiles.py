"""What the loops of a choice of unrolling and tensors move at least, whatever an access costs.

The root bound of a choice is linear in the energies of accesses, and the largest of ratios of bits to
bandwidths. So machines that differ in nothing but energies, sizes and bandwidths share one table of
accesses and bits. Rows of it that are nowhere less than another row decide nothing and are dropped. Fills of
levels without a second buffer are taken to overlap, which is too little, never too much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..architecture import Architecture
from ..layers import Layer
from ..layout import REUSE, TWO_ITERATIONS
from ..optimal.branching import computing_cycles
from ..optimal.certificate import SLACK
from ..optimal.choices import list_choices
from ..optimal.forms import bring_once, least_costs, least_share, prepare, windowed
from ..optimal.rooms import forms_room
from .compiled import compiled

Floats = NDArray[np.float64]


@compiled
def tabulate(problem, choices, basis, forms, scratch, visits, reads):
    """Accesses and bits of every choice, with every tensor brought once.

    Args:
        problem: (dims (8,), conv (4,), elements of each tensor (3,), whether there are windows, share of
            the inputs' box that is read at least, products, architecture's arrays without pJ).
        choices: (across (n, L, 8), down (n, L, 8), keeps (k, L, 3)).
        basis: (m, L, 3, 3) energies that are 1 for one kind of access and 0 for all others.
        forms: see ``optimal``.
        scratch: (L, 4).
        visits: (L + 1, 3), scratch.
        reads: (L + 1,), scratch.

    Returns:
        (k n, m + 1 + 3 L): accesses by kind, cycles of the multipliers, bits that each level's
        instance reads, writes and gets by its network.
    """
    dims, conv, sizes, window, share, macs, arch = problem
    across, down, keeps = choices
    size, bits, mesh, _, block, bandwidth, network, hidden, mac_pj = arch
    n, levels, kinds = across.shape[0], across.shape[1], basis.shape[0]
    out = np.empty((n * keeps.shape[0], kinds + 1 + 3 * levels))
    ns = np.ones((levels, 8), np.int64)
    for i in range(out.shape[0]):
        prepare(dims, conv, across[i % n], down[i % n], keeps[i // n], sizes, forms)
        bring_once(visits, reads, window, share)
        computing = computing_cycles(0, ns, dims, forms)
        for j in range(kinds):
            one = (size, bits, mesh, basis[j], block, bandwidth, network, hidden, mac_pj)
            out[i, j], _ = least_costs(
                visits, reads, computing, j == 0, forms, sizes, one, macs, scratch
            )
            if j == 0:
                for level in range(levels):
                    for side in range(3):
                        out[i, kinds + 1 + 3 * level + side] = scratch[level, side]
        out[i, kinds] = computing
    return out


@compiled
def least_rows(rows):
    """Which rows are not above another in every column; of equal ones the first.

    Args:
        rows: (n, k), in rising order of their sums.

    Returns:
        (m,) positions.
    """
    kept = np.empty(rows.shape[0], np.int64)
    m = 0
    for i in range(rows.shape[0]):
        beaten = False
        for at in range(m):
            j = kept[at]
            worse = False
            for k in range(rows.shape[1]):
                if rows[j, k] > rows[i, k]:
                    worse = True
                    break
            if not worse:
                beaten = True
                # who beats one beats its neighbours: it is asked first from now on
                kept[at], kept[at // 2] = kept[at // 2], kept[at]
                break
        if not beaten:
            kept[m] = i
            m += 1
    return np.sort(kept[:m])


@compiled
def least_of(accesses, computing, ports, costs, rates, network, products):
    """The least of all choices of a profile.

    Args:
        accesses: (m, kinds).
        computing: (m,) cycles of the multipliers.
        ports: (m, 3 L) bits that each level's instance reads, writes and gets by its network.
        costs: (kinds,) pJ per access.
        rates: (L, 3) bits per cycle: reads, writes, both together.
        network: (L,) bits per cycle on the way into a level.
        products: pJ of all products.

    Returns:
        (pJ, cycles, pJ cycles), each the least by itself.
    """
    least_pj, least_cycles, least_both = np.inf, np.inf, np.inf
    for i in range(accesses.shape[0]):
        pj, cycles = products, computing[i]
        for j in range(costs.shape[0]):
            pj += accesses[i, j] * costs[j]
        pj *= 1.0 - SLACK
        for level in range(rates.shape[0]):
            read, written = ports[i, 3 * level], ports[i, 3 * level + 1]
            cycles = max(cycles, read / rates[level, 0], written / rates[level, 1])
            cycles = max(cycles, (read + written) / rates[level, 2])
            if level:
                cycles = max(cycles, ports[i, 3 * level + 2] / network[level])
        cycles = np.ceil(cycles * (1.0 - SLACK))
        least_pj = min(least_pj, pj)
        least_cycles = min(least_cycles, cycles)
        least_both = min(least_both, pj * cycles)
    return least_pj, least_cycles, least_both


@dataclass(frozen=True)
class Profile:
    """Accesses (m, kinds) and cycles and bits (m, 1 + 3 L) of one layer on machines of one shape."""

    kinds: tuple[tuple[int, int], ...]  # level and kind of access, by column
    accesses: Floats
    computing: Floats
    ports: Floats
    macs: int

    def least(self, machine: Architecture) -> tuple[float, float, float]:
        """What no mapping costs less than on a machine of the profile's shape.

        Args:
            machine: gives energies and bandwidths.

        Returns:
            (pJ, cycles, pJ cycles), each the least by itself.
        """
        _, _, _, energy, _, rates, network, _, mac_pj = machine.arrays
        costs = np.array([energy[level, 0, kind] for level, kind in self.kinds])
        pj, cycles, both = least_of(
            self.accesses, self.computing, self.ports, costs, rates, network, self.macs * mac_pj
        )
        return float(pj), float(cycles), float(both)


def shape_of(machine: Architecture) -> tuple[Any, ...]:
    """What machines have in common that share profiles.

    Args:
        machine: the architecture.

    Returns:
        A key: all but sizes, energies and bandwidths.
    """
    must, may = machine.keeps
    _, bits, mesh, _, block, _, _, _, _ = machine.arrays
    fanouts = tuple(x.fanout for x in machine.levels)
    parts = (machine.spatial, must, may, bits, mesh, block)
    return (fanouts, *(np.ascontiguousarray(x).tobytes() for x in parts))


def profile_of(layer: Layer, machine: Architecture, reuse: str) -> Profile:
    """The profile of a layer on all machines of one shape.

    Whether a choice fits is not asked, so that it holds for every size.

    Args:
        layer: its shape.
        machine: one of them.
        reuse: one of ``layout.REUSE``.

    Returns:
        The profile.

    Raises:
        ArchgymError: more choices than can be listed.
    """
    dims, conv, levels = layer.dims, layer.geometry, len(machine.levels)
    window = bool(windowed(0, dims, conv) or windowed(1, dims, conv))
    share = float(least_share(dims, conv))
    if window and reuse == REUSE[TWO_ITERATIONS]:
        share = 0.0
    _, may = machine.keeps
    kinds = [
        (level, kind) for level in range(levels) if may[level].any() for kind in range(3)
    ]  # fmt: skip
    basis = np.zeros((len(kinds), levels, 3, 3))
    for row, (level, kind) in zip(basis, kinds):
        row[level, :, kind] = 1.0
    arch = (*machine.arrays[:8], 0.0)
    choices = list_choices(layer, machine)
    sizes = np.array(layer.tensor_sizes(), np.float64)
    problem = (dims, conv, sizes, window, share, float(layer.macs), arch)
    table = tabulate(
        problem, (choices.across, choices.down, choices.keep), basis, forms_room(levels),
        np.zeros((levels, 4)), np.ones((levels + 1, 3)), np.ones(levels + 1),
    )  # fmt: skip
    moves = table.min(axis=0) < table.max(axis=0)
    scaled = table[:, moves] / np.maximum(table[:, moves].max(axis=0), 1e-300)
    order = np.argsort(scaled.sum(axis=1), kind="stable")
    table = table[order[least_rows(np.ascontiguousarray(scaled[order]))]]
    n = len(kinds)
    return Profile(
        tuple(kinds), table[:, :n].copy(), table[:, n].copy(), table[:, n + 1 :].copy(), layer.macs
    )
