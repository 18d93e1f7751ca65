"""The judge's side: an agent that looks like any other, whose algorithm runs in a process of its own."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...contracts.agent import Agent
from ...contracts.evaluation import Floats
from ...contracts.feedback import Feedback
from ...errors import AgentError
from ...goals.scenario import Scenario
from ...space import Designs
from .messages import feedback_message, space_message

MOST_BYTES = 16 << 20  # of one answer
PATIENCE = 600.0  # s for one answer
_KEPT = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARCHGYM_THREADS"), "1"
)


class Isolated(Agent):
    """An agent in a process of its own, which :meth:`close` ends.

    It is told what every agent is told, by lines of JSON. It can read neither certificates nor simulators.
    Advice is given on designs that were paid for, on no others.

    Args:
        scenario: what is searched; it stays in this process.
        agent: a registered name, ``module:CLASS`` or ``FILE.py:CLASS``.
        seed: of the agent.
        budget: evaluations.
        hyperparameters: of the agent, by name.
        source: the folder of its files, where it is not an installed one.
        patience: s that one answer may take.

    Raises:
        AgentError: the agent cannot be made.
    """

    name = "isolated"
    multi_objective = True

    def __init__(
        self,
        scenario: Scenario,
        agent: str,
        *,
        seed: int,
        budget: int,
        hyperparameters: Mapping[str, Any],
        source: Path | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self.agent, self.patience = agent, patience
        self.predicted: list[float] = []  # costs that the agent expected of what it proposed
        self._told: list[tuple[Designs, Feedback]] = []
        self._space = scenario.space
        self._scratch = tempfile.TemporaryDirectory(prefix="archgym-agent-")
        self._start_process()
        try:
            first = self._call(
                {
                    "space": space_message(scenario.space), "agent": agent, "seed": seed, "budget": budget,
                    "hyperparameters": dict(hyperparameters), "objectives": scenario.k,
                    "source": str(source) if source else "", "scratch": self._scratch.name,
                }
            )  # fmt: skip
            self.confined = first.get("confined") is True  # by the kernel too
            made = self._answer(time.monotonic() + patience)
            self._batch = _whole(made, "batch", 1 << 20)
            super().__init__(
                scenario.space,
                seed=seed,
                budget=budget,
                objectives=min(_whole(made, "objectives", scenario.k), scenario.k),
            )
            said = made.get("hyperparameters") or {}
            if not isinstance(said, dict):
                raise AgentError(f"hyperparameters of an agent are a mapping, got {said!r:.60}")
        except BaseException:
            self.close()
            raise
        self.hyper = said
        self.costly_only_if_met = bool(made.get("costly_only_if_met"))  # type: ignore[misc]

    def _start_process(self) -> None:
        environment = {k: os.environ[k] for k in _KEPT if k in os.environ} | _ONE_THREAD
        environment |= {"HOME": self._scratch.name, "TMPDIR": self._scratch.name}
        environment |= {"PYTHONHASHSEED": "0", "NUMBA_CACHE_DIR": self._scratch.name}
        self._errors = open(Path(self._scratch.name) / "stderr", "w+b")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-B", "-m", "archgym.bench.isolated.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=self._scratch.name,
            env=environment,
            bufsize=0,
        )
        self._buffer = bytearray()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)  # type: ignore[arg-type]
        # whoever does not read must not hold up its judge
        os.set_blocking(self._process.stdin.fileno(), False)  # type: ignore[union-attr]
        self._writable = selectors.DefaultSelector()
        self._writable.register(self._process.stdin, selectors.EVENT_WRITE)  # type: ignore[arg-type]

    # ---- the agent
    @property
    def batch(self) -> int:
        """What the agent likes to be asked for."""
        return self._batch

    def _ask(self, n: int) -> Designs:
        answer = self._call({"ask": n})
        try:
            x = np.array(answer["x"], np.int64).reshape(n, len(self.space))
            expected = np.array(answer.get("predicted") or [np.nan] * n, np.float64).reshape(n)
        except (KeyError, ValueError, TypeError, OverflowError) as error:
            raise AgentError(f"agent {self.agent!r} answered no designs: {error}") from error
        self.predicted += expected.tolist()
        return x

    def _tell_with(self, x: Designs, costs: Floats, feedback: Feedback | None) -> None:
        assert feedback is not None
        self._told.append((x, feedback))
        self._call(
            {
                "tell": x.tolist(), "costs": costs.tolist(), "feedback": feedback_message(feedback),
                "batch": len(self._told) - 1,
            }
        )  # fmt: skip

    def _tell(self, x: Designs, costs: Floats) -> None:
        raise NotImplementedError  # _tell_with does it

    # ---- the connection
    def _call(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Send a message, help the agent while it thinks, return its answer."""
        end = time.monotonic() + self.patience
        self._send(message, end)
        return self._answer(end)

    def _answer(self, end: float) -> dict[str, Any]:
        """What the agent answers until a time, helped while it thinks."""
        while True:
            answer = self._receive(end)
            if "error" in answer:
                raise AgentError(f"agent {self.agent!r}: {str(answer['error'])[:2000]}")
            if "need" not in answer:
                return answer
            try:
                helped = self._help(answer)
            except (KeyError, ValueError, TypeError, IndexError, OverflowError) as error:
                raise AgentError(
                    f"agent {self.agent!r} asked for what is not there: {error}"
                ) from error
            self._send({"answer": helped}, end)

    def _help(self, question: Mapping[str, Any]) -> Any:
        """Advice on a design that was paid for, or which designs keep a constraint."""
        if question["need"] == "holds":
            x = self._space.check(question["x"])
            constraint = self._space.constraints[int(question["constraint"])]
            return np.asarray(constraint.holds(self._space.columns(x)), np.bool_).tolist()
        x, feedback = self._told[int(question["batch"])]
        row = int(question["row"])
        if row < 0 or x[row].tolist() != question["design"]:
            raise AgentError(
                f"agent {self.agent!r} asked for advice on a design that is not the one it was told of"
            )
        if question["need"] == "advise":
            return [feedback.advise(x[row], row).tolist()]
        relief = feedback.relieve(x[row], row)
        return [relief.moves.tolist(), relief.weights.tolist(), relief.guards.tolist()]

    def _send(self, message: Mapping[str, Any], end: float) -> None:
        data = memoryview((json.dumps(message) + "\n").encode())
        try:
            while len(data):
                if not self._writable.select(max(0.0, end - time.monotonic())):
                    raise AgentError(
                        f"agent {self.agent!r} read no message within {self.patience:g} s"
                    )
                data = data[self._process.stdin.write(data) or 0 :]  # type: ignore[union-attr]
        except OSError as error:
            raise AgentError(self._gone()) from error

    def _receive(self, end: float) -> dict[str, Any]:
        """The next line, as a mapping."""
        while (cut := self._buffer.find(b"\n")) < 0:
            if not self._selector.select(max(0.0, end - time.monotonic())):
                raise AgentError(f"agent {self.agent!r} gave no answer within {self.patience:g} s")
            block = os.read(self._process.stdout.fileno(), 1 << 16)  # type: ignore[union-attr]
            if not block:
                raise AgentError(self._gone())
            self._buffer += block
            if len(self._buffer) > MOST_BYTES:
                raise AgentError(
                    f"agent {self.agent!r} answered more than {MOST_BYTES:,} bytes at once"
                )
        line, self._buffer = self._buffer[:cut], self._buffer[cut + 1 :]
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise AgentError(f"agent {self.agent!r} answered no JSON: {error}") from error
        if not isinstance(answer, dict):
            raise AgentError(f"agent {self.agent!r} answered a {type(answer).__name__}")
        return answer

    def _gone(self) -> str:
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - 4000))
        lines = self._errors.read(4000).decode("utf-8", "replace").strip().splitlines()
        said = f": {lines[-1]}" if lines else ""
        return f"the process of agent {self.agent!r} ended{said}"

    def close(self) -> None:
        """End the process and remove its scratch files."""
        self._process.kill()
        self._process.wait()
        self._selector.close()
        self._writable.close()
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            pipe.close()  # type: ignore[union-attr]
        self._scratch.cleanup()

    def __enter__(self) -> Isolated:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _whole(made: Mapping[str, Any], key: str, most: int) -> int:
    """A whole number of an answer, from 1 to ``most``."""
    value = made.get(key)
    if type(value) is not int or not 1 <= value <= most:
        raise AgentError(f"{key} of an agent must be from 1 to {most:,}, got {value!r:.60}")
    return value
