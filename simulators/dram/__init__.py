"""Memory controllers over DDR3 and DDR4; see README.md for what is modelled and how well."""

from .simulator import DRAMSimulator

__all__ = ["DRAMSimulator"]
