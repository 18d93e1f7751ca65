"""The decorators of this package's kernels; ``inlined`` is for parts of them that make no arrays."""

from archgym.kernels.compilation import kernel_compiler

compiled = kernel_compiler(__file__)
inlined = kernel_compiler(__file__, allocates=False)
