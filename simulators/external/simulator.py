"""The subprocess simulator: one run of an external program for each design."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from archgym.contracts.evaluation import Evaluation
from archgym.contracts.simulator import Simulator
from archgym.kernels.threads import map_rows
from archgym.space import Designs, Setting, Value

from .matching import SlowPatternError, find_all
from .program import Program, ProgramError, load_program, names

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
        designs = np.empty(len(x), object)
        designs[:] = self.space.decode(x)
        rows = map_rows(self._one, designs, self._threads)
        table = np.array([values for values, _ in rows]).reshape(len(x), len(self.metrics))
        reasons = [reason for _, reason in rows]
        metrics = {m.name: table[:, i].copy() for i, m in enumerate(self.metrics)}
        return Evaluation(metrics, np.array([not r for r in reasons], np.bool_), reasons)

    def _one(self, design: Mapping[str, Value]) -> tuple[list[float], str]:
        nothing, reason = [np.nan] * len(self.metrics), ""
        for attempt in range(self.program.retries + 1):
            place = Path(tempfile.mkdtemp(prefix=f"archgym-{self.program.name}-"))
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
        code, out, err = _call(command, place, p.timeout_s)
        try:
            if p.infeasible is not None and any(
                find_all(p.infeasible, text, p.timeout_s) for text in (out, err)
            ):
                return [], "the program calls the design infeasible", True
        except ValueError as error:
            return [], f"unreadable: {error}", True
        if code is None:
            return [], f"timeout: no answer within {p.timeout_s:g} s{_last_words(err)}", False
        if code != 0:
            what = f"signal {-code}" if code < 0 else f"exit code {code}"
            return [], f"{what}{_last_words(err or out)}", False
        values = []
        for reading in p.readings:
            try:
                text = _source(reading.source, place, out, err)
                values.append(reading.read(text, p.timeout_s))
            except SlowPatternError as error:
                return [], f"unreadable: {error}", True
            except (OSError, ValueError) as error:
                return [], f"unreadable: {error}{_last_words(err)}", False
        return values, "", True


def _source(source: str, place: Path, out: str, err: str) -> str:
    if source in ("stdout", "stderr"):
        return out if source == "stdout" else err
    return (place / source).read_text(encoding="utf-8", errors="replace")


def _last_words(text: str) -> str:
    words = text.strip()
    return (
        f": …{words[-STDERR_KEPT:]}"
        if len(words) > STDERR_KEPT
        else (f": {words}" if words else "")
    )


def _call(command: list[str], place: Path, timeout_s: float) -> tuple[int | None, str, str]:
    """Exit code (None on timeout), stdout, stderr; a program that hangs goes with its children."""
    # text goes to files: a child that outlives its parent cannot keep a pipe open
    with open(place / ".stdout", "w+b") as out, open(place / ".stderr", "w+b") as err:
        try:
            process = subprocess.Popen(
                command, cwd=place, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise ProgramError(f"cannot start {command[0]!r}: {error.strerror or error}") from error
        code: int | None
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    return code, texts[0], texts[1]
