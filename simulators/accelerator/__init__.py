"""DNN accelerators and their mappings: one loop-nest model, a mapper, two simulators."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .mapping_simulator import MappingSimulator
    from .simulator import AcceleratorSimulator

__all__ = ["AcceleratorSimulator", "MappingSimulator"]
_MODULES = {"AcceleratorSimulator": "simulator", "MappingSimulator": "mapping_simulator"}


def __getattr__(name: str) -> Any:
    """A simulator, imported when it is asked for: the domain's own object needs none of it."""
    if name in _MODULES:
        return getattr(import_module(f".{_MODULES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
