"""Placements, made once: kept in memory and on disk under a digest of all that they depend on."""

from __future__ import annotations

import hashlib
import os
import re
from collections import OrderedDict
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from archgym.contracts.evaluation import Floats
from archgym.errors import StoreError
from archgym.files.arrays import read_arrays
from archgym.kernels.compilation import cache_root
from archgym.kernels.sources import meaning

from .buffering import buffered
from .calibration import Calibration
from .estimates import first_core
from .library import Library, library
from .macro_places import place_round
from .netlist import MOST_BYTES, Netlist
from .placed import Placed
from .placement import place, port_positions
from .power import activities
from .technology import stack as stack_of
from .timing_driven import critical, heavier

HERE = Path(__file__).parent
MADE_BY = (
    "buffering.py", "functions.py", "macro_places.py", "netlist.py", "placement.py", "power.py",
    *(f"kernels/{name}.py" for name in ("activity", "density", "graph", "wirelength")),
)  # fmt: skip
# what the weights of timing-driven placement depend on besides the library's figures
TIMED_BY = (
    "analysis.py", "estimates.py", "levels.py", "metal.py", "placed.py", "timing_driven.py",
    *(f"kernels/{name}.py" for name in ("sizing", "state", "timing", "trees", "wires")),
)  # fmt: skip
KEPT = 24  # placements in memory, some four megabytes each


class Placements:
    """Placements of one netlist on one stack; ``rounds`` are of timing-driven placement."""

    def __init__(self, netlist: Netlist, stack: str, fitted: Calibration, rounds: int = 0) -> None:
        self.netlist, self.stack, self.fitted, self.rounds = netlist, stack, fitted, rounds
        self._known: OrderedDict[str, tuple[Placed, Floats]] = OrderedDict()
        self._lock = Lock()

    def __getstate__(self) -> dict[str, Any]:
        """What makes them; a copy has a lock of its own and reads placements from disk again."""
        return {
            "netlist": self.netlist, "stack": self.stack, "fitted": self.fitted, "rounds": self.rounds,
        }  # fmt: skip

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def get(
        self, technology: str, aspect: float, seed: int, utilization: float = 0.76
    ) -> tuple[Placed, Floats]:
        """A buffered placement and its nets' activities.

        Args:
            technology: the technology's name.
            aspect: height of the core over its width.
            seed: of the placement.
            utilization: share of the core that cells fill; it matters to macros alone.

        Returns:
            The placed netlist, and toggles per cycle (nets,).

        Raises:
            NoRoom: a macro does not fit.
        """
        lib = library(technology, stack_name=self.stack, fitted=self.fitted)
        shapes = lib.width[lib.first[np.unique(self.netlist.function)]]
        text = (
            f"{self.netlist.content_hash} {shapes.tolist()} {lib.cpp_um} {lib.height_um} {aspect} "
            f"{seed} {_sources(MADE_BY)}"
        ) + (f" {utilization}" if self.netlist.macros else "")
        if self.rounds:
            text += f" {self.rounds} {self._timing(lib)}"
        key = hashlib.sha256(text.encode()).hexdigest()[:32]
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        path = (
            cache_root()
            / "placements"
            / f"{re.sub('[^A-Za-z0-9_.+-]', '_', self.netlist.name)}-{key}.npz"
        )
        found = self._read(path)
        if found is None:
            placed = self._place(lib, aspect, seed, utilization)
            found = placed, activities(placed.netlist)
            self._write(path, *found)
        with self._lock:
            self._known[key] = found
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return found

    def _place(self, lib: Library, aspect: float, seed: int, utilization: float) -> Placed:
        """Place and buffer the netlist, again in every round of timing."""
        n, pull = self.netlist, np.ones(self.netlist.nets)
        for turn in range(self.rounds + 1):
            if n.macros:
                core = first_core(n, lib, aspect, utilization)
                placement = place_round(n, n.macros, lib, aspect, seed, core, pull)
            else:
                placement = place(n, lib, aspect, seed, pull)
            block, x, y = buffered(n, placement.x, placement.y)
            ports = placement.port_x, placement.port_y
            placed = Placed(block, x, y, ports, placement.macros)
            if turn < self.rounds:
                pull = heavier(pull, critical(placed, n, lib, aspect, self.stack, self.fitted))
        return placed

    def _timing(self, lib: Library) -> str:
        """A digest of what the weights of timing-driven placement depend on."""
        text = f"{self.fitted} {stack_of(self.stack)} {_sources(TIMED_BY)}"
        digest = hashlib.sha256(text.encode())
        for figures in lib.cells:
            digest.update(figures.tobytes())
        return digest.hexdigest()[:16]

    def _read(self, path: Path) -> tuple[Placed, Floats] | None:
        """What the file holds; None where there is none or it is damaged (it is then made anew)."""
        base = self.netlist
        try:
            data = read_arrays(path, MOST_BYTES)
            net = replace(
                base, function=data["function"].astype(np.int64),
                pin_net=data["pin_net"].astype(np.int64),
            )  # fmt: skip
            ports = data["port_x"], data["port_y"]
            macros = data["macros"] if base.macros else None
            return Placed(net, data["x"], data["y"], ports, macros), data["activity"]
        except (OSError, KeyError, ValueError, TypeError, StoreError):
            return None

    @staticmethod
    def _write(path: Path, placed: Placed, activity: Floats) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            ports = placed.ports or port_positions(len(placed.netlist.port_net))
            arrays = {} if placed.macros is None else {"macros": placed.macros}
            part = path.with_suffix(f".{os.getpid()}.part.npz")
            np.savez(
                part, function=placed.netlist.function.astype(np.uint8),
                pin_net=placed.netlist.pin_net.astype(np.uint32), x=placed.x, y=placed.y,
                activity=activity, port_x=ports[0], port_y=ports[1],
                **arrays,  # type: ignore[arg-type]
            )  # fmt: skip
            part.replace(path)
        except OSError:
            pass  # a cache that cannot be written costs time, nothing else


@cache
def _sources(names: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for name in names:
        digest.update(meaning(HERE / name).encode())
    return digest.hexdigest()[:16]
