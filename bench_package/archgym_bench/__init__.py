"""Tasks of hardware design-space exploration with certified optima, as packed tables."""

from .pack import PackError, names
from .task import BudgetError, DesignError, Knob, Task, generator, load

__all__ = [
    "BudgetError",
    "DesignError",
    "Knob",
    "PackError",
    "Task",
    "generator",
    "load",
    "names",
]
__version__ = "2.0.0"
