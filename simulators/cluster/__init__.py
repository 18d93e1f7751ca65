"""Clusters of accelerators: collectives and steps of large models, by the rules of ASTRA-sim."""

from typing import Any


def __getattr__(name: str) -> Any:
    """The simulator, imported when it is asked for: the domain's own object needs none of it."""
    if name == "ClusterSimulator":
        from .simulator import ClusterSimulator

        return ClusterSimulator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
