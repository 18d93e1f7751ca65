"""Fit the constants of ``simulators/serving`` to measured rows, and show what they are worth.

Errors are shown in sample and with one model family, or one GPU, left out of the fit.  The constants of
an engine are a common value and its own deviation, both held near a prior, so that an engine with few
rows borrows from the others.

    python benchmarks/fit_serving.py ROWS.csv            # shows errors
    python benchmarks/fit_serving.py ROWS.csv --write    # and writes constants and residuals
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from archgym.simulators.serving import rows as measured
from archgym.simulators.serving import validation
from archgym.simulators.serving.arguments import Engines
from archgym.simulators.serving.devices import DEVICES
from archgym.simulators.serving.intervals import calibrate
from archgym.simulators.serving.kernel import aggregated_all
from archgym.simulators.serving.predict import mechanistic
from archgym.simulators.serving.tables import DATA, ENGINES, devices, engines, models
from scipy.optimize import least_squares

# constant: first guess, how far the common value and an engine's deviation may be from it (log)
PRIORS = {
    "bandwidth": (0.8, 0.2, 0.15),
    "cache": (0.6, 0.4, 0.2),
    "experts": (0.7, 0.15, 0.15),
    "decode_math": (0.6, 0.3, 0.2),
    "decode_expert_math": (0.35, 0.4, 0.2),
    "step": (0.7e-3, 1.0, 0.5),
    "attention_layer": (20e-6, 0.5, 0.25),
    "dense_layer": (8e-6, 0.5, 0.25),
    "expert_layer": (35e-6, 0.5, 0.25),
    "sparse_layer": (60e-6, 0.5, 0.1),
    "sequence": (10e-6, 1.0, 0.5),
    "latency": (0.4, 0.5, 0.3),
    "transfer": (1.0, 0.3, 0.15),
    "prefill_math": (0.6, 0.12, 0.1),
    "prefill_expert_math": (0.25, 0.3, 0.2),
    "prefill_pass": (5e-3, 0.7, 0.5),
    "prefill_layer": (50e-6, 0.7, 0.3),
    "attention_math": (0.3, 0.4, 0.1),
    "interruption": (1.0, 0.2, 0.15),
    "answer": (50e-3, 0.8, 0.7),
    "answer_steps": (1.5, 0.6, 0.4),
    "queue": (0.3, 0.7, 0.4),
    "burst": (0.07, 0.8, 0.4),
    "chunk": (8192.0, 0.3, 0.3),
    "wave": (4.0, 0.7, 0.4),
}
SCALES = (0.22, 0.12)  # log errors of TTFT and TPOT beyond which a row counts little


def unpack(theta: np.ndarray) -> Engines:
    """Constants of the engines from the fitted vector: common values, then deviations by engine."""
    n = len(PRIORS)
    common, own = theta[:n], theta[n:].reshape(n, len(ENGINES))
    table = np.exp(common[:, None] + own)
    return Engines(*(table[list(PRIORS).index(k)].copy() for k in Engines._fields))


def predict(data: measured.Rows, table, gpus, constants: Engines) -> np.ndarray:
    """(n, 4) of the kernel."""
    out = np.empty((len(data.ttft), 4))
    aggregated_all(table, gpus, constants, data.setups, out)
    return out


def fit(data: measured.Rows, start_at: np.ndarray | None = None, steps: int = 40) -> np.ndarray:
    """The vector of constants with the least robust error of both metrics."""
    table, gpus = models(data.pairs), devices(list(DEVICES.values()))
    first = np.log([p[0] for p in PRIORS.values()])
    start = np.concatenate([first, np.zeros(len(PRIORS) * len(ENGINES))])
    width = [p[1] for p in PRIORS.values()]
    width += [p[2] for p in PRIORS.values() for _ in ENGINES]

    def residuals(theta: np.ndarray) -> np.ndarray:
        out = predict(data, table, gpus, unpack(theta))
        r = np.concatenate(
            [
                np.log(out[:, 0] / data.ttft) / SCALES[0],
                np.log(out[:, 1] / data.tpot) / SCALES[1],
            ]
        )
        # far rows count by the logarithm of their distance: hidden settings, not physics
        r = np.sign(r) * np.sqrt(2 * np.log1p(r * r / 2))
        return np.concatenate([r, (theta - start) / width])

    first_theta = start if start_at is None else start_at
    found: np.ndarray = least_squares(residuals, first_theta, max_nfev=steps, ftol=1e-5).x
    return found


def errors(out: np.ndarray, data: measured.Rows) -> np.ndarray:
    """Relative errors of TTFT and TPOT, (n, 2)."""
    return np.abs(out[:, :2] / np.stack([data.ttft, data.tpot], axis=1) - 1.0)


def left_out(data: measured.Rows, groups: np.ndarray, start: np.ndarray) -> dict[str, np.ndarray]:
    """Constants fitted without each group."""
    found = {}
    for g in np.unique(groups):
        found[str(g)] = fit(data.take(np.flatnonzero(groups != g)), start, 6)
    return found


def show(what: str, out: np.ndarray, data: measured.Rows, groups: np.ndarray | None = None) -> None:
    e = errors(out, data) * 100
    bias = np.log(out[:, :2] / np.stack([data.ttft, data.tpot], axis=1))
    print(
        f"{what:28s} n {len(e):5d}  TPOT {np.median(e[:, 1]):5.1f} (mean {e[:, 1].mean():4.0f}) %"
        f"  TTFT {np.median(e[:, 0]):5.1f} (mean {e[:, 0].mean():4.0f}) %"
        f"  bias {np.median(bias[:, 1]):+.2f} {np.median(bias[:, 0]):+.2f}",
        flush=True,
    )
    if groups is not None:
        for g in np.unique(groups):
            k = np.flatnonzero(groups == g)
            show("  " + str(g), out[k], data.take(k))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--quick", action="store_true", help="in sample only")
    parser.add_argument("--keep", action="store_true", help="the constants that are there")
    parser.add_argument(
        "--warm", action="store_true", help="start from the constants that are there"
    )
    options = parser.parse_args()
    data = measured.aggregated(measured.read(options.rows), str(options.rows))
    table, gpus = models(data.pairs), devices(list(DEVICES.values()))
    first = np.zeros(len(PRIORS) * (1 + len(ENGINES)))
    first[: len(PRIORS)] = np.log([p[0] for p in PRIORS.values()])
    fits = np.flatnonzero(predict(data, table, gpus, unpack(first))[:, 3] > 0)
    print(
        f"{len(data.ttft) - len(fits)} of {len(data.ttft)} rows do not fit the memory of their GPUs"
    )
    data = data.take(fits)
    family = np.array([data.pairs[v][0].name for v in data.setups.model])
    gpu = np.array([r["gpu"] for r in data.rows])
    theta = fitted() if options.keep else fit(data, fitted() if options.warm else None)
    found = unpack(theta)
    show("in sample", predict(data, table, gpus, found), data, family)
    for name in Engines._fields:
        print(f"  {name:20s}", *(f"{x:10.4g}" for x in getattr(found, name)))
    if options.write:
        write("constants.json", document(theta))
    if options.quick:
        return
    left = {}
    for what, groups in (("models", family), ("gpus", gpu)):
        thetas = left_out(data, groups, theta)
        left[what] = {g: document(t) for g, t in thetas.items()}
        out = np.empty((len(groups), 4))
        for g, t in thetas.items():
            own = np.flatnonzero(groups == g)
            out[own] = predict(data.take(own), table, gpus, unpack(t))
        show(f"{what} left out", out, data, groups)
    if options.write:
        write("left_out.json", left)
        validation.constants_without.cache_clear()
        ranges(data, family, gpu)


def ranges(data: measured.Rows, family: np.ndarray, gpu: np.ndarray) -> None:
    """Intervals from rows left out in turn, with models and with GPUs."""
    out = mechanistic(data.pairs, data.setups)
    ways = (
        (validation.left_out(data, validation.folds(data), out), np.ones(len(family))),
        (validation.unseen(data, "models"), validation.alike(family)),
        (validation.unseen(data, "gpus"), validation.alike(gpu)),
    )
    table = calibrate(
        np.concatenate([p.nearness for p, _ in ways]),
        np.concatenate([validation.ratios(data, p) for p, _ in ways]),
        np.concatenate([w for _, w in ways]),
    )
    write("intervals.json", table)


def fitted() -> np.ndarray:
    """The vector of the constants that are there; what engines share is their mean."""
    table = np.log([getattr(engines(), k) for k in PRIORS])
    common = table.mean(axis=1)
    return np.concatenate([common, (table - common[:, None]).ravel()])


def document(theta: np.ndarray) -> dict:
    """Constants by engine and name, six digits."""
    found = unpack(theta)
    return {
        e: {k: float(f"{getattr(found, k)[i]:.6g}") for k in Engines._fields}
        for i, e in enumerate(ENGINES)
    }


def write(name: str, value: object) -> None:
    (DATA / name).write_text(json.dumps(value, indent=1) + "\n")


if __name__ == "__main__":
    main()
