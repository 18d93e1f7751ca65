"""A network's layers alone and fused, and the cut into groups that is best in the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from archgym.errors import ArchgymError

from ..architecture import Architecture
from ..layers import Layer, Network
from ..uneven.product import of_layer
from ..uneven.searching import FoundNest, find_nest
from .exact import prove_pair, why_not
from .links import LinkedLayers, link, own_nest
from .partition import Group, partition
from .searching import FoundChain, find_chain, levels_between


@dataclass(frozen=True)
class Fused:
    """Layers that run as one group.

    Attributes:
        linked: the layers as a chain.
        found: the nest they run by.
    """

    linked: LinkedLayers
    found: FoundChain


Way = FoundNest | Fused


@dataclass(frozen=True)
class FusedNetwork:
    """How a network runs.

    Attributes:
        groups: in order; their figures count every occurrence.
        alone: every layer by itself.
        unlinked: why neighbours cannot be fused.
        unproved: why pairs that were to be proved are only searched.
    """

    groups: tuple[Group[Way], ...]
    alone: tuple[Group[Way], ...]
    unlinked: tuple[str, ...]
    unproved: tuple[str, ...] = ()


def fuse_network(
    network: Network,
    machine: Architecture,
    *,
    objective: str = "energy",
    effort: int = 400_000,
    longest: int = 3,
    softmax_macs: float = 4.0,
    certify: bool = False,
    step: Callable[[str], None] = lambda text: None,
) -> FusedNetwork:
    """Search every layer and every chain of neighbours, and cut the network into groups.

    Args:
        network: its layers run in the order of the table.
        machine: on what.
        objective: one of ``uneven.searching.SEARCHED``.
        effort: nests evaluated for each layer and chain.
        longest: layers of a group at most.
        softmax_macs: see :func:`links.link`.
        certify: prove pairs; the rest is searched.
        step: told what is searched.

    Returns:
        The groups, and the same without fusion.

    Raises:
        ArchgymError: a layer of which not even single words fit.
    """
    nests = _alone(network, machine, objective, effort, step)
    alone: list[Group[Way]] = []
    between: dict[int, tuple[float, float]] = {}
    groups: list[Group[Way]] = []
    unlinked: list[str] = []
    unproved: list[str] = []
    for first, layer in enumerate(network.layers):
        for size in range(2, min(longest, len(network.layers) - first) + 1):
            linked = link(network.layers[first : first + size], softmax_macs)
            if isinstance(linked, str):
                unlinked += [linked] if size == 2 else []
                break
            step(linked.name)
            levels = levels_between(linked.chain, machine)
            if isinstance(levels, str):
                unlinked.append(f"{linked.name}: {levels}")
                if size == 2:  # the words between are in DRAM
                    between[first + 1] = between_cost(linked, [0], machine)
                break
            if size == 2:
                between[first + 1] = between_cost(linked, levels, machine)
            prove = certify and size == 2
            reason = why_not(linked.chain, machine, linked.letters) if prove else ""
            if reason:
                unproved.append(f"{linked.name}: {reason}")
            own = nests[first : first + size]
            found = _search(linked, machine, objective, effort, prove and not reason, own)
            if isinstance(found, str):
                unlinked.append(f"{linked.name}: {found}")
                continue
            more = [between_cost(linked, levels, machine)]
            groups.append(
                _group(
                    first,
                    size,
                    layer.count,
                    found.cost.energy_pj,
                    found.cost.cycles,
                    more,
                    Fused(linked, found),
                )
            )
        nest = nests[first]
        more = [between.get(first, (0.0, 0.0))]
        alone.append(
            _group(first, 1, layer.count, nest.cost.energy_pj, nest.cost.cycles, more, nest)
        )
    # what stands before the first layer of a group is done as without fusion
    groups = [
        replace(
            g,
            energy_pj=g.energy_pj + network.layers[g.first].count * between.get(g.first, (0, 0))[0],
            cycles=g.cycles + network.layers[g.first].count * between.get(g.first, (0, 0))[1],
        )
        for g in groups
    ]
    best = partition(len(network.layers), [*alone, *groups], objective)
    assert best is not None
    return FusedNetwork(best, tuple(alone), tuple(unlinked), tuple(unproved))


def _search(
    linked: LinkedLayers,
    machine: Architecture,
    objective: str,
    effort: int,
    prove: bool,
    own: list[FoundNest],
) -> FoundChain | str:
    if prove:
        return prove_pair(linked.chain, machine, letters=linked.letters, objective=objective)
    alone = [
        own_nest(nest.items, letters, product)
        for nest, letters, product in zip(own, linked.letters, linked.chain.products)
    ]
    return find_chain(
        linked.chain, machine, letters=linked.letters, objective=objective, effort=effort,
        alone=alone,
    )  # fmt: skip


def _alone(
    network: Network,
    machine: Architecture,
    objective: str,
    effort: int,
    step: Callable[[str], None],
) -> list[FoundNest]:
    """The best nest found of every layer by itself."""
    nests = []
    for layer in network.layers:
        step(layer.name)
        nest = find_nest(of_layer(layer), machine, objective=objective, effort=effort)
        if nest is None:
            raise ArchgymError(
                f"layer {layer.name!r} does not fit {machine.name}: not even single words do"
            )
        nests.append(nest)
    return nests


def between_cost(
    linked: LinkedLayers, levels: list[int], machine: Architecture
) -> tuple[float, float]:
    """What is done with the words between layers, at the level that keeps them.

    It is the same with and without fusion, so it shifts both and favours neither.

    Args:
        linked: layers and what stands between them.
        levels: of each intermediate.
        machine: on what.

    Returns:
        pJ and cycles.
    """
    pj, cycles = 0.0, 0.0
    for what, at, product in zip(linked.between, levels, linked.chain.products[1:]):
        level, slot = machine.levels[at], 1
        axes = list(product.axes.values())[slot]
        words = 1
        for axis in axes:
            words *= 1 + sum(n * (product.extents[d] - 1) for d, n in axis.items())
        bits = words * machine.bits[slot]
        pj += words * (
            (what.reads * level.read_pj + what.writes * level.write_pj) / level.block
            + what.macs * machine.mac_pj
        )
        cycles += max(
            what.reads * bits / level.read_bits,
            what.writes * bits / level.write_bits,
            (what.reads + what.writes) * bits / level.shared_bits,
        )
    return pj, cycles


def _group(
    first: int,
    size: int,
    count: int,
    pj: float,
    cycles: float,
    more: list[tuple[float, float]],
    what: Way,
) -> Group[Way]:
    pj, cycles = pj + sum(x for x, _ in more), cycles + sum(x for _, x in more)
    return Group(first, size, count * pj, count * cycles, what)


def layers_of(group: Group[Way], network: Network) -> tuple[Layer, ...]:
    """The layers of a group.

    Args:
        group: of a network's partition.
        network: whose.

    Returns:
        Its layers.
    """
    return network.layers[group.first : group.first + group.size]
