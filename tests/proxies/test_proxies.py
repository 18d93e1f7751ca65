import json

import numpy as np
import pytest
from archgym.cost_models.binning import Binned
from archgym.cost_models.boosting import to_words
from archgym.cost_models.forest_arrays import join, predict, stack
from archgym.cost_models.leaf_masks import masks
from archgym.cost_models.packed_trees import PackedTrees
from threadpoolctl import threadpool_limits

from archgym import Metric, Simulator, categorical, ordinal, powers_of_two, registry
from archgym.answers.evaluator import make_evaluator
from archgym.answers.proxied import ProxiedAnswers
from archgym.contracts.evaluation import Evaluation
from archgym.datasets.blocks import hash_designs
from archgym.datasets.schema import Description
from archgym.errors import ArchgymError, UnknownNameError
from archgym.goals.scenario_file import from_document
from archgym.proxies.features import FeatureMap
from archgym.proxies.folder import digest_of
from archgym.proxies.prediction import conformal_quantile
from archgym.proxies.proxy import Proxy
from archgym.proxies.quality import evaluate
from archgym.proxies.rows import ProxyError, Rows
from archgym.proxies.training import train
from archgym.runs import runner
from archgym.runs.verify import verify
from archgym.space import DesignSpace
from archgym.testing import check_cost_model

MODELS = registry.names("cost_models")
SMALL = {"random_forest": {"trees": 20}, "mlp_ensemble": {"epochs": 50, "width": 64, "depth": 2},
         "gradient_boosting": {"trees": 200}, "lightgbm": {"trees": 200}}  # fmt: skip


class Smooth(Simulator):
    """Four knobs, two metrics of which one spans decades, a corner that does not work."""

    name, version = "smooth", "1"
    metrics = (Metric("latency", "s"), Metric("energy", "J"))
    space = DesignSpace(
        (
            ordinal("size", powers_of_two(1, 2048), "", "KiB", "log"),
            ordinal("ways", tuple(range(1, 13))),
            categorical("policy", ("lru", "fifo", "random")),
            ordinal("clock", tuple(range(10, 50))),
        )
    )

    def __init__(self, workload="w", gain=1.0):
        self.workload = self.workload_hash = str(workload)
        self.gain = float(gain)

    @property
    def config(self):
        return {"gain": self.gain}

    def _evaluate(self, x):
        c = self.space.columns(x)
        size, ways, clock = (c[n].astype(float) for n in ("size", "ways", "clock"))
        latency = self.gain * 1e-6 * (1 + 0.2 * x[:, 2]) / (size**0.7 * clock) * (1 + 0.05 * ways)
        energy = 1e-9 * (3 + 0.2 * np.sqrt(size) + 0.1 * ways + 0.02 * clock)
        ok = ~((ways > 8) & (size < 8))
        return Evaluation(
            {"latency": np.where(ok, latency, np.nan), "energy": np.where(ok, energy, np.nan)},
            ok, ["" if o else "too many ways" for o in ok],
        )  # fmt: skip


def rows_of(n, seed, simulator=None, workloads=("w",)):
    parts = []
    for i, w in enumerate(workloads):
        sim = simulator or Smooth(w, gain=1 + i)
        x = sim.space.sample(n, np.random.default_rng(seed))
        parts.append((sim, x, sim.evaluate(x)))
    x = np.concatenate([p[1] for p in parts])
    metrics = {
        m.name: np.concatenate([p[2].metrics[m.name] for p in parts]) for m in Smooth.metrics
    }
    return Rows(
        Description(Smooth.space, Smooth.metrics), x, metrics,
        np.concatenate([p[2].feasible for p in parts]), hash_designs(x),
        np.repeat(np.arange(len(workloads)), n), tuple(workloads), tuple(p[0].key for p in parts),
    )  # fmt: skip


class Trained(dict):
    """A proxy by model, trained when it is first asked for."""

    def __missing__(self, model):
        self[model] = train(rows_of(3000, 0), model, hyperparameters=SMALL.get(model))
        return self[model]


@pytest.fixture(scope="module")
def trained():
    return Trained()


def fresh(n=2500):
    return rows_of(n, 99)


@pytest.mark.parametrize("model", MODELS)
def test_a_model_learns_and_its_intervals_cover(trained, model):
    proxy = trained[model]
    assert proxy.logarithmic == ("latency",), "it spans decades"
    for q in evaluate(proxy, fresh()):
        limit = {"ridge": 0.12, "random_forest": 0.07}.get(model, 0.04)
        assert q.median_ape < limit, q
        assert 0.85 <= q.coverage <= 0.95, q  # 434 rows calibrate
        assert q.tau > 0.9 and q.r2 > 0.8


@pytest.mark.parametrize("model", MODELS)
def test_infeasible_designs_are_expected_to_be(trained, model):
    rows = fresh()
    p = trained[model].predict(rows.x)
    right = ((p.feasible >= 0.5) == rows.feasible).mean()
    assert right > (0.85 if model == "ridge" else 0.95)


@pytest.mark.parametrize("model", MODELS)
def test_a_saved_proxy_predicts_the_same_bits(tmp_path, trained, model):
    proxy, x = trained[model], fresh(300).x
    proxy.save(tmp_path / "p")
    again = Proxy.load(tmp_path / "p")
    a, b = proxy.predict(x), again.predict(x)
    for name in proxy.metrics:
        assert np.array_equal(a.mean[name], b.mean[name]) and np.array_equal(
            a.high[name], b.high[name]
        )
    assert np.array_equal(a.feasible, b.feasible) and np.array_equal(a.shift, b.shift)
    assert again.digest == proxy.digest and again.facts["rows"] == proxy.facts["rows"]


@pytest.mark.parametrize("model", MODELS)
def test_training_is_repeatable(trained, model):
    if model in ("gaussian_process", "mlp_ensemble"):
        rows, hyper = rows_of(400, 0), SMALL.get(model)
        assert (
            train(rows, model, hyperparameters=hyper).digest
            == train(rows, model, hyperparameters=hyper).digest
        )
    else:
        assert (
            train(rows_of(3000, 0), model, hyperparameters=SMALL.get(model)).digest
            == trained[model].digest
        )


def test_predictions_of_a_batch_are_those_of_its_rows(trained):
    x = fresh(40).x
    for model in ("random_forest", "gradient_boosting"):
        whole, _ = trained[model].means(x)
        single = [trained[model].means(x[i : i + 1])[0]["latency"][0] for i in range(len(x))]
        assert whole["latency"].tolist() == single


def test_compiled_trees_are_scikit_learns():
    from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor

    rng = np.random.default_rng(0)
    # of fewer rows boosting stops early; of more values versions of scikit-learn take other quantiles
    features, target = rng.integers(0, 200, (1200, 5)) / 200, rng.random(1200)
    forest = registry.load("cost_models", "random_forest")(trees=20)
    forest.fit(features, target[:, None])
    reference = RandomForestRegressor(20, random_state=0, oob_score=True).fit(
        features.astype(np.float32), target
    )
    assert np.allclose(
        forest.predict(features)[0][:, 0],
        reference.predict(features.astype(np.float32)),
        rtol=1e-12,
    )
    booster = registry.load("cost_models", "gradient_boosting")(trees=200)
    booster.fit(features, np.stack([target, -target], axis=1))
    reference = HistGradientBoostingRegressor(
        max_iter=200,
        max_leaf_nodes=63,
        learning_rate=0.1,
        min_samples_leaf=5,
        early_stopping=False,
        random_state=0,
    )
    with threadpool_limits(1):  # its threads wait for each other on busy machines
        reference.fit(features, target)
    mean = booster.predict(features)[0]
    # scikit-learn keeps residuals in single precision
    assert np.allclose(mean[:, 0], reference.predict(features), rtol=1e-6, atol=1e-6)
    assert np.allclose(mean[:, 0], -mean[:, 1], rtol=1e-6)


@pytest.mark.parametrize("leaves", [15, 63, 127])
def test_leaves_by_masks_are_those_of_the_descent(leaves):
    """Values between thresholds, on them and beyond them; trees of more than 64 leaves descend."""
    rng = np.random.default_rng(1)
    features = rng.integers(0, 9, (1500, 6)).astype(float)
    targets = np.stack([features[:, 0] * features[:, 1], rng.random(1500), features[:, 2]], axis=1)
    booster = registry.load("cost_models", "gradient_boosting")(trees=200, leaves=leaves)
    table = Binned.of(features)
    arrays = join([booster._grow(table, column, 70) for column in targets.T])
    found = masks(arrays)
    assert (found is None) == (leaves == 127)
    if found is not None:
        asked = np.concatenate([features[:200], rng.normal(4, 4, (200, 6))])
        asked[0, :4] = np.unique(arrays["threshold"][np.isfinite(arrays["threshold"])])[:4]
        assert np.array_equal(found.sums(asked, 3), predict(arrays, asked, 3)[0])


def test_an_ensemble_of_bare_leaves_has_masks():
    bare = {"feature": [-1], "threshold": [0.0], "left": [0], "right": [0], "value": [[2.5]]}
    tree = {name: np.array(v) for name, v in bare.items()}
    assert masks(stack([tree] * 70)).sums(np.zeros((3, 2)), 1).tolist() == [[175.0]] * 3
    assert masks(stack([tree] * 70)).sums(np.zeros((0, 2)), 1).shape == (0, 1)


@pytest.mark.parametrize("damage", [(0, 0), (1, 1), (0, 3), (0, 4)])
def test_nodes_that_are_no_tree_have_no_masks(damage):
    """A leaf for a root, a shared child, one outside of the tree: nothing loops or reads beyond."""
    tree = {
        "feature": np.array([0, 1, -1, -1, -1]), "threshold": np.arange(5.0),
        "left": np.array([1, 3, 0, 0, 0]), "right": np.array([2, 4, 0, 0, 0]),
        "value": np.arange(5.0)[:, None],
    }  # fmt: skip
    arrays = stack([tree])
    assert masks(arrays).sums(np.array([[0.0, 0.5], [0.0, 2.0], [1.0, 0.0]]), 1)[:, 0].tolist() == [
        3, 4, 2,
    ]  # fmt: skip
    node, child = damage
    arrays["child"][node] = child
    assert masks(arrays) is None


def _grown(rng, value_columns, nodes=60):
    """A tree of random splits at random numbers of both signs, the two zeros among them."""
    tree = {n: [] for n in ("feature", "threshold", "left", "right", "value")}
    leaves = [0]
    tables = [tree[n] for n in tree]
    for table in tables:
        table.append(-1)
    while len(tree["feature"]) < nodes:
        at = leaves.pop(int(rng.integers(len(leaves))))
        left = len(tree["feature"])
        for table in tables:
            table += [-1, -1]
        tree["feature"][at] = int(rng.integers(3))
        tree["threshold"][at] = float(rng.choice([-0.0, 0.0, rng.normal()]))
        tree["left"][at], tree["right"][at] = left, left + 1
        leaves += [left, left + 1]
    count = len(tree["feature"])
    out = {n: np.array(tree[n]) for n in ("feature", "threshold", "left", "right")}
    return out | {"value": rng.normal(size=(count, value_columns))}


@pytest.mark.parametrize("n", [0, 1, 5, 300])
def test_packed_trees_add_what_the_descent_adds(n):
    """One row goes down all trees at once, many go down one tree after the other: the same bits."""
    rng = np.random.default_rng(3)
    arrays = stack([_grown(rng, 2, int(rng.integers(1, 90))) for _ in range(30)])
    asked = np.concatenate([rng.normal(size=(n // 2, 3)), rng.choice([-0.0, 0.0], (n - n // 2, 3))])
    if n:  # on thresholds, and beyond all
        seen = arrays["threshold"][np.isfinite(arrays["threshold"])]
        asked[0] = rng.choice(seen, 3)
        asked[-1] = [-1e30, 1e30, 1e39]
    with np.errstate(over="ignore"):
        found = PackedTrees.of(arrays).sums(asked, 2, squares=True)
        expected = predict(arrays, asked, 2, squares=True)
    assert all(np.array_equal(a, b) for a, b in zip(found, expected))


@pytest.mark.parametrize("n", [1, 40])
def test_packed_trees_stay_inside_on_numbers_that_are_none(n):
    """NaN fails every comparison; above all thresholds it would step from a leaf to what lies behind."""
    rng = np.random.default_rng(4)
    arrays = stack([_grown(rng, 1, int(rng.integers(1, 90))) for _ in range(30)])
    nothing = np.full((n, 3), np.nan)
    asked = np.concatenate([nothing, -nothing, rng.normal(size=(n, 3))])
    asked[-1, 1] = np.nan
    for x in (asked, asked[:n], asked[-n:]):
        assert np.array_equal(PackedTrees.of(arrays).sums(x, 1)[0], predict(arrays, x, 1)[0])


def test_trees_that_do_not_fit_into_words_are_not_packed():
    rng = np.random.default_rng(3)
    arrays = stack([_grown(rng, 1)])
    inner = np.flatnonzero(arrays["child"] != np.arange(len(arrays["child"])))
    wide = arrays | {"feature": arrays["feature"].copy()}
    wide["feature"][inner[0]] = 1023
    assert PackedTrees.of(wide) is not None
    wide["feature"][inner[0]] = 1024
    assert PackedTrees.of(wide) is None
    above = arrays | {"child": arrays["child"].copy()}
    above["child"][inner[0]] = -1
    assert PackedTrees.of(above) is None


@pytest.mark.parametrize("size", [0.0, 1e-300, 5e-324])
def test_residuals_next_to_nothing_are_no_words(size):
    """Their scale would be infinite, and infinity times 0 is no whole number."""
    words = np.zeros(3, np.int64)
    to_words(np.array([0.0, size, -size]), np.int64(2), words)
    assert words.tolist() == [1, 1, 1]
    to_words(np.array([0.0, 0.5, -1.0]), np.int64(2), words)
    assert (words >> 2).tolist() == [0, 2**57, -(2**58)]


@pytest.mark.parametrize("trees", [1, 64, 65, 300])
def test_masks_of_any_number_of_trees(trees):
    rng = np.random.default_rng(trees)
    grown = [_grown(rng, 1, int(rng.integers(1, 60))) for _ in range(trees)]
    arrays = stack(grown, sorted(rng.integers(0, 3, trees).tolist()))
    asked = rng.normal(size=(50, 3))
    assert np.array_equal(masks(arrays).sums(asked, 3), predict(arrays, asked, 3)[0])


def test_features_keep_order_scale_and_kind():
    f = FeatureMap(Smooth.space, ("a", "b"))
    assert f.names == [
        "size", "ways", "policy=lru", "policy=fifo", "policy=random", "clock", "workload=a", "workload=b",
    ]  # fmt: skip
    x = Smooth.space.encode(
        [{"size": s, "ways": 1, "policy": "fifo", "clock": 10} for s in (1, 2, 4, 2048)]
    )
    table = f(x, 1)
    assert table[:, 0] == pytest.approx([0, 1 / 11, 2 / 11, 1])
    assert table[0, 2:].tolist() == [0, 1, 0, 0, 0, 1]


def test_the_shift_grows_away_from_the_data():
    rows = rows_of(4000, 0)
    near = np.flatnonzero(rows.x[:, 0] < 6)
    proxy = train(rows.take(near), "random_forest", hyperparameters=SMALL["random_forest"])
    test = fresh()
    shift = proxy.predict(test.x).shift
    inside = (test.x[:, 0] < 6) & test.feasible
    assert (shift[inside] > 1).mean() < 0.1, "about as often as calibrated: one in twenty"
    far = test.x[:, 0] >= 10
    assert shift[far].min() > 1.5 and np.median(shift[far]) > 3 * np.median(shift[inside])


def test_one_proxy_serves_several_workloads():
    rows = rows_of(2000, 0, workloads=("w", "v"))
    proxy = train(rows, "gradient_boosting", hyperparameters=SMALL["gradient_boosting"])
    x = np.array([[5, 3, 1, 20]])
    slow, fast = (proxy.predict(x, w).mean["latency"][0] for w in ("v", "w"))
    assert slow / fast == pytest.approx(2, rel=0.1)
    with pytest.raises(ProxyError, match="not on 'u'"):
        proxy.predict(x, "u")


def test_conformal_quantile():
    scores = np.arange(1.0, 20.0)
    assert conformal_quantile(scores, 0.9) == 18 and conformal_quantile(scores, 0.5) == 10
    assert conformal_quantile(scores[:5], 0.9) == np.inf, "too few rows promise nothing"
    several = np.stack([scores, 2 * scores])
    assert conformal_quantile(several, 0.9).tolist() == [18, 36]
    assert conformal_quantile(several[:, :5], 0.9).tolist() == [np.inf, np.inf]


# ---------------------------------------------------------------- in a simulator's place
def scenario(**more):
    return from_document(
        {
            "name": "smooth",
            "simulator": "tests.proxies.test_proxies:Smooth",
            "workload": "w",
            "objectives": ["latency * energy"],
            "reference": {"size": 16, "ways": 2, "policy": "lru", "clock": 20},
            "budget": 60,
        }
        | more
    )


def test_a_proxys_guesses_are_never_mistaken_for_the_truth(tmp_path, trained):
    trained["random_forest"].save(tmp_path / "p")
    by, there = f"proxy:{tmp_path / 'p'}", scenario()
    evaluator = make_evaluator(there, by)
    assert not evaluator.exact and evaluator.answers[0].simulator.key == Smooth().key
    done = runner.run(there, "genetic_algorithm", answers=by, output=tmp_path / "r", plots=False)
    assert done.result["charged"] == 60
    again = runner.resume(tmp_path / "r", plots=False)
    assert again.result == done.result
    report = verify(tmp_path / "r", sample=None)
    assert report["differences"] == [], "only the simulator's own evaluations are recorded"
    assert report["checked"] == done.result["computed"] < 60


def test_a_run_does_not_go_on_with_another_proxy(tmp_path, trained):
    trained["random_forest"].save(tmp_path / "p")
    by = f"proxy:{tmp_path / 'p'}"
    runner.run(scenario(), answers=by, output=tmp_path / "r", plots=False)
    trained["ridge"].save(tmp_path / "p")
    with pytest.raises(ArchgymError, match="another proxy"):
        runner.resume(tmp_path / "r", plots=False)


def test_nothing_of_a_proxy_folder_runs_code_or_changes_unseen(tmp_path, trained):
    trained["ridge"].save(tmp_path / "p")
    path = tmp_path / "p" / "proxy.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "logarithmic": []}))
    with pytest.raises(ProxyError, match="digest differs"):
        Proxy.load(tmp_path / "p")
    kept = {k: document[k] for k in document if k not in ("digest", "arrays")}
    evil = kept | {"model": "os:system"}
    with np.load(tmp_path / "p" / document["arrays"]) as file:
        arrays = {k.replace("|", "/"): file[k] for k in file.files}
    evil |= {
        "digest": digest_of(evil, arrays),
        "arrays": document["arrays"],
    }  # anyone can compute it
    path.write_text(json.dumps(evil))
    with pytest.raises(UnknownNameError, match="cost model"):
        Proxy.load(tmp_path / "p")


def test_a_proxy_of_something_else_is_refused(tmp_path, trained):
    proxy = trained["ridge"]
    for other, message in (
        (Smooth("v"), "workload 'v'"), (Smooth("w", gain=2), "other data"),
    ):  # fmt: skip
        with pytest.raises(ProxyError, match=message):
            ProxiedAnswers(other, proxy)

    class Wider(Smooth):
        space = DesignSpace((*Smooth.space.parameters, ordinal("more", (1, 2))))

    with pytest.raises(ProxyError, match="another design space"):
        ProxiedAnswers(Wider(), proxy)
    with pytest.raises(ArchgymError, match="proxy:PATH"):
        make_evaluator(scenario(), "proxy")


# ---------------------------------------------------------------- bad input
def test_too_little_data_and_constants_are_refused():
    with pytest.raises(ProxyError, match="too few for this space of 4 knobs"):
        train(rows_of(12, 0), "ridge")
    rows = rows_of(200, 0)
    rows.metrics["energy"][rows.feasible] = 3.0
    proxy = train(rows, "ridge")
    assert proxy.facts["constant"] == {"energy": 3.0}
    assert set(proxy.predict(rows.x).mean["energy"].tolist()) == {3.0}
    assert [q.metric for q in evaluate(proxy, rows)] == ["latency"]
    rows.metrics["latency"][rows.feasible] = 1e-6
    with pytest.raises(ProxyError, match="every metric is the same"):
        train(rows, "ridge")
    with pytest.raises(UnknownNameError, match="did you mean 'random_forest'"):
        train(rows_of(200, 0), "random_forrest")
    with pytest.raises(ArchgymError, match="hyperparameter of cost model 'random_forest': 'tree'"):
        train(rows_of(200, 0), "random_forest", hyperparameters={"tree": 3})


def test_a_damaged_proxy_is_refused(tmp_path, trained):
    trained["ridge"].save(tmp_path / "p")
    (arrays,) = (tmp_path / "p").glob("arrays-*.npz")
    kept = arrays.read_bytes()
    arrays.write_bytes(kept[: len(kept) // 2])
    with pytest.raises(ProxyError, match="damaged"):
        Proxy.load(tmp_path / "p")
    arrays.write_bytes(kept)
    file = tmp_path / "p" / "proxy.json"
    document = json.loads(file.read_text())
    file.write_text(json.dumps(document | {"digest": "0" * 32}))
    with pytest.raises(ProxyError, match="digest differs"):
        Proxy.load(tmp_path / "p")
    file.write_text(json.dumps(document | {"format": 99}))
    with pytest.raises(ProxyError, match="format 99"):
        Proxy.load(tmp_path / "p")
    with pytest.raises(ProxyError, match="archgym train"):
        Proxy.load(tmp_path / "none")


# ---------------------------------------------------------------- the command
def test_train_reports_on_every_split_and_the_proxy_is_used(tmp_path, capsys):
    import yaml

    from archgym.cli import main

    file = tmp_path / "smooth.yaml"
    file.write_text(yaml.safe_dump(dict(scenario().document)))
    runs = []
    for agent in ("random_walk", "genetic_algorithm"):
        runs.append(str(tmp_path / agent))
        command = ["run", str(file), "--agent", agent, "--budget", "400", "--output", runs[-1]]
        assert main([*command, "--no-plots", "--json"]) == 0
    data, proxy = str(tmp_path / "d.parquet"), str(tmp_path / "p")
    assert main(["export", *runs, "--to", data, "--json"]) == 0
    capsys.readouterr()
    command = ["train", data, "--model", "ridge", "--output", proxy, "--tune", "4", "--json"]
    assert main(command) == 0
    said = json.loads(capsys.readouterr().out)
    assert {q["split"] for q in said["qualities"]} == {"random", "agent", "region"}
    assert "one workload only" in said["skipped"]["workload"]
    assert main(["run", str(file), "--answers", f"proxy:{proxy}", "--output", str(tmp_path / "r"),
                 "--no-plots", "--json"]) == 0  # fmt: skip
    assert main(["train", data, "--model", "ridge", "--set", "degre=1", "--output", proxy]) == 2
    assert main(["train", data, "--model", "ridge", "--set", "degree=7", "--output", proxy]) == 2


def test_one_proxy_serves_several_workloads_by_their_features(tmp_path):
    from archgym import load_scenario
    from archgym.collection.sample import sample
    from archgym.datasets.reader import Dataset

    scenario = load_scenario("dram/programs-joint", ["bfs@300", "xz@600", "json@900"])
    sample(scenario, 120, tmp_path / "d.parquet")
    data = Dataset(tmp_path / "d.parquet")
    assert data.description.workloads["xz"]["requests"] == 600
    rows = Rows.of(data)
    proxy = train(rows, "ridge", hyperparameters={"degree": 1})
    assert "workload.requests" in proxy.features.names
    assert not any(n.startswith("workload=") for n in proxy.features.names)
    proxy.save(tmp_path / "p")
    again = Proxy.load(tmp_path / "p")
    assert again.features.names == proxy.features.names
    few = rows.x[:5]
    one, other = (again.predict(few, w).mean["total_time"] for w in ("bfs", "json"))
    assert (one < other).all(), "a third of the requests"


def test_workloads_that_nothing_is_known_of_get_a_column_each():
    named = FeatureMap(Smooth.space, ("a", "b"))
    same = FeatureMap(Smooth.space, ("a", "b"), {"a": {"n": 1.0}, "b": {"n": 1.0}})
    assert named.names[-2:] == same.names[-2:] == ["workload=a", "workload=b"]


@pytest.mark.parametrize("name", MODELS)
def test_cost_models_keep_their_contract(name):
    make = registry.load("cost_models", name)
    hyper = SMALL.get(name, {})
    check_cost_model(lambda **more: make(**{**hyper, **more}))


def test_intervals_of_a_column_are_those_that_inference_sees():
    """Each threshold parts the very rows that its code does, whatever single precision makes of it."""
    rng = np.random.default_rng(3)
    near = 1 + 2.0**-23 * rng.integers(0, 3, 900)  # neighbours among numbers of single precision
    table = Binned.of(np.stack([near, rng.normal(size=900), np.ones(900)], axis=1))
    assert table.bins.tolist()[:2] == [3, 255] and table.bins.tolist()[2:] == [1, 1]
    for c in range(2):
        ends = table.thresholds[table.starts[c] :][: table.bins[c]]
        above = (table.features[:, c, None] > ends[None, :-1]).sum(axis=1)
        assert np.array_equal(above, table.codes[0, :, c])
    assert np.array_equal(table.take(near > 1).codes[0], table.codes[0][near > 1])


def test_threads_change_no_bit_of_an_ensemble(monkeypatch):
    rng = np.random.default_rng(4)
    features = rng.random((1100, 4))
    targets = np.stack([features[:, 0] ** 2, rng.random(1100)], axis=1)
    found = []
    for threads in ("1", "3"):
        monkeypatch.setenv("ARCHGYM_THREADS", threads)
        booster = registry.load("cost_models", "gradient_boosting")(trees=200, leaves=15)
        booster.fit(features, targets)
        found.append(booster.arrays())
    assert found[0].keys() == found[1].keys()
    assert all(np.array_equal(found[0][name], found[1][name]) for name in found[0])


def test_boosting_finds_nothing_in_targets_that_do_not_change():
    booster = registry.load("cost_models", "gradient_boosting")()
    features = np.random.default_rng(5).random((1200, 3))
    booster.fit(features, np.full((1200, 1), 0.7))
    assert np.allclose(booster.predict(features)[0], 0.7, rtol=1e-12)
