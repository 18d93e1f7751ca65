"""ArchGym's controllers may switch refresh off: each of those scenarios has a twin that refreshes."""

import json

import pytest
from archgym.simulators.dram import layout
from archgym.simulators.dram.space import to_kernel

from archgym.documents import read_yaml
from archgym.errors import WorkloadError
from archgym.goals.scenario_file import folder, load_scenario, shipped

CERTIFIED = folder() / "certified"
PARENTS = sorted(
    p.stem.removeprefix("dram-")
    for p in CERTIFIED.glob("dram-*.json")
    if not p.stem.endswith("-refresh")
)


def optimum(name):
    return json.loads((CERTIFIED / f"dram-{name}.json").read_text())["optimum"]


def refreshes(name):
    """How often the certified optimum refreshes while the trace is played, and how many intervals pass."""
    try:
        scenario = load_scenario(f"dram/{name}")
    except Exception as error:
        if isinstance(error.__cause__, WorkloadError):
            pytest.skip("needs ArchGym's trace (ARCHGYM_TRACES)")
        raise
    simulator = scenario.simulators[0]
    best = optimum(name)
    x = scenario.to_simulator(scenario.space.encode(best["design"]))
    interval = simulator.device.t["REFI"] * simulator.device.clock_s
    counters, _ = simulator.simulate(to_kernel(x, simulator._codes)[0])
    return int(counters[layout.C_REF]), int(best["metrics"]["total_time"] / interval)


def test_all_sixteen_have_a_twin():
    assert len(PARENTS) == 16
    assert sum(optimum(n)["design"]["refresh_policy"] == "NoRefresh" for n in PARENTS) == 12


@pytest.mark.parametrize("name", PARENTS)
def test_the_twin_is_the_same_search_among_designs_that_refresh(name):
    whole = read_yaml(shipped()[f"dram/{name}"])
    twin = read_yaml(shipped()[f"dram/{name}-refresh"])
    assert "loses data in a real device" in whole["description"]
    assert f"dram/{name}-refresh" in whole["description"] and f"dram/{name} " in twin["description"]
    pins = {"refresh_policy": "AllBank", "refresh_max_postponed": 1}
    assert twin.pop("parameters") == pins and "parameters" not in whole
    for document in (whole, twin):
        del document["name"], document["description"]
    whole["reference"] |= pins
    assert twin == whole


@pytest.mark.parametrize("name", PARENTS)
def test_the_certified_optimum_of_the_twin_refreshes(name):
    best = optimum(f"{name}-refresh")
    assert best["specs_met"] and best["design"]["refresh_policy"] == "AllBank"
    done, due = refreshes(f"{name}-refresh")
    assert due >= 6 and due - done <= 1


def test_the_optimum_of_the_whole_space_does_not():
    assert refreshes("bfs-10k-front")[0] == 0 and refreshes("stream-low-power")[0] == 0
