"""Compiled kernels and the folder that keeps them."""

import errno

import numpy as np
import pytest

from archgym.kernels import compilation


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
