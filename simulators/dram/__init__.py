"""Memory controllers over DDR3 and DDR4; see README.md for what is modelled and how well."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .simulator import DRAMSimulator

__all__ = ["DRAMSimulator"]


def __getattr__(name: str) -> Any:
    """The simulator, imported when it is asked for: the domain's own object needs none of it."""
    if name == "DRAMSimulator":
        from .simulator import DRAMSimulator

        return DRAMSimulator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
