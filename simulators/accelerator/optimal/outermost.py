"""What the outermost level must cost beyond bringing every tensor once, whatever is unrolled.

That depends on the room on chip alone: what passes from the outermost level to others is decided by the tiles
that they have room for. So it holds for all machines with no more room, whatever their energies inside.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..architecture import Architecture
from ..layers import Layer
from ..layout import ENERGY, INPUTS
from ..nest import RELEVANT
from .certificate import SLACK
from .choices import tensor_choices
from .rooms import forms_room, scratch_room, stack_room, state_room
from .searching import Search, asked

GROUPS = 9  # of unrollings, by room
WORK = (1_000_000.0, 400_000.0)  # bounds of all groups, of layers without and with windows
SHARE = 12  # of that work, what one group may take


def instances_of(architecture: Architecture) -> NDArray[np.float64]:
    """How many times the room of one instance all instances of a level have together.

    Args:
        architecture: the machine.

    Returns:
        (L, 3) by level and tensor; infinite where a level cannot keep a tensor, and for inputs in several
        instances, whose tiles may overlap or have gaps.
    """
    _, may = architecture.keeps
    out = np.where(may, architecture.mesh[:-1].prod(axis=1)[:, None].astype(np.float64), np.inf)
    out[2:, INPUTS] = np.inf
    return out


def beyond_once(layer: Layer, architecture: Architecture, reuse: str, work: float) -> float:
    """The least pJ of the outermost level's accesses beyond those that bring every tensor once.

    Args:
        layer: its shape.
        architecture: the machine.
        reuse: one of ``layout.REUSE``.
        work: bounds of tiles that are worked out at most, for each choice of tensors.

    Returns:
        pJ, less where it would take more work; 0.0 where the outermost level has several children, or where
        some choice leaves the next level empty.
    """
    from .exploring import outermost_energy

    levels = len(architecture.levels)
    keeps = tensor_choices(architecture)
    if levels < 3 or architecture.levels[0].fanout != (1, 1) or not keeps[:, 1].any(axis=1).all():
        return 0.0
    search = asked(layer, architecture, ENERGY, reuse)
    forms, stack, scratch = forms_room(levels), stack_room(levels, 1), scratch_room(levels)
    state, scale = state_room(levels), instances_of(architecture)
    least = np.inf
    for keep in keeps:
        more, _ = outermost_energy(
            search, keep, scale, work, forms, stack, scratch, np.ones((levels + 1, 3)), np.ones(levels + 1),
            state[5], state[6],
        )  # fmt: skip
        least = min(least, float(more))
        if least == 0.0:
            break
    return least * (1.0 - SLACK)


def add_outermost(search: Search, roots: NDArray[np.float64]) -> None:
    """Add to the energies of ``roots`` what the outermost level must cost beyond the least.

    Tensors that pass the next level by are delivered to levels whose instances together have room for more,
    the more of their dimensions are unrolled; so choices fall into groups. Where the groups with the most and
    the least room cost the same, so do all between.

    Args:
        search: whose choices are listed.
        roots: (k n, 3) see ``exploring.root_bounds``, raised.
    """
    choices, levels = search.choices, len(search.architecture.levels)
    if levels < 3 or search.architecture.levels[0].fanout != (1, 1):
        return
    fan, left = choices.across * choices.down, WORK[int(search.search[3])]
    share = left / SHARE
    for k, keep in enumerate(choices.keep):
        scale = np.ones((len(fan), levels, 3))
        for t in range(3):
            first = int(np.argmax(keep[1:, t])) + 1 if keep[1:, t].any() else levels
            if 1 < first < levels:
                scale[:, first, t] = fan[:, :first][:, :, RELEVANT[t]].prod(axis=(1, 2))
        if not keep[1].any() or (
            # children with gaps between their windows hold less than one large tile
            (scale[:, :, INPUTS] > 1).any() and (search.layer.geometry > 1).any()
        ):
            continue
        groups = _by_room(scale)
        more: dict[int, float] = {}
        open_runs = [(len(groups) - 1, len(groups) - 1), (0, 0), (0, len(groups) - 1)]
        while open_runs:
            low, high = open_runs.pop(0)
            if low < high and more[low] <= more[high] * (1.0 + SLACK):
                more |= dict.fromkeys(range(low + 1, high), more[high])
                continue
            middle = (low + high) // 2
            if middle not in more:
                more[middle], work = _more(search, keep, groups[middle][1], min(left, share))
                left -= work
            if high - low > 1:
                open_runs += [(low, middle), (middle, high)]
        for at, (rows, _) in enumerate(groups):
            at_roots = roots[k * len(fan) + rows]
            raised = np.maximum(at_roots[:, 0], at_roots[:, 2] + more[at])
            roots[k * len(fan) + rows, 0] = raised


def _by_room(
    scale: NDArray[np.float64],
) -> list[tuple[NDArray[np.intp], NDArray[np.float64]]]:
    """Groups of rows of ``scale`` (n, L, 3), each with at least the room of all before, (L, 3)."""
    size = scale.reshape(len(scale), -1).max(axis=1)
    groups, most = [], np.ones(scale.shape[1:])
    for rows in np.array_split(np.argsort(size, kind="stable"), GROUPS if (size > 1).any() else 1):
        if len(rows):
            most = np.maximum(most, scale[rows].max(axis=0))
            groups.append((rows, most))
    return groups


def _more(
    search: Search, keep: NDArray[np.bool_], room: NDArray[np.float64], work: float
) -> tuple[float, float]:
    """(pJ of the outermost level beyond the least for that room, bounds worked out)."""
    from .exploring import outermost_energy

    more, spent = outermost_energy(
        search.search, keep, room, work, search.forms, search.stack, search.scratch, search.visits,
        search.reads, search.state[5], search.state[6],
    )  # fmt: skip
    return float(more), float(spent)
