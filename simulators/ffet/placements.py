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
from .library import library
from .macro_places import place_round
from .netlist import MOST_BYTES, Netlist
from .placed import Placed
from .placement import place, port_positions
from .power import activities

HERE = Path(__file__).parent
MADE_BY = (
    "buffering.py", "functions.py", "macro_places.py", "netlist.py", "placement.py", "power.py",
    *(f"kernels/{name}.py" for name in ("activity", "density", "graph", "wirelength")),
)  # fmt: skip
KEPT = 24  # placements in memory, some four megabytes each


class Placements:
    """Placements of one netlist on one stack."""

    def __init__(self, netlist: Netlist, stack: str, fitted: Calibration) -> None:
        self.netlist, self.stack, self.fitted = netlist, stack, fitted
        self._known: OrderedDict[str, tuple[Placed, Floats]] = OrderedDict()
        self._lock = Lock()

    def __getstate__(self) -> dict[str, Any]:
        """What makes them; a copy has a lock of its own and reads placements from disk again."""
        return {"netlist": self.netlist, "stack": self.stack, "fitted": self.fitted}

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
            f"{seed} {_sources()}"
        ) + (f" {utilization}" if self.netlist.macros else "")
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
            if self.netlist.macros:
                core = first_core(self.netlist, lib, aspect, utilization)
                placement = place_round(self.netlist, self.netlist.macros, lib, aspect, seed, core)
            else:
                placement = place(self.netlist, lib, aspect, seed)
            block, x, y = buffered(self.netlist, placement.x, placement.y)
            ports = placement.port_x, placement.port_y
            found = Placed(block, x, y, ports, placement.macros), activities(block)
            self._write(path, *found)
        with self._lock:
            self._known[key] = found
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return found

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
def _sources() -> str:
    digest = hashlib.sha256()
    for name in MADE_BY:
        digest.update(meaning(HERE / name).encode())
    return digest.hexdigest()[:16]
