"""MAESTRO's model files: layers with type, stride and dimensions."""

from __future__ import annotations

import re
from pathlib import Path

from ..layers import Layer, Network
from .checks import Faults, read_text

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
WORD = re.compile(r"[{}(),:;]|[^\s{}(),:;]+")
KINDS = ("CONV", "DSCONV", "GEMM", "FC", "DWCONV")


class _Words:
    """The words of a file, one after the other."""

    def __init__(self, text: str) -> None:
        self.words = WORD.findall(COMMENT.sub(" ", text))
        self.at = 0

    def peek(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def take(self) -> str:
        word = self.peek()
        self.at += 1
        return word

    def block(self) -> list[str]:
        """What stands between the next braces, nested ones included."""
        while self.peek() not in ("{", ""):
            self.take()
        self.take()
        depth, out = 1, []
        while depth and self.at < len(self.words):
            word = self.take()
            depth += {"{": 1, "}": -1}.get(word, 0)
            if depth:
                out.append(word)
        return out


def read_maestro(path: Path) -> Network:
    """A network from MAESTRO's form; its dataflows are left out.

    Y and X are the padded input: outputs are floor((Y - R) / stride) + 1.  DSCONV is depthwise.  A
    GEMM of M x N x K is read as it is, or as the 1 x 1 convolution that MAESTRO makes of it.

    Args:
        path: the file.

    Returns:
        The network.

    Raises:
        WorkloadError: all faults of the file with their places.
    """
    faults = Faults(path)
    words = _Words(read_text(path))
    layers: list[Layer] = []
    seen: dict[str, int] = {}
    name = path.stem
    while words.peek():
        word = words.take()
        if word == "Network":
            name = words.take() if words.peek() != "{" else name
        elif word == "Layer":
            title = words.take()
            seen[title] = seen.get(title, 0) + 1
            unique = title if seen[title] == 1 else f"{title}_{seen[title]}"
            layer = _layer(faults, unique, words.block())
            layers += [layer] if layer is not None else []
        elif word == "Accelerator":
            faults.add(word, "an accelerator is no network")
            words.block()
    if not layers and not faults.found:
        faults.add(
            "", "no layer (expected: Network NAME { Layer NAME { Type: … Dimensions { … } } })"
        )
    faults.settle()
    return Network(name, tuple(layers), {"format": "MAESTRO model"})


def _layer(faults: Faults, name: str, body: list[str]) -> Layer | None:
    place = f"layer {name}"
    inner = _Words("")
    inner.words = body
    kind, values, strides = "CONV", {}, {"X": 1, "Y": 1}
    before = len(faults.found)
    while inner.peek():
        word = inner.take()
        if word == "Type":
            inner.take()
            kind = inner.take().upper()
        elif word == "Stride":
            strides |= _pairs(faults, inner.block(), f"{place}, Stride", ("X", "Y"))
        elif word == "Dimensions":
            known = ("N", "G", "K", "C", "R", "S", "Y", "X", "M")
            values = _pairs(faults, inner.block(), f"{place}, Dimensions", known)
        elif word == "Dataflow":
            inner.block()
        elif word in ("Pad", "PadV", "Dilation", "TransposedConv", "OuterSparsity", "Sparsity"):
            faults.add(place, f"{word} is not understood here")
            inner.block()
    if kind not in KINDS:
        faults.add(place, f"type {kind}; understood are {', '.join(KINDS)}")
    if not values:
        faults.add(place, "no Dimensions")
    if len(faults.found) > before:
        return None
    made: Layer | None = faults.attempt(lambda: _make(faults, name, kind, values, strides), place)
    return made


def _make(
    faults: Faults, name: str, kind: str, values: dict[str, int], strides: dict[str, int]
) -> Layer:
    if kind == "GEMM" and "M" in values:
        n = values.get("N", 1)
        return Layer(name, P=values["M"], K=n, C=values.get("K", 1))
    d = {k: values.get(k, 1) for k in "NGKCRSYX"}
    for size, taps in (("Y", "R"), ("X", "S")):
        if d[taps] > d[size]:
            faults.add(f"layer {name}", f"{taps} = {d[taps]} is larger than {size} = {d[size]}")
            return Layer(name)
    groups, channels, filters = d["G"], d["C"], d["K"]
    if kind in ("DSCONV", "DWCONV"):
        groups, channels, filters = groups * channels, 1, 1 if filters == channels else filters
    return Layer(
        name, N=d["N"], G=groups, K=filters, C=channels,
        P=(d["Y"] - d["R"]) // strides["Y"] + 1, Q=(d["X"] - d["S"]) // strides["X"] + 1,
        R=d["R"], S=d["S"], stride_h=strides["Y"], stride_w=strides["X"],
    )  # fmt: skip


def _pairs(faults: Faults, body: list[str], place: str, known: tuple[str, ...]) -> dict[str, int]:
    """``K: 32, C: 3`` with or without its commas."""
    words = [w for w in body if w not in (",", ";", ":")]
    out = {}
    for key, value in zip(words[::2], words[1::2]):
        faults.keys({key: value}, known, place)
        out[key] = faults.whole(value, f"{place} {key}")
    if len(words) % 2:
        faults.add(place, f"{words[-1]!r} has no value")
    return out
