"""How far a proxy departs from a simulator's scaled estimate."""

import dataclasses

import numpy as np
import pytest

from archgym.contracts.features import Features
from archgym.datasets.blocks import hash_designs
from archgym.proxies.folder import OF_KNOBS, SHRUNK, STRUCTURAL, digest_of
from archgym.proxies.proxy import Proxy
from archgym.proxies.quality import evaluate
from archgym.proxies.shrinking import Shrinking
from archgym.proxies.training import train

from .test_proxies import Smooth, rows_of

FEW = {"trees": 20}


def chance(x, of):
    """A number between 0 and 1 by design that no model can learn, (n,)."""
    return (hash_designs(x) // np.uint64(of) % np.uint64(1000)).astype(float) / 1000


class Estimated(Smooth):
    """Smooth with an estimate of its latency: nearly exact, exact, or noise."""

    features_version = "1"

    def __init__(self, kind):
        super().__init__("w")
        self.kind = kind

    def _features(self, x):
        c = self.space.columns(x)
        size, clock = c["size"].astype(float), c["clock"].astype(float)
        true = 1e-6 * (1 + 0.2 * x[:, 2]) / (size**0.7 * clock) * (1 + 0.05 * c["ways"])
        told = true / 3 if self.kind != "noise" else np.exp(2 * chance(x, 3))
        return Features(("area",), (size * clock)[:, None], {"latency": told})


def answers(kind, n, seed):
    """Rows; where the estimate is nearly exact, latency differs from it for 30 % of the designs."""
    rows = rows_of(n, seed)
    if kind != "nearly":
        return rows
    off = np.where(chance(rows.x, 7) < 0.3, np.exp(0.6 * chance(rows.x, 11) - 0.3), 1.0)
    return dataclasses.replace(
        rows, metrics={**rows.metrics, "latency": rows.metrics["latency"] * off}
    )


def latency_of(proxy, rows):
    return next(q for q in evaluate(proxy, rows) if q.metric == "latency")


def both(kind, model="random_forest", n=1500):
    """The quality of latency with and without shrinking, of its scaled estimate alone, and the proxy."""
    simulator = Estimated(kind)
    proxy = train(answers(kind, n, 0), model, hyperparameters=FEW if "forest" in model else None,
                  simulators=(simulator,))  # fmt: skip
    fresh = answers(kind, 2500, 99)
    works, truth = fresh.feasible, fresh.metrics["latency"]
    rough = 3 * simulator.features(fresh.x).estimates["latency"]
    alone = np.sqrt(np.mean((rough - truth)[works] ** 2)) / truth[works].mean()
    plain = dataclasses.replace(proxy, shrinking=None)
    return latency_of(proxy, fresh), latency_of(plain, fresh), alone, proxy


@pytest.mark.parametrize("model", ["random_forest", "gradient_boosting"])
def test_beside_a_nearly_exact_estimate_a_model_adds_no_noise(model):
    shrunk, plain, alone, _ = both("nearly", model)
    assert plain.relative_rmse > 1.05 * alone, "the model alone adds noise here"
    assert shrunk.relative_rmse < 1.02 * alone, "its error is that of the estimate"
    assert 0.87 < shrunk.coverage < 0.96


def test_an_exact_estimate_stays_exact():
    shrunk, _, alone, _ = both("exact")
    assert shrunk.relative_rmse < 1e-9 and alone < 1e-9


def test_a_useless_estimate_costs_nothing():
    shrunk, plain, alone, proxy = both("noise")
    assert alone > 10 * plain.relative_rmse
    assert shrunk.relative_rmse < 1.01 * plain.relative_rmse
    assert proxy.shrinking.share[0] > 0.95 and proxy.shrinking.share[1] == 1, (
        "energy has no estimate"
    )
    assert 0.87 < shrunk.coverage < 0.93


def test_a_share_is_least_squares_and_no_row_judges_itself():
    rng = np.random.default_rng(0)
    means, groups = rng.normal(size=(60, 2)), np.repeat(np.arange(20), 3)
    targets = 0.4 * means + 0.3 * rng.normal(size=(60, 2)) + [0.5, 0]
    weights = rng.uniform(0.1, 1, (60, 2))
    anchor = np.array([0.5, np.nan])
    found, said = Shrinking.of(targets, means, anchor, weights, groups)

    def error(share, kept):
        guess = 0.5 + share * (means[kept, 0] - 0.5)
        return (weights[kept, 0] * (targets[kept, 0] - guess) ** 2).sum()

    grid = np.linspace(0, 1, 2001)
    whole = grid[np.argmin([error(s, np.ones(60, bool)) for s in grid])]
    assert abs(found.share[0] - whole) < 1e-3 and found.share[1] == 1
    for group in (0, 7, 19):
        share = grid[np.argmin([error(s, groups != group) for s in grid])]
        assert np.allclose(
            said[groups == group, 0], 0.5 + share * (means[groups == group, 0] - 0.5), atol=3e-3
        )
    assert np.array_equal(said[:, 1], means[:, 1]) and np.array_equal(
        found(means)[:, 1], means[:, 1]
    )


def test_shares_stay_between_nothing_and_the_model():
    means = np.array([[1.0, 1.0, 0.0], [-1.0, -1.0, 0.0]])
    targets = np.array([[-2.0, 5.0, 1.0], [2.0, -5.0, -1.0]])
    found, _ = Shrinking.of(targets, means, np.zeros(3), np.ones((2, 3)), np.arange(2))
    assert found.share.tolist() == [0, 1, 1], "against, beyond, nothing said"


def test_shares_are_saved_and_folders_without_them_load(tmp_path):
    *_, proxy = both("nearly", n=400)
    x = proxy.description.space.sample(50, np.random.default_rng(1))
    for saved, form in ((proxy, SHRUNK), (dataclasses.replace(proxy, shrinking=None), STRUCTURAL)):
        saved.save(tmp_path / "p")
        assert saved._document()["format"] == form
        again = Proxy.load(tmp_path / "p").bound(Estimated("nearly"))
        assert again.digest == saved.digest
        assert np.array_equal(again.predict(x).high["latency"], saved.predict(x).high["latency"])
        assert np.array_equal(again.means(x)[0]["latency"], saved.predict(x).mean["latency"])
    knobs = train(rows_of(400, 0), "ridge")
    assert knobs._document()["format"] == OF_KNOBS and knobs.shrinking is None
    assert digest_of(knobs._document(), knobs._arrays()) == knobs.digest


class OneSided(Estimated):
    """Its energy is 0 for a third of the designs, where its estimate is next to nothing."""

    def _energy(self, x):
        own = 1e-9 * (3 + self.space.columns(x)["clock"].astype(float)) ** 2
        return np.where(x[:, 2] == 0, 0.0, own)

    def _features(self, x):
        found = super()._features(x)
        rough = np.maximum(self._energy(x) * (0.8 + 0.1 * chance(x, 5)), 1e-12)
        return dataclasses.replace(found, estimates={"energy": rough})


def one_sided(n, seed):
    rows = rows_of(n, seed)
    energy = np.where(rows.feasible, OneSided("exact")._energy(rows.x), np.nan)
    return dataclasses.replace(rows, metrics={**rows.metrics, "energy": energy})


def test_a_metric_with_zeros_is_learnt_beside_its_estimate(tmp_path):
    simulator, fresh, model = OneSided("exact"), one_sided(1500, 99), "random_forest"
    proxy = train(one_sided(300, 0), model, simulators=(simulator,))
    knobs = train(one_sided(300, 0), model)
    assert "energy" not in proxy.logarithmic and np.isnan(proxy.departures.slope[0])
    found, before = (
        next(q for q in evaluate(p, fresh) if q.metric == "energy") for p in (proxy, knobs)
    )
    works, truth = fresh.feasible, fresh.metrics["energy"]
    rough = proxy.departures.slope[1] * simulator.features(fresh.x).estimates["energy"]
    alone = np.sqrt(np.mean((rough - truth)[works] ** 2)) / truth[works].mean()
    assert found.relative_rmse < 1.05 * alone < before.relative_rmse
    none = works & (truth == 0)
    said = proxy.predict(fresh.x[none])
    assert np.abs(said.mean["energy"]).max() < 1e-3 * truth[works].max()
    proxy.save(tmp_path / "p")
    again = Proxy.load(tmp_path / "p").bound(simulator).predict(fresh.x[none])
    assert np.array_equal(again.low["energy"], said.low["energy"])
    assert np.array_equal(again.mean["energy"], proxy.means(fresh.x[none])[0]["energy"])


def test_a_metric_that_is_always_zero_stays_so():
    rows = one_sided(300, 0)
    rows = dataclasses.replace(
        rows, metrics={**rows.metrics, "energy": np.where(rows.feasible, 0.0, np.nan)}
    )
    proxy = train(rows, "ridge", simulators=(OneSided("exact"),))
    assert not proxy.means(rows.x)[0]["energy"].any() and proxy.facts["constant"] == {"energy": 0}
