"""What a user changes of a scenario, in the words of the command line, as changes of its document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ArchgymError
from ..space.settings import pairs_of

Texts = str | Sequence[str]
_SPEC = re.compile(r"^\s*(\w+)\s*(<=|>=)\s*(.+?)\s*$")


def changes_of(
    objective: Texts = (),
    spec: Texts | Mapping[str, Any] = (),
    fix: Texts | Mapping[str, Any] = (),
    vary: Texts | Mapping[str, Any] = (),
    *,
    written: str = "{}",
) -> dict[str, Any]:
    """The changes that :func:`archgym.load_scenario` takes.

    Args:
        objective: ``"energy * mean_latency"`` (less is better), ``"max:bandwidth"``; one or several.
        spec: ``"energy <= 1.05 x reference"``, ``"power >= 2 mW"``, ``"power=none"`` (no spec on it); one or
            several, or a mapping from metrics to ``"<= 2 W"`` or None.
        fix: ``"KNOB=VALUE"``, one or several, or a mapping from knobs to values.
        vary: ``"KNOB=V1,V2"`` or ``"KNOB=all"``, one or several, or a mapping from knobs to lists (None: all).
        written: how options are written where the user is, ``"--{}"`` on the command line.

    Returns:
        A mapping with the keys ``objectives``, ``specs``, ``parameters``, those that change.

    Raises:
        ArchgymError: a text that says none of this, or a knob in ``fix`` and ``vary``.
    """
    out: dict[str, Any] = {}
    if _listed(objective):
        out["objectives"] = [_objective(text) for text in _listed(objective)]
    specs = dict(spec) if isinstance(spec, Mapping) else _specs(_listed(spec), written)
    if specs:
        out["specs"] = specs
    knobs: dict[str, Any] = {n: [v] for n, v in _pairs(fix, written.format("fix")).items()}
    for name, values in _pairs(vary, written.format("vary")).items():
        if name in knobs:
            raise ArchgymError(
                f"knob {name!r} is given to {written.format('fix')} and to {written.format('vary')}; choose one"
            )
        if isinstance(values, str):
            values = None if values == "all" else [v.strip() for v in values.split(",")]
        knobs[name] = None if values is None else list(values)
    if knobs:
        out["parameters"] = knobs
    return out


def _listed(texts: Texts) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)


def _pairs(given: Texts | Mapping[str, Any], option: str) -> dict[str, Any]:
    return dict(given) if isinstance(given, Mapping) else dict(pairs_of(_listed(given), option))


def _specs(texts: Sequence[str], written: str) -> dict[str, Any]:
    specs: dict[str, Any] = {}
    for text in texts:
        name, equals, word = text.partition("=")
        match = _SPEC.match(text)
        if match:
            key = "upper" if match[2] == "<=" else "lower"
            specs[match[1]] = {**(specs.get(match[1]) or {}), key: match[3]}
        elif equals and word.strip() == "none":
            specs[name.strip()] = None
        else:
            raise ArchgymError(
                f"{written.format('spec')} {text!r}: expected 'METRIC <= VALUE', 'METRIC >= VALUE' or METRIC=none"
            )
    return specs


def _objective(text: str) -> dict[str, str]:
    for prefix, goal in (("max:", "maximize"), ("min:", "minimize")):
        if text.startswith(prefix):
            return {"metric": text[len(prefix) :].strip(), "goal": goal}
    return {"metric": text.strip()}
