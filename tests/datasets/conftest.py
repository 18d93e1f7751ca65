import pytest

from archgym.goals.scenario_file import from_document
from archgym.runs import runner
from tests.sweeps.conftest import document, run  # noqa: F401 (fixtures)

TOY = "tests.conftest:ToySimulator"


@pytest.fixture
def make_run(tmp_path, toy_document):
    def make(name, agent="random_walk", seed=0, **change):
        scenario = from_document(toy_document | {"simulator": TOY} | change)
        return runner.run(
            scenario, agent, budget=40, seed=seed, output=tmp_path / name, plots=False
        )

    return make
