"""Any external program as a simulator."""

from .simulator import SubprocessSimulator

__all__ = ["SubprocessSimulator"]
