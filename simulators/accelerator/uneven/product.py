"""What is computed: a product of two tensors, summed over the dimensions that the output lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..layers import Layer
from ..layout import DIMENSIONS


@dataclass(frozen=True)
class Product:
    """Two operands and an output over the same loops.

    Attributes:
        name: for people.
        extents: iterations of every dimension, by name.
        axes: by tensor, the output last: its axes, each with how far a step of a dimension moves along it.
    """

    name: str
    extents: Mapping[str, int]
    axes: Mapping[str, Sequence[Mapping[str, int]]]

    @property
    def dimensions(self) -> list[str]:
        """Names of the dimensions, in order."""
        return list(self.extents)

    @property
    def tensors(self) -> list[str]:
        """Names of the tensors, the output last."""
        return list(self.axes)

    @property
    def macs(self) -> int:
        """Products of two words."""
        out = 1
        for n in self.extents.values():
            out *= n
        return out

    @cached_property
    def arrays(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Extents (D,) and coefficients (T, A, D), as the kernels read them."""
        names = self.dimensions
        most = max(len(axes) for axes in self.axes.values())
        out = np.zeros((len(self.axes), most, len(names)), np.int64)
        for t, axes in enumerate(self.axes.values()):
            for a, axis in enumerate(axes):
                for d, step in axis.items():
                    out[t, a, names.index(d)] = step
        return np.array(list(self.extents.values()), np.int64), out


def of_layer(layer: Layer) -> Product:
    """A layer as a product of weights W and inputs I into outputs O.

    Args:
        layer: any layer.

    Returns:
        Its product, with all eight dimensions.
    """
    rows = {"P": layer.stride_h, "R": layer.dilation_h}
    columns = {"Q": layer.stride_w, "S": layer.dilation_w}
    axes: dict[str, list[dict[str, Any]]] = {
        "W": [{d: 1} for d in "GKCRS"],
        "I": [{d: 1} for d in "NGC"] + [rows, columns],
        "O": [{d: 1} for d in "NGKPQ"],
    }
    return Product(layer.name, {d: getattr(layer, d) for d in DIMENSIONS}, axes)
