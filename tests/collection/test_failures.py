"""Failures are data: sampled and exported data sets hold infeasible designs with their reasons."""

import pyarrow.parquet
import pytest

import archgym

TASKS = ("serving/gpt-oss-batch", "cluster/archgym-compute-physical")


@pytest.mark.parametrize("name", TASKS)
def test_data_sets_hold_infeasible_designs_with_reasons(tmp_path, name):
    scenario = archgym.load_scenario(name)
    facts = archgym.find_certificate(scenario)
    archgym.sample(scenario, 200, tmp_path / "sampled.parquet")
    run = archgym.run(name, "random_walk", budget=200, output=tmp_path / "run", plots=False)
    archgym.export([run.path], tmp_path / "exported.parquet")
    for file in ("sampled.parquet", "exported.parquet"):
        table = pyarrow.parquet.read_table(tmp_path / file).to_pandas()
        failed = table[~table["feasible"]]
        share = 1 - facts["feasible"] / facts["valid"]
        assert len(failed) > 0.5 * share * len(table), file
        assert all(failed["reason"].str.len() > 10) and (table["reason"] != "").sum() == len(failed)
