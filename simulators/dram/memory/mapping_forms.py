"""One of all mappings that send every address of a trace to the same place.

Fields without bits may stand anywhere.  Address bits above the highest one that the trace uses are always
zero: fields that lie wholly there may be exchanged, and a row bit from there masks nothing.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from archgym.space import Designs, DesignSpace

from ..modern.mappings import HASHED, widths
from .families import Family
from .mappings import FIELDS, LOW, MASKS, ORDER, ROW_BITS, request_columns
from .organisations import Organisation


class MappingForms:
    """Canonical forms of searched mappings on one trace.

    Args:
        family: of the devices.
        space: with the knobs of a searched mapping.
        request_bytes: of a request.
        used: address bits that the trace uses; those above are zero.
    """

    def __init__(self, family: Family, space: DesignSpace, request_bytes: int, used: int) -> None:
        self._family, self._bytes, self._used = family, request_bytes, used
        self._at = {name: i for i, name in enumerate(space.names)}
        self._knobs = {p.name: p for p in space.parameters}
        self._form = cache(self._table)

    def apply(self, x: Designs) -> None:
        """Bring designs (n, d) into their form, in place.

        Args:
            x: designs (n, d), changed.
        """
        names = (*Organisation._fields, LOW)
        keys, group = np.unique(x[:, [self._at[n] for n in names]], axis=0, return_inverse=True)
        for k, key in enumerate(keys):
            rows = np.flatnonzero(group.reshape(-1) == k)
            one = Organisation(*(self._knobs[n].values[i] for n, i in zip(names[:-1], key)))  # type: ignore[arg-type]
            low = int(self._knobs[LOW].values[key[-1]])
            orders, lows, live = self._form(one, low)
            order = x[rows, self._at[ORDER]]
            x[rows, self._at[ORDER]] = orders[order]
            x[rows, self._at[LOW]] = lows[order]
            self._drop_masks(x, rows, one, live[order])

    def _drop_masks(
        self, x: Designs, rows: NDArray[np.int64], one: Organisation, live: NDArray[np.int64]
    ) -> None:
        """Masks of bits that are not there, and of row bits that are always zero."""
        size = widths(self._family.device, one.ranks, one.channels)
        for name, column in self._at.items():
            if not name.startswith("xor.") or "none" not in self._knobs[name].values:
                continue
            p = self._knobs[name]
            needs = np.array([MASKS.index(v) for v in p.values], np.int64)  # type: ignore[arg-type]
            field = next(f for f in HASHED if name.removeprefix("xor.").rstrip("0123456789") == f)
            there = int(name.removeprefix(f"xor.{field}")) < size[field]
            idle = np.ones(len(rows), np.bool_) if not there else needs[x[rows, column]] > live
            x[rows[idle], column] = p.index("none")

    def _table(
        self, one: Organisation, low: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """By order: its form, the form's low column bits, and how many row bits a mask may take."""
        orders, lows = self._knobs[ORDER], self._knobs[LOW]
        out = np.empty((3, len(orders)), np.int64)
        for i, text in enumerate(orders.values):
            order, bits, live = self.form(str(text), one, low)
            if order not in orders.values or bits not in lows.values:  # narrowed away
                order, bits = str(text), low
            out[:, i] = orders.index(order), lows.index(bits), live
        return out[0], out[1], out[2]

    def form(self, order: str, one: Organisation, low: int) -> tuple[str, int, int]:
        """The form of one mapping.

        Args:
            order: fields from low to high.
            one: the organisation.
            low: column bits directly above a request.

        Returns:
            Order and low column bits of the form, and how many of the lowest row bits are ever set.
        """
        device = self._family.built(one.speed_bin, one.channel_width)
        size = widths(device, one.ranks, one.channels)
        inside = request_columns(device, self._bytes)
        size["column"] -= inside
        low = min(low, size["column"])
        fields = [f for f in order.split(",") if size[f]]
        rest = size["column"] - low
        if low and (not rest or next(f for f in fields if f != "column" or rest) == "column"):
            # what is left of the column follows directly, or nothing is left: one chunk
            fields = ["column", *(f for f in fields if f != "column")]
            low, rest = 0, size["column"]
        size["column"] = rest
        at, live_fields, live_rows = size["burst"] + inside + low, [], 0
        for field in fields:
            if at < self._used:
                live_fields.append(field)
                if field == "row":
                    live_rows = min(ROW_BITS, self._used - at)
            at += size[field]
        names = order.split(",")
        free = [f for f in FIELDS if f in names and f not in live_fields]
        return ",".join([*live_fields, *free]), low, live_rows
