"""Tables as other programs write them: right, or refused with the reason."""

import datetime

import numpy as np
import pandas as pd
import pytest

from archgym.cli import main
from archgym.datasets.columns import read_columns
from archgym.datasets.foreign import Roles, import_table
from archgym.datasets.operations import merge
from archgym.datasets.reader import Dataset
from archgym.datasets.schema import DatasetError
from archgym.errors import UnknownNameError

ROWS = 24


def frame():
    i = np.arange(ROWS)
    return pd.DataFrame(
        {
            "prefetch": i % 2 == 0,
            "ways": 2 ** (i % 4),
            "clock": 0.5 + 0.25 * (i % 3),
            "policy": np.array(["None", "lru", "007"], object)[i // 8],
            "latency": 1.0 / (1 + i),
        }
    )


def imported(tmp_path, path, **more):
    rows, left = import_table([path], tmp_path / "o.parquet", {"latency": "s"}, **more)
    return rows, left, Dataset(tmp_path / "o.parquet")


def written(tmp_path, kind):
    table = frame()
    path = tmp_path / ("t.csv" if kind == "csv" else "t.parquet")
    if kind == "csv":
        table.to_csv(path, index=False)
    elif kind == "pandas":
        table.to_parquet(path)
    elif kind == "nullable":
        table.convert_dtypes().to_parquet(path)
    elif kind == "dictionary":
        table.astype({"policy": "category"}).to_parquet(path)
    else:
        library = pytest.importorskip(kind)
        if kind == "polars":
            library.from_pandas(table).write_parquet(path)
        else:
            library.from_df(table).write_parquet(str(path))
    return path


@pytest.mark.parametrize("kind", ["csv", "pandas", "nullable", "dictionary", "polars", "duckdb"])
def test_every_writer_gives_the_same_space(tmp_path, kind):
    rows, left, data = imported(tmp_path, written(tmp_path, kind))
    assert rows == ROWS and left == []
    space = data.description.space
    assert space["prefetch"].values == (False, True) and space["prefetch"].kind == "categorical"
    assert space["ways"].values == (1, 2, 4, 8)
    assert space["clock"].values == (0.5, 0.75, 1.0)
    assert space["policy"].values == ("007", "None", "lru"), "names, not numbers or gaps"
    assert (data.x >= 0).all() and len(np.unique(data.x, axis=0)) == len(
        frame().drop(columns="latency").drop_duplicates()
    )
    np.testing.assert_array_equal(data.metric("latency"), frame()["latency"])


def test_booleans_stay_two_values_through_a_merge(tmp_path):
    """Both fell to index -1, and merge then dropped distinct designs."""
    text = "pf,ways,lat\n" + "".join(
        f"{bool(i % 2)},{2 ** (i % 3)},{0.1 * i + 1}\n" for i in range(12)
    )
    (tmp_path / "b.csv").write_text(text)
    import_table([tmp_path / "b.csv"], tmp_path / "o.parquet", {"lat": ""})
    merge([tmp_path / "o.parquet"], tmp_path / "m.parquet")
    assert len(Dataset(tmp_path / "m.parquet")) == 6


def test_metrics_whose_names_would_collide_are_refused(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("a,t(s),t[s]\n0,1,2\n1,2,3\n")
    argv = ["dataset", "import", str(tmp_path / "t.csv"), "--to", str(tmp_path / "o.parquet")]
    assert main([*argv, "--metric", "t(s)", "--metric", "t[s]"]) == 2
    said = capsys.readouterr().err
    assert "'t(s)'" in said and "'t[s]'" in said and "rename" in said
    assert main([*argv, "--metric", "t(s)", "--metric", "t(s)"]) == 2
    assert not (tmp_path / "o.parquet").exists()


def test_a_row_without_metrics_is_an_infeasible_design(tmp_path):
    (tmp_path / "t.csv").write_text("a,m,n,why\n1,2,3,\n2,,,too large\n3,4,5,\n4,nan,NaN,\n")
    import_table(
        [tmp_path / "t.csv"], tmp_path / "o.parquet", {"m": "", "n": ""}, roles=Roles(reason="why")
    )
    data = Dataset(tmp_path / "o.parquet")
    assert data.feasible.tolist() == [True, False, True, False]
    assert data.column("reason").tolist()[1] == "too large"
    assert np.isnan(data.metric("m")[[1, 3]]).all()
    (tmp_path / "t.csv").write_text("a,m,n\n1,2,3\n2,,4\n")
    with pytest.raises(DatasetError, match="row 2: metric m is empty"):
        import_table([tmp_path / "t.csv"], tmp_path / "p.parquet", {"m": "", "n": ""})
    (tmp_path / "t.csv").write_text("a,m,ok\n1,2,yes\n2,3,0\n3,4,maybe\n")
    with pytest.raises(DatasetError, match="row 3: 'ok' is 'maybe'"):
        import_table(
            [tmp_path / "t.csv"], tmp_path / "p.parquet", {"m": ""}, roles=Roles(feasible="ok")
        )


def test_a_metric_that_is_negative_somewhere_is_signed(tmp_path):
    (tmp_path / "t.csv").write_text("a,slack,time\n1,-2,3\n2,1,4\n")
    import_table([tmp_path / "t.csv"], tmp_path / "o.parquet", {"slack": "s", "time": "s"})
    metrics = Dataset(tmp_path / "o.parquet").description.metrics
    assert {m.name: m.signed for m in metrics} == {"slack": True, "time": False}


def test_rows_say_where_they_come_from(tmp_path):
    (tmp_path / "t.csv").write_text("a,m,trace,by\n1,2,x,ga\n2,3,y,ga\n3,4,x,rw\n")
    rows, left = import_table(
        [tmp_path / "t.csv"], tmp_path / "o.parquet", {"m": "J"},
        roles=Roles(workload="trace", agent="by"), name="mine",
    )  # fmt: skip
    data = Dataset(tmp_path / "o.parquet")
    found = set(zip(data.column("workload"), data.column("agent"), data.column("simulator")))
    assert found == {("x", "ga", "mine:x"), ("y", "ga", "mine:y"), ("x", "rw", "mine:x")}
    assert set(data.description.fingerprints) == {"mine:x", "mine:y"} and rows == 3 and not left


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,a,m\n1,2,3\n2,3,4\n", "column 'a' occurs twice"),
        ("a,,m\n1,2,3\n", "column 2 has no name"),
        ("a,m\n1,2,3\n", "line 2: 3 cells"),
        ("a,m\n", "no rows"),
        ("", "no rows"),
        ("a,m\n1,-\n2,3\n", "row 1: 'm' is '-'"),
        ("a,m\n1,1e999\n2,3\n", "not a number"),
        ('a,m\n"1,2\n', "cannot be read as CSV"),
    ],
)
def test_tables_that_make_no_sense_are_refused(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(Exception, match=message) as caught:
        import_table([tmp_path / "t.csv"], tmp_path / "o.parquet", {"m": ""})
    assert type(caught.value).__module__.startswith("archgym")
    assert not (tmp_path / "o.parquet").exists()


def test_types_that_no_design_has_are_refused_by_name(tmp_path):
    table = frame().assign(when=datetime.datetime(2026, 1, 1), parts=[[1, 2]] * ROWS, nothing=None)
    table.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(DatasetError) as caught:
        imported(tmp_path, tmp_path / "t.parquet")
    assert all(w in str(caught.value) for w in ("'when'", "timestamp", "'parts'", "'nothing'"))
    with pytest.raises(UnknownNameError, match="did you mean 'latency'"):
        import_table([written(tmp_path, "csv")], tmp_path / "o.parquet", {"latencie": ""})


def test_units_survive_a_tool_that_drops_metadata(tmp_path):
    _, _, data = imported(tmp_path, written(tmp_path, "csv"))
    pd.read_parquet(data.path).iloc[:10].to_parquet(data.path)
    again = Dataset(data.path)
    assert again.description.metrics == data.description.metrics and len(again) == 10
    assert again.description.space == data.description.space


@pytest.mark.parametrize("sizes", [[1, 2, 3], [1, 2, 4]])
def test_a_named_index_of_pandas_is_a_column(tmp_path, sizes):
    """An index that counts is in pandas' metadata alone; any other is a column of the file."""
    frame = pd.DataFrame({"size": sizes, "kind": ["a", "b", "a"], "time": [1.0, 2.0, 3.0]})
    frame.set_index("size").to_parquet(tmp_path / "x.parquet")
    found = {c.name: list(c.cells) for c in read_columns([tmp_path / "x.parquet"])}
    assert found == {"kind": ["a", "b", "a"], "time": [1.0, 2.0, 3.0], "size": sizes}
