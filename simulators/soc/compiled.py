"""The decorators of this package's kernels."""

from archgym.kernels.compilation import kernel_compiler, kernel_part

compiled = kernel_compiler(__file__)
# what works on arrays that its caller holds, compiled into it: a call that hands over a dozen arrays, and
# counts who refers to them, would cost as much as its work
inlined = kernel_part
