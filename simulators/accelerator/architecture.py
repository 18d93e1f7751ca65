"""Architectures as data: memory levels, fan-outs, energies, bandwidths, and what a mapper may do.

Levels run from the outside (DRAM) to the inside.  All templates (Eyeriss-like, Simba-like, NVDLA-like,
ShiDianNao-like, TPU-like) are files of this one form, ``scenarios/accelerator/architectures/*.yaml``;
``machines`` reads them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError, UnknownNameError

from .layout import DIMENSIONS

Arrays = tuple[
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.int64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.bool_],
    float,
]
LETTERS = "WIO"
MOST_MACS = 2**40


class ArchitectureError(ArchgymError, ValueError):
    """An architecture that makes no sense."""


@dataclass(frozen=True)
class Level:
    """One memory level.

    Attributes:
        name: such as ``DRAM`` or ``GLB``.
        size_bits: of one instance; infinite for DRAM.
        fanout: children of one instance along x and y.
        read_pj: energy of reading ``block`` words at once.
        write_pj: energy of filling them.
        update_pj: energy of updating them.
        block: words per access.
        read_bits: bits per cycle and instance that can be read.
        write_bits: bits per cycle and instance that can be written.
        shared_bits: bits per cycle and instance in both directions together.
        must_keep: tensors that it must keep, letters of W, I, O.
        may_keep: tensors that it may keep; the rest passes by.
        spatial_x: dimensions that may be unrolled along x.
        spatial_y: dimensions that may be unrolled along y.
        area_um2: of one instance.
        network_bits: bits per cycle on the way into all children of one instance above.
        hidden: whether it has a second buffer; without one its fills stop the computation.
    """

    name: str
    size_bits: float = math.inf
    fanout: tuple[int, int] = (1, 1)
    read_pj: float = 0.0
    write_pj: float = 0.0
    update_pj: float = 0.0
    block: float = 1.0
    read_bits: float = math.inf
    write_bits: float = math.inf
    shared_bits: float = math.inf
    must_keep: str = ""
    may_keep: str = "WIO"
    spatial_x: str = "".join(DIMENSIONS)
    spatial_y: str = "".join(DIMENSIONS)
    area_um2: float = 0.0
    network_bits: float = math.inf
    hidden: bool = True

    def __post_init__(self) -> None:
        for letters, allowed in (
            (self.must_keep + self.may_keep, LETTERS),
            (self.spatial_x + self.spatial_y, "".join(DIMENSIONS)),
        ):
            for letter in letters:
                if letter not in allowed:
                    raise ArchitectureError(
                        f"level {self.name!r}: {letter!r} is not one of {', '.join(allowed)}"
                    )
        positive = {
            "size_bits": self.size_bits,
            "fanout x": self.fanout[0],
            "fanout y": self.fanout[1],
            "block": self.block,
            "read_bits": self.read_bits,
            "write_bits": self.write_bits,
            "shared_bits": self.shared_bits,
            "network_bits": self.network_bits,
        }
        for what, value in positive.items():
            if not value > 0:
                raise ArchitectureError(
                    f"level {self.name!r}: {what} must be positive, got {value!r}"
                )
        for what in ("read_pj", "write_pj", "update_pj", "area_um2"):
            value = getattr(self, what)
            if not 0 <= value < math.inf:
                raise ArchitectureError(
                    f"level {self.name!r}: {what} must be 0 or more, got {value!r}"
                )


@dataclass(frozen=True)
class Architecture:
    """Levels, the arithmetic, the precision, the clock.

    ``bits`` are the bits of a weight, input and output word; sums that are complete leave with
    ``output_bits`` where that is fewer (0: as they are).  ``meshes`` overrides the (x, y)
    instances of each level and of the MACs, which are otherwise the product of the fan-outs.
    ``stored`` is how much of each tensor's words is stored and moved, metadata included (see
    ``sparsity``).
    """

    name: str
    levels: tuple[Level, ...]
    mac_pj: float
    bits: tuple[int, int, int] = (16, 16, 16)
    clock_hz: float = 200e6
    mac_area_um2: float = 0.0
    meshes: tuple[tuple[int, int], ...] = ()
    output_bits: int = field(default=0, repr=False)
    stored: tuple[float, float, float] = field(default=(1.0, 1.0, 1.0), repr=False)
    description: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.levels:
            raise ArchitectureError(f"architecture {self.name!r} has no level")
        names = [level.name for level in self.levels]
        if len(set(names)) != len(names):
            raise ArchitectureError(
                f"architecture {self.name!r} has two levels of one name: {names}"
            )
        if set(self.levels[0].must_keep) != set(LETTERS):
            raise ArchitectureError(
                f"architecture {self.name!r}: the outermost level {names[0]!r} must keep W, I and O"
            )
        if min(self.bits) < 1 or not self.clock_hz > 0 or not self.mac_pj >= 0:
            raise ArchitectureError(
                f"architecture {self.name!r}: bits {self.bits}, clock {self.clock_hz} Hz and "
                f"MAC energy {self.mac_pj} pJ must be positive"
            )
        if not self.clock_hz < math.inf or not self.mac_pj < math.inf or self.output_bits < 0:
            raise ArchitectureError(
                f"architecture {self.name!r}: clock {self.clock_hz} Hz and MAC energy {self.mac_pj} pJ "
                f"must be finite, output_bits {self.output_bits} at least 0"
            )
        if math.prod(x * y for x, y in (level.fanout for level in self.levels)) > MOST_MACS:
            raise ArchitectureError(f"architecture {self.name!r}: more than {MOST_MACS} MACs")

    def position(self, level: str) -> int:
        """The index of a level, counted from the outermost.

        Args:
            level: the level's name.

        Returns:
            Its index; 0 is DRAM.

        Raises:
            UnknownNameError: no level has that name.
        """
        names = [x.name for x in self.levels]
        if level not in names:
            raise UnknownNameError(f"level of {self.name}", level, names)
        return names.index(level)

    @cached_property
    def mesh(self) -> NDArray[np.int64]:
        """Instances along x and y of every level and of the MACs, (L + 1, 2)."""
        if self.meshes:
            return np.array(self.meshes, np.int64)
        out = np.ones((len(self.levels) + 1, 2), np.int64)
        for i, level in enumerate(self.levels):
            out[i + 1] = out[i] * level.fanout
        return out

    @property
    def final_bits(self) -> int:
        """Bits of a finished output on its way out."""
        return min(self.output_bits or self.bits[2], self.bits[2])

    @property
    def widths(self) -> NDArray[np.float64]:
        """Bits that a word of weights, inputs, sums and finished outputs takes on average, (4,)."""
        bits = np.array([*self.bits, self.final_bits], np.float64)
        return bits * np.array([*self.stored, self.stored[2]])

    @property
    def macs(self) -> int:
        """All multiply-accumulate units."""
        return int(self.mesh[-1].prod())

    @property
    def area_um2(self) -> float:
        """Area of all instances of all levels and of the arithmetic."""
        mesh = self.mesh.prod(axis=1)
        memories = sum(float(n) * level.area_um2 for n, level in zip(mesh, self.levels))
        return memories + self.macs * self.mac_area_um2

    @cached_property
    def arrays(self) -> Arrays:
        """What the kernels read; see ``cost.evaluate``."""
        levels = self.levels
        energy = [[(x.read_pj, x.write_pj, x.update_pj)] * 3 for x in levels]
        bandwidth = [(x.read_bits, x.write_bits, x.shared_bits) for x in levels]
        return (
            np.array([x.size_bits for x in levels], np.float64),
            np.tile(self.widths, (len(levels), 1)),
            self.mesh,
            np.array(energy, np.float64),
            np.array([[x.block / s for s in self.stored] for x in levels], np.float64),
            np.array(bandwidth, np.float64),
            np.array([x.network_bits for x in levels], np.float64),
            np.array([x.hidden for x in levels], np.bool_),
            float(self.mac_pj),
        )

    @cached_property
    def keeps(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which tensors each level must and may hold, (L, 3) each."""
        must = np.array([[c in x.must_keep for c in LETTERS] for x in self.levels])
        may = np.array([[c in x.may_keep for c in LETTERS] for x in self.levels])
        return must, may | must

    @cached_property
    def spatial(self) -> NDArray[np.bool_]:
        """Which dimensions may be unrolled below each level along x and y, (L, 2, 8)."""
        rows = [
            [[d in text for d in DIMENSIONS] for text in (x.spatial_x, x.spatial_y)]
            for x in self.levels
        ]
        return np.array(rows, np.bool_)

    def with_level(self, name: str, **changes: Any) -> Architecture:
        """The same architecture with one level changed.

        Args:
            name: the level's name.
            **changes: new values of :class:`Level`'s fields.

        Returns:
            A new architecture; this one stays as it is.

        Raises:
            UnknownNameError: no level has that name.
            ArchitectureError: the changed level makes no sense.
        """
        at = self.position(name)
        levels = (*self.levels[:at], replace(self.levels[at], **changes), *self.levels[at + 1 :])
        return replace(self, levels=levels)
