"""The decorators of this package's kernels.

Numba optimises a function again inside each function that calls it.  So the large functions with one
caller are merged into it before anything is compiled, and no function but the kernel itself gets a way
in from Python: both together keep the time to compile short.
"""

import numba

from archgym.kernels.compilation import kernel_compiler

# the kernel: compiled by itself, with a cache on disk
compiled = kernel_compiler(__file__)
# a function of the kernel: makes no array, so nothing counts references
borrowing = numba.njit(
    error_model="numpy", nogil=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True
)
# a function with one caller, put into that before it is compiled
merged = numba.njit(error_model="numpy", nogil=True, inline="always")
