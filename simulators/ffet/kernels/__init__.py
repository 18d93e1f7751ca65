"""The flow's compiled stages.  Units: um, ps, fF, kohm, V, fJ.  No library exp, no BLAS, no fastmath."""
