"""Uneven mappings: the tensors of one memory level may be held at different depths of the loop nest.

The counting is AccelForge's (its FFM/TCM mapper, version 1.0.467).  Against the even mappings of the package:
a drain of outputs is a read of the child, there is no first fill and no last drain, accesses are not rounded
up to blocks, and of a window one loop's worth of sliding is reused.

What is held where and what it costs:

- A nest is a list of items, outermost first: *holders* (from here inwards a level keeps a tensor), temporal
  loops, and loops unrolled over the children of a level.
- A tensor's *home* is its outermost holder.
- A holder needs space for its tile.  Temporal loops that directly follow it and move the whole tile shrink
  what must be held; one loop that moves a window in part shrinks it too, and is the last.

Only whole factors are expressed: the iterations of a dimension multiply to its extent.

Arrays that the kernels share, for T = 3 tensors, D dimensions, A axes and L levels: ``items`` (n, 4) int64,
see :mod:`nest`; ``extents`` (D,) int64; ``coefficients`` (T, A, D) int64, how far a step of a dimension moves
the tile along an axis of the tensor, the output being the last tensor.
"""
