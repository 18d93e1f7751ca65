"""The decorator of this package's kernels."""

from archgym.kernels.compilation import kernel_compiler

compiled = kernel_compiler(__file__)
