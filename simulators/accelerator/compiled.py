"""The decorators of this package's kernels."""

from archgym.kernels.compilation import kernel_compiler

compiled = kernel_compiler(__file__)
# for functions that make no array: compiled into their callers, their arrays cost nothing to pass
borrowing = kernel_compiler(__file__, allocates=False)
