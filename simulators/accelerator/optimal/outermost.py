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
from .certificate import SLACK
from .choices import tensor_choices
from .rooms import forms_room, scratch_room, stack_room, state_room
from .searching import asked


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
        pJ; 0.0 where it would take more, where the outermost level has several children, or where some
        choice leaves the next level empty.
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
        more = outermost_energy(
            search, keep, scale, work, forms, stack, scratch, np.ones((levels + 1, 3)), np.ones(levels + 1),
            state[5], state[6],
        )  # fmt: skip
        least = min(least, float(more))
        if least == 0.0:
            break
    return least * (1.0 - SLACK)
