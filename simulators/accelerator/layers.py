"""Layers and networks as data: shapes, not weights."""

from __future__ import annotations

import csv
import hashlib
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archgym.errors import UnknownNameError, WorkloadError

from .data import folder
from .layout import DIMENSIONS

FIELDS = (
    "name", *DIMENSIONS, "stride_h", "stride_w", "dilation_h", "dilation_w", "count",
    "own_weights",
)  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """One convolution or matrix product, as seven nested loops and groups.

    K and C count channels of one group; P and Q are output rows and columns.  A depthwise layer has
    G channels, K = C = 1; a matrix product (M, C) x (C, K) has P = M.  ``count`` is how often the layer
    occurs.  Where ``own_weights`` is 1, every input of a batch brings its own weights (keys and values
    of attention).
    """

    name: str
    N: int = 1
    G: int = 1
    K: int = 1
    C: int = 1
    P: int = 1
    Q: int = 1
    R: int = 1
    S: int = 1
    stride_h: int = 1
    stride_w: int = 1
    dilation_h: int = 1
    dilation_w: int = 1
    count: int = 1
    own_weights: int = 0

    def __post_init__(self) -> None:
        if self.own_weights not in (0, 1):
            raise WorkloadError(f"layer {self.name!r}: own_weights is 0 or 1")
        for field in FIELDS[1:14]:
            value = getattr(self, field)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise WorkloadError(
                    f"layer {self.name!r}: {field} must be a whole number of at least 1, got {value!r}"
                )

    @property
    def dims(self) -> NDArray[np.int64]:
        """Loop bounds in the order of ``layout.DIMENSIONS``, (8,)."""
        return np.array([getattr(self, d) for d in DIMENSIONS], np.int64)

    @property
    def geometry(self) -> NDArray[np.int64]:
        """Strides and dilations, (4,)."""
        return np.array([getattr(self, f) for f in FIELDS[9:13]], np.int64)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one occurrence."""
        return math.prod(getattr(self, d) for d in DIMENSIONS)

    @property
    def shape(self) -> tuple[int, ...]:
        """What the cost depends on."""
        return tuple(getattr(self, f) for f in FIELDS[1:13])

    def tensor_sizes(self) -> tuple[int, int, int]:
        """Elements of weights, inputs (those the loops touch, no padding) and outputs."""
        height = (self.P - 1) * self.stride_h + (self.R - 1) * self.dilation_h + 1
        width = (self.Q - 1) * self.stride_w + (self.S - 1) * self.dilation_w + 1
        return (
            self.G * self.K * self.C * self.R * self.S,
            self.N * self.G * self.C * height * width,
            self.N * self.G * self.K * self.P * self.Q,
        )


@dataclass(frozen=True)
class Network:
    """A named sequence of layers."""

    name: str
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not self.layers:
            raise WorkloadError(f"network {self.name!r} has no layer")

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(layer.macs * layer.count for layer in self.layers)

    @property
    def content_hash(self) -> str:
        """A digest of all shapes."""
        text = repr([(*layer.shape, layer.count) for layer in self.layers])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def batched(self, batch: int) -> Network:
        """The same network on ``batch`` inputs at once."""
        if batch < 1:
            raise WorkloadError(f"batch must be at least 1, got {batch}")
        if batch == 1:
            return self
        layers = tuple(
            replace(x, G=x.G * batch) if x.own_weights else replace(x, N=x.N * batch)
            for x in self.layers
        )
        return Network(f"{self.name}@{batch}", layers)

    def layer(self, name: str) -> Layer:
        """The layer of a name."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise UnknownNameError(f"layer of {self.name}", name, [x.name for x in self.layers])


def names() -> list[str]:
    """Every network that ships."""
    return sorted(path.stem for path in (folder() / "networks").glob("*.csv"))


def resolve(workload: str | Path | Layer | Network) -> Network:
    """A network by name, ``network/layer``, file (.csv or .onnx); ``NAME@4`` is a batch of four.

    Raises:
        UnknownNameError: no such network or layer; WorkloadError: a file that makes no sense.
    """
    if isinstance(workload, Network):
        return workload
    if isinstance(workload, Layer):
        return Network(workload.name, (workload,))
    text, _, batch = str(workload).partition("@")
    if batch and not batch.isdigit():
        raise WorkloadError(f"workload {str(workload)!r}: a batch is a whole number, got {batch!r}")
    return _resolve(text).batched(int(batch) if batch else 1)


def _resolve(text: str) -> Network:
    if text.endswith(".onnx"):
        from .onnx_import import read_onnx

        return read_onnx(Path(text)).network
    if text.endswith(".csv"):
        return read_csv(Path(text))
    name, _, layer = text.partition("/")
    if name not in names():
        hint = "(or NETWORK/LAYER, or the path of a .csv or .onnx file)"
        raise UnknownNameError("network", name, names(), hint)
    network = read_csv(folder() / "networks" / f"{name}.csv")
    return Network(text, (replace(network.layer(layer), count=1),)) if layer else network


def read_csv(path: Path) -> Network:
    """A network from a table with the columns ``FIELDS``; strides, dilations, count default to 1."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    except (OSError, UnicodeDecodeError) as error:
        raise WorkloadError(f"cannot read the network {path}: {error}") from error
    layers = []
    for i, row in enumerate(rows):
        where = f"{path}, layer {i + 1}"
        for key in row:
            if key not in FIELDS:
                raise UnknownNameError(f"column in {path}:", key, FIELDS)
        if not row.get("name"):
            raise WorkloadError(f"{where}: no name")
        values: dict[str, int] = {}
        for key in FIELDS[1:]:
            text = row.get(key) or ("0" if key == "own_weights" else "1")
            try:
                values[key] = int(text)
            except ValueError:
                raise WorkloadError(
                    f"{where} ({row['name']}): {key} is {text!r}, not a whole number"
                ) from None
        try:
            layers.append(Layer(row["name"], **values))
        except WorkloadError as error:
            raise WorkloadError(f"{path}: {error}") from None
    if len({layer.name for layer in layers}) != len(layers):
        raise WorkloadError(f"{path}: two layers share a name")
    return Network(path.stem, tuple(layers))


def write_csv(network: Network, path: Path) -> None:
    """The inverse of :func:`read_csv`."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(FIELDS)
        table.writerows([getattr(layer, f) for f in FIELDS] for layer in network.layers)
