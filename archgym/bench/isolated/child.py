"""The process of an agent: ``python -m archgym.bench.isolated.child``. It answers lines of JSON.

It is told a space, costs and what was paid for. It never holds a scenario, a simulator or a certificate.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from ... import registry
from ...contracts.agent import Agent
from ...contracts.feedback import Feedback, Relief
from ...contracts.foreign import agent_class
from ...space import Designs
from . import guard
from .messages import evaluation_of, space_of

MOST_WRITTEN = 1 << 30  # bytes of one file
MOST_MEMORY = 16 << 30  # bytes of private memory, reserved ones included


class Line:
    """The connection with the judge."""

    def __init__(self, incoming: IO[str], outgoing: IO[str]) -> None:
        self._in, self._out = incoming, outgoing

    def receive(self) -> dict[str, Any] | None:
        """The next message; None once the judge has left."""
        line = self._in.readline()
        found: dict[str, Any] | None = json.loads(line) if line else None
        return found

    def send(self, message: Mapping[str, Any]) -> None:
        """Answer.

        Args:
            message: plain values.
        """
        self._out.write(json.dumps(message) + "\n")
        self._out.flush()

    def ask(self, **question: Any) -> Any:
        """Ask the judge in the middle of a call.

        Args:
            question: what.

        Returns:
            The answer.
        """
        self.send(question)
        answer = self.receive()
        if answer is None:
            sys.exit(0)
        return answer["answer"]


@dataclass(frozen=True)
class ToldFeedback(Feedback):
    """Feedback whose advice the judge works out."""

    line: Line | None = None
    batch: int = 0

    def advise(self, design: Designs, i: int) -> Designs:
        """See :meth:`Feedback.advise`."""
        (moves,) = self._answer("advise", design, i)
        return np.array(moves, np.int64).reshape(-1, len(design))

    def relieve(self, design: Designs, i: int) -> Relief:
        """See :meth:`Feedback.relieve`."""
        moves, *weights = self._answer("relieve", design, i)
        there = np.array(moves, np.int64).reshape(-1, len(design))
        return Relief(there, *(np.array(w, np.float64) for w in weights))

    def _answer(self, what: str, design: Designs, i: int) -> Any:
        assert self.line is not None
        return self.line.ask(
            need=what, design=np.asarray(design).tolist(), row=int(i), batch=self.batch
        )


def made(message: Mapping[str, Any], line: Line) -> Agent:
    """The agent that the judge wants.

    Args:
        message: agent, space, seed, budget, hyperparameters, objectives.
        line: to the judge.

    Returns:
        The agent.
    """
    space = space_of(
        message["space"],
        lambda i, x: np.array(line.ask(need="holds", constraint=i, x=x.tolist()), np.bool_),
    )
    cls = agent_class(message["agent"])
    agent: Agent = cls(
        space,
        seed=message["seed"],
        objectives=message["objectives"] if cls.multi_objective else 1,
        budget=message["budget"],
        **message["hyperparameters"],
    )
    return agent


def predicted(agent: Agent, x: Designs) -> list[float] | None:
    """What an agent expects of its proposals, where it (or its foreign object) has ``predict(x)``.

    Args:
        agent: who proposed.
        x: designs (n, d).

    Returns:
        Costs (n,), NaN where it cannot say; None where it has no such method or knows nothing yet.
    """
    inner = getattr(agent, "_other", agent)
    predict = getattr(inner, "predict", None)
    costs = predict(x) if callable(predict) else None
    return None if costs is None else np.asarray(costs, np.float64).reshape(len(x)).tolist()


def answered(agent: Agent, message: Mapping[str, Any], line: Line) -> dict[str, Any]:
    """What a message asks for, done.

    Args:
        agent: who does it.
        message: ``ask`` with a number, or ``tell`` with designs, costs and feedback.
        line: to the judge.

    Returns:
        The answer.
    """
    if "ask" in message:
        x = agent.ask(message["ask"])
        return {"x": x.tolist(), "predicted": predicted(agent, x)}
    told = message["feedback"]
    violations = {n: np.array(v, np.float64) for n, v in told["violations"].items()}
    feedback = ToldFeedback(
        evaluation_of(told), violations, np.array(told["penalty"], np.float64), _nothing,
        objectives=None if told["objectives"] is None else np.array(told["objectives"], np.float64),
        line=line, batch=message["batch"],
    )  # fmt: skip
    x = np.array(message["tell"], np.int64).reshape(-1, len(agent.space))
    agent.tell(x, np.array(message["costs"], np.float64).reshape(len(x), -1), feedback)
    return {"done": True}


def _nothing(design: Designs, _: Any) -> Designs:
    return design[None][:0]


def _limit() -> None:
    """Bound the files that are written, and the memory.

    What counts is private memory that may be written. Libraries reserve more of it than they use, so the
    bound is wide: an agent is to end before its machine does. The number of processes is not bound, for
    threads count as such. Starting any is refused elsewhere.
    """
    if importlib.util.find_spec("resource") is None:
        return
    import resource

    memory = min(MOST_MEMORY, _installed())
    limits = {
        resource.RLIMIT_FSIZE: MOST_WRITTEN, resource.RLIMIT_CORE: 0, resource.RLIMIT_DATA: memory,
    }  # fmt: skip
    for name, most in limits.items():
        hard = resource.getrlimit(name)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(name, (most, most))


def _installed() -> int:
    """Bytes of memory that the machine has."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Answer until the judge leaves. What the agent prints goes nowhere."""
    outgoing = os.fdopen(os.dup(1), "w", encoding="utf-8")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    line = Line(os.fdopen(os.dup(0), encoding="utf-8"), outgoing)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    first = line.receive()
    if first is None:
        return
    registry.table("agents")  # reads what domains and other packages offer, while that may be read
    own = Path(first["source"]) if first["source"] else None
    _limit()
    confined = guard.lock(own, Path(first["scratch"]))
    line.send({"confined": confined})  # before any of the agent's code runs
    try:
        agent = made(first, line)
        line.send(
            {
                "batch": agent.batch, "objectives": agent.objectives, "hyperparameters": agent.hyper,
                "costly_only_if_met": agent.costly_only_if_met,
            }
        )  # fmt: skip
        while (message := line.receive()) is not None:
            line.send(answered(agent, message, line))
    except Exception as error:
        line.send(
            {
                "error": f"{type(error).__name__}: {error}",
                "traceback": traceback.format_exc(limit=-6),
            }
        )


if __name__ == "__main__":
    main()
