"""What measured rows say beyond the mechanistic model: a Gaussian process that acts near them alone.

The residual is the logarithm of measured over modelled time.  Rows of one engine and model speak for each
other; the more of GPU, format, parallelism, version and lengths they share, the more.  A model that was
never measured on an engine has no residual.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arguments import Setups
from .compiled import compiled
from .devices import FORMATS, Format
from .shapes import Shape

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# what rows share: standard deviation of the part that they then share (log), and how far it reaches
# (a factor on LENGTHS)
PARTS = (
    (0.20, 1.5),  # engine and model
    (0.20, 1.0),  # and GPU and format
    (0.15, 1.0),  # and GPUs, expert parallelism, attention by data
    (0.15, 0.7),  # and the engine's version
    (0.15, 1.0),  # GPU, format, version and lengths
)
LENGTHS = (2.0, 1.5, 1.5, 1.0)  # of the base-2 logarithms of concurrency, inputs, outputs, GPUs
NOISE = 0.05  # of a measurement (log)
FREEDOM = 3.0  # of Student's t: far rows count little


class Points(NamedTuple):
    """Places of rows, in the terms of the process."""

    group: Ints  # engine and model
    kind: Ints  # GPU and format
    setup: Ints  # kind, expert parallelism, attention by data
    version: Ints
    where: Floats  # (n, 4)


def points(s: Setups, pairs: Sequence[tuple[Shape, Format]], versions: Ints) -> Points:
    """Places of configurations.

    Args:
        s: the configurations.
        pairs: the models in formats that ``s.model`` counts.
        versions: a number of each configuration's engine version.

    Returns:
        Where the configurations lie.
    """
    known = np.array([_number(shape) for shape, _ in pairs], np.int64)
    names = list(FORMATS)
    formats = np.array([names.index(f.name) for _, f in pairs], np.int64)
    group = known[s.model] * 8 + s.engine
    kind = s.device * 16 + formats[s.model]
    setup = kind * 4 + 2 * s.expert_parallel.astype(np.int64) + s.data_attention.astype(np.int64)
    columns = (s.concurrency, s.inputs, s.outputs, s.tensor * s.stages)
    where = np.stack([np.log2(c) for c in columns], axis=1)
    return Points(group, kind, setup, versions, where)


def _number(shape: Shape) -> int:
    """A number of a model's shape, whatever its name, the same in every process."""
    text = repr(dataclasses.replace(shape, name=""))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


@compiled
def _shared(a: Points, i: int, b: Points, j: int, parts: Floats, lengths: Floats) -> float:
    """Covariance of row i of ``a`` and row j of ``b``, of the same group."""
    far = 0.0
    for c in range(4):
        step = (a.where[i, c] - b.where[j, c]) / lengths[c]
        far += step * step
    kind = a.kind[i] == b.kind[j]
    version = a.version[i] == b.version[j]
    setup = a.setup[i] == b.setup[j] and a.where[i, 3] == b.where[j, 3]
    same_lengths = a.where[i, 1] == b.where[j, 1] and a.where[i, 2] == b.where[j, 2]
    total = 0.0
    for p in range(5):
        if (
            p == 0
            or (p == 1 and kind)
            or (p == 2 and setup)
            or (p == 3 and setup and version)
            or (p == 4 and kind and version and same_lengths)
        ):
            size, reach = parts[p, 0], parts[p, 1]
            total += size * size * np.exp(-0.5 * far / (reach * reach))
    return total


@compiled
def _covariance(a: Points, b: Points, parts: Floats, lengths: Floats, out: Floats) -> None:
    for i in range(len(a.group)):
        for j in range(len(b.group)):
            same = a.group[i] == b.group[j]
            out[i, j] = _shared(a, i, b, j, parts, lengths) if same else 0.0


@compiled
def _correct(
    at: Points, known: Points, first: Ints, last: Ints, weights: Floats, parts: Floats,
    lengths: Floats, out: Floats,
) -> None:  # fmt: skip
    """Residuals (n, 2) and closeness, into ``out`` (n, 3); known rows are sorted by group."""
    most = 0.0
    for p in range(5):
        most += parts[p, 0] * parts[p, 0]
    for i in range(len(at.group)):
        a, b, near = 0.0, 0.0, 0.0
        for j in range(first[i], last[i]):
            c = _shared(at, i, known, j, parts, lengths)
            a += c * weights[j, 0]
            b += c * weights[j, 1]
            near = max(near, c)
        out[i, 0], out[i, 1], out[i, 2] = a, b, near / most


@compiled
def _solve(a: Floats, y: Floats) -> None:
    """Solve a x = y for a positive definite matrix (n, n), into y (n,); a is used up.

    By Cholesky's factors.  A library's last bits depend on its number of threads, and those of a metric would
    with them.
    """
    n = len(y)
    for j in range(n):
        a[j, j] = np.sqrt(a[j, j])
        for k in range(j + 1, n):
            a[j, k] /= a[j, j]
        for i in range(j + 1, n):
            for k in range(i, n):
                a[i, k] -= a[j, i] * a[j, k]
    for j in range(n):
        y[j] /= a[j, j]
        for k in range(j + 1, n):
            y[k] -= a[j, k] * y[j]
    for j in range(n - 1, -1, -1):
        for k in range(j + 1, n):
            y[j] -= a[j, k] * y[k]
        y[j] /= a[j, j]


class Residual:
    """Corrections learned from measured rows.

    Args:
        known: places of the rows (n of them).
        residuals: (n, 2) logarithms of measured over modelled TTFT and TPOT.
    """

    def __init__(self, known: Points, residuals: Floats) -> None:
        order = np.argsort(known.group, kind="stable")
        self.known = Points._make(c[order] for c in known)
        self._parts, self._lengths = np.array(PARTS), np.array(LENGTHS)
        self._weights = np.zeros((len(order), 2))
        for g in np.unique(self.known.group):
            rows = np.flatnonzero(self.known.group == g)
            inside = Points._make(c[rows] for c in self.known)
            k = np.empty((len(rows), len(rows)))
            _covariance(inside, inside, self._parts, self._lengths, k)
            for metric in range(2):
                self._weights[rows, metric] = _robust(k, residuals[order[rows], metric])

    def __call__(self, at: Points) -> Floats:
        """Corrections of configurations.

        Returns:
            (n, 3): what to add to the logarithms of TTFT and TPOT, and how near measured rows are (0
            far, 1 at one).
        """
        out = np.empty((len(at.group), 3))
        first = np.searchsorted(self.known.group, at.group, "left")
        last = np.searchsorted(self.known.group, at.group, "right")
        _correct(at, self.known, first, last, self._weights, self._parts, self._lengths, out)
        return out


def _robust(k: Floats, y: Floats) -> Floats:
    """Weights of rows under noise of Student's t, by reweighting."""
    trust = np.ones(len(y))
    for _ in range(4):
        noise = NOISE**2 / trust
        alpha = np.array(y, np.float64)
        _solve(k + np.diag(noise), alpha)
        left = noise * alpha
        trust = (FREEDOM + 1.0) / (FREEDOM + (left / NOISE) ** 2)
    return alpha
