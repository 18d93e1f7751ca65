"""Compiled kernels and the folder that keeps them."""

import errno
import gc

import numba
import numpy as np
import pytest

from archgym.kernels import compilation, inner


def test_a_full_cache_disk_costs_a_warning(tmp_path, monkeypatch):
    """Kernels compile and answer where they cannot be kept."""
    monkeypatch.setenv("ARCHGYM_CACHE_DIR", str(tmp_path))
    compilation._cache_folder.cache_clear()
    full = OSError(errno.ENOSPC, "No space left on device")

    def no_room(*_):
        raise full

    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.save", no_room)
    from archgym.tables import lookup

    again = compilation.kernel_compiler(lookup.__file__)(lookup.lookup.py_func)
    x, nvec = np.array([[1]]), np.array([2])
    given = (
        x, nvec, np.array([0, 2]), np.array([0, 1]), np.array([0, 1]),
        np.array([[5.0], [7.0]]), np.empty((1, 1)), np.empty(1, np.int64),
    )  # fmt: skip
    with pytest.warns(
        RuntimeWarning, match=r"cannot be kept in .*kernels: No space left on device"
    ):
        again(*given)
    compilation._cache_folder.cache_clear()


def test_a_part_of_kernels_is_compiled_into_them_and_runs_as_python(tmp_path, monkeypatch):
    """From Python it is a function like any other, which a kernel without an entry would not survive."""
    monkeypatch.setenv("ARCHGYM_CACHE_DIR", str(tmp_path))
    compilation._cache_folder.cache_clear()

    @compilation.kernel_part
    def half(values, i):
        return values[i] / 2

    @compilation.kernel_compiler(__file__, allocates=False)
    def halves(values, out):
        for i in range(len(values)):
            out[i] = half(values, i)

    values, out = np.array([3.0, 0.0]), np.empty(2)
    halves(values, out)
    assert out.tolist() == [1.5, 0.0] == [half(values, 0), half(values, 1)]
    assert halves.nopython_signatures
    compilation._cache_folder.cache_clear()


def test_functions_inside_of_kernels_are_compiled_once_and_not_by_themselves():
    """Neither anew for each constant, nor optimised and translated outside of the kernel."""

    @inner.inner
    def twice(x):
        return 2 * x

    @inner.merged
    def step(x, more):
        return twice(x) + more if x > 3 else twice(1) + more

    @numba.njit
    def kernel(numbers):
        total = 0
        for x in numbers:
            total += step(x, 1) + step(2, x)
        return total

    numbers = np.arange(6)
    assert kernel(numbers) == sum(
        (2 * x + 1 if x > 3 else 3) + (2 + x) for x in range(len(numbers))
    )
    for function in (twice, step):
        (compiled,) = function.overloads.values()
        assert compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name) == 0
    codegen = kernel.targetctx.codegen()
    assert not hasattr(codegen._library_class, "linked_only")


def test_kernels_compile_where_numba_has_other_insides(monkeypatch):
    """As numba does it by itself."""
    monkeypatch.setattr(inner, "_OF_LIBRARY", ("what_no_numba_has",))
    inner._library.cache_clear()

    @inner.inner
    def twice(x):
        return 2 * x

    @numba.njit
    def kernel(x):
        return twice(x) + twice(3)

    assert kernel(4) == 14
    inner._library.cache_clear()


def test_no_garbage_is_collected_while_a_large_kernel_compiles(monkeypatch):
    seen = []
    kernel = inner.large_kernel_compiler(inner.__file__)(lambda x: x)
    monkeypatch.setattr(type(kernel), "compile", lambda self, sig: seen.append(gc.isenabled()))
    inner.large_kernel_compiler(inner.__file__)(lambda x: x).compile((numba.int64,))
    assert seen == [False] and gc.isenabled()
