"""The roofline of a deployment: how near each part of its passes comes to what its GPU allows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archgym.contracts.drawing import Drawing
from archgym.figures.roofline import NOTE, Dot, roofline

from .arguments import Setups
from .phases import (
    BANDWIDTH,
    DECODE,
    OPERATIONS,
    PREFILL,
    Decode,
    Prefill,
    Tables,
    passes,
    relaxed,
)
from .pools import Pools


def dots_of(t: Tables, s: Setups, p: Pools, running: float) -> list[Dot]:
    """The parts of a design's passes that move bytes and do operations, by the constants alone.

    Args:
        t: what is known of models, GPUs and engines.
        s: one configuration that can run.
        p: its workers of prefill and decode.
        running: sequences at once.

    Returns:
        A dot per part that takes time.
    """
    decode, prefill = passes(t, s, p, 0, running)
    out: list[Dot] = []
    ways: tuple[tuple[str, Decode | Prefill, Sequence[str]], ...] = (
        ("decode", decode, DECODE), ("prefill", prefill, PREFILL),
    )  # fmt: skip
    for phase, one, parts in ways:
        moving, doing = (one.seconds(relaxed(t, r)) for r in (OPERATIONS, BANDWIDTH))
        for name, seconds, m, f in list(zip(parts, one.seconds(t), moving, doing))[:4]:
            if seconds:
                balance = f / m if m else np.inf
                limit = BANDWIDTH if m >= f else OPERATIONS
                out.append(
                    Dot(phase, name, float(seconds), float(balance), float(f / seconds), limit)
                )
    return out


def drawing(dots: Sequence[Dot]) -> Drawing:
    """Parts of a design's passes under their roof.

    Args:
        dots: of :func:`dots_of`.

    Returns:
        The drawing with its title and note.
    """
    return Drawing("Roofline of decode and prefill", NOTE, roofline(dots))
