"""What is known of another workload of the same simulator."""

from __future__ import annotations

from dataclasses import dataclass

from ..space import Designs
from .evaluation import Floats


@dataclass(frozen=True)
class Relative:
    """Evaluations of another workload, seen with the eyes of the scenario that is searched.

    Attributes:
        workload: its name.
        x: designs (n, d) of the scenario's space.
        costs: (n,) what each would cost if the scenario had this workload; +inf where infeasible. Ranks are
            what can be compared between workloads.
        similarity: of the workload's features to those of the scenario's, 0 to 1; 1 where none are declared.
    """

    workload: str
    x: Designs
    costs: Floats
    similarity: float
