"""How far a proxy departs from a simulator's scaled estimate: as far as that lowers its error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts.evaluation import Floats


@dataclass(frozen=True)
class Shrinking:
    """A share of what a model says beside the scaled estimate of each metric.

    Where an estimate is nearly exact, most of what a model says beside it is noise. The share is the one
    that leaves the least squared error on rows that the model did not learn from.

    Attributes:
        share: (m,) from 0, the scaled estimate alone, to 1, the model as it is; 1 without an estimate.
        anchor: (m,) what the model would say if the scaled estimate were right, in units of its targets.
    """

    share: Floats
    anchor: Floats

    @classmethod
    def of(
        cls,
        targets: Floats,
        means: Floats,
        anchor: Floats,
        weights: Floats,
        groups: NDArray[Any],
    ) -> tuple[Shrinking, Floats]:
        """The shares that fit rows best, and what each row is predicted to be by the others' shares.

        Intervals may be calibrated on the same rows by these predictions: no row has a say in the share
        that it is judged by (the jackknife; a share is one number and hardly moves for one design).

        Args:
            targets: (n, m) of rows that the model did not learn from.
            means: (n, m) what the model says of them.
            anchor: (m,) see above; NaN of metrics without an estimate.
            weights: (n, m) of a row's squared error.
            groups: (n,) rows of the same design, which are left out together.

        Returns:
            The shrinking, and predictions (n, m), each by the shares of all other groups.
        """
        known = ~np.isnan(anchor)
        anchor = np.where(known, anchor, 0.0)
        said = means - anchor
        agree, size = weights * said * (targets - anchor), weights * said**2
        _, group = np.unique(groups, return_inverse=True)
        group = group.reshape(-1)
        own = [_by_group(v, group) for v in (agree, size)]
        left = [v.sum(axis=0) - o for v, o in zip((agree, size), own)]
        others = np.where(known, _share(*left), 1.0)
        share = np.where(known, _share(agree.sum(axis=0), size.sum(axis=0)), 1.0)
        return cls(share, anchor), (1 - others) * anchor + others * means

    def __call__(self, means: Floats) -> Floats:
        """What is left of a model's means (n, m); of a share of 1 every bit."""
        return (1 - self.share) * self.anchor + self.share * means

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Its numbers, by name."""
        return {"share": self.share, "anchor": self.anchor}

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray[Any]]) -> Shrinking | None:
        """The shrinking whose :meth:`arrays` these are.

        Args:
            arrays: numbers, by name; none of proxies of formats that do not shrink.

        Returns:
            The shrinking; None where there are no numbers.
        """
        return cls(arrays["share"], arrays["anchor"]) if arrays else None


def _by_group(values: Floats, group: NDArray[np.intp]) -> Floats:
    """The sum over a row's group, for each row, (n, m)."""
    sums = np.zeros((int(group.max(initial=-1)) + 1, values.shape[1]))
    np.add.at(sums, group, values)
    return np.asarray(sums[group])


def _share(agree: Floats, size: Floats) -> Floats:
    """Least squares, between 0 and 1; 1 where the model says nothing beside the estimate."""
    some = size > 0
    return np.where(some, np.clip(agree / np.where(some, size, 1.0), 0.0, 1.0), 1.0)
