"""Block-level PPA of flip FET against CFET by a physical-design flow; see README.md."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .simulator import BlockPPASimulator

__all__ = ["BlockPPASimulator"]


def __getattr__(name: str) -> Any:
    """The simulator, imported when it is asked for: the domain's own object needs none of it."""
    if name == "BlockPPASimulator":
        from .simulator import BlockPPASimulator

        return BlockPPASimulator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
