"""The manifest of a submission: who, what, how much; read as a stranger's document."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...documents import Faults, is_number, parse_json
from ...errors import StoreError
from ...files.seal import KEY, damaged, sealed
from ...files.text import write_json
from ...versions import versions
from . import folder
from .divisions import RULES

FORMAT = 1
# what an entrant declares, which nobody can measure afterwards: a number or null, and a text
COUNTED = ("tokens", "wall_seconds", "tuning_evaluations")
TEXTS = ("knowledge", "note")
MOST_TEXT = 4000


@dataclass(frozen=True)
class RunOf:
    """One run of a submission.

    Attributes:
        charged: its evaluations.
        sha256: of its file of trials.
    """

    charged: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a submission says of itself.

    Attributes:
        suite: name and version.
        division: ``closed``, ``open`` or ``offline``.
        entrant: what the board calls it.
        agent: a registered name, ``module:CLASS`` or ``agent/FILE.py:CLASS``; '' for trials alone.
        hyperparameters: of the agent, by name.
        source: digests of the agent's files, by name.
        budget: evaluations that a run may be charged.
        seeds: how many runs of each task: seeds 0 … seeds - 1.
        tasks: names of scenarios, with the digest of their goal and the keys of their simulators.
        declared: tokens, wall_seconds, tuning_evaluations (None: not told), knowledge, note.
        machine: on which it was made.
        versions: of packages.
        runs: by file name.
    """

    suite: str
    division: str
    entrant: str
    agent: str
    hyperparameters: Mapping[str, Any]
    source: Mapping[str, str]
    budget: int
    seeds: int
    tasks: Mapping[str, Mapping[str, Any]]
    declared: Mapping[str, Any]
    machine: Mapping[str, Any] = field(default_factory=lambda: machine())
    versions: Mapping[str, str] = field(default_factory=versions)
    runs: Mapping[str, RunOf] = field(default_factory=dict)

    @property
    def expected(self) -> list[tuple[str, int]]:
        """Every run that there must be: task and seed."""
        return [(task, seed) for task in self.tasks for seed in range(self.seeds)]

    def write(self, path: Path) -> None:
        """Write it, with its digest.

        Args:
            path: the submission's folder.

        Raises:
            StoreError: it cannot be written.
        """
        write_json(path / folder.MANIFEST, sealed({"format": FORMAT, **asdict(self)}))

    def same_entry(self, other: Manifest) -> bool:
        """Whether two manifests are of one entry, however far it was played and wherever.

        Args:
            other: the other manifest.

        Returns:
            Whether they are.
        """
        around = ("machine", "versions", "runs", "declared")
        mine, its = ({k: v for k, v in asdict(m).items() if k not in around} for m in (self, other))
        return json.dumps(mine, sort_keys=True) == json.dumps(its, sort_keys=True)


def machine() -> dict[str, Any]:
    """What this machine is, in words: no name of a host, no name of a user."""
    return {
        "system": platform.system(),
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()


def read_manifest(path: Path) -> Manifest:
    """The manifest of a submission, checked.

    Args:
        path: the submission's folder.

    Returns:
        The manifest.

    Raises:
        StoreError: it is missing, damaged or no manifest; names every fault.
    """
    file = path / folder.MANIFEST
    document = parse_json(folder.read_plain(file, folder.MOST_MANIFEST), str(file))
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise StoreError(f"{file}: expected a submission of format {FORMAT}")
    if KEY not in document or damaged(document):
        raise StoreError(f"{file}: its digest differs, it was changed after it was written")
    faults = _faults(document)
    if faults:
        raise StoreError(f"{file}: " + "; ".join(faults[:8]))
    rest = {k: v for k, v in document.items() if k not in ("format", KEY)}
    rest["runs"] = {name: RunOf(**run) for name, run in rest["runs"].items()}
    return Manifest(**rest)


_KINDS = {
    "suite": str, "division": str, "entrant": str, "agent": str, "hyperparameters": dict, "source": dict,
    "budget": int, "seeds": int, "tasks": dict, "declared": dict, "machine": dict, "versions": dict,
    "runs": dict,
}  # fmt: skip


def _faults(document: Mapping[str, Any]) -> list[str]:
    """What is wrong with a manifest, in words."""
    out = [f"key {k!r:.60}: unknown" for k in document if k not in (*_KINDS, "format", KEY)]
    for key, kind in _KINDS.items():
        value = document.get(key)
        if not isinstance(value, kind) or (kind is int and type(value) is not int):
            out.append(f"{key}: expected {_WORDS[kind]}, got {value!r:.60}")
    if out:
        return out
    if document["division"] not in RULES:
        out.append(f"division: expected {', '.join(RULES)}, got {document['division']!r:.60}")
    if not _is_name(document["entrant"]):
        out.append("entrant: expected 1 to 80 printable characters of ASCII")
    if not 1 <= document["seeds"] <= 1000 or not 1 <= document["budget"] <= 1_000_000:
        out.append("seeds and budget: expected numbers from 1 to 1,000 and to 1,000,000")
    for name, run in document["runs"].items():
        if not isinstance(run, dict) or set(run) != {"charged", "sha256"}:
            out.append(f"runs, {name!r:.80}: expected charged and sha256")
        elif type(run["charged"]) is not int or not isinstance(run["sha256"], str):
            out.append(f"runs, {name!r:.80}: expected a number and a digest")
    for task, facts in document["tasks"].items():
        if not isinstance(facts, dict) or set(facts) != {"goal", "simulators"}:
            out.append(f"tasks, {task!r:.80}: expected goal and simulators")
    return out + faults_of_declared(document["declared"])


_WORDS = {str: "a text", dict: "a mapping", int: "a whole number"}


def faults_of_declared(declared: Mapping[str, Any]) -> list[str]:
    """What is wrong with what an entrant declares.

    Args:
        declared: by name.

    Returns:
        One sentence per fault.
    """
    faults = [
        f"declared: expected {', '.join((*COUNTED, *TEXTS))}"
    ] if set(declared) != {*COUNTED, *TEXTS} else []  # fmt: skip
    for key in COUNTED:
        value = declared.get(key)
        if value is not None and not (is_number(value) and value >= 0):
            faults.append(f"declared, {key}: expected a number of 0 or more, got {value!r:.40}")
    for key in TEXTS:
        value = declared.get(key)
        if not isinstance(value, str) or len(value) > MOST_TEXT:
            faults.append(f"declared, {key}: expected a text of at most {MOST_TEXT:,} characters")
    return faults


def _is_name(text: str) -> bool:
    return 1 <= len(text) <= 80 and text.isascii() and text.isprintable() and bool(text.strip())


def require_declared(entrant: str, declared: Mapping[str, Any]) -> None:
    """Refuse a name or a declaration that no manifest may hold.

    Args:
        entrant: the name of the entry.
        declared: by name.

    Raises:
        ScenarioError: names all that is wrong.
    """
    faults = Faults()
    if not _is_name(entrant):
        faults.add(f"entrant: expected 1 to 80 printable characters of ASCII, got {entrant!r:.80}")
    for fault in faults_of_declared(declared):
        faults.add(fault)
    faults.raise_if_any()
