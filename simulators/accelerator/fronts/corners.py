"""The lower corner of every design of a scenario, layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError
from archgym.goals.scenario import Scenario
from archgym.space import Designs

from ..architecture import Architecture
from ..layers import Layer
from ..optimal.outermost import instances_of
from ..simulator import AcceleratorSimulator
from ..technology import TechnologyError
from .profiles import Profile, profile_of, shape_of

Floats = NDArray[np.float64]
MOST_DESIGNS = 1_000_000
ENERGY, CYCLES, PRODUCT = range(3)  # columns of bounds: pJ, cycles, pJ cycles
AXES = ("energy", "latency", "area")
Step = Callable[[int, str], None]
EVERY = 100  # designs between two looks at the progress


@dataclass(frozen=True)
class Space:
    """What is asked: the designs of a scenario, and the different layers of its network.

    Attributes:
        scenario: whose designs.
        simulator: its simulator.
        reuse: convention of reuse.
        layers: one of each shape.
        counts: (S,) how often each occurs.
    """

    scenario: Scenario
    simulator: AcceleratorSimulator
    reuse: str
    layers: tuple[Layer, ...]
    counts: Floats

    @staticmethod
    def of(scenario: Scenario) -> Space:
        """The space of a scenario.

        Args:
            scenario: of the simulator ``accelerator``, with one workload.

        Returns:
            The space.

        Raises:
            ArchgymError: another simulator, several workloads, specs on other metrics than area, a
                space that is too large; all of it at once.
        """
        _refuse(scenario)
        simulator = scenario.simulators[0]
        assert isinstance(simulator, AcceleratorSimulator)
        layers: dict[tuple[int, ...], Layer] = {}
        counts: dict[tuple[int, ...], float] = {}
        for layer in simulator.network.layers:
            layers.setdefault(layer.shape, layer)
            counts[layer.shape] = counts.get(layer.shape, 0.0) + layer.count
        return Space(
            scenario, simulator, str(simulator.config["reuse"]), tuple(layers.values()),
            np.array(list(counts.values())),
        )  # fmt: skip

    def machine(self, rank: int) -> Architecture:
        """The machine of one design.

        Args:
            rank: its place in the scenario's space.

        Returns:
            The architecture.
        """
        return self._machine(self.scenario.space.unrank(np.array([rank])))

    def _machine(self, x: Designs) -> Architecture:
        return self.simulator.architecture(self.scenario.to_simulator(x)[0])


@dataclass(frozen=True)
class Corners:
    """Bounds of every design in question, exact areas, and who shares bounds with whom.

    Attributes:
        ranks: (n,) places of the designs in the space.
        area: (n,) m2.
        clock: (n,) Hz.
        least: (n, S, 3) pJ, cycles and pJ cycles of one run of each layer at least.
        alike: (n, 2) numbers; a bound of ``ENERGY`` or ``CYCLES`` holds for all of the same number.
        shape: (n,) numbers; designs of one differ in sizes, energies and bandwidths alone.
        outer: (n,) numbers; designs of one move words of one kind from and to an outermost level of one kind.
        room: (n, 3 L) words that all instances of a level have room for together, by level and tensor.
        fastest: (n,) positions of designs that are the same but for bandwidths, none of which is less. So a
            bound of the fastest on energy or cycles holds for the design, and a point of it is no worse.
        left_out: designs that break a constraint or a spec on area, or have no energy table.
    """

    ranks: NDArray[np.int64]
    area: Floats
    clock: Floats
    least: Floats
    alike: NDArray[np.int64]
    shape: NDArray[np.int64]
    outer: NDArray[np.int64]
    room: Floats
    fastest: NDArray[np.int64]
    left_out: int


def corners_of(space: Space, step: Step | None = None) -> Corners:
    """The root bounds of all designs that meet the specs on area.

    Args:
        space: whose designs.
        step: is told how many designs have been bounded.

    Returns:
        The corners.

    Raises:
        ArchgymError: a layer has more choices of unrolling than can be listed.
    """
    shared: dict[tuple[Any, ...], list[Profile]] = {}
    numbers: tuple[dict[bytes, int], dict[bytes, int]] = ({}, {})
    specs = space.scenario.resolved[1]
    shapes: dict[tuple[Any, ...], int] = {}
    outers: dict[bytes, int] = {}
    ranks, sizes, least, alike, shape = [], [], [], [], []
    outer, room, waits = [], [], []
    whole = space.scenario.space.cardinality
    for rank in range(whole):
        if step and rank % EVERY == 0:
            step(rank, "lower bounds")
        x = space.scenario.space.unrank(np.array([rank]))
        if not space.scenario.space.is_valid(x)[0]:
            continue
        try:
            machine = space._machine(x)
        except TechnologyError:
            continue
        area = machine.area_um2 * 1e-12
        if any(not _between(area, s.lower, s.upper) for s in specs):
            continue
        key = shape_of(machine)
        if key not in shared:
            shared[key] = [profile_of(layer, machine, space.reuse) for layer in space.layers]
        ranks.append(rank)
        shape.append(shapes.setdefault(key, len(shapes)))
        outer.append(outers.setdefault(_outermost(machine), len(outers)))
        room.append(_room(machine))
        waits.append(_waits(machine))
        sizes.append((area, machine.clock_hz))
        least.append([profile.least(machine) for profile in shared[key]])
        alike.append([n.setdefault(k, len(n)) for n, k in zip(numbers, _read(machine, key))])
    n = len(ranks)
    both = np.array(sizes, np.float64).reshape(n, 2)
    same = np.column_stack([both, np.array(alike, np.float64).reshape(n, 2)[:, ENERGY]])
    return Corners(
        np.array(ranks, np.int64), both[:, 0], both[:, 1],
        np.array(least, np.float64).reshape(n, len(space.layers), 3),
        np.array(alike, np.int64).reshape(n, 2), np.array(shape, np.int64),
        np.array(outer, np.int64), np.array(room, np.float64).reshape(n, -1),
        _fastest(same, np.array(waits, np.float64).reshape(n, -1)), whole - n,
    )  # fmt: skip


def _between(value: float, lower: Any, upper: Any) -> bool:
    return (lower is None or value >= lower) and (upper is None or value <= upper)


def _read(machine: Architecture, shape: tuple[Any, ...]) -> list[bytes]:
    """What bounds of energy read of a machine, which is no bandwidth, and those of time: no energy."""
    size, _, _, energy, _, bandwidth, network, hidden, mac_pj = machine.arrays
    start = repr(shape).encode()
    return [
        start + b"".join(np.ascontiguousarray(x).tobytes() for x in parts)
        for parts in ((size, energy, np.array(mac_pj)), (size, bandwidth, network, hidden))
    ]


def _outermost(machine: Architecture) -> bytes:
    """What decides what moving words from and to the outermost level costs, but for the room inside."""
    must, may = machine.keeps
    _, bits, _, energy, block, _, _, _, _ = machine.arrays
    parts = (must, may, bits, energy[0], block[0], np.array(machine.levels[0].fanout))
    return b"".join(np.ascontiguousarray(x).tobytes() for x in parts)


def _room(machine: Architecture) -> Floats:
    """Words that all instances of a level have room for together, (3 L,)."""
    size, bits = machine.arrays[:2]
    return np.asarray((size[:, None] / bits[:, :3] * instances_of(machine)).ravel())


def _waits(machine: Architecture) -> Floats:
    """Cycles per bit of every port and network, and which levels stop the computation, (5 L,)."""
    _, _, _, _, _, bandwidth, network, hidden, _ = machine.arrays
    return np.concatenate([1.0 / bandwidth.ravel(), 1.0 / network, ~hidden])


def _fastest(same: Floats, waits: Floats) -> NDArray[np.int64]:
    """Of the designs with equal rows of ``same`` that wait nowhere longer, the one that waits least."""
    out = np.arange(len(same))
    _, group = np.unique(same, axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    for some in np.split(order, np.flatnonzero(np.diff(group.ravel()[order])) + 1):
        some = some[np.argsort(waits[some].sum(axis=1), kind="stable")]
        for at in some.tolist():
            out[at] = some[int(np.argmax((waits[some] <= waits[at]).all(axis=1)))]
    return out


def _refuse(scenario: Scenario) -> None:
    if any(not isinstance(s, AcceleratorSimulator) for s in scenario.simulators):
        raise ArchgymError(
            f"scenario {scenario.name!r} has the simulator {scenario.simulators[0].name!r}; fronts of "
            "hardware and mapping are for scenarios of the simulator 'accelerator'"
        )
    faults = []
    if len(scenario.simulators) > 1:
        faults.append(f"{len(scenario.simulators)} workloads, of which one can be certified")
    if scenario.space.cardinality > MOST_DESIGNS:
        faults.append(
            f"{scenario.space.cardinality:,} designs, of which {MOST_DESIGNS:,} can be bounded: narrow "
            "knobs under the key 'parameters'"
        )
    other = [s.metric for s in scenario.specs if s.metric != "area"]
    if other:
        faults.append(f"specs on {', '.join(other)}; only area is known without a mapping")
    if faults:
        raise ArchgymError(f"scenario {scenario.name!r} has " + "; and ".join(faults))
