"""Fronts of hardware and mapping together: no design of a space, under any mapping, lies below them.

Every design is a box. Its lower corner is the sum over layers of what no mapping can cost less than, its area
is exact. Points that are attained are mappings that were found. The *gap* of a front is the least g so that
every box, and thus every design with every mapping, has a point that is at most g above its lower corner in
every metric.

- ``profiles``: bounds that designs share which differ in what a bound does not read until last.
- ``corners``: the lower corners of all designs of a scenario.
- ``boxes``: corners, points and the gap between them.
- ``lending``: mappings found for one design, on all of its shape. ``trying``: what they cost, compiled.
- ``closing``: the boxes that widen the front most are mapped first, then certified layer by layer.
- ``document``: the certificate and what a search is resumed from. ``checking``: is a certificate right?
"""
