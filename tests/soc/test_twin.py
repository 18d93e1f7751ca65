"""The slow model against the real FARSI, row by row."""

import json

import pytest

from tests.conftest import REFERENCE
from tests.soc.twin import Workload, simulate

EXACT = (
    "latency_s", "energy_J", "power_W", "area_m2", "area_non_dram_m2", "area_dram_m2", "dev_cost",
    "phases", "task_start_s", "task_finish_s", "task_running_s", "launch_priority",
)  # fmt: skip


@pytest.fixture(scope="module")
def data():
    return json.loads((REFERENCE / "soc_reference.json").read_text())


def test_every_row_of_farsi_is_reproduced(data):
    workloads = {name: Workload(described) for name, described in data["workloads"].items()}
    for row in data["rows"]:
        mine = simulate(workloads[row["workload"]], row["design"], data["cacti_table"])
        for name in EXACT:
            # the reference is rounded to ten digits
            assert mine[name] == pytest.approx(row["result"][name], rel=6e-10, abs=1e-30), (
                row["id"],
                name,
            )


def test_designs_that_farsi_rejects_are_rejected(data):
    for row in data["designs_farsi_rejects"]:
        workload = Workload(data["workloads"][row["workload"]])
        with pytest.raises((ValueError, ZeroDivisionError, KeyError)):
            simulate(workload, row["design"], data["cacti_table"])
