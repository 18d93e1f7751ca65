"""The decorators of this package's kernels; ``inlined`` is for parts of them.

No kernel makes arrays: what it works in is made in Python and handed over.  So none counts references,
and none holds the code of ``np.zeros``, which together took half of the time to compile them.
"""

from archgym.kernels.compilation import kernel_compiler, kernel_part

compiled = kernel_compiler(__file__, allocates=False)
inlined = kernel_part
