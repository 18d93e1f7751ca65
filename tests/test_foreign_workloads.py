"""Every shipped scenario takes every workload of its domain: here one that it was not written for."""

import shutil

import numpy as np
import pytest

from archgym import Study, load_scenario
from archgym.goals.scenario_file import shipped

COLUMNS = (
    "task,work_instructions,accelerator_cycles_at_100MHz,accelerator_energy_J,"
    "accelerator_area_m2,loop_iterations\n"
)
TASKS = """load,2e6,,,,
left,4e6,20000,1e-6,1e-7,16
right,1e6,,,,
store,1e6,,,,
"""
EDGES = """parent,child,bytes
load,left,4096
load,right,4096
left,store,1024
right,store,1024
"""
LAYERS = """name,N,G,K,C,P,Q,R,S
first,1,1,8,3,14,14,3,3
second,1,1,12,8,7,7,3,3
"""
MODEL = """{layers: 4, width: 256, ff: 1024, heads: 16, kv_heads: 4, vocabulary: 1000, batch: 512, seq: 32}
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """An own file of every domain."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "trace.stl").write_text(
        "".join(
            f"{10 * i}: {'write' if i % 3 == 0 else 'read'} {64 * (i * 7 % 97):#x}\n"
            for i in range(60)
        )
    )
    (folder / "layers.csv").write_text(LAYERS)
    (folder / "graph.tasks.csv").write_text(COLUMNS + TASKS)
    (folder / "graph.edges.csv").write_text(EDGES)
    (folder / "model.yaml").write_text(MODEL)
    return {
        "cluster": str(folder / "model.yaml"),
        "dram": str(folder / "trace.stl"),
        "memory": str(folder / "trace.stl"),
        "accelerator": str(folder / "layers.csv"),
        "accelerated": str(folder / "layers.csv"),
        "mapping": str(folder / "layers.csv"),
        "soc": str(folder / "graph.tasks.csv"),
        "ffet": "mac16",
        "codesign": "w3",
    }


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_shipped_scenario_runs_on_a_foreign_workload(name, own):
    domain = name.split("/")[0]
    if domain not in own:
        pytest.skip(f"{domain} takes its workloads from the program")
    if "yosys" in name and shutil.which("yosys") is None:
        pytest.skip("yosys is not installed")
    scenario = load_scenario(name, own[domain])
    assert scenario.workloads == (own[domain],)
    assert scenario.compared is None or scenario.compared.evaluation.feasible[0], scenario.compared
    trials = Study(scenario, "random_walk", budget=3, seed=0).run()
    assert len(trials) == 3 and not np.isnan(trials.cost).any()
    again = load_scenario(scenario)
    assert again.document == scenario.document
