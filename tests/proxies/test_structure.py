"""Features of simulators inside a proxy: bound, refused, saved as words and numbers alone."""

import dataclasses

import numpy as np
import pytest

from archgym import train_proxy
from archgym.answers.proxied import ProxiedAnswers
from archgym.collection.sample import sample
from archgym.contracts.features import Features, check_features
from archgym.contracts.wrappers import Counted
from archgym.datasets.reader import Dataset
from archgym.errors import EvaluationError
from archgym.goals.scenario_file import load_scenario
from archgym.proxies.hooks import simulators_for
from archgym.proxies.matching import require_trained_on
from archgym.proxies.proxy import Proxy
from archgym.proxies.quality import evaluate
from archgym.proxies.rows import ProxyError, Rows
from archgym.proxies.training import train

from .test_proxies import Smooth, rows_of


class Described(Smooth):
    """Smooth, which says that latency is about one over a power of the size, and how fast its workload is."""

    features_version = "1"
    config = {}

    def __init__(self, workload="w1"):
        super().__init__(workload, gain=float(workload[1:]))

    def _features(self, x):
        c = self.space.columns(x)
        size, clock = c["size"].astype(float), c["clock"].astype(float)
        values = np.stack([size * clock, np.full(len(x), self.gain)], axis=1)
        return Features(("area", "gain"), values, {"latency": self.gain * 1e-6 / (size * clock)})


def described(gains, n=1500, seed=0):
    named = [Described(f"w{g}") for g in gains]
    parts = []
    for s in named:
        x = s.space.sample(n, np.random.default_rng(seed))
        parts.append((s, x, s.evaluate(x)))
    plain = rows_of(n, seed, workloads=tuple(s.workload for s in named))
    metrics = {
        m.name: np.concatenate([p[2].metrics[m.name] for p in parts]) for m in Smooth.metrics
    }
    fingerprints = {s.key: s.fingerprint() for s in named}
    return named, dataclasses.replace(
        plain,
        metrics=metrics,
        keys=tuple(s.key for s in named),
        description=dataclasses.replace(plain.description, fingerprints=fingerprints),
    )


@pytest.fixture(scope="module")
def learnt():
    named, rows = described((1, 2, 5))
    return named, train(rows, "random_forest", hyperparameters={"trees": 20}, simulators=named)


def test_what_a_simulator_suggests_is_learnt_from(learnt):
    _, proxy = learnt
    _, fresh = described((1, 2, 5), n=500, seed=9)
    knobs = train(described((1,))[1], "random_forest", hyperparameters={"trees": 20})
    latency = next(q for q in evaluate(proxy, fresh) if q.metric == "latency")
    before = next(q for q in evaluate(knobs, described((1,), 500, 9)[1]) if q.metric == "latency")
    assert latency.median_ape < before.median_ape, "it learns what the estimate leaves"
    assert 0.85 < latency.coverage < 0.95
    assert proxy.estimated == ("latency",) and proxy.structure.names == ("area", "gain")


def test_a_workload_that_was_not_learnt_from(learnt):
    _, proxy = learnt
    other = Described("w3")
    require_trained_on(proxy, other)
    answers = ProxiedAnswers(other, proxy)
    x = other.space.sample(300, np.random.default_rng(3))
    truth, guess = other.evaluate(x), answers(x)
    both = truth.feasible & guess.feasible
    error = guess.metrics["latency"][both] / truth.metrics["latency"][both] - 1
    assert np.median(np.abs(error)) < 0.1, "features tell workloads apart, not their names"
    assert answers.learnt() is None
    with pytest.raises(ProxyError, match="other data"):
        require_trained_on(train(described((1,))[1], "ridge"), other)


def test_a_loaded_proxy_needs_the_simulator_and_its_version(tmp_path, learnt):
    named, proxy = learnt
    proxy.save(tmp_path / "p")
    again, x = Proxy.load(tmp_path / "p"), named[1].space.sample(50, np.random.default_rng(1))
    assert again.digest == proxy.digest
    with pytest.raises(ProxyError, match=r"proxy.bound\(simulator\)"):
        again.predict(x, "w2")
    bound = again.bound(*named)
    assert np.array_equal(
        bound.predict(x, "w2").high["latency"], proxy.predict(x, "w2").high["latency"]
    )
    assert np.array_equal(
        again.bound(Counted(named[1])).means(x, "w2")[0]["latency"],
        proxy.means(x, "w2")[0]["latency"],
    )

    class Later(Described):
        features_version = "2"

    for other in (Later("w2"), Smooth("w2", gain=2)):
        with pytest.raises(ProxyError, match=r"features '1' of simulator 'smooth'.*train it again"):
            again.bound(other)
        with pytest.raises(ProxyError, match="train it again"):
            require_trained_on(again, other)


def test_columns_far_outside_of_the_training_rows_are_limited(learnt):
    named, proxy = learnt
    far = Described("w2")
    far.gain = 1e6
    columns, _ = proxy.structure.of_designs(far, far.space.sample(20, np.random.default_rng(2)))
    gain = columns[:, proxy.structure.names.index("gain")]
    assert (gain == 2).all(), "one range beyond"
    inside, _ = proxy.structure.of_designs(named[1], proxy.rows.of_workload("w2").x)
    assert inside.min() >= 0 and inside.max() <= 1


def test_a_batch_of_structural_proxies_is_its_rows(learnt):
    named, proxy = learnt
    x = named[0].space.sample(40, np.random.default_rng(2))
    whole = proxy.means(x, "w1")[0]["latency"]
    assert [proxy.means(x[i : i + 1], "w1")[0]["latency"][0] for i in range(40)] == whole.tolist()


def test_features_that_break_their_contract_name_all_faults():
    bad = Features(("a", "a"), np.array([[1.0, np.nan]]), {"latency": np.array([0.0])})
    with pytest.raises(EvaluationError) as caught:
        check_features(bad, 1, "x")
    told = str(caught.value)
    assert "twice: a" in told and "not finite: a" in told and "'latency' is not positive" in told
    assert Smooth().features(np.zeros((3, 4), int)).values.shape == (3, 0)


def test_simulators_are_made_from_the_data_alone(tmp_path):
    scenario = load_scenario("mapping/resnet18-conv2-loops")
    sample(scenario, 400, tmp_path / "d.parquet")
    rows = Rows.of(Dataset(tmp_path / "d.parquet"))
    (simulator,) = simulators_for("auto", rows)
    assert simulator.key == rows.keys[0]
    proxy = train_proxy(tmp_path / "d.parquet", "random_forest", hyperparameters={"trees": 20})
    assert proxy.structure is not None and "latency" in proxy.estimated
    knobs = train_proxy(tmp_path / "d.parquet", "ridge", features="knobs")
    assert knobs.structure is None
    changed = dataclasses.replace(rows.description, fingerprints={})
    with pytest.raises(ProxyError, match="no structural features: workload"):
        simulators_for("structure", dataclasses.replace(rows, description=changed))
    assert simulators_for("auto", dataclasses.replace(rows, description=changed)) == ()
    with pytest.raises(ProxyError, match="auto, knobs, structure"):
        simulators_for("everything", rows)


def test_data_of_a_simulator_that_gives_none_is_learnt_from_knobs():
    with pytest.raises(ProxyError, match="known"):
        simulators_for("structure", rows_of(100, 0))
    assert simulators_for("auto", rows_of(100, 0)) == ()
