"""What limits a design, beside the reference design, in figures and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..contracts.evaluation import Floats, doubts
from ..contracts.explanation import Breakdown, Move
from ..errors import ArchgymError, UnknownNameError
from ..space import Designs
from ..units import format_quantity
from .scenario import Scenario

LISTED = 8  # moves named in a sentence, the most promising ones
BY = ("resource", "group", "part")


@dataclass(frozen=True)
class Explained:
    """One metric of one design on one workload, and of the design that it is compared with.

    Attributes:
        metric: its name.
        unit: SI.
        workload: the workload's name.
        minimised: whether less of it is better.
        value: of the design.
        compared: of the other design; None where there is none.
        names: what the shares are of (m,).
        shares: (m,) in the metric's unit; they add up to ``value``.
        others: (m,) of the other design; None.
        breakdown: of both, the design first.
        doubts: warnings on the design, whatever the metric; see :class:`archgym.contracts.evaluation.Doubt`.
    """

    metric: str
    unit: str
    workload: str
    minimised: bool
    value: float
    compared: float | None
    names: tuple[str, ...]
    shares: Floats
    others: Floats | None
    breakdown: Breakdown
    doubts: tuple[str, ...] = ()

    @property
    def order(self) -> list[int]:
        """Positions from the largest share of either design to the smallest; those of 0 are left out."""
        size = np.abs(self.shares)
        if self.others is not None:
            size = np.maximum(size, np.abs(self.others))
        return [int(i) for i in np.argsort(-size, kind="stable") if size[i] > 0]

    def sentences(self) -> list[str]:
        """What limits the metric, what relief is worth, what the other design loses where."""
        b = self.breakdown
        if not self.value and not self.shares.any():
            return ["Nothing is spent on it."] if self.minimised else ["It is 0."]
        if len(b.parts) == 1 and b.parts[0].name == self.metric:
            return ["The simulator knows no parts of it."]
        slack = float(b.slack[0])
        share = f" ({abs(slack / self.value):.1%})" if self.value else ""
        most, moves = format_quantity(slack, self.unit), b.moves(0)
        if self.minimised:
            first = f"Limited by {b.binding[0]}: relieving it alone saves at most {most}{share}"
            follows = f"; then {b.following[0]} limits." if b.following[0] else "."
            verb = "relieve"
        else:
            first, follows, verb = f"Most of it is {b.binding[0]}: {most}{share}", ".", "change"
        out = [first + follows]
        if moves:
            words = [move_in_words(m) for m in moves[:LISTED]]
            words += [f"and {len(moves) - LISTED} more"] if len(moves) > LISTED else []
            out.append(f"Should {verb} it: {', '.join(words)}.")
        elif len(b.parts) > 1:
            out.append(f"No knob is known to {verb} it.")
        if self.others is not None and self.compared is not None and len(self.names) > 1:
            lost = self.others - self.shares
            at = int(lost.argmax())
            if lost[at] > 0 and self.minimised:
                out.append(
                    f"The reference spends {format_quantity(float(lost[at]), self.unit)} more on {self.names[at]}."
                )
        return out


def move_in_words(move: Move) -> str:
    """``glb_size up``.

    Args:
        move: of one knob, a step up or down, or to any other value (0).

    Returns:
        The words.
    """
    return f"{move.knob} {({1: 'up', -1: 'down'}).get(move.step, 'changed')}"


def explained(
    scenario: Scenario,
    design: Designs,
    compared: Designs | None = None,
    metrics: Sequence[str] = (),
    by: str = "resource",
) -> list[Explained]:
    """Explain metrics of a design, beside another one.

    The simulators evaluate both designs; that is charged to nobody.

    Args:
        scenario: of both.
        design: value indices (d,).
        compared: another design (d,), usually the reference design.
        metrics: their names (default: those of the objectives).
        by: parts are added up by their ``resource`` or ``group``, or stand alone (``part``).

    Returns:
        One entry for every workload and metric.

    Raises:
        UnknownNameError: a metric that the scenario does not have.
        ArchgymError: the design is infeasible.
    """
    if by not in BY:
        raise UnknownNameError("way to sort parts", by, BY)
    wanted = list(metrics) or list(dict.fromkeys(n for o in scenario.objectives for n in o.metrics))
    for name in wanted:
        if name not in scenario.units:
            raise UnknownNameError("metric", name, scenario.units)
    rows = [design] if compared is None else [design, compared]
    out, lower = [], scenario.lower_is_better
    for simulator, found in zip(scenario.simulators, scenario.explain(np.stack(rows))):
        e = found.evaluation
        if not e.feasible[0]:
            raise ArchgymError(f"this design is infeasible on {simulator.workload}: {e.reason(0)}")
        beside = compared is not None and bool(e.feasible[1])
        warnings = tuple(doubts(simulator.metrics, e.take([0])))
        for name in wanted:
            b = found[name]
            if by == "part":
                names, values = tuple(p.name for p in b.parts), b.values
            else:
                names, values = b.by(by)
            out.append(
                Explained(
                    name, scenario.units[name], simulator.workload, lower.get(name, True), float(e.metrics[name][0]),
                    float(e.metrics[name][1]) if beside else None, names, values[0],
                    values[1] if beside else None, b, warnings,
                )
            )  # fmt: skip
    return out
