"""Memory traces: what a memory controller is asked to do, and when.

``trace`` is the value, ``formats`` reads files of other tools, ``packed`` is the compact file that
ships, ``generators`` make seeded synthetic shapes, ``library`` resolves names and paths, and
``capture`` records programs.
"""

from .library import resolve
from .trace import Trace

__all__ = ["Trace", "resolve"]
