"""Fused layers: two or three products in a row whose intermediates stay on chip.

A chain has *shared* loops outside, over dimensions of all its products, and a nest of each product inside of
them; the products run in turn.  The counting is that of ``uneven.fused``.  ``links`` says which layers may be
fused, ``searching`` anneals chains on any machine, ``exact`` proves pairs on machines with one buffer,
``partition`` cuts a network into groups.

Arrays that the kernels share, for n products, T = 3 tensors of each, U tensors in all, D dimensions in all, A
axes and L levels:

- ``extents`` (n, D) int64: 1 where a product lacks the dimension.
- ``coefficients`` (n, T, A, D) int64, as in ``uneven``; ``tensor_of`` (n, T) int64 into the U tensors.
- A state has segments: 0 shared, 1 .. n those of the products.  ``holders`` (n + 1, H, 2) level and tensor,
  ``count`` (n + 1,) those in use, ``gaps`` (n + 1, H + 1, D) iterations of the loops after each holder,
  ``order`` (n + 1, H + 1, D) of these loops, ``unrolled`` (n, L, 2, D).
"""
