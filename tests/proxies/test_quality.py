"""Shares of true values that are 0 are n/a, and few rows are learnt by few trees."""

import numpy as np
import pytest
from archgym.cost_models.gradient_boosting import GradientBoosting

from archgym.cli import main
from archgym.datasets.foreign import import_table
from archgym.proxies.quality import _zeros

ROWS = 160


def test_what_is_next_to_zero_is_counted():
    assert _zeros(np.array([1.0, 2.0, 3.0])) == 0
    assert _zeros(np.array([1.0, 0.0, -3.0, 1e-12])) == 2
    assert _zeros(np.zeros(3)) == 3


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """160 rows of a metric that is 0 in some of them, and of one that is not."""
    folder = tmp_path_factory.mktemp("table")
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 8, ROWS), rng.integers(0, 8, ROWS)
    lines = ["a,b,idle,time"]
    lines += [f"{i},{j},{max(0, i - j)},{1 + i * j}" for i, j in zip(a, b)]
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    import_table([folder / "table.csv"], folder / "d.parquet", {"idle": "s", "time": "s"})
    return folder / "d.parquet"


def test_mape_of_a_metric_with_zeros_is_not_a_number_of_hundreds_of_digits(table, tmp_path, capsys):
    arguments = ["train", str(table), "--output", str(tmp_path / "p"), "--splits", "random"]
    assert main([*arguments, "--plain"]) == 0
    told = capsys.readouterr()
    rows = [line.split("\t") for line in told.out.splitlines() if "\t" in line]
    mape = {row[1]: row[rows[0].index("MAPE")] for row in rows[1:]}
    assert mape["idle"] == "n/a" and mape["time"].endswith("%")
    assert "MAPE of idle is n/a" in told.out and "MAPE of time" not in told.out
    steps = [line for line in told.err.splitlines() if line.startswith("train, step")]
    assert len(steps) == 3 and "random" in steps[1] and "160 rows" in steps[2]
    report = (tmp_path / "p" / "report.json").read_text()
    assert "NaN" not in report and '"mape": null' in report


def test_boosting_of_few_rows_ends_once_nothing_is_left_to_learn():
    rng = np.random.default_rng(0)
    x = rng.random((ROWS, 4))
    y = (x[:, :1] + x[:, 1:2] - 1) * 3
    model = GradientBoosting(seed=0)
    model.fit(x, y)
    mean, _ = model.predict(x)
    assert len(model.arrays()["roots"]) < model.hyper["trees"] / 2
    assert np.sqrt(np.mean((mean - y) ** 2)) < 0.05
