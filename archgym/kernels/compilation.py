"""Compiled kernels whose disk cache cannot return yesterday's physics.

Numba keys its disk cache on the file of the decorated function alone: editing a helper in another
module leaves the old caller in the cache (reproduced).  Here every package of kernels gets a cache
folder named after a hash of all its sources, so that any edit starts from nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def cache_root() -> Path:
    """The folder of compiled kernels: ``ARCHGYM_CACHE_DIR``, else the user's cache folder."""
    chosen = os.environ.get("ARCHGYM_CACHE_DIR")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "archgym"


def source_hash(folder: Path) -> str:
    """A digest of every Python file of a folder, names included."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def kernel_compiler(package_file: str) -> Callable[[F], F]:
    """A decorator that compiles a function as part of the package that ``package_file`` lies in.

    The kernels release the GIL, divide as numpy does and are cached on disk under a hash of the
    package's sources.  Where no folder can be written, they are compiled anew in each process.
    """
    folder = Path(package_file).resolve().parent
    cache = cache_root() / "kernels" / f"{folder.name}-{source_hash(folder)}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        writable = os.access(cache, os.W_OK)
    except OSError:
        writable = False

    def compile_(function: F) -> F:
        import numba

        config: Any = numba.config

        before = config.CACHE_DIR
        config.CACHE_DIR = str(cache) if writable else before
        try:
            jitted: Any = numba.njit(cache=writable, error_model="numpy", nogil=True)(function)
            return jitted
        finally:
            config.CACHE_DIR = before

    return compile_
