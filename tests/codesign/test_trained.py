"""The training of small networks: twins of the layer tables, many at once, and how reliable scores are."""

import itertools
import sys

import numpy as np
import pytest
from archgym.simulators.codesign.networks import FAMILIES, canonical, layers_of

from tests.conftest import ROOT

torch = pytest.importorskip("torch", reason="the extra 'rl' is not installed")
sys.path.insert(0, str(ROOT / "benchmarks"))

import measured_networks as networks  # noqa: E402
import measured_reliability as reliabilities  # noqa: E402
import measured_tasks as tasks  # noqa: E402
import measured_training as training  # noqa: E402

CASES = [
    ("pairs", (4, 8, 2, 16, 1), (8, 2, 2, 4, 1)),
    ("strokes", (2, 4, 8, 3, 1), (2, 6, 2, 3, 1)),
    ("strokes", (1, 4, 2, 1, 2), (1, 16, 2, 1, 2)),
]


@pytest.mark.parametrize(("task", "choice", "other"), CASES)
def test_layer_tables_are_those_of_the_networks_that_are_trained(task, choice, other):
    net = networks.build(task, [choice], [0])
    kernels = sorted(m.weight.numel() for m in net.modules() if isinstance(m, torch.nn.Conv2d))
    assert kernels == sorted(layer.tensor_sizes()[0] for layer in layers_of(task, choice))


@pytest.mark.parametrize(("task", "choice", "other"), CASES)
def test_what_is_trained_side_by_side_does_not_see_its_neighbours(task, choice, other):
    """Narrow networks are padded with zeros, which stay zeros in training."""
    x = torch.randn(6, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    outputs = []
    for nets, seeds in (([choice], [1]), ([choice, other], [0, 1])):
        net = networks.build(task, nets, seeds)
        n = len(nets) * len(seeds)
        optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        for _ in range(3):
            loss = n * net(x.repeat(1, n, 1, 1)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        outputs.append(net.eval()(x.repeat(1, n, 1, 1))[:, 1 if n > 1 else 0].detach())
    assert torch.allclose(*outputs, atol=1e-3) and outputs[0].std() > 0.01


def test_families_are_large_enough_and_forms_train_together():
    for task in tasks.TASKS:
        every = training.choices(task)
        values = [p.values for p in FAMILIES[task].parameters()]
        assert set(every) == {canonical(task, c) for c in itertools.product(*values)}
        assert len(every) >= 600
        for _, together, seeds in training.jobs_of(task, 5, set()):
            assert len({networks.form(task, c) for c in together}) == 1 and seeds == tuple(range(5))


def test_a_table_is_taken_up_where_it_stopped():
    every = training.choices("pairs")
    done = {("pairs", "-".join(map(str, c)), s) for c in every for s in range(5)}
    assert training.jobs_of("pairs", 5, done) == []
    done.discard(("pairs", "-".join(map(str, every[3])), 2))
    assert training.jobs_of("pairs", 5, done) == [("pairs", (every[3],), (2,))]
    assert {j[2] for j in training.jobs_of("pairs", 6, done)} == {(5,), (2, 5)}


@pytest.mark.parametrize("task", tasks.TASKS)
def test_data_are_the_same_every_time_and_parts_share_no_image(task, monkeypatch):
    monkeypatch.setattr(tasks, "IMAGES", (40, 20, 20))
    a, b = tasks.TASKS[task](), tasks.TASKS[task]()
    assert torch.equal(a.train.x, b.train.x) and torch.equal(a.test.y, b.test.y)
    assert a.train.x.shape == (40, 4, 4, 4)
    assert a.train.y.shape == ((40, 2) if task == "pairs" else (40, 4, 4, 4))
    assert not torch.equal(a.validation.x, a.test.x)
    if task == "pairs":
        assert (a.train.y[:, 0] != a.train.y[:, 1]).all()
    else:
        assert 0.05 < a.train.y.mean() < 0.8 and set(a.train.y.unique().tolist()) == {0.0, 1.0}


def test_collapsed_trainings_are_repeated_with_other_weights(monkeypatch):
    asked = []

    def trained(job, data):
        _, nets, seeds = job
        asked.append(seeds)
        scores = torch.full((2, len(nets), len(seeds)), 0.8)
        if len(asked) == 1:
            scores[0, 0, 1] = 0.5
        if len(asked) == 2:
            scores[0] = 0.1
        return scores

    monkeypatch.setattr(training, "trained", trained)
    monkeypatch.setattr(training, "data_of", lambda task: None)
    rows = training.measured(("pairs", ((2, 2, 0, 2, 0),), (0, 1, 2))).splitlines()
    assert asked == [(0, 1, 2), (1001,), (2001,)]
    assert rows[0] == "pairs,2-2-0-2-0,0,1,0.80000,0.80000"
    assert rows[1] == "pairs,2-2-0-2-0,1,3,0.80000,0.80000"


# ---------------------------------------------------------------- reliability
def test_reliability_is_the_networks_share_of_the_variance_of_means():
    rng = np.random.default_rng(0)
    network, seed = rng.normal(0, 1, (4000, 1)), rng.normal(0, 3, 5)
    noise = rng.normal(0, 2, (4000, 5))
    asked = 1 / (1 + 4 / 5)
    assert reliabilities.reliability(network + noise) == pytest.approx(asked, abs=0.02)
    shifted = reliabilities.reliability(network + noise + seed)
    assert shifted == pytest.approx(reliabilities.reliability(network + noise)), "seeds in common"
    assert reliabilities.reliability(network + 0 * noise) == pytest.approx(1)
    assert abs(reliabilities.reliability(noise)) < 0.1


def test_the_best_are_not_chosen_by_the_scores_that_judge_them():
    """Of pure noise the top decile by its own mean would look spread; nothing is reliable there."""
    noise = np.random.default_rng(1).normal(0, 1, (4000, 5))
    assert abs(reliabilities.top_reliability(noise)) < 0.3
    clear = np.linspace(0, 1, 500)[:, None] + np.random.default_rng(2).normal(0, 1e-4, (500, 5))
    assert reliabilities.top_reliability(clear) > 0.99


def test_a_report_leaves_out_networks_that_lack_a_seed(tmp_path, capsys):
    path = tmp_path / "t.csv"
    rows = [f"pairs,{n}-1-0-1-0,{s},1,0.{n}{s},0.{n}{s}\n" for n in range(20, 60) for s in range(5)]
    path.write_text(training.HEAD + "".join(rows[:-1]))
    reliabilities.report(path, ["pairs", "strokes"])
    said = capsys.readouterr().out
    assert "pairs: 39 networks, 5 seeds" in said and "strokes: not trained yet" in said
