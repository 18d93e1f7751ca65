import csv
import json

import numpy as np
import pytest
import yaml

pytest.importorskip("pyarrow", reason="the extra 'data' is not installed")

from archgym.cli import main
from archgym.collection.export import export
from archgym.collection.formats import to_csv
from archgym.datasets.blocks import hash_designs
from archgym.datasets.card import card
from archgym.datasets.foreign import import_table
from archgym.datasets.operations import diversity, merge, split, write_split
from archgym.datasets.reader import Dataset
from archgym.datasets.schema import DatasetError
from archgym.datasets.writer import DatasetWriter
from archgym.errors import ArchgymError, StoreError, UnknownNameError
from tests.conftest import ToySimulator

TOY = "tests.conftest:ToySimulator"


@pytest.fixture
def data(tmp_path, make_run):
    runs = [make_run("a"), make_run("b", "genetic_algorithm", 1), make_run("c", "hill_climbing", 2)]
    rows, _ = export([r.path for r in runs], tmp_path / "data.parquet")
    assert rows == 120
    return runs, Dataset(tmp_path / "data.parquet")


def test_what_was_evaluated_reads_back_bit_for_bit(data):
    runs, read = data
    x = np.concatenate([r.trials.x for r in runs])
    assert np.array_equal(read.x, x)
    for name in ("latency", "energy"):
        then = np.concatenate([r.trials.evaluation.metrics[name] for r in runs])
        assert np.array_equal(read.metric(name), then, equal_nan=True)
    feasible = np.concatenate([r.trials.evaluation.feasible for r in runs])
    assert np.array_equal(read.feasible, feasible) and not feasible.all()
    frame = read.frame()
    assert (frame.loc[~feasible, "reason"] == "more ways than lines").all()
    assert frame["size"].tolist() == [d["size"] for d in ToySimulator.space.decode(x)]
    assert frame["agent"].unique().tolist() == ["random_walk", "genetic_algorithm", "hill_climbing"]
    assert frame.groupby("run")["step"].max().tolist() == [39, 39, 39]
    for run, rows in frame.groupby("run"):
        assert rows["computed"].sum() == len(np.unique(rows["canonical"])), run


def test_the_file_says_what_it_is(data):
    _, read = data
    d = read.description
    assert d.space == ToySimulator.space and [m.unit for m in d.metrics] == ["s", "J"]
    assert set(read.column("simulator")) == set(d.fingerprints)
    assert [s["agent"] for s in d.sources] == ["random_walk", "genetic_algorithm", "hill_climbing"]
    text = card(read)
    assert (
        "120 evaluations" in text
        and "| `size` |" in text
        and "KiB" in text
        and "hill_climbing" in text
    )


def test_a_sweep_that_kept_its_trials_is_data_too(tmp_path, document, run):
    document["keep"] = "trials"
    run(document, tmp_path / "s")
    rows, _ = export([tmp_path / "s"], tmp_path / "sweep.parquet")
    read = Dataset(tmp_path / "sweep.parquet")
    assert rows == len(read) == 27 * 40
    simulator = ToySimulator()
    again = simulator.evaluate(read.x)
    assert np.array_equal(read.metric("latency"), again.metrics["latency"], equal_nan=True)
    document["keep"] = "improvements"
    run(document, tmp_path / "t")
    with pytest.raises(ArchgymError, match="keep: trials"):
        export([tmp_path / "t"], tmp_path / "no.parquet")


def test_csv_keeps_every_bit(tmp_path, data):
    _, read = data
    to_csv(read.path, tmp_path / "data.csv")
    with open(tmp_path / "data.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 120
    back = np.array([float(r["latency"]) for r in rows])
    assert np.array_equal(back, read.metric("latency"), equal_nan=True)


def test_minari_holds_the_same_steps(tmp_path, monkeypatch, make_run):
    minari = pytest.importorskip("minari", reason="the extra 'minari' is not installed")
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    runs = [make_run("a"), make_run("b", "genetic_algorithm", 1)]
    assert main(["export", *(str(r.path) for r in runs), "--to", "minari:archgym/toy-v0"]) == 0
    loaded = minari.load_dataset("archgym/toy-v0")
    assert loaded.total_episodes == 2 and loaded.total_steps == 80
    episode = next(iter(loaded.iterate_episodes([1])))
    assert np.array_equal(episode.actions, runs[1].trials.x)
    latency = np.nan_to_num(runs[1].trials.evaluation.metrics["latency"])
    assert np.array_equal(episode.observations[1:, 0], latency)
    rewards = runs[1].scenario.rewards(runs[1].trials.evaluation)
    assert np.allclose(episode.rewards, rewards)


# ---------------------------------------------------------------- merge and split
def test_merging_drops_what_is_there_already(tmp_path, data):
    _, read = data
    rows, dropped = merge([read.path, read.path], tmp_path / "m.parquet")
    merged = Dataset(tmp_path / "m.parquet")
    assert rows == len(np.unique(read.canonical)) == len(np.unique(merged.canonical))
    assert rows + dropped == 240 and len(merged.description.sources) == 6
    first = {c: i for i, c in reversed(list(enumerate(read.canonical.tolist())))}
    assert np.array_equal(merged.x, read.x[[first[c] for c in merged.canonical.tolist()]])
    rows, dropped = merge([read.path, read.path], tmp_path / "n.parquet", keep_duplicates=True)
    assert (rows, dropped) == (240, 0)


def test_the_same_design_on_two_workloads_is_two_facts(tmp_path, make_run):
    runs = [make_run("a"), make_run("b", workload="v")]
    export([r.path for r in runs], tmp_path / "d.parquet")
    rows, _ = merge([tmp_path / "d.parquet"], tmp_path / "m.parquet")
    assert rows == 2 * len(np.unique(hash_designs(runs[0].trials.x)))


@pytest.mark.parametrize("by", ["random", "agent", "region"])
def test_a_split_never_leaks(data, by):
    _, read = data
    parts = split(read, by, test=0.3)
    assert not set(read.canonical[parts.train]) & set(read.canonical[parts.test])
    assert len(parts.train) and len(parts.test) and parts.held_out
    again = split(read, by, test=0.3)
    assert np.array_equal(parts.test, again.test)


def test_splits_hold_out_what_is_named(tmp_path, data, make_run):
    _, read = data
    parts = split(read, "agent", hold_out="hill_climbing")
    assert set(read.column("agent")[parts.test]) == {"hill_climbing"}
    assert "hill_climbing" not in set(read.column("agent")[parts.train])
    parts = split(read, "region", hold_out="size")
    assert read.x[parts.test, 0].min() >= 6 > read.x[parts.train, 0].max()
    export([make_run("v", workload="v").path], tmp_path / "v.parquet")
    merge([read.path, tmp_path / "v.parquet"], tmp_path / "two.parquet")
    two = Dataset(tmp_path / "two.parquet")
    parts = split(two, "workload", hold_out="v")
    assert set(two.column("workload")[parts.test]) == {"v"}
    write_split(read, split(read), tmp_path / "train.parquet", tmp_path / "test.parquet")
    both = len(Dataset(tmp_path / "train.parquet")) + len(Dataset(tmp_path / "test.parquet"))
    assert both == len(read)
    for arguments, message in (
        (("agent", "nobody"), "unknown agent"), (("workload", ""), "one workload only"),
        (("region", "sizes"), "unknown parameter"), (("column", ""), "unknown split"),
    ):  # fmt: skip
        with pytest.raises((DatasetError, UnknownNameError), match=message):
            split(read, arguments[0], hold_out=arguments[1])
    with pytest.raises(DatasetError, match="between 0 and 1"):
        split(read, test=1.5)


def test_diversity_tells_agents_apart(data):
    _, read = data
    table = diversity(read).set_index("agent")
    assert table.loc["(all)", "rows"] == 120
    assert (
        table.loc["random_walk", "mean distance"] > table.loc["genetic_algorithm", "mean distance"]
    )
    assert table.loc["random_walk", "values seen"] == 1.0 and table["entropy"].between(0, 1).all()


# ---------------------------------------------------------------- foreign tables
def test_a_foreign_csv_becomes_a_data_set(tmp_path):
    (tmp_path / "actions.csv").write_text("npus,topology,nic\n4,Ring,1\n8,Switch,1\n16,Ring,1\n")
    (tmp_path / "seen.csv").write_text("cycles total\n100.5\n90\n80\n")
    out = tmp_path / "astra.parquet"
    command = ["dataset", "import", str(tmp_path / "actions.csv"), str(tmp_path / "seen.csv")]
    assert main([*command, "--metric", "cycles total=cycles", "--to", str(out)]) == 0
    read = Dataset(out)
    assert read.description.space.names == ("npus", "topology"), "a constant is no knob"
    assert read.description.space["npus"].kind == "ordinal"
    assert read.description.space["topology"].kind == "categorical"
    assert read.metric("cycles_total").tolist() == [100.5, 90, 80] and read.x[:, 0].tolist() == [
        0,
        1,
        2,
    ]


@pytest.mark.parametrize(
    ("text", "metric", "message"),
    [
        ("a,m\n1,2\n,3\n", "m", "row 2: column 'a' is empty"),
        ("a,m\n1,2\n2,x\n", "m", "row 2: 'm' is 'x'"),
        ("a,m\n1,2\n2,inf\n", "m", "not a number"),
        ("a,m\n1,2\n1,3\n", "m", "no column but the metrics"),
        ("a,m\n1,2\n2,3\n", "n", "unknown column"),
    ],
)
def test_foreign_nonsense_is_refused(tmp_path, text, metric, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises((DatasetError, UnknownNameError), match=message):
        import_table([tmp_path / "t.csv"], tmp_path / "o.parquet", {metric: ""})
    assert not (tmp_path / "o.parquet").exists()


# ---------------------------------------------------------------- bad files
def test_damaged_and_foreign_files_are_refused(tmp_path, data, make_run):
    import pyarrow as pa

    _, read = data
    whole = read.path.read_bytes()
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match="not a whole Parquet file"):
        len(Dataset(cut))
    with pytest.raises(StoreError, match="does not exist"):
        len(Dataset(tmp_path / "none.parquet"))
    pa.parquet.write_table(pa.table({"a": [1]}), tmp_path / "plain.parquet")
    with pytest.raises(DatasetError, match="archgym dataset import"):
        _ = Dataset(tmp_path / "plain.parquet").description
    with pytest.raises(ArchgymError, match="neither a run folder"):
        export([tmp_path], tmp_path / "o.parquet")
    with pytest.raises(ArchgymError, match="at least one"):
        export([], tmp_path / "o.parquet")


def test_other_spaces_are_refused(tmp_path, data):
    _, read = data
    (tmp_path / "t.csv").write_text("size,m\n1,2\n2,3\n")
    import_table([tmp_path / "t.csv"], tmp_path / "o.parquet", {"m": ""})
    with pytest.raises(DatasetError, match="another design space: knob 'size'"):
        merge([read.path, tmp_path / "o.parquet"], tmp_path / "m.parquet")
    assert not (tmp_path / "m.parquet").exists()


def test_an_export_that_fails_leaves_no_file(tmp_path, data, monkeypatch):
    runs, read = data
    real = DatasetWriter.write_table

    def full(self, table):
        real(self, table)
        raise StoreError("no space")

    monkeypatch.setattr(DatasetWriter, "write_table", full)
    before = read.path.read_bytes()
    with pytest.raises(StoreError):
        export([runs[0].path], read.path)
    assert read.path.read_bytes() == before and not list(tmp_path.glob("*.part"))


def test_the_command_line(tmp_path, toy_document, capsys):
    toy_document["simulator"] = TOY
    (tmp_path / "toy.yaml").write_text(yaml.safe_dump(toy_document))
    run = tmp_path / "r"
    assert (
        main(["run", str(tmp_path / "toy.yaml"), "--output", str(run), "--no-plots", "--json"]) == 0
    )
    capsys.readouterr()
    data = tmp_path / "d.parquet"
    assert main(["export", str(run), "--to", str(data), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 60
    assert main(["dataset", "info", str(data), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 60
    assert main(["dataset", "info", str(data), "--card", str(tmp_path / "card.md")]) == 0
    assert "# d" in (tmp_path / "card.md").read_text()
    sides = ["--train-to", str(tmp_path / "a.parquet"), "--test-to", str(tmp_path / "b.parquet")]
    assert main(["dataset", "split", str(data), "--by", "region", *sides]) == 0
    assert "Held out" in capsys.readouterr().out
    assert (
        main(["dataset", "merge", str(data), str(data), "--to", str(tmp_path / "m.parquet")]) == 0
    )
    assert main(["export", str(run), "--to", "data.json"]) == 2
    assert main(["export", str(run), "--to", str(tmp_path / "d.csv")]) == 0
    assert (tmp_path / "d.csv").exists()


def test_metrics_that_may_be_in_doubt_are_kept():
    from archgym import Metric
    from archgym.contracts.evaluation import Doubt

    for metric in (Metric("a", "s"), Metric("b", "1", "a ratio", True, Doubt(1.02, "is too good"))):
        assert Metric.from_document(json.loads(json.dumps(metric.to_document()))) == metric
    assert "doubt" not in Metric("a", "s").to_document()
