"""What a domain of hardware offers, in one object that stands in its folder.

The core reads these objects and nothing else of a domain: its simulators, environments, commands,
validation and sample data follow from them.  Whatever is code is named as ``module:attribute`` and
imported when it is used.  Third parties offer their domains through the entry-point group
``archgym.domains``; the module that holds the object should import ``archgym.domains`` alone, for it is
read whenever ``archgym`` is imported.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from .errors import ArchgymError

GROUP = "archgym.domains"
# modules that hold a DOMAIN; a new one is listed here and in pyproject.toml's packages
BUILT_IN = (
    "archgym.simulators.accelerator.domain",
    "archgym.simulators.cluster.domain",
    "archgym.simulators.codesign.domain",
    "archgym.simulators.dram.domain",
    "archgym.simulators.external.domain",
    "archgym.simulators.ffet.domain",
    "archgym.simulators.serving.domain",
    "archgym.simulators.soc.domain",
)
_WORD = re.compile(r"[a-z][a-z0-9_-]*")
_ENTRY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


@dataclass(frozen=True)
class Verb:
    """One command of a domain, ``archgym DOMAIN VERB``.

    ``command`` names a function that is given an :class:`argparse.ArgumentParser`, adds its arguments
    and sets the default ``go``: a function of the parsed options that returns an exit code or None.
    """

    text: str
    command: str


@dataclass(frozen=True)
class Sample:
    """A data set that ships: ``rows`` designs of a scenario, drawn uniformly."""

    scenario: str
    rows: int


@dataclass(frozen=True)
class Quirk:
    """Values of knobs by which a design can look better than any real one.

    A winner that owes its place to them is named by ``archgym audit``.

    Attributes:
        simulator: whose knobs.
        values: the values in question, by knob. A design uses the quirk where one of its knobs has one.
        why: what is wrong with them, a sentence.
        semantics: under which semantics of the simulator this is so; '' for all.
    """

    simulator: str
    values: Mapping[str, tuple[object, ...]]
    why: str
    semantics: str = ""

    def used(self, design: Mapping[str, object]) -> dict[str, object]:
        """What a design has of it.

        Args:
            design: values by knob.

        Returns:
            The knobs in question with their values; none where the design does not use the quirk.
        """
        return {k: design[k] for k, v in self.values.items() if design.get(k) in v}


@dataclass(frozen=True)
class Domain:
    """One domain.

    Args:
        name: one word, the domain's on the command line.
        text: one line of what it is about.
        simulators: entry point by name.
        workloads: by simulator, a function without arguments that lists its named workloads.
        environments: by environment name, the scenario that it stands for when none is given.  ``DRAM``
            becomes ``archgym/DRAM-v0`` and ``archgym/DRAMSequential-v0``; a name with a slash keeps its
            own namespace.
        multi_objective: by environment name, the arguments of the environment with vector rewards,
            ``archgym/DRAMMO-v0``: a ``scenario``, and ``objectives`` where they are not its own.
        verbs: commands by word.
        validator: a function like a verb's command, whose ``go`` returns a
            :class:`archgym.validation.Validation`; none where there is nothing to compare with.
        readers: functions that make workloads of other libraries' objects, by the library's name.
        samples: data sets that ship, by name.
        quirks: values of knobs that no real design could have.
        constants: by simulator, settings that are constants of the world and may be a little off.
        twins: by simulator, a function that computes figures of designs a second time, by slow and obvious
            code.  It is given the simulator and designs (n, d) of its space, and returns by quantity the
            figures (n,) as the simulator has them and as the twin has them.
        validated: by simulator, a function that tells where its validated region lies. It is given the
            simulator and returns the designs of its reference rows, values by knob; none where no row is of
            its device, model or rules.
        scenarios: a package whose folder holds the domain's scenario files, which are then known as
            ``NAME/FILE``; empty where they lie among archgym's own.

    Raises:
        ArchgymError: a name or an entry point that is not one; names all of them.
    """

    name: str
    text: str
    simulators: Mapping[str, str]
    workloads: Mapping[str, str] = field(default_factory=dict)
    environments: Mapping[str, str] = field(default_factory=dict)
    multi_objective: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    verbs: Mapping[str, Verb] = field(default_factory=dict)
    validator: str = ""
    readers: Mapping[str, str] = field(default_factory=dict)
    samples: Mapping[str, Sample] = field(default_factory=dict)
    quirks: tuple[Quirk, ...] = ()
    twins: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, Sequence[str]] = field(default_factory=dict)
    validated: Mapping[str, str] = field(default_factory=dict)
    scenarios: str = ""

    def __post_init__(self) -> None:
        faults = list(self._faults())
        if faults:
            raise ArchgymError(f"domain {self.name!r}: " + "; ".join(faults))

    def _faults(self) -> Iterator[str]:
        for word in (self.name, *self.verbs):
            if not _WORD.fullmatch(word):
                yield f"{word!r} is no word (small letters, digits, - and _)"
        entries = {f"simulator {n!r}": e for n, e in self.simulators.items()}
        entries |= {f"workloads of {n!r}": e for n, e in self.workloads.items()}
        entries |= {f"reader {n!r}": e for n, e in self.readers.items()}
        entries |= {f"twin of {n!r}": e for n, e in self.twins.items()}
        entries |= {f"validated rows of {n!r}": e for n, e in self.validated.items()}
        entries |= {f"verb {n!r}": v.command for n, v in self.verbs.items()}
        if self.validator:
            entries["validator"] = self.validator
        for what, entry in entries.items():
            if not _ENTRY.fullmatch(entry):
                yield f"{what}: expected 'module:attribute', got {entry!r}"
        named = {
            "workloads": self.workloads,
            "a twin": self.twins,
            "validated rows": self.validated,
        }
        for what, simulators in (*named.items(), ("a quirk", [q.simulator for q in self.quirks])):
            for name in simulators:
                if name not in self.simulators:
                    yield f"{what} of {name!r}, which is none of its simulators"

    @property
    def environment_ids(self) -> dict[str, str]:
        """Gymnasium's id of each environment, without its version, and its default scenario."""
        return {_id(n): s for n, s in self.environments.items()}

    @property
    def multi_objective_ids(self) -> dict[str, Mapping[str, object]]:
        """The same of the environments with vector rewards, and their arguments."""
        return {_id(n): a for n, a in self.multi_objective.items()}


def _id(name: str) -> str:
    return name if "/" in name else f"archgym/{name}"


@cache
def domains() -> dict[str, Domain]:
    """Every domain by name: the built-in ones, then those of third parties.

    One of a third party that cannot be read, or that takes a name which is taken, is left out with a
    warning: it must not keep the others from working.
    """
    found: dict[str, Domain] = {}
    for module in BUILT_IN:
        _add(found, import_module(module).DOMAIN)
    for point in entry_points(group=GROUP):
        try:
            _add(found, point.load())
        except Exception as error:
            text = f"domain {point.name!r} ({point.value}) is left out: {error}"
            if _half_imported(point.module):
                text += "; import archgym before this module"
            warnings.warn(text, RuntimeWarning, stacklevel=2)
    return dict(sorted(found.items()))


def _half_imported(module: str) -> bool:
    """Whether a module is what imported archgym, and so has no domain to show yet."""
    spec = getattr(sys.modules.get(module), "__spec__", None)
    return bool(getattr(spec, "_initializing", False))


def _add(found: dict[str, Domain], domain: object) -> None:
    if not isinstance(domain, Domain):
        raise ArchgymError(f"expected an archgym.domains.Domain, got {type(domain).__name__}")
    taken = [f"domain {domain.name!r}"] if domain.name in found else []
    for other in found.values():
        taken += [f"simulator {n!r}" for n in domain.simulators if n in other.simulators]
        taken += [
            f"environment {n!r}" for n in domain.environment_ids if n in other.environment_ids
        ]
        taken += [f"data set {n!r}" for n in domain.samples if n in other.samples]
    if taken:
        raise ArchgymError("already there: " + ", ".join(taken))
    found[domain.name] = domain
