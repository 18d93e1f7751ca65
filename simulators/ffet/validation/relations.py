"""The published relations (papers.md C.1), each a function of averages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from archgym.validation import Check, near

from ..choices import Choices
from ..routing import layer_shares
from ..space import UTILIZATIONS
from ..technology import devices
from .averages import Averages
from .published import (
    BOUND,
    CFET,
    DUAL,
    FFET,
    FITTED_CORE,
    LAYER_RUNS,
    MODEST,
    PUBLIC,
    SEEN,
    SHARES,
    SOURCE,
)  # fmt: skip
from .selection import as_a_paper


def _check(a: Averages, quantity: str, measured: str, expected: str, holds: bool | None) -> Check:
    return Check(quantity, SOURCE, measured, expected, holds, case=a.core)


def _within(
    a: Averages, quantity: str, value: float, error: float, target: float, tolerance: float,
    *, fitted: bool = False, note: str = "",
) -> Check:  # fmt: skip
    """A ratio with its standard error, which widens the tolerance as an independent one does.

    ``fitted``: a constant was fitted on it, on one core.
    """
    held_out = not (fitted and a.core == FITTED_CORE)
    more = {"case": a.core, "held_out": held_out, "note": note}
    check = near(quantity, SOURCE, value, error, target, tolerance, **more)
    allowed = tolerance if np.isnan(error) else (tolerance**2 + error**2) ** 0.5
    return replace(check, holds=bool(abs(value - target) <= allowed))


def _area(a: Averages) -> list[Check]:
    height = devices()["ffet-3.5t"].height_tracks / devices()["cfet-4t"].height_tracks
    value, error = a.ratio("core_area", FFET, CFET)
    return [
        _within(a, "F1 cell area by height, FFET / CFET", height, 0.0, 0.875, 0.01, fitted=True),
        _within(a, "F2 core area at equal utilisation", value, error, 0.767, 0.015, fitted=True),
    ]


def _frequency(a: Averages) -> list[Check]:
    same, e1 = a.ratio("frequency", FFET, CFET)
    area = a.ratio("core_area", FFET, CFET)[0]
    looser, e2 = a.ratio("frequency", replace(FFET, utilization=FFET.utilization * area), CFET)
    return [
        _within(a, "F3 frequency at equal utilisation", same, e1, 1.25, 0.02, fitted=True),
        _within(a, "F5 frequency at equal core area", looser, e2, 1.16, 0.02, note=SEEN),
    ]


def _power(a: Averages) -> list[Check]:
    slow = [replace(c, target_ghz=MODEST) for c in (FFET, CFET)]
    value, error = a.ratio("power", *slow)
    note = f"F4 power at {MODEST:g} GHz, both sized for it"
    fast, e2 = a.ratio("energy_per_cycle", FFET, CFET)
    return [
        _within(a, note, value, error, 0.881, 0.02),
        _check(a, "F4 read otherwise: energy a cycle at the highest frequency",
                 f"{fast:.3f} ± {e2:.3f}", "told", None),
    ]  # fmt: skip


def _dual(a: Averages) -> list[Check]:
    best, pick = (0.0, 0.0), DUAL
    for share in SHARES[2:]:
        for layers in (12, 8):
            c = replace(DUAL, back_pin_share=share, front_layers=layers, back_layers=layers)
            if a.of(c)["drv"].mean() <= BOUND:
                found = a.ratio("frequency", c, FFET)
                if found > best:
                    best, pick = found, c
    power = [replace(c, target_ghz=MODEST) for c in (pick, FFET)]
    value, error = a.ratio("power", *power)
    where = f"{pick.back_pin_share:g} at the back, FM{pick.front_layers}BM{pick.back_layers}"
    return [
        _within(a, f"F6 best dual-sided ({where}) over FFET FM12: frequency", *best, 1.106, 0.015, note=SEEN),
        _check(a, f"F6 power at {MODEST:g} GHz", f"{value:.3f} ± {error:.3f}", "at most 1.01",
                 value <= 1.01),
    ]  # fmt: skip


def _fewer_layers(a: Averages) -> list[Check]:
    few = replace(DUAL, front_layers=5, back_layers=5)
    loss = highest(a, DUAL) - highest(a, few)
    slow, rich = (replace(c, target_ghz=MODEST) for c in (few, DUAL))
    efficiency, error = a.ratio("energy_per_cycle", rich, slow)
    speed, e2 = a.ratio("frequency", few, DUAL)
    return [
        _check(a, "F7 FM12BM12 to FM5BM5: highest utilisation lost", f"{100 * loss:.0f} points",
                 "at most 2 points", loss <= 0.02 + 1e-9),
        _check(a, "F7 GHz per W kept", f"{efficiency:.3f} ± {error:.3f}", "at least 0.97",
                 efficiency >= 0.97),
        _check(a, "F7 highest frequency kept", f"{speed:.3f} ± {e2:.3f}", "told", None),
    ]  # fmt: skip


def highest(a: Averages, choices: Choices) -> float:
    """The highest utilisation within the bound of violations.

    Every utilisation below it holds too.

    Args:
        a: of a simulator.
        choices: the design; its utilisation is replaced.

    Returns:
        The utilisation; NaN where none holds.
    """
    best = np.nan
    for u in UTILIZATIONS:
        if u < 0.6:
            continue
        if a.of(replace(choices, utilization=u, target_ghz=1.5))["drv"].mean() > BOUND:
            break
        best = u
    return best


def _utilization(a: Averages) -> list[Check]:
    cfet, ffet, dual = (highest(a, c) for c in (CFET, FFET, DUAL))
    areas = [replace(c, utilization=u, target_ghz=1.5) for c, u in ((DUAL, dual), (FFET, ffet))]
    value, error = a.ratio("core_area", *areas)
    found = f"{ffet:.2f}, {cfet:.2f}, {dual:.2f}"
    return [
        _within(a, "F8 least valid area, dual over single-sided FFET", value, error, 0.932, 0.015),
        _check(a, "F9 highest utilisation: FFET FM12 < CFET FM12 <= FFET FM12BM12", found,
                 "in order", bool(ffet < cfet <= dual)),
    ]  # fmt: skip


def _collapse(a: Averages) -> list[Check]:
    few = {
        n: a.of(replace(DUAL, front_layers=n, back_layers=n))["drv"].mean() for n in (3, 4, 5, 6)
    }
    steps = [
        a.of(replace(FFET, utilization=u, target_ghz=1.5))["drv"] for u in (0.6, 0.68, 0.76, 0.84)
    ]
    # a fall within its own standard error is none
    rises = np.diff(steps, axis=0)
    error = rises.std(axis=1, ddof=1) / rises.shape[1] ** 0.5 if rises.shape[1] > 1 else 0.0
    return [
        _check(a, "F10 violations of FM3BM3, FM4BM4, FM5BM5, FM6BM6 at 0.76",
                 ", ".join(f"{v:.0f}" for v in few.values()),
                 "above 10 at three, then falling (to within one)",
                 bool(few[3] > BOUND and all(few[n] >= few[n + 1] - 1 for n in (3, 4, 5)))),
        _check(a, "F10 violations over utilisation 0.60, 0.68, 0.76, 0.84",
                 ", ".join(f"{v.mean():.1f}" for v in steps), "rising",
                 bool(np.all(rises.mean(axis=1) >= -error))),
    ]  # fmt: skip


def _pin_share(a: Averages) -> list[Check]:
    found = {s: a.ratio("frequency", replace(DUAL, back_pin_share=s), FFET)[0] for s in SHARES}
    best = max(found, key=lambda s: found[s])
    return [
        _check(a, "F11 frequency over single-sided, share 0.04, 0.16, 0.3, 0.4, 0.5",
                 ", ".join(f"{v:.3f}" for v in found.values()),
                 "best at 0.3 to 0.5, 0.04 within 0.03 of 1",
                 bool(best >= 0.3 and abs(found[0.04] - 1) <= 0.03)),
    ]  # fmt: skip


def _shapes(a: Averages) -> list[Check]:
    targets = (0.6, 0.9, 1.2, 1.5, 1.8, 2.1, 2.4, 3.0)
    rows = [a.of(replace(CFET, target_ghz=t)) for t in targets]
    period = np.array([1e9 / max(1e-9, r["frequency"].mean()) for r in rows])
    area = np.array([r["core_area"].mean() for r in rows])
    rise = area / area[0] - 1
    shape = (period.min() / np.maximum(period, 1e3 / np.array(targets) * 1e-3)) ** 6
    slope = float((rise * shape).sum() / (shape**2).sum())
    fit = 1 - float(((rise - slope * shape) ** 2).sum() / ((rise - rise.mean()) ** 2).sum())
    volts = np.array([0.6, 0.65, 0.7, 0.75])
    energy = [
        a.of(replace(CFET, target_ghz=0.6, vdd=float(v)))["energy_per_cycle"].mean() for v in volts
    ]
    power = float(np.polyfit(np.log(volts), np.log(energy), 1)[0])
    return [
        _check(a, "F12 area over target: R2 of 1 + c (Tmin/T)^6", f"{fit:.2f}, c = {slope:.3f}",
                 "at least 0.9 (c = 0.37 on CFET Cortex-M0)", fit >= 0.9),
        _check(a, "F12 energy over supply: exponent", f"{power:.2f}", "2.3 to 2.4",
                 2.25 <= power <= 2.45),
    ]  # fmt: skip


def _overlay(a: Averages) -> list[Check]:
    at = {o: a.ratio("frequency", replace(FFET, overlay_nm=o), FFET) for o in (4.0, 8.0)}
    ahead = a.ratio("frequency", replace(FFET, overlay_nm=8.0), CFET)[0]
    return [
        _within(a, "F13 overlay of 4 nm: frequency", *at[4.0], 0.978, 0.003),
        _check(a, "F13 overlay of 8 nm: FFET over CFET", f"{ahead:.3f}",
                 "about 1 (the crossover of a ring)", abs(ahead - 1) <= 0.05),
    ]  # fmt: skip


def _wire(a: Averages) -> list[Check]:
    found = {c.technology: a.of(c)["wire_per_cell"].mean() for c in (CFET, FFET)}
    return [
        _check(a, "F14 routed wire per cell over root of cell area, CFET, FFET",
                 ", ".join(f"{v:.2f}" for v in found.values()), "11 to 13",
                 all(11 <= v <= 13 for v in found.values())),
    ]  # fmt: skip


def layers_of(a: Averages, choices: Choices) -> list[float]:
    """Where the wire of a design lies.

    Args:
        a: of a simulator.
        choices: the design.

    Returns:
        Shares on M2 and M3, on M4 and M5, and above.
    """
    runs = range(a.simulator.seed, a.simulator.seed + min(LAYER_RUNS, a.simulator.count))
    shares = np.mean(
        [layer_shares(a.simulator.build_one(choices, s)[0].routed) for s in runs], axis=0
    )
    return [float(part.sum()) for part in (shares[1:3], shares[3:5], shares[5:])]


def _layers(a: Averages) -> list[Check]:
    """Where the wire of a single-sided design lies; the price of a via was fitted on it."""
    found = [layers_of(a, choices) for choices in (CFET, FFET)]
    within = all(low <= round(v, 2) <= high for v, (low, high) in zip(found[0], PUBLIC))
    check = _check(a, "layers: wire on M2 and M3, M4 and M5, above, CFET; FFET",
                   "; ".join(", ".join(f"{v:.2f}" for v in row) for row in found),
                   "CFET: " + ", ".join(f"{low:g} to {high:g}" for low, high in PUBLIC), within)  # fmt: skip
    return [replace(check, held_out=a.core != FITTED_CORE)]


RELATIONS: tuple[Callable[[Averages], list[Check]], ...] = (
    _layers, _area, _frequency, _power, _dual, _fewer_layers, _utilization, _collapse, _pin_share,
    _shapes, _overlay, _wire, as_a_paper,
)  # fmt: skip
