"""Features of accelerators: what each layer must cost at least, summed over a network's layers.

No mapping is made. Words that move follow from the sizes of tensors and of what is nearer to the
multipliers: a product of matrices on S words moves about 2 products / sqrt(S) at least (Hong and Kung, STOC
1981), and what does not fit comes again. Every network has the same columns, none of which grows with its
size, so that a model of some networks can be asked about another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Floats
from archgym.contracts.features import Features
from archgym.space import Designs

from .architecture import LETTERS, Architecture
from .layers import Layer, Network
from .layout import DIMENSIONS, OUTPUTS, TENSORS
from .nest import RELEVANT
from .mapper import constraints
from .technology import TechnologyError

RANKS = 2  # unrollings tried per layer: those whose ranks of dimensions add up to this at most
OF_LEVEL = ("words", "read pJ", "write pJ", "words read per cycle", "words written per cycle")
OF_MACHINE = (
    "multipliers",
    "across",
    "down",
    "multiplication pJ",
    "operands pJ",
    "DRAM words per cycle",
)
PARTS = ("multiplications", "operands", "buffer", "DRAM")  # of energy
TIMES = ("computing", "buffer", "DRAM")
UNLIMITED = 1e9  # words per cycle of a port without a limit
NOTHING = 1e-300  # of an estimate, which is positive
ESTIMATED = (
    "energy", "latency", "cycles", "area", "power", "utilisation", "energy_dram", "energy_glb",
    "energy_pe", "energy_mac", "traffic_dram", "traffic_glb",
)  # fmt: skip


@dataclass(frozen=True)
class Shapes:
    """A network's different layers as arrays, each as often as it occurs.

    Attributes:
        layers: one a shape.
        times: how often it occurs, (s,).
    """

    layers: tuple[Layer, ...]
    times: Floats

    @classmethod
    def of(cls, network: Network) -> Shapes:
        """The shapes of a network.

        Args:
            network: its layers.

        Returns:
            One layer a shape, in the network's order.
        """
        first: dict[tuple[int, ...], Layer] = {}
        times: dict[tuple[int, ...], float] = {}
        for layer in network.layers:
            first.setdefault(layer.shape, layer)
            times[layer.shape] = times.get(layer.shape, 0.0) + layer.count
        return cls(tuple(first.values()), np.array(list(times.values())))

    @cached_property
    def dims(self) -> NDArray[np.int64]:
        """Extents, (s, 8)."""
        return np.array([layer.dims for layer in self.layers])

    @cached_property
    def macs(self) -> Floats:
        """Products of one occurrence, (s,)."""
        return np.array([float(layer.macs) for layer in self.layers])

    @cached_property
    def tensors(self) -> Floats:
        """Words of weights, inputs and outputs, (s, 3)."""
        return np.array([layer.tensor_sizes() for layer in self.layers], np.float64)

    @cached_property
    def weight(self) -> Floats:
        """Each shape's share of the network's products, (s,)."""
        return self.times * self.macs / (self.times @ self.macs)

    @cached_property
    def means(self) -> Floats:
        """What the network is like: means over products, (8 + 3 + 1,).

        Logarithms of extents, logarithms of products per word of each tensor, strides.
        """
        strides = np.array([layer.stride_h * layer.stride_w for layer in self.layers], np.float64)
        reuse = np.log(self.macs[:, None] / self.tensors)
        table = np.concatenate([np.log(self.dims), reuse, strides[:, None]], axis=1)
        return np.asarray(self.weight @ table)


def columns(architecture: Architecture) -> tuple[str, ...]:
    """Names of the columns of :func:`of_design`.

    Args:
        architecture: any design's; all of a space have the same levels.

    Returns:
        One name a column.
    """
    inner = [level.name for level in architecture.levels[1:]]
    return (
        *OF_MACHINE,
        *(f"{name}.{what}" for name in inner for what in OF_LEVEL),
        "use of multipliers",
        *(f"energy share of {part}" for part in PARTS),
        *(f"{part} over computing" for part in TIMES[1:]),
        "limited by memory",
        *(f"{name}.share of {t}" for name in inner for t in TENSORS),
        *(f"mean {d}" for d in DIMENSIONS),
        *(f"reuse of {t}" for t in TENSORS),
        "stride",
    )


def operands_pj(hardware: Architecture) -> float:
    """Energy of a product's operands where they lie innermost.

    An access serves as many products as may be unrolled below it along dimensions that leave its tensor in
    place. A sum is read and updated.

    Args:
        hardware: the machine.

    Returns:
        pJ per product.
    """
    out = 0.0
    for tensor, letter in enumerate(LETTERS):
        served = 1
        for inner in range(len(hardware.levels) - 1, -1, -1):
            level = hardware.levels[inner]
            for axis, children in enumerate(level.fanout):
                if (hardware.spatial[inner, axis] & ~RELEVANT[tensor]).any():
                    served *= children
            if letter in level.must_keep:
                update = level.update_pj if tensor == OUTPUTS else 0.0
                out += (level.read_pj + update) / level.block / served
                break
    return out


def of_machine(hardware: Architecture) -> list[float]:
    """Columns that no network changes.

    Args:
        hardware: the machine.

    Returns:
        ``OF_MACHINE``, then ``OF_LEVEL`` of each level but DRAM.
    """
    word = float(hardware.bits[0])
    across, down = hardware.mesh[-1].tolist()
    outer = hardware.levels[0]
    rate = min(outer.read_bits + outer.write_bits, outer.shared_bits) / word
    out = [
        float(hardware.macs), float(across), float(down), hardware.mac_pj,
        operands_pj(hardware), min(rate, UNLIMITED),
    ]  # fmt: skip
    for level in hardware.levels[1:]:
        out += [level.size_bits / word, level.read_pj / level.block, level.write_pj / level.block]
        out += [min(bits / word, UNLIMITED) for bits in (level.read_bits, level.write_bits)]
    return out


def of_design(shapes: Shapes, hardware: Architecture) -> tuple[list[float], list[float]]:
    """What a network must cost on one machine, by part.

    Args:
        shapes: of the network.
        hardware: the machine.

    Returns:
        The columns, and rough figures of the metrics ``ESTIMATED``, in their units.
    """
    from .network_sketch import computing

    word = float(hardware.bits[0])
    spatial, room, _, _, starts = constraints(hardware)
    cycles = np.empty(len(shapes.layers))
    computing(shapes.dims, spatial, room, starts[starts.sum(axis=1) <= RANKS], cycles)
    instances = hardware.mesh.prod(axis=1)[:-1].astype(np.float64)
    inner = np.array([level.size_bits / word for level in hardware.levels[1:]]) * instances[1:]
    near = np.maximum([inner.sum(), inner[1:].sum()], 1.0)[:, None]
    dram, buffer = np.maximum(shapes.tensors.sum(axis=1), 2 * shapes.macs / np.sqrt(near))
    dram = np.maximum(dram, repeated(shapes.tensors, inner @ hardware.keeps[1][1:]))
    outer, second = hardware.levels[0], hardware.levels[min(1, len(hardware.levels) - 1)]
    macs = float(shapes.times @ shapes.macs)
    moved = shapes.times @ np.array([buffer, dram]).T
    parts = np.array(
        [
            macs * hardware.mac_pj,
            macs * operands_pj(hardware),
            moved[0] * second.read_pj / second.block,
            moved[1] * outer.read_pj / outer.block,
        ]
    )
    ports = [
        min(level.read_bits + level.write_bits, level.shared_bits) / word
        for level in (second, outer)
    ]
    waiting = [words / port for words, port in zip((buffer, dram), ports)]
    slowest = np.maximum(cycles, np.maximum(*waiting))
    working = float(shapes.times @ cycles)
    held = np.log(shapes.tensors[None] / inner[:, None, None])  # (L - 1, s, 3)
    row = [
        *of_machine(hardware),
        macs / (working * hardware.macs),
        *(parts / parts.sum()).tolist(),
        *(float(shapes.times @ w) / working for w in waiting),
        float(shapes.times @ (slowest > cycles)) / float(shapes.times.sum()),
        *(shapes.weight @ held).reshape(-1).tolist(),
        *shapes.means.tolist(),
    ]
    return row, _metrics(hardware, macs, parts, float(shapes.times @ slowest), moved * word / 8)


def _metrics(
    hardware: Architecture, macs: float, parts: Floats, cycles: float, moved: Floats
) -> list[float]:
    """Rough figures of ``ESTIMATED``, in their units, from pJ by part and bytes of buffer and DRAM."""
    joules, seconds = 1e-12 * parts, cycles / hardware.clock_hz
    found = {
        "energy": joules.sum(),
        "latency": seconds,
        "cycles": cycles,
        "area": 1e-12 * hardware.area_um2,
        "power": joules.sum() / seconds,
        "utilisation": macs / (cycles * hardware.macs),
        "energy_mac": joules[0],
        "energy_pe": joules[1],
        "energy_glb": joules[2],
        "energy_dram": joules[3],
        "traffic_glb": moved[0],
        "traffic_dram": moved[1],
    }
    return [max(float(found[name]), NOTHING) for name in ESTIMATED]


def repeated(tensors: Floats, held: Floats) -> Floats:
    """Words from and to DRAM of the better of two orders of large tiles.

    Either each weight comes once, and inputs as often as there are tiles of weights. Or inputs and outputs
    pass once, and weights come for each tile of these.

    Args:
        tensors: words of weights, inputs and outputs, (s, 3).
        held: words on the chip that may hold weights, inputs and outputs, (3,).

    Returns:
        Words, (s,).
    """
    weights, inputs, outputs = tensors.T
    passing = np.ceil((inputs + outputs) / max(min(held[1], held[2]), 1.0))
    tiles = np.where(passing <= 1, 1.0, np.ceil(weights / max(held[0], 1.0)))
    return np.asarray(
        np.minimum(weights + tiles * inputs + outputs, passing * weights + inputs + outputs)
    )


def network_features(
    network: Network, names: tuple[str, ...], build: Callable[[Designs], Architecture], x: Designs
) -> Features:
    """Features of designs that run a network.

    Args:
        network: its layers.
        names: what :func:`columns` says of the space's machines.
        build: the accelerator of one design, (d,).
        x: designs (n, d).

    Returns:
        Columns, and estimates of every metric. A design that cannot be built has columns of 0 and estimates
        of 1; it has no metrics either.
    """
    shapes = Shapes.of(network)
    values, rough = np.zeros((len(x), len(names))), np.ones((len(x), len(ESTIMATED)))
    for i, design in enumerate(x):
        try:
            hardware = build(design)
        except TechnologyError:
            continue
        values[i], rough[i] = of_design(shapes, hardware)
    return Features(names, values, dict(zip(ESTIMATED, rough.T.copy())))
