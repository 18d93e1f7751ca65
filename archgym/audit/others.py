"""The same search under other semantics, or without the values of a quirk, and what is certified of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from ..contracts.making import simulator_settings
from ..documents import read_json
from ..domains import Quirk, domains
from ..goals.scenario import Scenario
from ..goals.scenario_file import folder, load_scenario
from ..space import Value
from ..tables.certificate import Certificate, goal_digest

SEMANTICS = "semantics"  # the setting by which a simulator with two sets of rules offers them


def semantics_of(scenario: Scenario) -> tuple[str, tuple[str, ...]]:
    """Whose rules the scenario's simulator follows, and the others that it could follow.

    Args:
        scenario: what is searched.

    Returns:
        The name of the semantics in force, and those of the others; '' and none where there are no two.
    """
    for setting in simulator_settings(scenario.simulator):
        if setting.name == SEMANTICS:
            now = str(scenario.config.get(SEMANTICS, setting.default))
            return now, tuple(str(v) for v in setting.values if v != now)
    return "", ()


def under(scenario: Scenario, semantics: str) -> Scenario:
    """The same search under other semantics.

    Args:
        scenario: what is searched.
        semantics: a name of :func:`semantics_of`.

    Returns:
        The scenario; its specs are worked out anew.
    """
    return load_scenario(scenario, config={SEMANTICS: semantics})


def with_constants_off(scenario: Scenario, off: float) -> Iterator[tuple[str, float, Scenario]]:
    """The same search with one constant of its simulator moved, down and up.

    Args:
        scenario: what is searched.
        off: by what share.

    Yields:
        The constant's name, its value, and the scenario; specs are worked out anew.
    """
    declared = [n for d in domains().values() for n in d.constants.get(scenario.simulator, ())]
    for setting in simulator_settings(scenario.simulator):
        now = scenario.config.get(setting.name, setting.default)
        if setting.name not in declared or not now:
            continue
        for value in (now * (1 - off), now * (1 + off)):
            value = round(value) if setting.type == "whole" else value
            if value != now:
                yield setting.name, value, load_scenario(scenario, config={setting.name: value})


def quirks_of(scenario: Scenario) -> list[Quirk]:
    """The quirks of a scenario's domain that a search of it can use.

    Args:
        scenario: what is searched.

    Returns:
        Those under its semantics of which its space has a value, and designs without.
    """
    now, _ = semantics_of(scenario)
    known = [q for d in domains().values() for q in d.quirks if q.simulator == scenario.simulator]
    out = []
    for quirk in known:
        kept = _kept(scenario, quirk)
        sizes = {p.name: len(p) for p in scenario.space.parameters}
        fewer = any(len(v) < sizes[k] for k, v in kept.items())
        if quirk.semantics in ("", now) and fewer and all(kept.values()):
            out.append(quirk)
    return out


def without(scenario: Scenario, quirk: Quirk) -> Scenario:
    """The same search among designs that do not use a quirk.

    Args:
        scenario: what is searched.
        quirk: one of :func:`quirks_of`.

    Returns:
        The scenario with the knobs in question narrowed to their other values. A reference design that uses
        the quirk has the first of them.
    """
    kept = _kept(scenario, quirk)
    moved = {k: kept[k][0] for k in quirk.used(scenario.reference) if k in kept}
    return load_scenario(scenario, changes={"parameters": kept, "reference": moved})


def _kept(scenario: Scenario, quirk: Quirk) -> dict[str, list[Value]]:
    """The values that are left of each knob of a quirk that the space has."""
    return {
        p.name: [v for v in p.values if v not in quirk.values[p.name]]
        for p in scenario.space.parameters
        if p.name in quirk.values
    }


def certified(scenario: Scenario) -> Certificate | None:
    """What is certified of a search, whatever the name of the scenario that was certified.

    Args:
        scenario: what is searched.

    Returns:
        The certificate of a scenario that ships and means the same; None where there is none.
    """
    key = (tuple(s.key for s in scenario.simulators), goal_digest(scenario))
    path = _index().get(key)
    return None if path is None else Certificate.of(read_json(folder() / "certified" / path), path)


@cache
def _index() -> dict[tuple[tuple[str, ...], str], str]:
    """The files of all certificates that ship, by simulators and goal."""
    out = {}
    for path in sorted((folder() / "certified").glob("*.json")):
        facts = read_json(path)
        out[tuple(facts["simulators"]), str(facts["goal"])] = path.name
    return out
