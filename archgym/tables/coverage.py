"""Which part of a simulator's space is enumerated, and where its designs stand in a table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..contracts.simulator import Simulator
from ..space import Designs, DesignSpace
from .description import DESCRIPTION, read_description

OUTSIDE = -(1 << 62)


class Coverage:
    """A simulator's space narrowed to ``parameters``; ranks are positions in the narrowed one."""

    def __init__(self, whole: DesignSpace, parameters: Mapping[str, Sequence[object]]) -> None:
        self.whole = whole
        self.space = whole.narrowed(parameters) if parameters else whole
        self.start = np.concatenate([[0], np.cumsum(whole.nvec)[:-1]]).astype(np.int64)
        self.contribution = self._contributions()

    def _contributions(self) -> NDArray[np.int64]:
        """What each value of each parameter of the whole space adds to the rank, end to end."""
        out = np.full(int(self.whole.nvec.sum()), OUTSIDE, np.int64)
        stride = 1
        for column in range(len(self.whole) - 1, -1, -1):
            wide, narrow = self.whole.parameters[column], self.space.parameters[column]
            for position, value in enumerate(narrow.values):
                out[self.start[column] + wide.index(value)] = position * stride
            stride *= len(narrow)
        return out

    def designs(self, ranks: NDArray[np.int64]) -> Designs:
        """Designs of the whole space at ranks.

        Args:
            ranks: (n,) ranks in the part that is covered.

        Returns:
            (n, d) value indices in the whole space.
        """
        x = self.space.unrank(ranks)
        return x if self.space is self.whole else self.space.embed(x, self.whole)

    def ranks(self, x: Designs) -> NDArray[np.int64]:
        """Ranks of designs of the whole space.

        Args:
            x: (n, d) value indices in the whole space.

        Returns:
            (n,) ranks in the part that is covered, -1 where outside.
        """
        total = np.zeros(len(x), np.int64)
        outside = np.zeros(len(x), np.bool_)
        for column in range(len(self.whole)):
            part = self.contribution[self.start[column] + x[:, column]]
            outside |= part < 0
            total += np.maximum(part, 0)
        total[outside] = -1
        return total

    def box(self, marked: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Ranks of every combination of marked values.

        Args:
            marked: one bool for each value of the whole space, parameter by parameter.

        Returns:
            Ranks in the part that is covered.
        """
        ranks = np.zeros(1, np.int64)
        for column, size in enumerate(self.whole.nvec):
            here = slice(self.start[column], self.start[column] + size)
            part = self.contribution[here][marked[here]]
            ranks = (ranks[:, None] + part[part >= 0]).reshape(-1)
        return ranks


def folder_name(simulator: Simulator, parameters: Mapping[str, Sequence[object]]) -> str:
    """A folder's name for a simulator and the part of its space that is covered.

    Args:
        simulator: whose table.
        parameters: the values to which its space is narrowed.

    Returns:
        A name that differs wherever the answers could.
    """
    text = json.dumps([simulator.key, {k: list(v) for k, v in parameters.items()}], default=str)
    workload = "".join(c if c.isalnum() or c in "-_@" else "-" for c in simulator.workload)[-40:]
    return f"{simulator.name}-{workload}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def default_root() -> Path:
    """Where tables lie: ``ARCHGYM_TABLES``, else ``tables`` in the working directory."""
    import os

    return Path(os.environ.get("ARCHGYM_TABLES", "tables"))


def covering(
    root: Path, simulator: Simulator, parameters: Mapping[str, Sequence[object]]
) -> Path | None:
    """A finished table of a simulator over at least the part of its space that is needed.

    Args:
        root: a folder of tables, or one itself.
        simulator: whose table.
        parameters: the values that are needed; empty for all.

    Returns:
        The table's folder; None where no finished table covers them.
    """
    folders = [root, root / folder_name(simulator, parameters)]
    folders += [path.parent for path in sorted(root.glob(f"*/{DESCRIPTION}"))]
    wanted = simulator.space.narrowed(parameters) if parameters else simulator.space
    for folder in folders:
        if not (folder / DESCRIPTION).exists():
            continue
        description = read_description(folder)
        if description["key"] != simulator.key:
            continue
        there = simulator.space.narrowed(description["parameters"])
        if all(set(w.values) <= set(t.values) for w, t in zip(wanted.parameters, there.parameters)):
            return folder
    return None
