"""The training of small networks: their structure and gradients, resuming, and how reliable scores are."""

import itertools
import sys

import numpy as np
import pytest
from archgym.simulators.codesign.networks import FAMILIES, canonical, layers_of

from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

import measured_kernels as kernels
import measured_networks as networks
import measured_reliability as reliabilities
import measured_tasks as tasks
import measured_training as training

CASES = [("pairs", (4, 8, 2, 16, 1)), ("strokes", (2, 4, 8, 3, 2)), ("strokes", (1, 4, 2, 1, 2))]


@pytest.fixture
def small(monkeypatch):
    """Few images."""
    monkeypatch.setattr(tasks, "IMAGES", (64, 40, 40))
    training.data_of.cache_clear()
    yield
    training.data_of.cache_clear()


@pytest.mark.parametrize(("task", "choice"), CASES)
def test_layer_tables_are_those_of_the_networks_that_are_trained(task, choice):
    net = networks.Network(task, choice, 0)
    kinds = net.ops[np.isin(net.ops[:, 0], (kernels.CONV, kernels.LINEAR))]
    taps = np.where(kinds[:, 0] == kernels.CONV, 9, 1)
    places = kinds[:, kernels.SIZE] ** 2
    weights = kinds[:, kernels.INPUTS] * kinds[:, kernels.OUTPUTS] * taps
    layers = layers_of(task, choice)
    assert weights.tolist() == [layer.tensor_sizes()[0] for layer in layers]
    assert (weights * places).tolist() == [layer.macs for layer in layers]


def outputs_by_torch(net, p, x):
    """The outputs of a network's operations, carried out by torch on parameters p (a leaf)."""
    torch = pytest.importorskip("torch", reason="the extra 'rl' is not installed")
    nn = torch.nn.functional
    maps, sums = {0: x}, {}

    def read(at, channels, s):
        parts, end = [], at + channels * (s + 2) ** 2
        while at < end:
            parts.append(maps[at])
            at += parts[-1].shape[1] * (s + 2) ** 2
        return torch.cat(parts, dim=1)

    for kind, a, b, before, after, s, w, other in net.ops.tolist():
        if kind == kernels.CONV:
            weights = p[w : w + 9 * before * after].view(after, before, 3, 3)
            sums[b] = nn.conv2d(read(a, before, s), weights, padding=1)
        elif kind == kernels.LINEAR:
            weights = p[w : w + before * after].view(after, before, 1, 1)
            sums[b] = nn.conv2d(read(a, before, s), weights, p[other : other + after])
        elif kind == kernels.NORM:
            scale, shift = p[w : w + after], p[w + after : w + 2 * after]
            normal = nn.batch_norm(sums[a], None, None, scale, shift, training=True)
            maps[b] = normal.relu()
        elif kind == kernels.POOL:
            maps[b] = nn.max_pool2d(maps[a], 2)
        elif kind == kernels.ADD:
            maps[b] = maps[a] + maps[other]
        elif kind == kernels.UP:
            maps[b] = nn.interpolate(maps[a], scale_factor=2)
        else:
            maps[b] = maps[a].mean(dim=(2, 3), keepdim=True)
    return sums[b]


@pytest.mark.parametrize(("task", "choice"), CASES)
def test_outputs_and_gradients_are_those_of_torch(task, choice):
    torch = pytest.importorskip("torch", reason="the extra 'rl' is not installed")
    rng = np.random.default_rng(0)
    net = networks.Network(task, choice, 3)
    net.parameters += rng.normal(0, 0.2, len(net.parameters)).astype(np.float32)
    x = rng.normal(size=(kernels.BATCH, 4, 4, 4)).astype(np.float32)
    named = rng.integers(0, 10, (kernels.BATCH, 2))
    masks = (rng.random((kernels.BATCH, 4, 4, 4)) > 0.5).astype(np.float32)
    p = torch.tensor(net.parameters, requires_grad=True)
    out = outputs_by_torch(net, p, torch.tensor(x))
    if task == "pairs":
        loss = torch.nn.functional.cross_entropy(
            out.reshape(-1, 10), torch.tensor(named).reshape(-1)
        )
    else:
        loss = torch.nn.functional.binary_cross_entropy_with_logits(out, torch.tensor(masks))
    loss.backward()
    rows = np.arange(kernels.BATCH)
    dp, dx, dz = (np.zeros_like(v) for v in (net.parameters, net.maps, net.sums))
    saved = np.zeros_like(net.running)
    kernels.load(x, rows, net.maps)
    kernels.forward(net.ops, net.parameters, net.maps, net.sums, net.running, saved, True)
    mine = kernels.outputs_of(net.ops[-1], net.sums)
    assert np.allclose(mine, out.detach().numpy(), atol=1e-4)
    kernels._errors(net.ops[-1], net.sums, dz, named, masks, rows)
    turned = np.zeros_like(dp)
    kernels.backward(net.ops, net.parameters, dp, net.maps, dx, net.sums, dz, saved, turned)
    assert np.allclose(dp, p.grad.numpy(), atol=1e-4 * abs(dp).max())


def test_the_cycle_of_rates_is_that_of_torch():
    torch = pytest.importorskip("torch", reason="the extra 'rl' is not installed")
    optimizer = torch.optim.Adam([torch.zeros(1)])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, total_steps=50)
    asked = []
    for step in range(50):
        group = optimizer.param_groups[0]
        asked.append((group["lr"], group["betas"][0]))
        optimizer.step()
        if step < 49:
            schedule.step()
    assert np.allclose(np.transpose(networks.one_cycle(50, 0.02)), asked, rtol=1e-9)


def test_a_network_learns_and_answers_the_same_in_any_batch(small):
    data = training.data_of("strokes")
    net = networks.Network("strokes", (2, 4, 4, 1, 1), 1)
    before = training.score(net(data.train.x), data.train.y)
    order = np.random.default_rng(0).permuted(np.tile(np.arange(64), (60, 1)), axis=1)
    net.train(data.train.x, data.train.y, order[:, : kernels.BATCH], 0.02)
    assert training.score(net(data.train.x), data.train.y) > before + 0.2
    assert np.allclose(net(data.test.x)[7:9], net(data.test.x[7:9]), atol=1e-6)


def test_families_are_large_enough():
    for task in tasks.TASKS:
        every = training.choices(task)
        values = [p.values for p in FAMILIES[task].parameters()]
        assert set(every) == {canonical(task, c) for c in itertools.product(*values)}
        assert len(every) >= 600


def row(task, choice, seed, score):
    return f"{task},{'-'.join(map(str, choice))},{seed},1,{score},{score}\n"


def test_a_table_is_taken_up_where_it_stopped_and_the_best_get_more_seeds(tmp_path):
    path = tmp_path / "t.csv"
    every = training.choices("pairs")
    path.write_text(training.HEAD)
    assert len(training.jobs_of("pairs", path)) == len(every)
    rows = [row("pairs", c, s, 0.2 + i / 2000) for i, c in enumerate(every) for s in range(5)]
    path.write_text(training.HEAD + "".join(rows[:17] + rows[18:]))
    assert training.jobs_of("pairs", path) == [("pairs", every[3], (2,))]
    path.write_text(training.HEAD + "".join(rows) + row("pairs", every[-1], 6, 0.5))
    more = training.jobs_of("pairs", path)
    assert len(more) == len(every) // 5 and {c for _, c, _ in more} == set(every[-len(more) :])
    assert {c: s for _, c, s in more}[every[-1]] == (5, *range(7, 15))
    rows += [row("pairs", c, s, 0.5) for _, c, _ in more for s in range(5, 15)]
    path.write_text(training.HEAD + "".join(rows))
    assert not list(training.rounds(["pairs"], path))


@pytest.mark.parametrize("task", tasks.TASKS)
def test_data_are_the_same_every_time_and_parts_share_no_image(task, small):
    a, b = tasks.TASKS[task](), tasks.TASKS[task]()
    assert np.array_equal(a.train.x, b.train.x) and np.array_equal(a.test.y, b.test.y)
    assert a.train.x.shape == (64, 4, 4, 4)
    assert a.train.y.shape == ((64, 2) if task == "pairs" else (64, 4, 4, 4))
    assert not np.array_equal(a.validation.x, a.test.x)
    if task == "pairs":
        assert (a.train.y[:, 0] != a.train.y[:, 1]).all()
    else:
        assert 0.05 < a.train.y.mean() < 0.8 and set(np.unique(a.train.y)) == {0.0, 1.0}


def test_places_are_squares_of_two_by_two_pixels():
    image = np.arange(64.0).reshape(1, 1, 8, 8)
    found = tasks._places(image)[0]
    assert found[:, 0, 0].tolist() == [0, 1, 8, 9] and found[:, 1, 0].tolist() == [16, 17, 24, 25]


def test_collapsed_trainings_are_repeated_with_other_weights(monkeypatch):
    asked = []

    def trained(task, choice, seed, data):
        asked.append(seed)
        return {1: 0.5, 1001: 0.1}.get(seed, 0.8), 0.7

    monkeypatch.setattr(training, "trained", trained)
    monkeypatch.setattr(training, "data_of", lambda task: None)
    rows = training.measured(("pairs", (2, 2, 0, 2, 0), (0, 1, 2))).splitlines()
    assert asked == [0, 1, 2, 1001, 2001]
    assert rows[0] == "pairs,2-2-0-2-0,0,1,0.80000,0.70000"
    assert rows[1] == "pairs,2-2-0-2-0,1,3,0.80000,0.70000"


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
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 1, (4000, 10))
    assert abs(reliabilities.top_reliability(noise[:, :5], noise[:, 5:])) < 0.4
    clear = np.linspace(0, 1, 500)[:, None] + rng.normal(0, 1e-4, (500, 10))
    assert reliabilities.top_reliability(clear[:, :5], clear[:, 5:]) > 0.99


@pytest.mark.parametrize("task", tasks.TASKS)
def test_the_best_of_the_table_that_ships_are_told_apart(task):
    known = reliabilities.scores_by_network(training.TABLE, task, "validation")
    first, more = reliabilities.first_and_more(known)
    assert more.shape[1] == training.MORE
    assert reliabilities.top_reliability(first, more) > 0.9
    assert reliabilities.reliability(first) > 0.97


def test_a_report_says_what_a_table_lacks(tmp_path, capsys):
    path = tmp_path / "t.csv"
    rows = [row("pairs", (n, 1, 0, 1, 0), s, f"0.{n}{s}") for n in range(20, 60) for s in range(5)]
    path.write_text(training.HEAD + "".join(rows[:-1]))
    reliabilities.report(path, ["pairs", "strokes"])
    said = capsys.readouterr().out
    assert "pairs: 39 networks, 5 seeds" in said and "the best lack seeds" in said
    assert "strokes: not trained yet" in said
    more = [
        row("pairs", (n, 1, 0, 1, 0), s, f"0.{n}{s}") for n in range(50, 60) for s in range(5, 10)
    ]
    path.write_text(training.HEAD + "".join(rows + more))
    reliabilities.report(path, ["pairs"])
    assert "in the top decile 1.000 by 10 seeds" in capsys.readouterr().out
