"""How layers, mappings and architectures lie in arrays; shared by kernels and Python.

Dimensions follow Timeloop and add groups: N batch, G groups, K output channels, C input channels (both
a group), P and Q output rows and columns, R and S filter rows and columns.  A matrix product of (M, C)
by (C, K) is P = M.

Arrays of a mapping over L levels, outermost (DRAM) first:

- ``factor`` (L, 3, 8) int64: how often each level's loop over a dimension runs, by kind: temporal,
  spatial along X, spatial along Y.  A factor of 1 is no loop.
- ``order`` (L, 8) int64: the temporal loops of a level, outermost first.
- ``keep`` (L, 3) bool: which tensors a level holds; others pass it by.

Counts are (L, 3, 3): level, tensor, action; words of one instance.
"""

DIMENSIONS = ("N", "G", "K", "C", "P", "Q", "R", "S")
N, G, K, C, P, Q, R, S = range(8)
TENSORS = ("weights", "inputs", "outputs")
WEIGHTS, INPUTS, OUTPUTS = range(3)
FINISHED = 3  # outputs whose sum is complete; they may be narrower
KINDS = ("temporal", "x", "y")
TEMPORAL, SPATIAL_X, SPATIAL_Y = range(3)
ACTIONS = ("read", "fill", "update")
READ, FILL, UPDATE = range(3)

# geometry of a convolution: (4,) int64
STRIDE_H, STRIDE_W, DILATION_H, DILATION_W = range(4)

# why a mapping is refused; the order of Timeloop's checks within a level
OK, COVERAGE, CAPACITY, INSTANCES, X_EXPANSION, Y_EXPANSION = range(6)
REASONS = ("", "coverage", "capacity", "instances", "x_expansion", "y_expansion")

# what of an input tile is reused when the next one overlaps it; see nest.delivered_inputs
TWO_ITERATIONS, PREVIOUS_TILE, WHOLE_TILE = range(3)
REUSE = ("timeloop", "physical", "whole-tile")

# what a mapper minimises
ENERGY_DELAY, ENERGY, DELAY, TRAFFIC = range(4)
OBJECTIVES = ("energy-delay", "energy", "delay", "dram-traffic")

# what an annealing mapper changes at a time; see joint_moves
SINGLE, JOINT = range(2)
MOVES = ("single", "joint")
