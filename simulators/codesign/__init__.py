"""Networks and heterogeneous accelerators designed together (NASAIC); see README.md."""

from .simulator import CoDesignSimulator

__all__ = ["CoDesignSimulator"]
