"""The subprocess simulator: one run of an external program for each design."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from archgym import trust
from archgym.contracts.evaluation import Evaluation
from archgym.contracts.simulator import Simulator
from archgym.errors import ProgramError
from archgym.kernels.threads import cores
from archgym.programs.processes import WATCH, call
from archgym.space import Designs, Setting, Value

from .program import Program, load_program, names

GRACE_S = 1.0  # for looking whether a program that was ended had said "infeasible"
STDERR_KEPT = 400  # characters of a failed run's last words that go into its reason


class SubprocessSimulator(Simulator):
    """Every design is one run of an external program, described by a YAML file.

    A run gets a working directory of its own: input files are written there from templates, the
    program starts in it, figures are read from what it prints or writes, and it is removed.  No file
    is shared, so runs go in parallel.  A run that fails, hangs or prints no figure is tried again
    ``retries`` times and then infeasible, with the program's last words as the reason.

    Args:
        workload: what ``${workload}`` stands for; a path is made absolute and its content is part of
            the fingerprint.
        program: the name of a program that ships, or the path of its YAML file.
        threads: programs that run at once; all cores where None.
        keep: a folder in which working directories of failed runs are kept; none where None.
    """

    name = "subprocess"
    version = "1"
    settings = (
        Setting("program", "any", "", description="a YAML file, or the name of one that ships"),
        Setting(
            "threads",
            "whole",
            None,
            low=1,
            high=1024,
            optional=True,
            description="programs that run at once (default: all cores)",
        ),
        Setting("keep", "text", None, optional=True, description="a folder for working folders"),
    )
    expensive = True  # workers that share a store run the program once a design
    starts_programs = True

    def __init__(
        self,
        workload: str | Path = "default",
        *,
        program: str | Path | Program = "",
        threads: int | None = None,
        keep: str | Path | None = None,
    ) -> None:
        if program == "":
            raise ProgramError(
                "the subprocess simulator needs a program (config: {program: …}): the path of a YAML file, "
                f"see docs/external_programs.md, or one that ships: {', '.join(names())}"
            )
        self.program = program if isinstance(program, Program) else load_program(program)
        self.space = self.program.space
        self.metrics = tuple(r.metric for r in self.program.readings)  # type: ignore[misc]
        self.workload = str(workload)
        path = Path(workload)
        self._workload_text = str(workload)
        if path.is_file():
            self._workload_text = str(path.resolve())
            self.workload_hash = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        self._threads = None if threads is None else int(threads)
        self._keep = None if keep is None else Path(keep)
        self._untrusted = trust.untrusted()
        executable = self.program.command[0].template
        if "$" not in executable and shutil.which(executable) is None:
            raise ProgramError(
                f"program {self.program.name!r}: cannot find {executable!r}; install it or give its path "
                "as the first word of command"
            )

    @staticmethod
    def workload_names() -> list[str]:
        """Workloads are the program's own."""
        return ["default"]

    @staticmethod
    def program_names() -> list[str]:
        """Every program that ships."""
        return names()

    @property
    def config(self) -> Mapping[str, Any]:
        """The program, by name, version and content."""
        p = self.program
        return {"program": p.name, "program_version": p.version, "program_hash": p.content_hash}

    def _evaluate(self, x: Designs) -> Evaluation:
        trust.require(f"program {self.program.name!r}", self._untrusted)
        rows = self._all(self.space.decode(x))
        table = np.array([values for values, _ in rows]).reshape(len(x), len(self.metrics))
        reasons = [reason for _, reason in rows]
        metrics = {m.name: table[:, i].copy() for i, m in enumerate(self.metrics)}
        return Evaluation(metrics, np.array([not r for r in reasons], np.bool_), reasons)

    def _all(self, designs: list[dict[str, Value]]) -> list[tuple[list[float], str]]:
        """(metrics, why not) of every design; interrupted, the programs end before anything else."""
        workers = min(len(designs), self._threads or cores())
        if workers <= 1:
            return [self._one(design) for design in designs]
        with ThreadPoolExecutor(workers) as pool:
            waiting = [pool.submit(self._one, design) for design in designs]
            try:
                return [row.result() for row in waiting]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                while not all(row.done() for row in waiting):
                    WATCH.end_all()  # what is running, and what a thread was about to start
                    time.sleep(0.02)
                raise

    def _one(self, design: Mapping[str, Value]) -> tuple[list[float], str]:
        nothing, reason = [np.nan] * len(self.metrics), ""
        label = re.sub(r"[^\w.-]", "_", self.program.name)[:40]
        for attempt in range(self.program.retries + 1):
            place = Path(tempfile.mkdtemp(prefix=f"archgym-{label}-"))
            try:
                values, reason, final = self._run(design, place)
                if not reason:
                    return values, ""
                if self._keep is not None:
                    self._keep.mkdir(parents=True, exist_ok=True)
                    shutil.copytree(place, self._keep / place.name)
            finally:
                shutil.rmtree(place, ignore_errors=True)
            if final:
                return nothing, reason
            if attempt:
                reason = f"{reason} (attempt {attempt + 1})"
        return nothing, reason

    def _run(self, design: Mapping[str, Value], place: Path) -> tuple[list[float], str, bool]:
        """(metrics, why not, whether trying again is pointless)."""
        p = self.program
        texts = p.substitutions(design, self._workload_text)
        for file in p.files:
            shutil.copy2(file, place / file.name)
        for name, template in p.inputs.items():
            target = place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(template.substitute(texts), encoding="utf-8")
        command = [word.substitute(texts) for word in p.command]
        until = time.monotonic() + p.timeout_s
        code, out, err = call(command, place, p.timeout_s, p.environment)
        try:
            if code is not None:
                return self._read(code, place, (out, err), max(until - time.monotonic(), 0.1))
            if p.infeasible is not None and any(
                p.infeasible.search(t, timeout=GRACE_S) for t in (out, err)
            ):
                return [], "the program calls the design infeasible", True
        except TimeoutError:
            return [], f"timeout: reading its figures took longer than {p.timeout_s:g} s", True
        return [], f"timeout: no answer within {p.timeout_s:g} s{_last_words(err)}", False

    def _read(
        self, code: int, place: Path, texts: tuple[str, str], limit_s: float
    ) -> tuple[list[float], str, bool]:
        """(metrics, why not, whether trying again is pointless) of a program that has ended.

        Raises:
            TimeoutError: reading took longer than ``limit_s``.
        """
        p, (out, err) = self.program, texts
        until = time.monotonic() + limit_s

        def left() -> float:
            seconds = until - time.monotonic()
            if seconds <= 0:
                raise TimeoutError
            return seconds

        if p.infeasible is not None and any(
            p.infeasible.search(t, timeout=left()) for t in (out, err)
        ):
            return [], "the program calls the design infeasible", True
        if code != 0:
            what = f"signal {-code}" if code < 0 else f"exit code {code}"
            return [], f"{what}{_last_words(err or out)}", False
        values = []
        for reading in p.readings:
            try:
                text = _source(reading.source, place, out, err)
                values.append(reading.read(text, left()))
            except TimeoutError:
                raise
            except (OSError, ValueError) as error:
                return [], f"unreadable: {error}{_last_words(err)}", False
        return values, "", True


def _source(source: str, place: Path, out: str, err: str) -> str:
    if source in ("stdout", "stderr"):
        return out if source == "stdout" else err
    file = place / source
    # a link could show any file of this machine as a figure's source
    if not file.resolve().is_relative_to(place.resolve()):
        raise ValueError(f"{source} lies outside the working directory")
    if not file.is_file():  # a pipe would never end
        raise ValueError(f"{source} was not written")
    return file.read_text(encoding="utf-8", errors="replace")


def _last_words(text: str) -> str:
    words = text.strip()
    return (
        f": …{words[-STDERR_KEPT:]}"
        if len(words) > STDERR_KEPT
        else (f": {words}" if words else "")
    )
