"""No agent alters, or depends on, the global random states of its host program."""

import random

import numpy as np
import pytest
import torch

from archgym import registry
from archgym.testing import bowl, tiny_spaces

NAMES = registry.names("agents")
SLOW_ASKERS = {"bayesian_optimization", "botorch"}
SPACE = dict(tiny_spaces())["mixed"]


def scramble(seed):
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch.manual_seed(seed)


def states():
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002
    return random.getstate(), (kind, keys.tobytes(), *rest), torch.get_rng_state().numpy().tobytes()


def sizes(name):
    return (3, 12, 4) if name in SLOW_ASKERS else (1, 16, 16, 16, 5)


@pytest.mark.parametrize("name", NAMES)
def test_the_three_global_states_are_left_alone(name):
    cls = registry.load("agents", name)
    cost = bowl(SPACE)
    scramble(12345)
    before = states()
    agent = cls(SPACE, seed=7, budget=60)
    assert states() == before, "constructing"
    for n in sizes(name):
        x = agent.ask(n)
        assert states() == before, "asking"
        agent.tell(x, cost(x))
        assert states() == before, "telling"


@pytest.mark.parametrize("name", NAMES)
def test_the_host_programs_states_do_not_matter(name):
    """Two hosts with other states, one of which draws between calls: the same designs."""
    cls = registry.load("agents", name)
    cost = bowl(SPACE)
    told = []
    for host in (1, 2):
        scramble(host)
        agent = cls(SPACE, seed=7, budget=60)
        asked = []
        for n in sizes(name):
            if host == 2:
                random.random(), np.random.rand(3), torch.rand(3)  # noqa: NPY002
            x = agent.ask(n)
            asked.append(x)
            agent.tell(x, cost(x))
        told.append(np.concatenate(asked))
    assert (told[0] == told[1]).all()


def test_agents_that_take_turns_do_not_disturb_one_another():
    cls = registry.load("agents", "cma_es")
    cost = bowl(SPACE)

    def play(agents):
        asked = [[] for _ in agents]
        for _ in range(6):
            for agent, mine in zip(agents, asked):
                x = agent.ask(16)
                mine.append(x)
                agent.tell(x, cost(x))
        return [np.concatenate(a) for a in asked]

    alone = [play([cls(SPACE, seed=s)])[0] for s in (1, 2)]
    together = play([cls(SPACE, seed=s) for s in (1, 2)])
    for a, b in zip(alone, together):
        assert (a == b).all()
