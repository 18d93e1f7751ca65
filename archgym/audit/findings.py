"""What an audit looks at: one function a question, each answered by one finding."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import registry
from ..contracts.evaluation import Evaluation
from ..domains import Quirk
from ..errors import ArchgymError
from ..goals.rewards import FORMULATIONS
from ..goals.scenario import Scenario
from ..goals.wording import misses_in_words
from ..space import Designs
from ..statistics.steps import Step, single_steps
from . import others
from .nearness import nearness
from .subject import CERTIFIED, Subject

OFF = 0.1  # by what share constants are moved
SAME = 0.01  # a share of the objective below which two designs are told as equally good
YES, NO, TOLD, NOT_DONE = "yes", "NO", "told", "-"


@dataclass(frozen=True)
class Finding:
    """The answer to one question about an optimum.

    Attributes:
        question: ``again``, ``twin``, ``steps``, ``semantics``, ``constants``, ``validated``,
            ``doubts`` or ``quirks``.
        verdict: ``yes``; ``NO`` where the optimum is refuted; ``told`` where it is weaker than it looks;
            ``-`` where the question cannot be asked.
        text: a sentence.
        figures: the plain numbers behind it.
    """

    question: str
    verdict: str
    text: str
    figures: Mapping[str, Any] = field(default_factory=dict)


def again(s: Subject) -> Finding:
    """Do the recorded figures of best design and front come out again, bit for bit?

    Args:
        s: the optimum.

    Returns:
        The finding.
    """
    x = np.concatenate([s.best[None], s.front])
    recorded = [s.metrics, *s.front_metrics]
    e = s.scenario.evaluate(x)
    wrong = [
        f"{name} of {'the best design' if i == 0 else 'a design of the front'}"
        for i, then in enumerate(recorded)
        for name, value in then.items()
        if float(e.metrics[name][i]) != value
    ]
    figures = {"designs": len(x), "differences": len(wrong)}
    if wrong:
        return Finding("again", NO, f"recorded otherwise: {', '.join(wrong[:4])}", figures)
    return Finding("again", YES, f"{len(x)} recorded designs came out again, bit for bit", figures)


def twin(s: Subject) -> Finding:
    """Does the domain's slow twin give the same figures?

    Args:
        s: the optimum.

    Returns:
        The finding.
    """
    name = s.scenario.simulator
    if name not in registry.table("twins"):
        return Finding("twin", NOT_DONE, "the domain has no slow twin in the package")
    compare = registry.load("twins", name)
    wrong: list[str] = []
    seen: dict[str, None] = {}
    x = s.scenario.to_simulator(s.best[None])
    for simulator in s.scenario.simulators:
        for quantity, (fast, slow) in compare(simulator, x).items():
            seen[quantity] = None
            if not np.array_equal(fast, slow, equal_nan=True):
                same = (fast == slow) | (np.isnan(fast) & np.isnan(slow))
                i = int(np.argmin(same))  # the first that differs
                wrong.append(f"{quantity}: {fast[i]:.6g}, twin {slow[i]:.6g}")
    figures = {"quantities": list(seen), "differences": len(wrong)}
    if wrong:
        return Finding("twin", NO, "; ".join(wrong[:4]), figures)
    if not seen:
        return Finding("twin", NOT_DONE, "the twin knows nothing of this space", figures)
    return Finding("twin", YES, f"the slow twin agrees on {', '.join(seen)}", figures)


def steps(s: Subject, around: list[Step]) -> Finding:
    """Is no neighbour better, one step of one knob away, and what does a step cost?

    Args:
        s: the optimum.
        around: the designs one step away, evaluated.

    Returns:
        The finding.
    """
    if not around:
        return Finding("steps", NOT_DONE, "the design has no neighbour")
    gaps = np.array([step.gap for step in around])
    worst: dict[str, float] = {}
    for step in around:
        worst[step.knob] = max(worst.get(step.knob, -np.inf), step.gap)
    matter = sorted((k for k in worst if worst[k] > SAME), key=lambda k: -worst[k])
    figures = {"neighbours": len(around), "least": float(gaps.min()), "worst": worst}
    if gaps.min() < 0:
        best = around[int(np.argmin(gaps))]
        told = f"{best.knob} = {best.after} is {-best.gap:.2%} better"
        return Finding("steps", NO if s.kind == CERTIFIED else TOLD, told, figures)
    cliffs = sum(np.isinf(worst[k]) for k in matter)
    told = f"none of {len(around)} neighbours is better; a step costs over 1 % by "
    told += f"{len(matter)} of {len(worst)} knobs"
    told += f", of {cliffs} a spec or the design" if cliffs else ""
    return Finding("steps", YES, told, figures)


def semantics(s: Subject, around: list[Step]) -> Iterator[Finding]:
    """Does the best stay best under each other set of rules that the simulator has?

    Args:
        s: the optimum.
        around: the designs one step away, evaluated.

    Yields:
        A finding per other semantics.
    """
    _, names = others.semantics_of(s.scenario)
    if not names:
        yield Finding("semantics", NOT_DONE, "the simulator has one set of rules")
    for name in names:
        yield _under(s, around, name)


def _under(s: Subject, around: list[Step], name: str) -> Finding:
    """The best design among its neighbours and its front, or of the whole space, under other rules."""
    other = others.under(s.scenario, name)
    if other.space.nvec.tolist() != s.scenario.space.nvec.tolist():
        return Finding("semantics", NOT_DONE, f"under {name} the space is another one")
    x = _nearby(s, other, around)
    e = other.evaluate(x)
    costs = other.costs(e)[:, 0]
    certificate = others.certified(other)
    least, among = float(costs.min()), f"{len(x)} designs, neighbours and front"
    if certificate is not None and np.isfinite(certificate.optimum):
        least, among = certificate.optimum, "the certified optimum"
    gap = float(other.gap(costs[:1], least)[0])
    figures = {"semantics": name, "gap": gap, "certified": certificate is not None}
    where = f"under {name}"
    if not e.feasible[0]:
        return Finding("semantics", TOLD, f"{where} it is infeasible: {e.reason(0)}", figures)
    missed = misses_in_words(other, e.row(0))
    if missed:
        return Finding("semantics", TOLD, f"{where} it misses a spec: {missed[0]}", figures)
    if gap > SAME:
        return Finding("semantics", TOLD, f"{where} it is {gap:.1%} behind {among}", figures)
    return Finding("semantics", YES, f"{where} it stays within 1 % ({gap:.2%}) of {among}", figures)


def _nearby(s: Subject, other: Scenario, around: list[Step]) -> Designs:
    """The best design, its front and the designs one step away, in another search of the same space."""
    near = s.scenario.space.decode(s.best[None])[0]
    moved = [near | {step.knob: step.after} for step in around]
    return np.concatenate([s.best[None], s.front, other.space.encode(moved or [near])])


def constants(s: Subject, around: list[Step]) -> Finding:
    """Does the best stay best where a constant of the simulator is 10 % off?

    Args:
        s: the optimum.
        around: the designs one step away, evaluated.

    Returns:
        The finding: the worst of all constants, each moved by itself.
    """
    moved = list(others.with_constants_off(s.scenario, OFF))
    if not moved:
        return Finding("constants", NOT_DONE, "the simulator declares no constant as a setting")
    gaps = {}
    for name, value, other in moved:
        x = _nearby(s, other, around)
        costs = other.costs(other.evaluate(x))[:, 0]
        gaps[f"{name} = {value:g}"] = float(other.gap(costs[:1], float(costs.min()))[0])
    worst = max(gaps, key=lambda k: gaps[k])
    figures: dict[str, Any] = {"gaps": gaps}
    if gaps[worst] <= SAME:
        names = ", ".join(dict.fromkeys(n for n, _, _ in moved))
        told = f"with {names} {OFF:.0%} off, each by itself, it stays within 1 % of neighbours and front"
        return Finding("constants", YES, f"{told} ({gaps[worst]:.2%})", figures)
    behind = (
        "infeasible, or misses a spec" if np.isinf(gaps[worst]) else f"{gaps[worst]:.1%} behind"
    )
    told = f"with {worst} it is {behind} ({len(x)} designs, neighbours and front)"
    return Finding("constants", TOLD, told, figures)


def validated(s: Subject) -> Finding:
    """How far is the best design from the rows that its simulator was validated on?

    Args:
        s: the optimum.

    Returns:
        The finding, of the workload whose rows are the farthest.
    """
    name, x = s.scenario.simulator, s.scenario.to_simulator(s.best[None])[0]
    if name not in registry.table("validated"):
        return Finding("validated", NOT_DONE, "no reference rows in these knobs")
    rows_of = registry.load("validated", name)
    try:
        rows = [(simulator, rows_of(simulator)) for simulator in s.scenario.simulators]
    except ArchgymError as error:
        return Finding("validated", NOT_DONE, str(error))
    if not all(r for _, r in rows):
        why = "no reference rows of this device, model or set of rules"
        return Finding("validated", NOT_DONE, why)
    near = max(
        (nearness(simulator, x, r) for simulator, r in rows),
        key=lambda n: (len(n.unseen), len(n.differ)),
    )
    told = f"one of {near.rows} reference rows has all {len(near.knobs)} knobs alike"
    if near.differ:
        told = f"the nearest of {near.rows} reference rows differs in {len(near.differ)} of "
        told += f"{len(near.knobs)} knobs"
        words = (f"{k} = {mine}, row {theirs}" for k, (mine, theirs) in near.differ.items())
        told += f" ({'; '.join(words)})"
    if near.unseen:
        told = f"not validated: {', '.join(f'{k} = {v}' for k, v in near.unseen.items())}; {told}"
    figures = {
        "rows": near.rows, "knobs": len(near.knobs), "differ": list(near.differ),
        "unseen": dict(near.unseen), "between": dict(near.between),
    }  # fmt: skip
    return Finding("validated", TOLD if near.unseen else YES, told, figures)


def doubts(s: Subject) -> Finding:
    """Does the simulator itself doubt the best design, or the front?

    Args:
        s: the optimum.

    Returns:
        The finding.
    """
    best = s.scenario.doubts(s.scenario.evaluate(s.best[None]))
    front = s.scenario.doubts(s.scenario.evaluate(s.front)) if len(s.front) else []
    figures = {"best": len(best), "front": len(front)}
    if best or front:
        whose = "" if best else "on the front, "
        return Finding("doubts", TOLD, whose + "; ".join(best or front), figures)
    return Finding("doubts", YES, "no metric is in doubt", figures)


def quirks(s: Subject) -> Iterator[Finding]:
    """Does the best design owe its place to a value that no real design could have?

    Args:
        s: the optimum.

    Yields:
        A finding per quirk that the space could use.
    """
    known = others.quirks_of(s.scenario)
    if not known:
        yield Finding("quirks", NOT_DONE, "no quirk is known that this space could use")
    design = s.scenario.space.decode(s.best[None])[0]
    front = s.scenario.space.decode(s.front) if len(s.front) else []
    for quirk in known:
        used = quirk.used(design)
        users = sum(bool(quirk.used(d)) for d in front)
        figures: dict[str, Any] = {"used": used, "front": users, "of": len(front)}
        if not used:
            told = (
                f"not used: {', '.join(f'{k} = {design[k]}' for k in quirk.values if k in design)}"
            )
            told += f"; but by {users} of {len(front)} other designs of the front" if users else ""
            yield Finding("quirks", TOLD if users else YES, told, figures)
            continue
        loss, how = _loss(s, others.without(s.scenario, quirk), quirk)
        figures |= {"loss": loss, "certified": how == CERTIFIED}
        words = f"{' and '.join(f'{k} = {v}' for k, v in used.items())} ({quirk.why})"
        if loss > 0:
            lost = f"{loss:.2%} worse" if np.isfinite(loss) else "infeasible"
            told = f"owes its place to {words}: without, the best is {lost}, {how}"
        else:
            told = f"has {words}, and does not need it: without, designs are as good, {how}"
        yield Finding("quirks", TOLD, told, figures)


def _loss(s: Subject, rest: Scenario, quirk: Quirk) -> tuple[float, str]:
    """How much worse the best of a narrower search is than the subject's, and how that is known.

    The narrower search has specs of its own where they are multiples of a reference that used the quirk.
    """
    certificate = others.certified(rest)
    if certificate is not None and certificate["optimum"] is not None:
        best = rest.space.encode(dict(certificate["optimum"]["design"]))
        return _worse(s, rest.evaluate(best), 0), CERTIFIED
    near = s.scenario.space.decode(s.best[None])[0]
    knobs = [p for p in rest.space.parameters if p.name in quirk.values]
    moved = [
        near | dict(zip([p.name for p in knobs], values))
        for values in itertools.product(*(p.values for p in knobs))
    ]
    e = rest.evaluate(rest.space.encode(moved))
    return _worse(s, e, int(np.argmin(rest.costs(e)[:, 0]))), "with the other knobs as they are"


def _worse(s: Subject, e: Evaluation, i: int) -> float:
    """By what share of the objective a design is worse than the subject's best, whatever the specs."""
    if not e.feasible[i]:
        return float("inf")
    both = Evaluation.joined([s.scenario.evaluate(s.best[None]), e.take([i])], list(e.metrics))
    formula = FORMULATIONS[s.scenario.reward]
    costs = formula(both.metrics, s.scenario.resolved[0], (), s.scenario.rho)
    return float(s.scenario.gap(costs[1:], float(costs[0]))[0])


def audit(s: Subject, neighbours: bool = True) -> list[Finding]:
    """Every question about one optimum.

    Args:
        s: the optimum.
        neighbours: evaluate the designs one step away; without them, other semantics are compared on the
            front alone.

    Returns:
        The findings, in the order of the questions.
    """
    around = single_steps(s.scenario, s.best) if neighbours else []
    out = [again(s), twin(s)]
    out.append(
        steps(s, around) if neighbours else Finding("steps", NOT_DONE, "neighbours are expensive")
    )
    out += [*semantics(s, around), constants(s, around)]
    return [*out, validated(s), doubts(s), *quirks(s)]
