import copy

import pytest

from archgym.sweeps.driver import LEDGER, SweepFolder, carry_out
from archgym.sweeps.engine import LocalEngine
from archgym.sweeps.ledger import Ledger
from archgym.sweeps.plan import from_sweep_document

SCENARIO = {
    "name": "toy",
    "simulator": "tests.conftest:ToySimulator",
    "workload": "w",
    "objectives": ["latency"],
    "specs": {"energy": "<= 60 pJ"},
    "reference": {"size": 16, "ways": 2, "policy": "lru"},
}
SWEEP = {
    "name": "small",
    "scenarios": [SCENARIO],
    "budget": 40,
    "checkpoints": [10, 20, 40],
    "seeds": 2,
    "agents": [
        {
            "agent": "genetic_algorithm",
            "hyperparameters": {"population": [4, 8], "mutation": [0.05, 0.2]},
        },
        {"agent": "random_walk"},
        {"agent": "hill_climbing", "draw": 4},
    ],
    "test": {"seeds": 3},
}
OUTCOME = (
    "id, scenario, agent, hyperparameters, seed, budget, phase, charged, different, best, "
    "design, curve, front"
)


@pytest.fixture
def document():
    return copy.deepcopy(SWEEP)


@pytest.fixture
def with_simulator(document):
    def change(simulator, **config):
        document["scenarios"][0]["simulator"] = f"tests.sweeps.simulators:{simulator}"
        document["scenarios"][0]["config"] = config
        return document

    return change


@pytest.fixture
def run():
    def go(document, path, engine=None, **more):
        sweep = from_sweep_document(document)
        folder = SweepFolder.create(path, sweep)
        return carry_out(folder, sweep, engine or LocalEngine(2), **more)

    return go


def outcomes(path):
    """Everything of a ledger that must not depend on how it was filled."""
    with Ledger(path / LEDGER) as ledger:
        return list(ledger.rows(OUTCOME))


def statuses(path):
    with Ledger(path / LEDGER) as ledger:
        rows = ledger._execute("SELECT status, count(*) FROM runs GROUP BY 1")
    return dict(rows)
