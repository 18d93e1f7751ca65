"""Compiled kernels whose disk cache cannot return yesterday's physics.

Numba keys its disk cache on the file of the decorated function alone: editing a helper in another
module leaves the old caller in the cache (reproduced).  Here every module of kernels gets a cache
folder named after a hash of all first-party sources that may be compiled into it, those of other
packages included (:func:`archgym.kernels.sources.code_digest`), so that any edit of them starts from nothing.
The same sources in another place share the folder.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from .sources import code_digest, source_of

F = TypeVar("F", bound=Callable[..., Any])


def cache_root() -> Path:
    """The folder of compiled kernels: ``ARCHGYM_CACHE_DIR``, else the user's cache folder."""
    chosen = os.environ.get("ARCHGYM_CACHE_DIR")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "archgym"


def source_hash(folder: Path) -> str:
    """A digest of every Python file of a folder and of its name.

    Args:
        folder: only its own files count, not those of folders inside it.

    Returns:
        16 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def kernel_compiler(package_file: str, *, allocates: bool = True) -> Callable[[F], F]:
    """A decorator that compiles a function of the package that ``package_file`` lies in.

    The kernels release the GIL, divide as numpy does and are cached on disk under a hash of the
    sources that their module is made of.  Where no folder can be written or a module has no source
    file, they are compiled anew in each process.

    Args:
        package_file: ``__file__`` of a module of the package.
        allocates: whether the functions may make arrays.  Those that only work on arrays which their
            caller holds need not count references, and are compiled into their caller: so they may
            hand bundles of arrays (named tuples) to each other for nothing.

    Returns:
        The decorator.
    """
    folder = Path(package_file).resolve().parent.name
    options: dict[str, Any] = {} if allocates else {"_nrt": False, "forceinline": True}
    options["no_cfunc_wrapper"] = True  # nothing calls kernels by their address

    def compile_(function: F) -> F:
        import numba

        config: Any = numba.config

        cache = _cache_folder(folder, function.__module__)
        before = config.CACHE_DIR
        config.CACHE_DIR = before if cache is None else str(cache)
        try:
            jitted: Any = numba.njit(
                cache=cache is not None, error_model="numpy", nogil=True, **options
            )(function)
            if cache is not None and hasattr(jitted, "_cache"):  # none where numba is switched off
                _keep_by_sources(jitted, cache)
                _go_on_where_it_cannot_be_kept(jitted, cache)
            return jitted
        finally:
            config.CACHE_DIR = before

    return compile_


def kernel_part(function: F) -> F:
    """Compile a function into the kernels that call it; it makes no arrays.

    It has no entry of its own for Python, whose code for a bundle of arrays takes longer to compile than
    most functions do.  Called from Python it runs as Python.

    Args:
        function: of numbers, arrays and bundles of arrays (named tuples).

    Returns:
        The function itself.
    """
    from numba.extending import register_jitable

    made: F = register_jitable(
        error_model="numpy",
        _nrt=False,
        forceinline=True,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
    )(function)
    return made


def _keep_by_sources(jitted: Any, folder: Path) -> None:
    """Find compiled kernels wherever their sources lie, and whenever they were written.

    Numba keys its cache on the place and the time of a function's file.  The folder's name holds what the
    sources say, so a second installation, a wheel or another checkout need not compile them again.
    """
    from numba.core.caching import IndexDataCacheFile

    jitted._cache._cache_path = str(folder)
    jitted._cache._cache_file = IndexDataCacheFile(
        cache_path=str(folder),
        filename_base=jitted._cache._impl.filename_base,
        source_stamp=folder.name,
    )


def _go_on_where_it_cannot_be_kept(jitted: Any, folder: Path) -> None:
    """A disk that is full costs the next process a compilation, and this one nothing but a warning."""
    save = jitted._cache.save_overload

    def save_if_possible(signature: Any, data: Any) -> None:
        try:
            save(signature, data)
        except OSError as error:
            text = f"compiled kernels cannot be kept in {folder.parent}: {error.strerror or error}"
            warnings.warn(f"{text}; every process compiles them anew", RuntimeWarning, stacklevel=2)

    jitted._cache.save_overload = save_if_possible


@cache
def _cache_folder(package: str, module: str) -> Path | None:
    """The folder of a module's compiled kernels; None where there can be none."""
    source = source_of(module)
    if source is None:
        return None
    try:
        name = f"{package}.{module.rpartition('.')[2]}-{code_digest(source)}"
        folder = cache_root() / "kernels" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder if os.access(folder, os.W_OK) else None
    except (OSError, SyntaxError):
        return None
