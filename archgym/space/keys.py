"""Keys of designs for stores and look-ups."""

from __future__ import annotations

import numpy as np

from .constraint import Designs


def design_keys(x: Designs) -> list[bytes]:
    """One key of bytes for each of the designs (n, d); keys sort like ranks.

    Args:
        x: value indices (n, d).

    Returns:
        n keys of 4 d bytes.
    """
    return [row.tobytes() for row in np.ascontiguousarray(x).astype(">i4")]
