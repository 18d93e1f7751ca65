"""The decorator of this package's kernels, which make no arrays."""

from archgym.kernels.compilation import kernel_compiler

compiled = kernel_compiler(__file__, allocates=False)
