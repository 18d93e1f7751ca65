"""A small game over a DRAM controller."""

import pytest

from archgym.goals.scenario_file import load_scenario
from archgym.play import game as games


@pytest.fixture
def scenario():
    return load_scenario("dram/sqlite-low-latency", "sqlite@200")


@pytest.fixture
def begun(scenario, tmp_path):
    """Begin a game: ``begun(budget=…)``; every game is closed at the end."""
    opened = []

    def begin(folder="game", **settings):
        game = games.start(scenario, output=tmp_path / folder, **settings)
        opened.append(game)
        return game

    yield begin
    for game in opened:
        game.close()
