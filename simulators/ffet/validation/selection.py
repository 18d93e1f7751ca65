"""What choosing the best of several noisy runs adds to a gain: F6 as a paper would run it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from archgym.validation import Check

from .averages import Averages
from .published import DUAL, FFET, SHARES, SOURCE

LAYERS = (12, 8, 6)
DRAWS = 4000


def as_a_paper(a: Averages) -> list[Check]:
    """One run of each of 15 options, the best reported, over one run of the single-sided design.

    Every run has a placement of its own, as another netlist gives a tool.  The second row does the
    same with 15 options that are all worth nothing: what selection alone makes of the noise.

    Args:
        a: of a simulator.

    Returns:
        Two rows that tell, and demand nothing.
    """
    base = a.of(FFET)["frequency"]
    options = np.array(
        [
            a.of(replace(DUAL, back_pin_share=s, front_layers=n, back_layers=n))["frequency"]
            for s in SHARES
            for n in LAYERS
        ]
    )
    truth = float(options.mean(axis=1).max() / base.mean())
    rows = []
    for label, runs in (
        ("best of 15 options", options),
        ("best of 15 options of no worth", np.tile(base, (len(options), 1))),
    ):
        low, middle, high = _best(runs, base)
        rows.append(
            Check(
                f"F6 as a paper would run it: {label}, single runs", SOURCE,
                f"{middle:.3f} ({low:.3f} to {high:.3f} in 9 of 10 cases)", "told", None,
                case=a.core, note=f"the best option's means of all placements give {truth:.3f}",
                figures={"value": middle, "low": low, "high": high},
            )
        )  # fmt: skip
    return rows


def _best(options: NDArray[np.float64], base: NDArray[np.float64]) -> tuple[float, float, float]:
    """The best of options (k, placements), each a run drawn by chance, over a run of ``base``.

    The 5th, 50th and 95th percentile.
    """
    rng = np.random.default_rng(0)
    count = options.shape[1]
    drawn = rng.integers(count, size=(DRAWS, len(options)))
    best = options[np.arange(len(options)), drawn].max(axis=1)
    low, middle, high = np.percentile(best / base[rng.integers(count, size=DRAWS)], (5, 50, 95))
    return float(low), float(middle), float(high)
