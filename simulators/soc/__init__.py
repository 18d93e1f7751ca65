"""Systems on chip for AR/VR: task graphs on elements, memories and buses; see README.md."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .simulator import SoCSimulator

__all__ = ["SoCSimulator"]


def __getattr__(name: str) -> Any:
    """The simulator, imported when it is asked for: the domain's own object needs none of it."""
    if name == "SoCSimulator":
        from .simulator import SoCSimulator

        return SoCSimulator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
