"""The decorators of this package's kernels.

Numba optimises a function again inside each function that calls it.  So the few large functions are
merged into their one caller before anything is compiled, and no function but the kernel itself gets a
way in from Python: both together divide the time to compile by three.
"""

import numba

from archgym.kernels.compilation import kernel_compiler

# the kernel: compiled by itself, with a cache on disk
compiled = kernel_compiler(__file__)
# a function of the kernel: makes no array, so nothing counts references
borrowing = numba.njit(
    error_model="numpy", nogil=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True
)
# a large function with one caller, put into that before it is compiled
merged = numba.njit(error_model="numpy", nogil=True, inline="always")
