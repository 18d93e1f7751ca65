"""Cell density on a grid of bins, and the field's pull on cells (ePlace, Lu et al., TODAES 2015)."""

import numpy as np

from .compiled import compiled, inlined

SPREAD = 1.4142135623730951  # a cell is smeared over at least this many bins a direction


@inlined
def _box(x, y, w, h):
    """The smeared cell's corners, and the density that keeps its area."""
    ww, hh = max(w, SPREAD), max(h, SPREAD)
    x0, y0 = x - ww / 2, y - hh / 2
    return x0, y0, x0 + ww, y0 + hh, w * h / (ww * hh)


@compiled
def density(x, y, w, h, rho):
    """Area of cells in every bin.

    Args:
        x: (cells,) centres in bins.
        y: (cells,) centres in bins.
        w: (cells,) widths in bins.
        h: height of cells in bins.
        rho: (m, m), filled.
    """
    rho[:] = 0.0
    m = rho.shape[0]
    for c in range(len(w)):
        x0, y0, x1, y1, scale = _box(x[c], y[c], w[c], h)
        for i in range(max(0, int(x0)), min(m - 1, int(x1)) + 1):
            dx = min(x1, i + 1.0) - max(x0, float(i))
            for j in range(max(0, int(y0)), min(m - 1, int(y1)) + 1):
                dy = min(y1, j + 1.0) - max(y0, float(j))
                if dx > 0 and dy > 0:
                    rho[i, j] += dx * dy * scale


@compiled
def overflow(rho, mean):
    """Share of the cells' area above ``mean`` density by more than a fifth.

    Args:
        rho: (m, m) area in every bin.
        mean: the density that is wanted.

    Returns:
        A share from 0 to 1.
    """
    over = total = 0.0
    for i in range(rho.shape[0]):
        for j in range(rho.shape[1]):
            over += max(0.0, rho[i, j] - 1.2 * mean)
            total += rho[i, j]
    return over / total


@compiled
def pull(x, y, w, h, ex, ey, gx, gy):
    """Force of the field on every cell: its charge times the mean field below it.

    Args:
        x: (cells,) centres in bins.
        y: (cells,) centres in bins.
        w: (cells,) widths in bins.
        h: height of cells in bins.
        ex: (m, m) field along x.
        ey: (m, m) field along y.
        gx: (cells,), filled.
        gy: (cells,), filled.
    """
    m = ex.shape[0]
    for c in range(len(w)):
        x0, y0, x1, y1, scale = _box(x[c], y[c], w[c], h)
        fx = fy = 0.0
        for i in range(max(0, int(x0)), min(m - 1, int(x1)) + 1):
            dx = min(x1, i + 1.0) - max(x0, float(i))
            for j in range(max(0, int(y0)), min(m - 1, int(y1)) + 1):
                dy = min(y1, j + 1.0) - max(y0, float(j))
                if dx > 0 and dy > 0:
                    fx += dx * dy * ex[i, j]
                    fy += dx * dy * ey[i, j]
        gx[c], gy[c] = fx * scale, fy * scale


@compiled
def combine(gx, gy, fx, fy, weight, pins, w, h):
    """The preconditioned gradient of wirelength and density together.

    Args:
        gx: (cells,) of the wirelength, replaced by the result.
        gy: (cells,) of the wirelength, replaced by the result.
        fx: (cells,) force of the field.
        fy: (cells,) force of the field.
        weight: of the density.
        pins: (cells,) how many pins each has.
        w: (cells,) widths in bins.
        h: height of cells in bins.
    """
    for c in range(len(gx)):
        scale = 1.0 / max(1.0, pins[c] + weight * w[c] * h)
        gx[c] = (gx[c] - weight * fx[c]) * scale
        gy[c] = (gy[c] - weight * fy[c]) * scale


@compiled
def absolute(a, b):
    """Sum of |a| + |b|.

    Args:
        a: (n,).
        b: (n,).

    Returns:
        The sum.
    """
    s = 0.0
    for i in range(len(a)):
        s += abs(a[i]) + abs(b[i])
    return s


@compiled
def step_length(x, y, x0, y0, gx, gy, gx0, gy0):
    """Barzilai and Borwein's step length, as |dx| over |dg|.

    Args:
        x: (cells,) places now.
        y: (cells,) places now.
        x0: (cells,) places before.
        y0: (cells,) places before.
        gx: (cells,) gradient now.
        gy: (cells,) gradient now.
        gx0: (cells,) gradient before.
        gy0: (cells,) gradient before.

    Returns:
        The length.
    """
    dx = dg = 0.0
    for i in range(len(x)):
        dx += (x[i] - x0[i]) ** 2 + (y[i] - y0[i]) ** 2
        dg += (gx[i] - gx0[i]) ** 2 + (gy[i] - gy0[i]) ** 2
    return np.sqrt(dx / max(dg, 1e-300))


@compiled
def nesterov(ux, uy, vx, vy, gx, gy, alpha, momentum, w, h, m):
    """One accelerated step; cells stay inside.

    Args:
        ux: (cells,) places, moved.
        uy: (cells,) places, moved.
        vx: (cells,) where the gradient is taken, moved.
        vy: (cells,) where the gradient is taken, moved.
        gx: (cells,) gradient.
        gy: (cells,) gradient.
        alpha: step length.
        momentum: share of the last move that is added.
        w: (cells,) widths in bins.
        h: height of cells in bins.
        m: bins per side.
    """
    for i in range(len(ux)):
        hw, hh = min(w[i], m) / 2, h / 2
        nx = min(max(vx[i] - alpha * gx[i], hw), m - hw)
        ny = min(max(vy[i] - alpha * gy[i], hh), m - hh)
        vx[i] = min(max(nx + momentum * (nx - ux[i]), hw), m - hw)
        vy[i] = min(max(ny + momentum * (ny - uy[i]), hh), m - hh)
        ux[i], uy[i] = nx, ny
