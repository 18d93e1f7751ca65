"""Networks by name or file: what every simulator and command of the domain takes as a workload."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from archgym.errors import UnknownNameError, WorkloadError

from .data import folder
from .layers import LARGEST, Layer, Network
from .readers.checks import Faults, structured
from .readers.tables import read_csv, write_csv

__all__ = ["FORMATS", "Dims", "names", "parse_dims", "read_csv", "resolve", "write_csv"]

Dims = Mapping[str, int]

FORMATS = {
    ".csv": "a table of layers, or SCALE-Sim's topology",
    ".onnx": "ONNX",
    ".m": "MAESTRO's model",
    ".yaml": "Timeloop's problem or ZigZag's workload",
    ".yml": "Timeloop's problem or ZigZag's workload",
}


def names() -> list[str]:
    """Every network that ships."""
    return sorted(path.stem for path in (folder() / "networks").glob("*.csv"))


def parse_dims(dims: str | Dims | None) -> dict[str, int]:
    """Sizes of symbolic axes.

    Args:
        dims: text such as ``batch=8,sequence=128``, a mapping, or nothing.

    Returns:
        Sizes by name.

    Raises:
        WorkloadError: a part that is not NAME=SIZE, a size that is no whole number of at least 1.
    """
    parts: list[tuple[str, object]] = []
    if isinstance(dims, Mapping):
        parts = [(str(k), v) for k, v in dims.items()]
    elif dims:
        for part in str(dims).split(","):
            name, equals, value = part.rpartition("=")
            if not equals or not name.strip():
                raise WorkloadError(
                    f"dims {str(dims)!r}: expected NAME=SIZE, such as batch=8,sequence=128; got {part!r}"
                )
            parts.append((name.strip(), value.strip()))
    out: dict[str, int] = {}
    faults = []
    for name, size in parts:
        text = str(size)
        good = not isinstance(size, bool) and re.fullmatch("[0-9]{1,10}", text)
        if not good or not 1 <= int(text) <= LARGEST:
            faults.append(f"{name}={text[:40]} (a size is a whole number from 1 to {LARGEST})")
        elif out.setdefault(name, int(text)) != int(text):
            faults.append(f"{name} is given twice")
    if faults:
        raise WorkloadError("dims: " + "; ".join(faults))
    return out


def resolve(
    workload: str | Path | Layer | Network,
    *,
    dims: str | Dims | None = None,
    partial: bool = False,
) -> Network:
    """A network by name or file.

    ``NAME/LAYER`` is one layer of a network, and ``NAME@4`` a batch of four. ``FORMATS`` lists the
    kinds of files.

    Args:
        workload: what is meant; a layer or network stands for itself.
        dims: sizes of a model's symbolic axes (ONNX).
        partial: take a model of which some products cannot be read.

    Returns:
        The network.

    Raises:
        UnknownNameError: no such network or layer.
        WorkloadError: a file that makes no sense, or that is not read whole.
    """
    if isinstance(workload, Network):
        return workload
    if isinstance(workload, Layer):
        return Network(workload.name, (workload,))
    sizes = parse_dims(dims)
    text, batch = _batch(str(workload))
    return _resolve(text, sizes, partial).batched(batch)


def reading(dims: str | Dims, partial: bool, output_bits: int) -> dict[str, Any]:
    """The settings of how a workload is read that differ from the defaults.

    Fingerprints hold them in this form.

    Args:
        dims: sizes of symbolic axes.
        partial: whether a part of a model will do.
        output_bits: width of finished outputs; 0 for the architecture's own.

    Returns:
        Settings by name.

    Raises:
        WorkloadError: ``output_bits`` is no whole number from 0 to 4096, ``partial`` no truth value.
    """
    faults = Faults("settings")
    if not isinstance(partial, bool):
        faults.add("partial", f"true or false, got {partial!r}")
    bits = faults.whole(output_bits, "output_bits", 0, 4096)
    faults.settle()
    out: dict[str, Any] = {"output_bits": bits} if bits else {}
    if partial:
        out["partial"] = True
    sizes = parse_dims(dims)
    return out | ({"dims": dict(sorted(sizes.items()))} if sizes else {})


def _batch(text: str) -> tuple[str, int]:
    head, at, tail = text.rpartition("@")
    if not at:
        return text, 1
    if re.fullmatch("[0-9]{1,10}", tail):
        return head, int(tail)
    if Path(text).suffix.lower() in FORMATS and _exists(text):
        return text, 1
    raise WorkloadError(f"workload {text!r}: a batch is a whole number, got {tail!r}")


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False


def _resolve(text: str, dims: Dims, partial: bool) -> Network:
    suffix = Path(text).suffix.lower()
    if suffix == ".onnx":
        from .readers.onnx_import import read_onnx

        with structured(text, WorkloadError):
            return read_onnx(Path(text), dims=dims, partial=partial)
    if dims:
        raise WorkloadError(
            f"dims {', '.join(dims)}: only ONNX models have symbolic axes, {text!r} is none"
        )
    if suffix in FORMATS:
        with structured(text, WorkloadError):
            return _reader(suffix)(Path(text))
    name, _, layer = text.partition("/")
    if name not in names():
        known = ", ".join(f"{k} ({v})" for k, v in FORMATS.items() if k != ".yml")
        if _exists(text):
            raise WorkloadError(
                f"{text}: this file exists, its format is not known; known: {known}"
            )
        hint = f"(or NETWORK/LAYER, or the path of a file: {known})"
        raise UnknownNameError("network", name, names(), hint)
    network = read_csv(folder() / "networks" / f"{name}.csv")
    return Network(text, (replace(network.layer(layer), count=1),)) if layer else network


def _reader(suffix: str) -> Callable[[Path], Network]:
    if suffix == ".csv":
        return read_csv
    if suffix == ".m":
        from .readers.maestro import read_maestro

        return read_maestro
    from .readers.documents import read_yaml_network

    return read_yaml_network
