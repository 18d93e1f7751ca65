"""Anonymous twins: the same designs and the same optimum, and nothing that an agent could remember."""

import numpy as np
import pytest

import archgym
from archgym.bench import playing
from archgym.bench.suite import load_suite
from archgym.contracts.agent import Agent
from archgym.contracts.anonymous import AnonymousAgent, Twin
from archgym.errors import ArchgymError, ScenarioError
from archgym.sweeps.plan import from_sweep_document

SUITE = load_suite()
TASK = "cluster/archgym-workload-physical"  # 600 designs, with constraints


class Spy(Agent):
    """Walks at random and keeps all that it is shown."""

    name = "spy"
    seen: list = []

    def _start(self):
        type(self).seen = [self.space]

    def _ask(self, n):
        return self.space.sample(n, self.rng)

    def _tell(self, x, costs):
        type(self).seen.append((x, costs))

    def _tell_with(self, x, costs, feedback):
        type(self).seen.append(feedback)
        self._tell(x, costs)


@pytest.mark.parametrize("name", SUITE.tasks)
def test_a_twin_has_the_same_designs(name):
    scenario = archgym.load_scenario(name)
    twin = Twin(scenario.space)
    assert twin.space.cardinality == scenario.space.cardinality
    x = scenario.space.sample(64, np.random.default_rng(0))
    hidden = twin.hidden(x)
    assert (twin.named(hidden) == x).all() and twin.space.is_valid(hidden).all()
    drawn = twin.space.sample(64, np.random.default_rng(1))
    assert scenario.space.is_valid(twin.named(drawn)).all()


@pytest.mark.parametrize("name", [TASK, "memory/ddr5-mapping-exact", "soc/audio-coarse"])
def test_a_search_sees_nothing_of_names_values_or_metrics(name):
    scenario = archgym.load_scenario(name)
    archgym.Study(scenario, Spy, budget=24, anonymous=True).run()
    space, *told = Spy.seen
    said = " ".join([*space.names, *(p.unit + p.description + p.scale for p in space.parameters)])
    said += " ".join(c.name + c.reason for c in space.constraints)
    for p in scenario.space.parameters:
        assert p.name not in said
    assert all(p.values == tuple(range(len(p))) for p in space.parameters)
    assert [f for f in told if not isinstance(f, tuple)] == [None] * (len(told) // 2)
    assert space.names == tuple(f"k{i}" for i in range(len(space)))


def test_the_optimum_of_a_twin_is_that_of_the_task():
    scenario = archgym.load_scenario(TASK)
    study = archgym.Study(
        scenario, "grid", budget=scenario.space.cardinality, anonymous=True, from_reference=False
    )
    assert study.run().cost.min() == SUITE.tasks[TASK].best


def test_knobs_are_shuffled_and_seeds_differ():
    space = archgym.load_scenario("serving/gpt-oss-batch").space
    first, again, other = Twin(space), Twin(space), Twin(space, seed=1)
    x = space.sample(32, np.random.default_rng(0))
    assert (first.hidden(x) == again.hidden(x)).all()
    sizes = [len(p) for p in space.parameters if len(p) > 1]
    assert first.space.nvec.tolist() != sizes and sorted(first.space.nvec) == sorted(sizes)
    assert (
        first.space.nvec.tolist() != other.space.nvec.tolist()
        or (first.hidden(x) != other.hidden(x)).any()
    )


def test_an_agent_that_was_made_for_the_names_is_refused():
    scenario = archgym.load_scenario(TASK)
    with pytest.raises(ArchgymError, match="give its class or its name"):
        archgym.Study(scenario, Spy(scenario.space), anonymous=True)
    assert AnonymousAgent(scenario.space, Spy).batch == Spy(scenario.space).batch


def test_a_sweep_of_twins_is_another_sweep():
    def runs(anonymous):
        document, _ = playing.sweep_document(
            SUITE, [{"agent": "random_walk"}], [TASK], name="x", seeds=2, anonymous=anonymous
        )
        return {r.id for r in from_sweep_document(document).runs()}

    assert not runs(True) & runs(False)
    with pytest.raises(ScenarioError, match="key 'anonymous': expected true or false, got 'yes'"):
        from_sweep_document(
            {"name": "x", "scenarios": [TASK], "agents": ["grid"], "anonymous": "yes"}
        )
