"""Layers and networks as data: shapes, not weights."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import UnknownNameError, WorkloadError

from .layout import DIMENSIONS

FIELDS = (
    "name", *DIMENSIONS, "stride_h", "stride_w", "dilation_h", "dilation_w", "count",
    "own_weights",
)  # fmt: skip
# several fields at once: hardware searches ask for them thousands of times
DIMS_OF, GEOMETRY_OF, SHAPE_OF = (
    attrgetter(*names) for names in (DIMENSIONS, FIELDS[9:13], FIELDS[1:13])
)
LARGEST = 2**31 - 1  # of a loop, a stride, a count
MOST_WORK = 2**53  # products of a layer, and words of a tensor: what a float counts exactly


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
        faults = self._faults()
        if faults:
            raise WorkloadError(f"layer {self.name!r}: " + "; ".join(faults))

    def _faults(self) -> list[str]:
        faults = []
        if not isinstance(self.name, str) or not self.name:
            faults.append(f"a name is a text that is not empty, got {self.name!r}")
        if isinstance(self.own_weights, bool) or self.own_weights not in (0, 1):
            faults.append(f"own_weights is 0 or 1, got {self.own_weights!r}")
        for key in FIELDS[1:14]:
            value = getattr(self, key)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                faults.append(f"{key} must be a whole number of at least 1, got {value!r}")
            elif value > LARGEST:
                faults.append(f"{key} must be at most {LARGEST}, got {value}")
        if not faults:
            if self.macs > MOST_WORK:
                faults.append(f"{self.macs} products are more than 2^53, the most that is counted")
            elif max(self.tensor_sizes()) > MOST_WORK:
                faults.append("a tensor has more than 2^53 words, the most that is counted")
        return faults

    @property
    def dims(self) -> NDArray[np.int64]:
        """Loop bounds in the order of ``layout.DIMENSIONS``, (8,)."""
        return np.array(DIMS_OF(self), np.int64)

    @property
    def geometry(self) -> NDArray[np.int64]:
        """Strides and dilations, (4,)."""
        return np.array(GEOMETRY_OF(self), np.int64)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one occurrence."""
        return math.prod(DIMS_OF(self))

    @property
    def shape(self) -> tuple[int, ...]:
        """What the cost depends on."""
        shape: tuple[int, ...] = SHAPE_OF(self)
        return shape

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
    """A named sequence of layers.

    ``notes`` say where it comes from and what of it was read; they take no part in comparisons.
    """

    name: str
    layers: tuple[Layer, ...]
    notes: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        if not self.layers:
            raise WorkloadError(f"network {self.name!r} has no layer")
        seen = [layer.name for layer in self.layers]
        if len(set(seen)) != len(seen):
            twice = sorted({n for n in seen if seen.count(n) > 1})
            raise WorkloadError(f"network {self.name!r}: layers share a name: {', '.join(twice)}")

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
        """The same network on ``batch`` inputs at once.

        Args:
            batch: inputs at once, at least 1.

        Returns:
            The network; the same object for a batch of 1.

        Raises:
            WorkloadError: a batch below 1, or a layer that becomes too large.
        """
        if batch < 1:
            raise WorkloadError(f"batch must be at least 1, got {batch}")
        if batch == 1:
            return self
        layers = tuple(
            replace(x, G=x.G * batch) if x.own_weights else replace(x, N=x.N * batch)
            for x in self.layers
        )
        return Network(f"{self.name}@{batch}", layers, self.notes)

    def layer(self, name: str) -> Layer:
        """The first layer of a name.

        Args:
            name: the layer's name.

        Returns:
            The layer.

        Raises:
            UnknownNameError: no layer has that name.
        """
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise UnknownNameError(f"layer of {self.name}", name, [x.name for x in self.layers])
