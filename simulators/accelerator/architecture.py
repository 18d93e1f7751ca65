"""Architectures as data: memory levels, fan-outs, energies, bandwidths, and what a mapper may do.

Levels run from the outside (DRAM) to the inside.  All templates (Eyeriss-like, Simba-like, NVDLA-like,
ShiDianNao-like, TPU-like) are files of this one form, ``scenarios/accelerator/architectures/*.yaml``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.documents import known_keys, read_yaml
from archgym.errors import ArchgymError, UnknownNameError

from .data import folder
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


class ArchitectureError(ArchgymError, ValueError):
    """An architecture that makes no sense."""


@dataclass(frozen=True)
class Level:
    """One memory level.

    ``size_bits`` of one instance, infinite for DRAM; ``fanout`` (x, y) children of one instance.
    Energies in pJ an access of ``block`` words; bandwidths in bits a cycle and instance.
    ``network_bits`` is what the way into all children of one instance above carries a cycle; a level
    that is not ``hidden`` has no second buffer, and its fills stop the computation.
    ``must_keep`` and ``may_keep`` are letters of W, I, O; the rest passes by.
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

    ``bits`` are the bits of a weight, input and output word.  ``meshes`` overrides the (x, y)
    instances of each level and of the MACs, which are otherwise the product of the fan-outs.
    """

    name: str
    levels: tuple[Level, ...]
    mac_pj: float
    bits: tuple[int, int, int] = (16, 16, 16)
    clock_hz: float = 200e6
    mac_area_um2: float = 0.0
    meshes: tuple[tuple[int, int], ...] = ()
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

    def position(self, level: str) -> int:
        """The index of a level."""
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
            np.tile(np.array(self.bits, np.float64), (len(levels), 1)),
            self.mesh,
            np.array(energy, np.float64),
            np.array([[x.block] * 3 for x in levels], np.float64),
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
        """The same architecture with one level changed."""
        at = self.position(name)
        levels = (*self.levels[:at], replace(self.levels[at], **changes), *self.levels[at + 1 :])
        return replace(self, levels=levels)


def names() -> list[str]:
    """Every architecture that ships."""
    return sorted(path.stem for path in (folder() / "architectures").glob("*.yaml"))


def load_architecture(name: str | Path | Architecture) -> Architecture:
    """An architecture by name or YAML file.

    Raises:
        UnknownNameError: no such architecture or key; ArchitectureError: it makes no sense.
    """
    if isinstance(name, Architecture):
        return name
    text = str(name)
    if text in names():
        return from_document(read_yaml(folder() / "architectures" / f"{text}.yaml"), text)
    if text.endswith((".yaml", ".yml")):
        return from_document(read_yaml(Path(text)), text)
    raise UnknownNameError("architecture", text, names(), "(or the path of a .yaml file)")


KEYS = ("name", "description", "node_nm", "clock_mhz", "bits", "mac", "levels")
LEVEL_KEYS = (
    "name", "kind", "size_kb", "words", "port_bits", "banks", "fanout", "read_words", "write_words",
    "shared_words", "network_words", "hidden", "must_keep", "may_keep", "spatial_x", "spatial_y",
    "energy_pj", "area_um2",
)  # fmt: skip
KINDS = ("dram", "sram", "regfile", "smartbuffer_RF", "SRAM", "smartbuffer_SRAM")


def from_document(document: Mapping[str, Any], where: str) -> Architecture:
    """An architecture from the mapping that its YAML file holds."""
    known_keys(document, KEYS, f"key in {where}:")
    for key in ("name", "levels"):
        if key not in document:
            raise ArchitectureError(f"{where}: key {key!r} is missing")
    from .technology import multiplier

    node = int(document.get("node_nm", 45))
    bits = document.get("bits", 16)
    words = tuple(int(b) for b in bits) if isinstance(bits, list) else (int(bits),) * 3
    if len(words) != 3:
        raise ArchitectureError(f"{where}: bits is a number or a list of three, got {bits!r}")
    mac = document.get("mac") or {}
    pj, area = multiplier(min(words[:2]), node)
    try:
        levels = tuple(_level(entry, words[0], node, where) for entry in document["levels"])
        return Architecture(
            str(document["name"]),
            levels,
            float(mac.get("energy_pj", pj)),
            words,
            float(document.get("clock_mhz", 200)) * 1e6,
            float(mac.get("area_um2", area)),
            description=str(document.get("description", "")),
        )
    except UnknownNameError:
        raise
    except (TypeError, ValueError, ArchgymError) as error:
        raise ArchitectureError(f"{where}: {error}") from error


def _level(entry: Mapping[str, Any], word: int, node: int, where: str) -> Level:
    from .technology import DRAM_PJ_PER_BIT, Cost, buffer

    if not isinstance(entry, Mapping):
        raise ArchitectureError(f"a level is a mapping of keys, got {entry!r}")
    known_keys(entry, LEVEL_KEYS, f"key of a level in {where}:")
    name, kind = str(entry.get("name", "?")), str(entry.get("kind", "sram"))
    if kind not in KINDS:
        raise UnknownNameError(f"kind of level {name!r} in {where}:", kind, KINDS)
    port = int(entry.get("port_bits", word))
    fanout = tuple(int(n) for n in entry.get("fanout", (1, 1)))
    if len(fanout) != 2:
        raise ArchitectureError(f"level {name!r}: fanout is [x, y], got {entry.get('fanout')!r}")
    size = math.inf
    if kind == "dram":
        cost = Cost(DRAM_PJ_PER_BIT * port, DRAM_PJ_PER_BIT * port, 0.0)
    else:
        if ("size_kb" in entry) == ("words" in entry):
            raise ArchitectureError(f"level {name!r}: give either size_kb or words")
        size = float(entry["size_kb"]) * 8192 if "size_kb" in entry else entry["words"] * word
        if not size > 0:
            raise ArchitectureError(f"level {name!r}: its size must be positive, got {size} bits")
        cost = Cost(0.0, 0.0, 0.0)
        if "energy_pj" not in entry or "area_um2" not in entry:
            banks = int(entry.get("banks", 1))
            shape = "SRAM" if kind == "sram" else kind
            cost = buffer(shape, max(1, int(size // port)), port, node, banks)
    read, write = _energies(entry.get("energy_pj"), cost.read_pj, cost.write_pj, name)
    rates = {
        f"{port_name}_bits": float(entry[f"{port_name}_words"]) * word
        for port_name in ("read", "write", "shared", "network")
        if f"{port_name}_words" in entry
    }
    every = "".join(DIMENSIONS)
    return Level(
        name,
        size,
        (fanout[0], fanout[1]),
        read,
        write,
        write,
        block=port / word,
        must_keep=str(entry.get("must_keep", "WIO" if kind == "dram" else "")),
        may_keep=str(entry.get("may_keep", "")),
        spatial_x=str(entry.get("spatial_x", every)),
        spatial_y=str(entry.get("spatial_y", every)),
        area_um2=float(entry.get("area_um2", cost.area_um2)),
        hidden=bool(entry.get("hidden", True)),
        **rates,
    )


def _energies(given: Any, read: float, write: float, name: str) -> tuple[float, float]:
    if given is None:
        return read, write
    values: Sequence[Any] = given if isinstance(given, list) else [given, given]
    if len(values) != 2:
        raise ArchitectureError(f"level {name!r}: energy_pj is a number or [read, write]")
    return float(values[0]), float(values[1])
