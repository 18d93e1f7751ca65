from importlib.metadata import EntryPoint

import pytest

from archgym import registry
from archgym.errors import UnknownNameError
from tests.conftest import ToySimulator


def test_third_parties_register_through_entry_points(monkeypatch):
    point = EntryPoint("their_cache", "tests.conftest:ToySimulator", "archgym.simulators")
    monkeypatch.undo()  # the toy simulator of conftest stands aside
    monkeypatch.setattr(
        registry, "entry_points", lambda group: [point] if group == point.group else []
    )
    registry.table.cache_clear()
    try:
        assert "their_cache" in registry.names("simulators") and "dram" in registry.names(
            "simulators"
        )
        assert registry.load("simulators", "their_cache").__name__ == ToySimulator.__name__
    finally:
        registry.table.cache_clear()


def test_unknown_names_suggest():
    with pytest.raises(UnknownNameError, match="did you mean 'random_walk'"):
        registry.load("agents", "random_wolk")


def test_summaries_are_read_without_importing():
    assert registry.summary("agents", "ppo") == "Proximal policy optimisation."
    assert all(registry.summary("agents", name) for name in registry.names("agents"))
