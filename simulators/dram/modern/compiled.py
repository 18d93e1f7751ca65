"""The decorators of this package's kernels.

Numba optimises a function again inside each function that calls it.  So the large functions with one
caller are merged into it before anything is compiled, and no function but the kernel itself gets a way
in from Python: both together keep the time to compile short.
"""

from typing import Any

import numba
from llvmlite import ir
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


@intrinsic
def _raise_eight(typing: Any, s: Any, to: Any, row: Any, now: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        word = ir.IntType(64)
        vector = ir.VectorType(word, 8)
        base, at, of, cycle = given
        old, distances = (
            builder.bitcast(builder.gep(base, [i]), ir.PointerType(vector)) for i in (at, of)
        )
        lanes = builder.insert_element(ir.Constant(vector, ir.Undefined), cycle, word(0))
        lanes = builder.shuffle_vector(
            lanes, lanes, ir.Constant(ir.VectorType(ir.IntType(32), 8), [0] * 8)
        )
        new = builder.add(builder.load(distances, align=8), lanes)
        was = builder.load(old, align=8)
        builder.store(builder.select(builder.icmp_signed(">", new, was), new, was), old, align=8)
        return context.get_dummy_value()

    return types.none(s, types.int64, types.int64, types.int64), code


if numba.config.DISABLE_JIT:  # as Python, an array does

    def raise_eight(s: Any, to: int, row: int, now: int) -> None:
        """Raise eight words to a row of distances from now on, where that is later."""
        for i in range(8):
            s[to + i] = max(s[to + i], now + s[row + i])

    def words(array: Any) -> Any:
        """The array itself."""
        return array
else:

    @numba.njit(inline="always")
    def raise_eight(s: Any, to: int, row: int, now: int) -> None:
        """Raise eight words to a row of distances from now on, where that is later; as one vector."""
        _raise_eight(s, to, row, now)

    @numba.njit(inline="always")
    def words(array: Any) -> Any:
        """The words of a contiguous array, which the caller of the kernel keeps alive.

        An index into them is an offset and nothing else.  An array's is compared with zero first, as
        a negative one counts from the end, and passing an array passes its shape and its owner.
        """
        return _first_word(array)
