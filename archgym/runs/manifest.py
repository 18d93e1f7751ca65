"""What is needed to replay a run, and a digest of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ..goals.scenario import Scenario
from ..search.study import Study
from ..versions import versions

FORMAT = 2
AROUND_THE_RECIPE = ("id", "versions")


def make_manifest(
    scenario: Scenario, agent: str, study: Study, plan: Mapping[str, Any]
) -> dict[str, Any]:
    """The manifest of a run.

    Args:
        scenario: what is searched.
        agent: the registered name of the agent.
        study: made of the same arguments; knows the agent's hyperparameters, budget and batch.
        plan: the arguments of :class:`Study` that are not defaults of the scenario (``seed``, ``answers``,
            ``screen`` …), ``until_specs_met``, and ``store`` where evaluations are kept elsewhere.

    Returns:
        Plain values as JSON gives them back, with the ``id`` of the run.
    """
    facts = [dict(a.facts) for a in study.evaluator.answers]
    offered = [{"name": o.name, "cost": o.cost} for o in study.ladder.offers.values()]
    recipe = {
        "format": FORMAT,
        "scenario": scenario.document,
        "simulators": [s.fingerprint() for s in scenario.simulators],
        "agent": agent,
        "hyperparameters": dict(study.agent.hyper),
        "budget": study.budget,
        "batch": study.batch,
        **plan,
        "answers_facts": facts if any(facts) else [],
        **({"fidelities": offered} if offered else {}),
    }
    recipe = json.loads(json.dumps(recipe, default=str))  # as it is read again
    return {"id": identity(recipe), **recipe, "versions": versions()}


def identity(manifest: Mapping[str, Any]) -> str:
    """A digest of all that decides what a run does; versions of packages are not part of it.

    Args:
        manifest: with or without its ``id``.

    Returns:
        Twelve hexadecimal digits.
    """
    recipe = {k: v for k, v in manifest.items() if k not in AROUND_THE_RECIPE}
    text = json.dumps(recipe, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
