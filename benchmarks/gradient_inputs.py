"""Candidates by gradient on the inputs of a heteroscedastic ensemble (BOSHNAS, of CODEBench).

    python benchmarks/gradient_inputs.py

An ensemble learns 300 random designs of a scenario.  Twenty new designs are proposed, each to have the
least mean less one deviation: *gradient* starts at the twenty best known designs, follows Adam's steps on
the features within [0, 1] and takes the nearest values; *candidates* ranks random designs, neighbours and
mutations of the best, as ``bayesian_optimization`` does.  Then both are really evaluated.  Ten repetitions;
*beats* counts those whose best proposal is better than the best known design.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from archgym.agents.surrogate import Features, History, candidates
from archgym.cost_models.mlp_ensemble import MlpEnsemble
from common import options, show
from numpy.typing import NDArray

from archgym import Scenario, load_scenario
from archgym.space import Designs

Floats = NDArray[np.float64]
SCENARIOS = ("codesign/w1-joint", "codesign/measured-joint")
KNOWN, PROPOSED, STEPS, RATE, REPEATS = 300, 20, 100, 0.03, 10


def bound(arrays: Any, members: int, x: torch.Tensor) -> torch.Tensor:
    """Mean less one deviation (n,) of features (n, p), as ``MlpEnsemble`` predicts them."""
    means, variances = [], []
    x = (x - torch.as_tensor(arrays["centre"])) / torch.as_tensor(arrays["scale"])
    layers = int(arrays["layers"][0])
    for member in range(members):
        h = x.float()
        for i in range(layers):
            h = h @ torch.as_tensor(arrays[f"{member}.{i}.w"]) + torch.as_tensor(
                arrays[f"{member}.{i}.b"]
            )
            h = torch.nn.functional.silu(h) if i < layers - 1 else h
        means.append(h[:, 0])
        variances.append(h[:, 1].clamp(-14, 4).exp())
    mean = torch.stack(means)
    spread = (torch.stack(variances).mean(0) + mean.var(0, unbiased=False)).sqrt()
    return mean.mean(0) - spread


def by_gradient(model: MlpEnsemble, scenario: Scenario, start: Designs) -> Designs:
    """Designs (n, d) whose features are nearest to where the bound is least."""
    features = Features(scenario.space)
    x = torch.tensor(features(start), requires_grad=True)
    optimizer = torch.optim.Adam([x], lr=RATE)
    for _ in range(STEPS):
        optimizer.zero_grad()
        bound(model.arrays(), int(model.hyper["members"]), x).sum().backward()
        optimizer.step()
        with torch.no_grad():
            x.clamp_(0, 1)
    found, out, at = x.detach().numpy(), start.copy(), 0
    for i, table in enumerate(features._tables):
        here = found[:, at : at + table.shape[1]]
        out[:, i] = ((here[:, None] - table) ** 2).sum(axis=2).argmin(axis=1)
        at += table.shape[1]
    return out[scenario.space.is_valid(out)]


def by_candidates(
    model: MlpEnsemble, scenario: Scenario, history: History, rng: np.random.Generator
) -> Designs:
    """The designs (n, d) of least bound among random ones, neighbours and mutations."""
    best = history.x[np.argsort(history.costs[:, 0], kind="stable")[:4]]
    pool = candidates(scenario.space, history, best, 2_000, rng)
    value = _value(model, scenario, pool)
    return pool[np.argsort(value, kind="stable")[:PROPOSED]]


def _value(model: MlpEnsemble, scenario: Scenario, x: Designs) -> Floats:
    mean, spread = model.predict(Features(scenario.space)(x))
    return (mean - spread)[:, 0]


def once(scenario: Scenario, seed: int) -> dict[str, tuple[float, float, float, float]]:
    """Of each way: median bound, best and median cost, and how many designs were new; less the best known."""
    rng = np.random.default_rng(seed)
    x = np.unique(scenario.space.sample(KNOWN, rng), axis=0)
    costs = scenario.costs(scenario.evaluate(x))[:, 0]
    ok = np.isfinite(costs)
    x, costs = x[ok], costs[ok]
    history = History(len(scenario.space), 1)
    history.add(x, costs[:, None])
    rank = np.argsort(np.argsort(costs)) / len(
        costs
    )  # the goal's scale may leap where a spec is broken
    target = (rank - rank.mean()) / rank.std()
    model = MlpEnsemble(seed=seed, width=64, depth=2, epochs=200, members=3)
    model.fit(Features(scenario.space)(x), target[:, None])
    start = x[np.argsort(costs, kind="stable")[:PROPOSED]]
    proposals = {
        "gradient": history.unknown(by_gradient(model, scenario, start)),
        "candidates": by_candidates(model, scenario, history, rng),
    }
    out = {}
    for name, found in proposals.items():
        if not len(found):
            out[name] = (np.nan, np.inf, np.inf, 0.0)
            continue
        cost = scenario.costs(scenario.evaluate(found))[:, 0]
        value = _value(model, scenario, found)
        out[name] = (
            float(np.median(value)),
            cost.min() - costs.min(),
            float(np.median(cost)),
            float(len(found)),
        )
    return out


def main() -> None:
    given = options(__doc__ or "")
    torch.set_num_threads(1)
    for name in SCENARIOS:
        scenario = load_scenario(name)
        found = [once(scenario, seed) for seed in range(REPEATS)]
        rows = []
        for way in ("gradient", "candidates"):
            value, best, median, new = np.array([f[way] for f in found]).T
            rows.append(
                {
                    "proposals": way, "median bound": f"{np.nanmedian(value):.2f}",
                    "new designs of 20": f"{np.mean(new):.1f}", "median cost": f"{np.median(median):.4g}",
                    "best cost less the best known": f"{np.median(best):+.4g}",
                    "beats": f"{(best < 0).sum()} of {REPEATS}",
                }
            )  # fmt: skip
        show(name, rows, given.json)


if __name__ == "__main__":
    main()
