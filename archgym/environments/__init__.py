"""Gymnasium environments: views of one scenario for outside reinforcement-learning libraries.

``DesignEnv`` proposes a whole design a step (a bandit), ``SequentialDesignEnv`` one parameter a
step, ``DesignVectorEnv`` a batch of whole designs in one call; ``MultiObjectiveDesignEnv`` rewards
every objective by itself, in MO-Gymnasium's form.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    "DesignEnv": "design",
    "SequentialDesignEnv": "sequential",
    "DesignVectorEnv": "vector",
    "MultiObjectiveDesignEnv": "multi_objective",
}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_PUBLIC[name]}", __name__), name)
