"""Functions that only kernels call: compiled once, and optimised as part of the kernel alone.

Numba optimises each function and translates it into machine code by itself, and does both again inside
each function that calls it; it also compiles a function anew for every constant that it is given.  A
kernel of many small functions takes several times as long to compile for that.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from .compilation import kernel_compiler

F = TypeVar("F", bound=Callable[..., Any])
# what is taken from numba beyond its documented interface; where some of it is missing, functions are
# compiled as numba does it
_OF_LIBRARY = ("_optimize_final_module", "_finalize_final_module", "_finalize_dynamic_globals")


def large_kernel_compiler(package_file: str) -> Callable[[F], F]:
    """As :func:`archgym.kernels.compilation.kernel_compiler`, for kernels of many functions.

    Numba makes millions of objects and keeps most of them.  Looking for garbage takes a sixth of its time,
    so nobody looks while such a kernel compiles.

    Args:
        package_file: ``__file__`` of a module of the package.

    Returns:
        The decorator.
    """
    kernel = kernel_compiler(package_file)

    def compile_(function: F) -> F:
        jitted: Any = kernel(function)
        if hasattr(jitted, "compile"):  # not where numba is switched off
            jitted.compile = _without_collections(jitted.compile)
        return jitted  # type: ignore[no-any-return]

    return compile_


def _without_collections(compile_: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def compile_at_once(signature: Any) -> Any:
        collects = gc.isenabled()
        gc.disable()
        try:
            return compile_(signature)
        finally:
            if collects:
                gc.enable()

    return compile_at_once


def inner(function: F) -> F:
    """A function that only kernels of numba call, by plain numbers and pointers.

    It cannot be called from Python, makes no array and raises nothing.

    Args:
        function: what to compile, once a kernel calls it.

    Returns:
        What a kernel may call.
    """
    return _compiled(function, forceinline=False)


def merged(function: F) -> F:
    """As :func:`inner`, put into whatever calls it: for what is called often or by one function alone.

    Args:
        function: what to compile, once a kernel calls it.

    Returns:
        What a kernel may call.
    """
    return _compiled(function, forceinline=True)


def _compiled(function: F, **options: bool) -> F:
    import numba
    from numba.core import types

    # no reference is counted; Python has no way in
    options |= {"_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    compile_: Any = numba.njit
    jitted: Any = compile_(error_model="numpy", nogil=True, **options)(function)
    if hasattr(jitted, "get_call_template"):  # not where numba is switched off
        as_numba_does = jitted.get_call_template

        def called(args: Any, kws: Any) -> Any:
            with _linked_only():
                return as_numba_does([types.unliteral(a) for a in args], kws)

        jitted.get_call_template = called
    return jitted  # type: ignore[no-any-return]


@contextmanager
def _linked_only() -> Iterator[None]:
    """What numba compiles meanwhile is only linked into its caller; numba's lock is held by that."""
    from numba.core.registry import cpu_target

    codegen: Any = cpu_target.target_context.codegen()
    usual = codegen._library_class
    if not hasattr(usual, "linked_only"):  # not yet inside of such a function
        codegen._library_class = _library(usual)
    try:
        yield
    finally:
        codegen._library_class = usual


@cache
def _library(usual: Any) -> Any:
    """The class of libraries that are neither optimised nor translated by themselves."""
    if not all(hasattr(usual, name) for name in _OF_LIBRARY):
        return usual

    class Linked(usual):  # type: ignore[misc]
        linked_only = True

        def _optimize_final_module(self) -> None:
            pass

        def _finalize_final_module(self) -> None:
            self._finalize_dynamic_globals()
            self._finalized = True

        def get_pointer_to_function(self, name: str) -> int:
            self._ensure_finalized()
            return 0

        @property
        def codegen(self) -> Any:
            return _NoEnvironment()

    return Linked


class _NoEnvironment:
    """Nothing needs Python objects in a function that no interpreter calls."""

    def set_env(self, name: str, env: Any) -> None:
        pass
