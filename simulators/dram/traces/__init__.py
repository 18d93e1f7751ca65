"""Memory traces: what a memory controller is asked to do, and when.

``trace`` is the value and ``played`` what a controller sees of it. ``formats`` reads files of other tools
(a line at a time by ``dialects``, regular lines by the compiled ``scanner``), ``simulation`` DRAMSys' JSON,
``writing`` and ``convert`` write them; ``packed`` is the compact file that
ships, ``generators`` make seeded synthetic shapes, ``library`` resolves names and paths, and
``capture`` records programs.
"""

from .library import resolve
from .trace import Trace

__all__ = ["Trace", "resolve"]
