"""Mappings that are proved to be optimal: a branch and bound over the mapper's model.

Arguments that its kernels share, for L levels:

- ``problem``: what ``mapper.problem_of`` makes, (dims, conv, arch, switches, floor).
- ``search``: (problem, objective, elements of each tensor (3,), whether there are windows, share of
  the inputs' box that is read at least, products, which of the two axes are plain, table and counts
  of ``choices.possible_extents``, points of a front as in ``standing``).
- ``forms``: (fan, outside, inside, used, parent, words, share, floors, gapless, ends), see ``forms.prepare``.
- ``visits`` (L + 1, 3) and ``reads`` (L + 1,): how often tiles are brought to each level, and how
  often the level outside reads the inputs for it.
- ``stack``: the open nodes, (ns, order, visits, reads, bound, level) by slot, then the free slots,
  the slots on the stack, and pJ and cycles (2,) by slot.
- ``tally``: counters and limits by the names in ``open_nodes``. ``scratch`` holds arrays that are
  overwritten.
"""

VERSION = "3"  # of the search: it changes where a search that stops early may give another mapping
