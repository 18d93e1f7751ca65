"""A scenario's fields as the mapping that a YAML file holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .bounds import as_written
from .objectives import Objective

SPEC_KEYS = ("upper", "lower", "worst")
DEFAULTS: dict[str, Any] = {"reward": "satisfy-then-improve", "rho": 10.0, "aggregate": "sum"}


def to_document(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a scenario's fields; reading it again gives an equal scenario.

    Args:
        fields: of a scenario, by name.

    Returns:
        Plain values; what is as by default is left out.
    """
    out: dict[str, Any] = {
        "name": fields["name"],
        "description": fields["description"],
        "simulator": fields["simulator"],
        "workloads": list(fields["workloads"]),
        "aggregate": fields["aggregate"],
        "config": dict(fields["config"]),
        "parameters": {k: list(v) for k, v in fields["parameters"].items()},
        "objectives": [_objective_document(o) for o in fields["objectives"]],
        "specs": {
            s.metric: {
                key: as_written(bound)
                for key in SPEC_KEYS
                if (bound := getattr(s, key)) is not None
            }
            for s in fields["specs"]
        },
        "reward": fields["reward"],
        "rho": fields["rho"],
        "reference": dict(fields["reference"]),
        "budget": fields["budget"],
        "notes": list(fields["notes"]),
    }
    return {k: v for k, v in out.items() if v not in ("", {}, []) and DEFAULTS.get(k) != v}


def _objective_document(o: Objective) -> dict[str, Any]:
    out: dict[str, Any] = {"metric": o.name, "goal": o.goal, "weight": o.weight}
    out["compare"] = o.compare
    for key in ("reference", "target", "scale"):
        if getattr(o, key) is not None:
            out[key] = as_written(getattr(o, key))
    plain = {"goal": "minimize", "weight": 1.0, "compare": "ratio"}
    return {k: v for k, v in out.items() if plain.get(k) != v}
