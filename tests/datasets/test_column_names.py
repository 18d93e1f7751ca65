"""One name for one thing in every file and frame; files of older versions are read under it."""

import csv
import dataclasses

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from archgym import Simulator, categorical, ordinal
from archgym.cli import main
from archgym.collection.export import export
from archgym.collection.formats import to_csv
from archgym.contracts.column_names import BOOKKEEPING, ColumnNames
from archgym.contracts.evaluation import Evaluation, Metric
from archgym.datasets.blocks import Block
from archgym.datasets.operations import merge
from archgym.datasets.reader import Dataset
from archgym.datasets.schema import METADATA, Description
from archgym.datasets.writer import DatasetWriter
from archgym.errors import UnknownNameError
from archgym.goals.scenario_file import from_document
from archgym.runs import runner
from archgym.runs.summary import read_trials
from archgym.space import DesignSpace
from archgym.sweeps import trials_file
from archgym.sweeps.plan import RunSpec


class Colliding(Simulator):
    """Knobs and metrics that are called like one another, and like columns of bookkeeping."""

    name, version = "colliding", "1"
    space = DesignSpace(
        [
            ordinal("energy", (1, 2, 4), unit="V"),
            categorical("step", ("a", "b")),
            ordinal("n", (5, 6)),
        ]
    )
    metrics = (Metric("energy", "J", ""), Metric("cost", "1", ""))

    def __init__(self, workload="w"):
        self.workload = self.workload_hash = str(workload)

    def _evaluate(self, designs):
        columns = self.space.columns(designs)
        value = columns["energy"] * 10.0 + columns["n"]
        return Evaluation({"energy": value, "cost": value * 2}, np.ones(len(value), bool))


def test_the_rule_gives_every_column_a_name_of_its_own():
    names = ColumnNames.of(["size", "energy", "step", "index.a", "knob.b"], ["energy", "cost"])
    assert names.knobs == {
        "size": "size",
        "energy": "knob.energy",
        "step": "knob.step",
        "index.a": "knob.index.a",
        "knob.b": "knob.knob.b",
    }
    assert names.metrics == {"energy": "energy", "cost": "metric.cost"}
    every = [*names.knobs.values(), *names.indices.values(), *names.metrics.values(), *BOOKKEEPING]
    assert len(set(every)) == len(every)


def test_all_files_and_frames_call_things_alike(make_run, tmp_path):
    run = make_run("r")
    export([run.path], tmp_path / "d.parquet")
    scenario, data = run.scenario, Dataset(tmp_path / "d.parquet")
    things = {*scenario.space.names, *scenario.units}
    spec = RunSpec("r", "toy", "random_walk", {}, 0, 40, "p")
    (tmp_path / "t.parquet").write_bytes(trials_file.trials_bytes(spec, scenario, run.trials))
    with open(run.path / "trials.csv") as file:
        header = next(csv.reader(file))
    frame = data.frame()
    kept = pq.read_table(tmp_path / "t.parquet").to_pandas()
    for columns in (header, frame.columns, kept.columns, run.to_dataframe().columns):
        assert things <= set(columns)
        assert not any("." in c for c in columns if not c.startswith("index."))
    assert frame["size"].tolist() == kept["size"].tolist() == run.to_dataframe()["size"].tolist()
    assert frame["index.size"].tolist() == kept["index.size"].tolist()
    units = {"size": "KiB", "latency": "s", "energy": "J"}
    assert frame.attrs["units"] == run.to_dataframe().attrs["units"] == units
    schema = pq.read_schema(data.path)
    assert {f.name: f.metadata[b"unit"].decode() for f in schema if f.metadata} == units


def test_colliding_names_come_back_from_a_data_set(tmp_path):
    simulator = Colliding()
    x = np.array([[0, 0, 1], [2, 1, 0]])
    e = simulator.evaluate(x)
    description = Description(simulator.space, simulator.metrics)
    with DatasetWriter(tmp_path / "d.parquet", description) as writer:
        writer.write(Block(x, e, np.arange(2, dtype=np.uint64), np.arange(2), np.ones(2, bool), 0))
    data = Dataset(tmp_path / "d.parquet")
    assert np.array_equal(data.x, x)
    assert data.metric("energy").tolist() == [16.0, 45.0] and data.metric("cost")[0] == 32.0
    frame = data.frame()
    assert frame["knob.energy"].tolist() == [1, 4] and frame["energy"].tolist() == [16.0, 45.0]
    assert frame["knob.step"].tolist() == ["a", "b"] and frame["step"].tolist() == [0, 1]
    assert frame.attrs["units"] == {"knob.energy": "V", "energy": "J", "metric.cost": "1"}


def test_colliding_names_of_a_run_are_told_apart(tmp_path):
    scenario = from_document(
        {
            "name": "colliding",
            "simulator": f"{__name__}:Colliding",
            "workload": "w",
            "objectives": ["energy"],
        }
    )
    run = runner.run(scenario, "random_walk", budget=20, output=tmp_path / "r", plots=False)
    with open(run.path / "trials.csv") as file:
        rows = list(csv.DictReader(file))
    metrics, met = read_trials(run.path, scenario)
    assert len(met) == 20 and np.array_equal(metrics["cost"], run.trials.evaluation.metrics["cost"])
    frame = run.to_dataframe()
    assert [float(r["knob.energy"]) for r in rows] == frame["knob.energy"].tolist()
    assert [r["step"] for r in rows] == [str(i) for i in range(20)]
    assert frame["cost"].tolist() != frame["metric.cost"].tolist() == metrics["cost"].tolist()
    place = tmp_path / "s.parquet"
    spec = RunSpec("r", "colliding", "random_walk", {}, 0, 20, "p")
    place.write_bytes(trials_file.trials_bytes(spec, scenario, run.trials))
    x, e = trials_file.read_trials(place, scenario)
    assert np.array_equal(x, run.trials.x) and np.array_equal(e.metrics["cost"], metrics["cost"])


# ---------------------------------------------------------------- what older versions wrote
@pytest.fixture
def former(make_run, tmp_path):
    """A data set as archgym 0.1 wrote it, and the same one of today."""
    export([make_run("r").path], tmp_path / "new.parquet")
    new = Dataset(tmp_path / "new.parquet")
    table, names = pq.read_table(new.path), new.description.columns
    old = {c: f"value.{k}" for k, c in names.knobs.items()}
    old |= {c: f"metric.{m}" for m, c in names.metrics.items()}
    table = table.rename_columns([old.get(n, n) for n in table.column_names])
    text = dataclasses.replace(new.description, format=1).to_bytes()
    pq.write_table(table.replace_schema_metadata({METADATA: text}), tmp_path / "old.parquet")
    return Dataset(tmp_path / "old.parquet"), new


def test_a_data_set_of_format_1_is_read_under_todays_names(former, tmp_path):
    old, new = former
    assert "metric.latency" in pq.read_schema(old.path).names
    assert np.array_equal(old.x, new.x)
    assert np.array_equal(old.metric("latency"), new.metric("latency"), equal_nan=True)
    assert old.frame().equals(new.frame()) and old.frame(["size"]).equals(new.frame(["size"]))
    to_csv(old.path, tmp_path / "old.csv")
    to_csv(new.path, tmp_path / "new.csv")
    assert (tmp_path / "old.csv").read_bytes() == (tmp_path / "new.csv").read_bytes()
    assert old.column("size").tolist() == new.column("size").tolist()
    with pytest.raises(UnknownNameError, match="did you mean 'latency'"):
        old.column("latncy")
    rows, dropped = merge([old.path, new.path], tmp_path / "both.parquet", keep_duplicates=True)
    assert (rows, dropped) == (2 * len(new), 0)
    both = Dataset(tmp_path / "both.parquet")
    assert both.description.format == 2 and "latency" in pq.read_schema(both.path).names


def test_a_format_of_the_future_is_refused(former, capsys):
    old, _ = former
    text = dataclasses.replace(old.description, format=9).to_bytes()
    pq.write_table(pq.read_table(old.path).replace_schema_metadata({METADATA: text}), old.path)
    assert main(["dataset", "info", str(old.path)]) == 2
    assert "format 9; this version reads 1 to 2" in capsys.readouterr().err


def test_trials_of_an_older_sweep_are_read(make_run, tmp_path):
    run = make_run("r")
    scenario, path = run.scenario, tmp_path / "t.parquet"
    columns = {n: run.trials.x[:, i].astype("int32") for i, n in enumerate(scenario.space.names)}
    columns |= {f"metric.{n}": v for n, v in run.trials.evaluation.metrics.items()}
    columns["feasible"] = run.trials.evaluation.feasible
    columns["reason"] = [run.trials.evaluation.reason(i) for i in range(40)]
    pq.write_table(pa.table(columns), path)
    x, e = trials_file.read_trials(path, scenario)
    assert np.array_equal(x, run.trials.x)
    then = run.trials.evaluation.metrics["latency"]
    assert np.array_equal(e.metrics["latency"], then, equal_nan=True)
