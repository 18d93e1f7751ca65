"""Block-level PPA of flip FET against CFET by a physical-design flow; see README.md."""

from .simulator import BlockPPASimulator

__all__ = ["BlockPPASimulator"]
