"""The decorators of this package's kernels: of those that Python calls, and of their parts."""

from archgym.kernels.compilation import kernel_compiler, kernel_part

compiled = kernel_compiler(__file__)
inlined = kernel_compiler(__file__, allocates=False)
part = kernel_part
