"""Networks and heterogeneous accelerators designed together (NASAIC); see README.md."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .simulator import CoDesignSimulator

__all__ = ["CoDesignSimulator"]


def __getattr__(name: str) -> Any:
    """The simulator, imported when it is asked for: the domain's own object needs none of it."""
    if name == "CoDesignSimulator":
        from .simulator import CoDesignSimulator

        return CoDesignSimulator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
