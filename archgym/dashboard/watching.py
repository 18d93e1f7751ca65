"""The state of a folder for all browsers that look at it: read once, however many ask."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from . import details
from .folders import Item, aged, items, run_row

KEPT = 40  # courses that are kept in memory


class Watching:
    """What lies below a folder, as JSON texts; safe to ask from several threads."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._items: dict[str, Item] = {}
        self._rows: dict[str, tuple[Any, dict[str, Any]]] = {}
        self._details: OrderedDict[str, tuple[Any, str]] = OrderedDict()

    def listing(self) -> str:
        """Every run and sweep as a row; what has not changed is not read again."""
        with self._lock:
            self._items = items(self.root)
            kept, rows = {}, []
            for item in self._items.values():
                known = self._rows.get(item.id)
                if known is None or known[0] != item.stamp:
                    read = run_row if item.kind == "run" else details.sweep_row
                    known = (item.stamp, read(item))
                kept[item.id] = known
                rows.append(aged(known[1]))
            self._rows = kept
        return _json({"root": str(self.root), "rows": rows})

    def item(self, key: str) -> Item | None:
        """A run or sweep by its id. The folder is listed again where the id is unknown.

        Args:
            key: the id.

        Returns:
            The item; None where there is none.
        """
        with self._lock:
            if key not in self._items:
                self._items = items(self.root)
            return self._items.get(key)

    def detail(self, item: Item) -> str:
        """The course of a run, or the groups of a sweep.

        Args:
            item: the run or sweep.

        Returns:
            JSON text.

        Raises:
            StoreError: there is nothing yet, or it cannot be read.
        """
        with self._lock:
            known = self._details.get(item.id)
            if known is None or known[0] != item.stamp:
                told: dict[str, Any]
                if item.kind == "run":
                    told = {"kind": "run", "name": item.name, **details.run_course(item.path)}
                else:
                    told = {"kind": "sweep", "name": item.name}
                    told["groups"] = details.sweep_groups(item.path)
                known = (item.stamp, _json(told))
                self._details[item.id] = known
            self._details.move_to_end(item.id)
            while len(self._details) > KEPT:
                self._details.popitem(last=False)
            return known[1]


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
