"""The decorators of this package's kernels."""

from archgym.kernels.compilation import kernel_compiler

compiled = kernel_compiler(__file__)
inlined = kernel_compiler(__file__, allocates=False)
