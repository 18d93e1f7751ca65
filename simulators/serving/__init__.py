"""Serving of large language models: latency, throughput, memory and cost, against measured silicon."""

from typing import Any


def __getattr__(name: str) -> Any:
    """The simulator, imported when it is asked for: the domain's own object needs none of it."""
    if name == "ServingSimulator":
        from .simulator import ServingSimulator

        return ServingSimulator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
