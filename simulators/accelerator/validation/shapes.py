"""Layers and tables as ``dnn_reference.json`` writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..layers import Layer

Shapes = dict[tuple[str, str], Layer]


def shapes_of(data: Mapping[str, Any]) -> Shapes:
    """Every layer of the file by (network, name).

    Args:
        data: the reference file.

    Returns:
        The layers.
    """
    return {
        (network, entry["name"]): layer_of(entry)
        for network, layers in data["layers"].items()
        for entry in layers
    }


def layer_of(entry: Mapping[str, Any]) -> Layer:
    """A convolution, a depthwise one, or a matrix product M x N x K (here P x K x C).

    Args:
        entry: a layer as the file writes it.

    Returns:
        The layer.
    """
    if entry["type"] == "GEMM":
        return Layer(entry["name"], P=entry["M"], K=entry["Nn"], C=entry["Kk"])
    dims = {d: int(entry[d]) for d in "NPQRS"}
    dims |= {"stride_h": int(entry["stride"]), "stride_w": int(entry["stride"])}
    if entry["type"] == "DSCONV":
        return Layer(entry["name"], G=int(entry["K"]), **dims)
    return Layer(entry["name"], K=int(entry["K"]), C=int(entry["C"]), **dims)


def rows_of(table: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of a table as mappings.

    Args:
        table: a table of the file, with ``cols`` and ``rows``.

    Yields:
        One mapping per row.
    """
    for row in table["rows"]:
        yield dict(zip(table["cols"], row))
