"""Any external program as a simulator."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .simulator import SubprocessSimulator

__all__ = ["SubprocessSimulator"]


def __getattr__(name: str) -> Any:
    """The simulator, imported when it is asked for: the domain's own object needs none of it."""
    if name == "SubprocessSimulator":
        from .simulator import SubprocessSimulator

        return SubprocessSimulator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
