"""Masks survive narrowing: legal is what some completion can still make of the narrowed values."""

import itertools
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgym import DesignSpace, Evaluation, Metric, Simulator, categorical, ordinal, registry
from archgym.environments import SequentialDesignEnv, masks
from archgym.environments.masks import Masks
from archgym.goals.scenario_file import from_document, load_scenario


class Pipeline(Simulator):
    """Stages that must not shrink, a port that must differ from its neighbour, one free knob."""

    name, version = "pipeline", "1"
    metrics = (Metric("latency", "s"),)
    space = DesignSpace(
        (
            ordinal("first", (1, 2, 4, 8)),
            categorical("free", ("a", "b", "c")),
            ordinal("second", (1, 2, 4, 8)),
            categorical("port", ("north", "east", "south")),
            categorical("exit", ("north", "east", "south")),
            ordinal("third", (1, 2, 4, 8)),
        )
    )

    def __init__(self, workload="w"):
        self.workload = str(workload)

    def mask(self, prefix):
        chosen = dict(zip(self.space.names, prefix.tolist()))
        values = np.arange(self.space.nvec[len(prefix)])
        name = self.space.names[len(prefix)]
        if name == "second":
            return values >= chosen["first"]
        if name == "third":
            return values >= chosen["second"]
        if name == "exit":
            return values != chosen["port"]
        return np.ones(len(values), np.bool_)

    def _evaluate(self, x):
        return Evaluation({"latency": 1.0 + x.sum(axis=1)}, np.ones(len(x), np.bool_))


@pytest.fixture(autouse=True)
def _pipeline(monkeypatch):
    known = registry.table

    def table(kind):
        extra = {"pipeline": f"{__name__}:Pipeline"} if kind == "simulators" else {}
        return {**known(kind), **extra}

    monkeypatch.setattr(registry, "table", table)


def narrowed(parameters):
    return from_document(
        {
            "name": "p",
            "simulator": "pipeline",
            "workload": "w",
            "objectives": [{"metric": "latency", "reference": "1 s"}],
            "parameters": parameters,
        }
    )


def brute_force(scenario):
    """Legal next values after any prefix, straight from the definition."""
    simulator, whole = scenario.simulators[0], scenario.simulators[0].space
    tables = [
        [w.index(v) for v in p.values] for p, w in zip(scenario.space.parameters, whole.parameters)
    ]

    @cache
    def completes(prefix):
        if len(prefix) == len(tables):
            return True
        outer = np.array([t[v] for t, v in zip(tables, prefix)], np.int64)
        mask = simulator.mask(outer)
        here = enumerate(tables[len(prefix)])
        return any(mask[value] and completes((*prefix, i)) for i, value in here)

    def legal(prefix):
        outer = np.array([t[v] for t, v in zip(tables, prefix)], np.int64)
        mask = simulator.mask(outer)
        here = enumerate(tables[len(prefix)])
        return [bool(mask[value]) and completes((*prefix, i)) for i, value in here]

    return legal


@st.composite
def narrowings(draw):
    out = {}
    for p in Pipeline.space.parameters:
        if draw(st.booleans()):
            out[p.name] = draw(st.lists(st.sampled_from(p.values), min_size=1, unique=True))
    return out


@settings(max_examples=30, deadline=None)
@given(narrowings())
def test_legal_means_that_some_completion_passes_every_mask(parameters):
    scenario = narrowed(parameters)
    legal, ours = brute_force(scenario), Masks(scenario)
    for length in range(len(scenario.space)):
        for prefix in itertools.product(*(range(n) for n in scenario.space.nvec[:length])):
            assert ours(prefix).tolist() == legal(prefix), (prefix, parameters)


def test_without_narrowing_masks_are_the_simulators_own():
    scenario = narrowed({})
    rng = np.random.default_rng(0)
    for x in scenario.space.sample(40, rng):
        for k in range(len(x)):
            assert (Masks(scenario)(x[:k]) == scenario.simulators[0].mask(x[:k])).all()


def test_an_agent_that_follows_the_masks_never_strays():
    env = SequentialDesignEnv(narrowed({"first": [2, 4], "third": [1, 2, 4], "exit": ["north"]}))
    rng = np.random.default_rng(1)
    seen = set()
    for _ in range(200):
        _, info = env.reset()
        terminated = False
        while not terminated:
            action = int(rng.choice(np.flatnonzero(info["action_mask"])))
            _, _, terminated, _, info = env.step(action)
        (design,) = env.view.space.decode([env._chosen])
        assert design["first"] <= design["second"] <= design["third"]
        assert design["port"] != design["exit"]
        seen.add(tuple(env._chosen))
    chains = ((2, 2, 2), (2, 2, 4), (2, 4, 4), (4, 4, 4))
    assert len(seen) == len(chains) * 3 * 2  # each with any free knob and either other port


def test_a_space_without_any_legal_design_masks_nothing():
    env = SequentialDesignEnv(narrowed({"first": [8], "third": [1]}))
    assert env.reset()[1]["action_mask"].tolist() == [True, False, False, False]
    assert not env._masks([]).any()


def random_narrowings(scenario, n, rng):
    """Parameters that keep some of their values each, a third of them pinned."""
    for _ in range(n):
        chosen = {}
        for p in scenario.space.parameters:
            if rng.random() < 0.25:
                size = 1 if rng.random() < 0.35 else int(rng.integers(1, len(p) + 1))
                kept = rng.choice(len(p), size, replace=False)
                chosen[p.name] = [p.values[i] for i in kept]
        yield chosen


def test_archgyms_soc_encoding_under_random_narrowings():
    """A simulator of this project whose masks bind: 54 knobs."""
    whole = load_scenario("soc/audio-limited")
    document = dict(whole.document)
    document.pop("reference", None)
    document["reward"] = "weighted-accuracy"  # needs no reference design
    rng = np.random.default_rng(3)
    tried = 0
    for chosen in random_narrowings(whole, 5, rng):
        scenario = from_document({**document, "parameters": chosen})
        ours = Masks(scenario)
        if not ours([]).any():
            continue
        for _ in range(3):
            prefix = []
            for _ in range(len(scenario.space)):
                legal = np.flatnonzero(ours(prefix))
                assert len(legal), "a legal value led nowhere"
                prefix.append(int(rng.choice(legal)))
            inner = scenario.to_simulator(np.array([prefix]))
            assert scenario.simulators[0].space.is_valid(inner).all()
            tried += 1
    assert tried >= 6


def test_a_search_for_completions_that_is_too_long_hides_nothing(monkeypatch):
    monkeypatch.setattr(masks, "MOST_CALLS", 1)
    scenario = narrowed({"third": [1]})
    ours = Masks(scenario)
    exact = brute_force(scenario)
    assert [a for a, b in zip(ours([]).tolist(), exact(())) if b] == [True]
    monkeypatch.setattr(masks, "MOST_CALLS", 20_000)
    monkeypatch.setattr(masks, "MOST_PROBES", 1)  # nothing learned: branch everywhere
    assert Masks(scenario)([]).tolist() == exact(())
