"""The kernels' tables: models in a format, GPUs with their measured collectives, engines' constants."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from archgym.errors import UnknownNameError

from .arguments import Devices, Engines, Models
from .devices import DEVICES, Device, Format
from .shapes import Shape

ENGINES = ("trtllm", "vllm", "sglang")
ENGINE_NAMES = {"tensorrt-llm": "trtllm", "trt-llm": "trtllm"}
MATH = ("bf16", "fp8", "fp4")
DATA = Path(__file__).parent / "data"


def engine(name: str) -> str:
    """An engine's name as the tables have it.

    Args:
        name: as people write it, without regard to case.

    Returns:
        One of ``ENGINES``.

    Raises:
        UnknownNameError: there is no such engine. The message suggests the nearest.
    """
    found = ENGINE_NAMES.get(name.lower(), name.lower())
    if found not in ENGINES:
        raise UnknownNameError("engine", name, ENGINES)
    return found


def _log_missed(shape: Shape) -> float:
    """Logarithm of the share of experts that a token does not visit."""
    if not shape.experts:
        return 0.0
    return math.log1p(-shape.top_k / shape.experts) if shape.top_k < shape.experts else -1e9


def models(pairs: Sequence[tuple[Shape, Format]]) -> Models:
    """A table of models in formats, in the order given.

    Args:
        pairs: models in their formats.

    Returns:
        Columns, a row per pair.
    """

    def column(value: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.array([float(value(s, f)) for s, f in pairs])

    whole = np.inf
    return Models(
        layers=column(lambda s, f: s.layers),
        moe_layers=column(lambda s, f: s.moe_layers),
        hidden=column(lambda s, f: s.hidden),
        attention=column(lambda s, f: s.attention_weights),
        dense=column(lambda s, f: s.dense_weights),
        experts_weights=column(lambda s, f: s.expert_weights),
        experts=column(lambda s, f: max(s.experts, 1)),
        top_k=column(lambda s, f: max(s.top_k, 1)),
        log_missed=column(lambda s, f: _log_missed(s)),
        head=column(lambda s, f: s.head_weights),
        cache=column(lambda s, f: s.cache_width * s.full_layers),
        cache_shares=column(lambda s, f: s.cache_shares),
        prefill_pair=column(lambda s, f: s.pair_flops[0] * s.full_layers),
        decode_pair=column(lambda s, f: s.pair_flops[1] * s.full_layers),
        window=column(lambda s, f: s.window or whole),
        windowed=column(lambda s, f: s.window_layers / s.full_layers if s.window else 0.0),
        sparse=column(lambda s, f: s.sparse or whole),
        state=column(lambda s, f: s.state),
        dense_bytes=column(lambda s, f: f.dense),
        expert_bytes=column(lambda s, f: f.expert),
        cache_bytes=column(lambda s, f: f.cache),
        dense_math=np.array([MATH.index(f.dense_math) for _, f in pairs], np.int64),
        expert_math=np.array([MATH.index(f.expert_math) for _, f in pairs], np.int64),
    )


def devices(gpus: Sequence[Device]) -> Devices:
    """A table of GPUs, in the order given.

    Args:
        gpus: the GPUs.

    Returns:
        Columns, a row per GPU.
    """
    measured = collectives()
    return Devices(
        bandwidth=np.array([d.bandwidth for d in gpus]),
        memory=np.array([d.memory for d in gpus]),
        peak=np.array([[d.peak(math) for math in MATH] for d in gpus]),
        link=np.array([d.link for d in gpus]),
        node=np.array([float(d.node) for d in gpus]),
        power=np.array([d.power for d in gpus]),
        reduce=np.array([measured[d.name] for d in gpus]),
    )


@cache
def collectives() -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    """Seconds of an all-reduce by GPU: (3, 21), on 2, 4, 8 GPUs, of 512 B to 512 MiB."""
    text = json.loads((DATA / "collectives.json").read_text())
    # a larger message is never faster: where a measurement says so it is noise
    return {
        name: np.maximum.accumulate(np.array(rows), axis=1) * 1e-6
        for name, rows in text["all_reduce"].items()
    }


@cache
def constants() -> Mapping[str, Mapping[str, float]]:
    """Fitted constants of each engine."""
    found: Mapping[str, Mapping[str, float]] = json.loads((DATA / "constants.json").read_text())
    return found


def engines(values: Mapping[str, Mapping[str, float]] | None = None) -> Engines:
    """The table of engines, in the order of ``ENGINES``.

    Args:
        values: constants by engine and name (default: the fitted ones that ship).

    Returns:
        Columns, a row per engine.
    """
    chosen = constants() if values is None else values
    return Engines(*(np.array([chosen[e][k] for e in ENGINES]) for k in Engines._fields))


GPUS = tuple(DEVICES)
