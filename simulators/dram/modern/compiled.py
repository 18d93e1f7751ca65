"""The decorators of this package's kernels.

Numba optimises a function again inside each function that calls it.  So the large functions with one
caller are merged into it before anything is compiled, and no function but the kernel itself gets a way
in from Python: both together keep the time to compile short.
"""

from typing import Any

import numba
from numba.core import types
from numba.extending import intrinsic

from archgym.kernels.compilation import kernel_compiler

# the kernel: compiled by itself, with a cache on disk
compiled = kernel_compiler(__file__)
# a function of the kernel: makes no array, so nothing counts references
borrowing = numba.njit(
    error_model="numpy", nogil=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True
)
# a function with one caller, put into that before it is compiled
merged = numba.njit(error_model="numpy", nogil=True, inline="always")


@intrinsic
def _first_word(typing: Any, array: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, given[0]).data

    return types.CPointer(array.dtype)(array), code


if numba.config.DISABLE_JIT:  # as Python, an array does

    def words(array: Any) -> Any:
        """The array itself."""
        return array
else:

    @numba.njit(inline="always")
    def words(array: Any) -> Any:
        """The words of a contiguous array, which the caller of the kernel keeps alive.

        An index into them is an offset and nothing else.  An array's is compared with zero first, as
        a negative one counts from the end, and passing an array passes its shape and its owner.
        """
        return _first_word(array)
