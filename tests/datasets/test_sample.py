"""Uniform samples, and the data sets that ship."""

import json

import numpy as np
import pytest

from archgym import load_scenario
from archgym.cli import main
from archgym.collection.sample import sample
from archgym.datasets.reader import Dataset
from archgym.datasets.shipped import found, shipped
from archgym.domains import domains
from archgym.errors import ArchgymError
from archgym.proxies.rows import Rows
from archgym.proxies.training import train


def test_a_sample_is_what_the_simulator_says_and_no_two_rows_behave_alike(tmp_path):
    scenario = load_scenario("mapping/resnet18-conv2-loops")
    rows, _ = sample(scenario, 300, tmp_path / "a.parquet", seed=4)
    data = Dataset(tmp_path / "a.parquet")
    assert rows == len(data) == 300 == len(np.unique(data.canonical))
    e = scenario.simulators[0].evaluate(data.x)
    assert np.array_equal(e.metrics["energy"], data.metric("energy"), equal_nan=True)
    sample(scenario, 300, tmp_path / "b.parquet", seed=4)
    assert np.array_equal(data.x, Dataset(tmp_path / "b.parquet").x)
    assert set(data.column("agent")) == {"uniform"}


def test_a_space_that_is_exhausted_gives_what_it_has(tmp_path):
    from archgym.goals.scenario_file import from_document

    scenario = load_scenario("mapping/resnet18-conv2-loops")
    pinned = {p.name: p.values[0] for p in scenario.space.parameters[:-1]}
    goal = {"objectives": [{"metric": "energy", "reference": 1.0}], "reference": None}
    small = from_document({**scenario.document, "parameters": pinned, **goal})
    rows, _ = sample(small, 1_000, tmp_path / "a.parquet")
    assert 0 < rows <= small.space.cardinality < 1_000


def test_several_workloads_give_a_row_each(tmp_path, monkeypatch):
    scenario = load_scenario("dram/programs-joint", ["bfs@500", "xz@500"])
    rows, _ = sample(scenario, 20, tmp_path / "a.parquet")
    data = Dataset(tmp_path / "a.parquet")
    assert rows == 40 and set(data.column("workload")) == {"bfs", "xz"}
    assert len(np.unique(data.canonical)) == 20


def test_the_command_and_bad_counts(tmp_path, capsys):
    target = tmp_path / "a.parquet"
    words = ["dataset", "sample", "mapping/resnet18-conv2-loops", "--to", str(target)]
    assert main([*words, "--rows", "50", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 50
    with pytest.raises(ArchgymError, match="at least 1 row"):
        sample(load_scenario("mapping/resnet18-conv2-loops"), 0, target)
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_shipped_data_set_is_what_its_simulator_says(name):
    from pathlib import Path

    data = Dataset(found(Path(name)))
    scenario = load_scenario(str(data.column("scenario")[0]))
    (simulator,) = scenario.simulators
    assert set(data.column("simulator")) == {simulator.key}, "make datasets again"
    few = np.arange(0, len(data), 97)
    e = simulator.evaluate(data.x[few])
    for metric in simulator.metrics:
        # the file was made on another processor, whose compiler may fuse a multiplication and an addition
        np.testing.assert_allclose(
            e.metrics[metric.name], data.metric(metric.name)[few], rtol=1e-13, atol=0
        )
    proxy = train(Rows.of(data), "ridge")
    assert proxy.keys == (simulator.key,)


def test_the_samples_of_the_domains_ship():
    samples = {n: s for d in domains().values() for n, s in d.samples.items()}
    assert len(samples) >= 6 and set(samples) == set(shipped())
    for name, stated in samples.items():
        data = Dataset(shipped()[name])
        assert set(data.column("scenario")) == {stated.scenario} and len(data) == stated.rows
