"""The decorators of this package's kernels."""

from typing import Any

import numba
from numba.core import types
from numba.extending import intrinsic

from archgym.kernels.inner import inner as borrowing
from archgym.kernels.inner import large_kernel_compiler, merged

__all__ = ["borrowing", "compiled", "merged", "words"]

# the kernel: compiled by itself, with a cache on disk
compiled = large_kernel_compiler(__file__)


@intrinsic
def _first_word(typing: Any, array: Any) -> Any:
    """The words of a contiguous array, which the caller of the kernel keeps alive.

    An index into them is an offset and nothing else.  An array's is compared with zero first, as
    a negative one counts from the end, and passing an array passes its shape and its owner.
    """

    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, given[0]).data

    return types.CPointer(array.dtype)(array), code


if numba.config.DISABLE_JIT:  # as Python, an array does

    def words(array: Any) -> Any:
        """The array itself."""
        return array
else:
    words = _first_word
