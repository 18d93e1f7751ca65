"""``result.json`` read again: what a reader may rely on, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..documents import is_number, shortened

TRIALS_DIGEST = "trials_digest"  # of trials.csv, in result.json
COUNTS = ("satisfied", "feasible", "charged")  # each among the next
KEYS = (
    "scenario", "workloads", "different", "computed", "specs_met", "units", "objectives", "specs",
    "reference", "best", "front", "notes",
)  # fmt: skip


def in_present_names(result: dict[str, Any]) -> dict[str, Any]:
    """A result that an older version wrote, with ``step`` for what it called ``trial``.

    Args:
        result: as it was read; nothing is known of it yet.

    Returns:
        The same under present names; a result of this version as it is.
    """
    front = result.get("front")
    if isinstance(front, list):
        result = {**result, "front": [_renamed(e) for e in front]}
    return {**result, "best": _renamed(result["best"])} if "best" in result else result


def _renamed(entry: Any) -> Any:
    if not isinstance(entry, dict) or "trial" not in entry or "step" in entry:
        return entry
    return {"step" if k == "trial" else k: v for k, v in entry.items()}


def faults_of(result: Mapping[str, Any]) -> list[str]:
    """What is wrong with a run's result.

    Args:
        result: as it was read from ``result.json``, in present names.

    Returns:
        One sentence per fault; empty for a good result.
    """
    out = [f"{k} is missing" for k in (*KEYS, *COUNTS) if k not in result]
    if out:
        return out
    least = 0
    for key in COUNTS:
        if _count(result[key], least):
            least = result[key]
        else:
            out.append(f"{key}: expected a count of at least {least}, got {shortened(result[key])}")
    queries = result.get("queries", {})
    if not isinstance(queries, dict) or not all(_count(v, 0) for v in queries.values()):
        out.append(f"queries: expected counts by name, got {shortened(queries)}")
    if "ended" in result and not _mapped(result["ended"], ("by", "text"), str):
        out.append(f"ended: expected by and text, got {shortened(result['ended'])}")
    for key in ("different", "computed"):
        if not _count(result[key], 0) or (key == "different" and result[key] > max(least, 0)):
            out.append(f"{key}: expected a count, got {shortened(result[key])}")
    for key, kind in (
        ("scenario", str), ("workloads", list), ("specs_met", bool), ("units", dict), ("objectives", list),
        ("specs", list), ("front", list), ("notes", list),
    ):  # fmt: skip
        if not isinstance(result[key], kind):
            out.append(f"{key}: expected a {kind.__name__}, got {shortened(result[key])}")
    if out:
        return out
    for key in ("workloads", "notes"):
        if not all(isinstance(v, str) for v in result[key]):
            out.append(f"{key}: expected texts, got {shortened(result[key])}")
    if not all(isinstance(v, str) for v in result["units"].values()):
        out.append(f"units: expected texts, got {shortened(result['units'])}")
    for i, item in enumerate(result["objectives"]):
        if not _mapped(item, ("name", "goal", "unit"), str):
            out.append(f"objectives[{i}]: expected name, goal and unit, got {shortened(item)}")
    for i, item in enumerate(result["specs"]):
        bounds = (
            [item[k] for k in ("upper", "lower") if k in item] if isinstance(item, dict) else []
        )
        if (
            not _mapped(item, ("metric", "unit", "text"), str)
            or not bounds
            or not all(map(is_number, bounds))
        ):
            out.append(f"specs[{i}]: expected a metric with its bounds, got {shortened(item)}")
    best, reference = result["best"], result["reference"]
    if best is None and result["feasible"]:
        out.append("best: missing although designs are feasible")
    entries = [(f"front[{i}]", e) for i, e in enumerate(result["front"])]
    entries += [(k, e) for k, e in (("best", best), ("reference", reference)) if e is not None]
    out += [fault for where, entry in entries if (fault := _entry(where, entry, result["units"]))]
    if isinstance(best, dict) and not is_number(best.get("cost")):
        out.append(f"best: cost {shortened(best.get('cost'))} is no number")
    return out


def _entry(where: str, entry: Any, units: Mapping[str, str]) -> str:
    """What is wrong with one design and its figures."""
    keys = ("design", "metrics", "objectives", "missed")
    if not _mapped(entry, keys, dict) or not isinstance(entry.get("specs_met"), bool):
        return f"{where}: expected {', '.join(keys)} and specs_met, got {shortened(entry)}"
    if (
        not all(isinstance(v, str | int | float) for v in entry["design"].values())
        or not entry["design"]
    ):
        return f"{where}: design {shortened(entry['design'])} is none"
    metrics = entry["metrics"]
    if (metrics or where != "reference") and set(metrics) != set(units):
        return f"{where}: metrics {shortened(sorted(metrics))}, expected {sorted(units)}"
    numbers = [*metrics.values(), *(v for v in entry["objectives"].values() if v is not None)]
    numbers += entry["missed"].values()
    if not all(map(is_number, numbers)) or any(v <= 0 for v in entry["missed"].values()):
        return f"{where}: a figure is no number"
    if where != "reference" and (not _count(entry.get("step"), 0)):
        return f"{where}: step {shortened(entry.get('step'))} is no number of a trial"
    return ""


def _mapped(value: Any, keys: tuple[str, ...], kind: type) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(k), kind) for k in keys)


def _count(value: Any, least: int) -> bool:
    return type(value) is int and value >= least
