"""Where runs are carried out: the processes of this machine, or a Ray cluster.

An engine asks for chunks of runs and hands back results; it decides nothing else, so every engine
gives the same results.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

from ..errors import ArchgymError, MissingExtraError, UnknownNameError
from .plan import RunSpec
from .result import Result, Setup
from .work import THREADS, Worker, single_threaded

TIMED_OUT, DIED = "timeout", "died"
ATTEMPTS = 2  # a run whose worker died is tried once more: it may not have been its fault
OPENING, OPENED, OPENING_SECONDS = "opening", "opened", 300.0
WORKER = "archgym worker"  # the name of every process that carries runs out
Take = Callable[[int], list[RunSpec]]
OnResult = Callable[[Result], None]
ENGINES = ("local", "ray")


class Engine(Protocol):
    """Carries out what ``take(n)`` gives (at most n runs, none at the end)."""

    by_value: bool  # workers may be on other machines: they touch no file of the sweep

    def run(self, setup: Setup, take: Take, on_result: OnResult) -> None:
        """Carry out every run that ``take`` gives.

        Args:
            setup: what every worker needs.
            take: gives the next runs.
            on_result: called with results as they come in.
        """


def make_engine(
    name: str, workers: int | None, timeout: float | None, address: str | None = None
) -> Engine:
    """An engine by its name.

    Args:
        name: ``local`` or ``ray``.
        workers: processes; all cores by default.
        timeout: of a run, in seconds.
        address: of a Ray cluster; a local one is started without it.

    Returns:
        The engine.

    Raises:
        UnknownNameError: no such engine.
    """
    if name not in ENGINES:
        raise UnknownNameError("engine", name, ENGINES)
    if name == "ray":
        return RayEngine(workers, timeout, address)
    return LocalEngine(workers, timeout)


class Chunks:
    """How many runs a worker is given at once: enough for half a second, by what runs took so far."""

    seconds, largest = 0.5, 256

    def __init__(self) -> None:
        self._mean = 0.1

    def learn(self, result: Result) -> None:
        """Take a run's duration into the moving mean.

        Args:
            result: of a run that has ended.
        """
        self._mean += 0.05 * (result.seconds - self._mean)

    @property
    def size(self) -> int:
        """How many runs to give to a worker at once."""
        return int(min(self.largest, max(1, self.seconds / max(self._mean, 1e-4))))


# ---------------------------------------------------------------- this machine
@dataclass
class _Process:
    process: Any
    pipe: Connection
    todo: list[RunSpec] = field(default_factory=list)
    since: float = 0.0
    opening: bool = True


class LocalEngine:
    """Processes of this machine; one that dies or hangs is replaced."""

    by_value = False

    def __init__(self, workers: int | None = None, timeout: float | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1
        self.timeout = timeout

    def run(self, setup: Setup, take: Take, on_result: OnResult) -> None:
        """Keep every process busy until nothing is left.

        Args:
            setup: what every worker needs, by value.
            take: gives the next runs.
            on_result: takes each result.
        """
        chunks, deaths = Chunks(), Counter[str]()
        again: list[RunSpec] = []
        pool: list[_Process] = []

        def refill(p: _Process) -> None:
            p.todo = [again.pop()] if again else take(chunks.size)
            p.since = time.monotonic()
            if p.todo:
                p.pipe.send(p.todo)

        def lost(p: _Process, status: str, text: str) -> None:
            """The run in flight is given up or tried again, those behind it go back."""
            current, *rest = p.todo
            again.extend(rest)
            deaths[current.id] += 1
            if status == DIED and deaths[current.id] < ATTEMPTS:
                again.append(current)
            else:
                on_result(
                    Result(current.id, status, error=text, seconds=time.monotonic() - p.since)
                )

        try:
            pool.extend(_start(setup) for _ in range(self.workers))
            for p in pool:
                refill(p)
            while any(p.todo for p in pool):
                ready = set(wait([p.pipe for p in pool], timeout=0.2))
                for i, p in enumerate(pool):
                    failure = None
                    if p.pipe in ready:
                        try:
                            message: Result | str = p.pipe.recv()
                        except (EOFError, OSError):
                            p.process.join(5)
                            ending = _ending(p.process.exitcode)
                            failure = DIED, f"the worker process ended with {ending}"
                        else:
                            p.since, p.opening = time.monotonic(), message == OPENING
                            if isinstance(message, Result):
                                p.todo = [s for s in p.todo if s.id != message.id]
                                chunks.learn(message)
                                on_result(message)
                    elif p.todo and self.timeout and time.monotonic() - p.since > self._patience(p):
                        failure = TIMED_OUT, f"no result within the timeout of {self.timeout:g} s"
                    if failure is not None:
                        p.process.kill()
                        p.process.join(5)
                        if p.todo:
                            lost(p, *failure)
                        p = pool[i] = _start(setup)
                    if not p.todo:
                        refill(p)
                for p in pool:  # what came back is done by whoever is idle
                    if again and not p.todo:
                        refill(p)
        finally:
            for p in pool:
                p.process.kill()
            for p in pool:
                p.process.join(5)
                p.pipe.close()

    def _patience(self, p: _Process) -> float:
        assert self.timeout is not None
        return self.timeout + OPENING_SECONDS * p.opening


def _start(setup: Setup) -> _Process:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    before = {k: os.environ.get(k) for k in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))  # read when libraries load: before Python starts
    try:
        process = context.Process(target=_serve, args=(theirs, setup), daemon=True, name=WORKER)
        with _script_unread():
            process.start()
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
    theirs.close()
    return _Process(process, ours)


@contextmanager
def _script_unread() -> Iterator[None]:
    """A process that is started in here does not carry out the script of this one.

    Python's spawned processes import the main script, and one without ``if __name__ == "__main__"`` would start
    its sweep again in each of them.  Workers get all that they need by value and by importable names.
    """
    main = sys.modules["__main__"]
    kept: dict[str, Any] = {
        k: main.__dict__[k] for k in ("__spec__", "__file__") if k in main.__dict__
    }
    try:
        main.__dict__.update(__spec__=None)
        main.__dict__.pop("__file__", None)
        yield
    finally:
        main.__dict__.update(kept)


def refuse_inside_worker() -> None:
    """Refuse to begin a sweep in a worker of one: a worker imported the file that begins it.

    Raises:
        ArchgymError: says what to do.
    """
    if multiprocessing.current_process().name == WORKER:
        raise ArchgymError(
            "a worker of a sweep imported a file that begins a sweep itself: put what begins it under "
            '`if __name__ == "__main__":`, or keep simulators and agents in a file of their own'
        )


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {-code} ({signal.Signals(-code).name})"
    return f"exit code {code}"


def _serve(pipe: Connection, setup: Setup) -> None:
    """The life of a worker process: chunks in, one result a run out.

    ``OPENING`` and ``OPENED`` stand round what is slow but no part of a run (opening a scenario,
    compiling its kernels), so that a run's clock starts after it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver ends its workers itself
    _die_with_parent()
    worker = Worker(setup)
    try:
        while True:
            for spec in pipe.recv():
                if not worker.is_open(spec.scenario):
                    pipe.send(OPENING)
                    worker.open(spec.scenario)
                    pipe.send(OPENED)
                pipe.send(worker(spec))
    except (EOFError, OSError):  # the driver is gone
        return


def _die_with_parent() -> None:
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


# ---------------------------------------------------------------- a cluster
class RayEngine:
    """Ray tasks: on this machine, or on the cluster at ``address``."""

    by_value = True

    def __init__(
        self, workers: int | None = None, timeout: float | None = None, address: str | None = None
    ) -> None:
        try:
            import ray
        except ModuleNotFoundError as error:
            raise MissingExtraError("engine 'ray'", "ray", "ray") from error
        self._ray = ray
        self.workers, self.timeout, self.address = workers, timeout, address

    def run(self, setup: Setup, take: Take, on_result: OnResult) -> None:
        """Keep twice as many tasks in flight as there are cores.

        Args:
            setup: what every worker needs, by value.
            take: gives the next runs.
            on_result: takes each result.
        """
        ray = self._ray
        mine = not ray.is_initialized()
        if mine:
            local = {} if self.address else {"num_cpus": self.workers, "include_dashboard": False}
            ray.init(
                address=self.address,
                log_to_driver=False,
                runtime_env={"env_vars": dict.fromkeys(THREADS, "1")},
                **local,
            )
        try:
            self._drain(ray.remote(max_retries=ATTEMPTS - 1)(_ray_chunk), setup, take, on_result)
        finally:
            if mine:
                ray.shutdown()

    def _drain(self, task: Any, setup: Setup, take: Take, on_result: OnResult) -> None:
        ray, chunks = self._ray, Chunks()
        flying: dict[Any, tuple[list[RunSpec], float]] = {}
        shared = ray.put(setup)
        limit = 2 * (self.workers or int(ray.cluster_resources().get("CPU", 1)))
        while True:
            while len(flying) < limit:
                specs = take(1 if self.timeout else chunks.size)  # a task is cancelled as a whole
                if not specs:
                    break
                flying[task.remote(shared, specs, self.timeout)] = specs, time.monotonic()
            if not flying:
                return
            done, _ = ray.wait(list(flying), num_returns=1, timeout=0.5)
            for reference in done:
                specs, _since = flying.pop(reference)
                try:
                    results = ray.get(reference)
                except Exception as error:  # the worker died, twice
                    results = [Result(s.id, DIED, error=str(error)) for s in specs]
                for result in results:
                    chunks.learn(result)
                    on_result(result)


_RAY_WORKERS: dict[str, Worker] = {}


def _ray_chunk(setup: Setup, specs: list[RunSpec], timeout: float | None) -> list[Result]:
    """Carry out runs in a Ray worker; a run beyond its timeout ends with the process it ran in."""
    single_threaded()
    if timeout:
        results: list[Result] = []
        left = list(specs)
        LocalEngine(1, timeout).run(setup, lambda n: [left.pop(0)] if left else [], results.append)
        return results
    worker = _RAY_WORKERS.setdefault(
        repr(sorted(setup.documents)) + str(setup.store), Worker(setup)
    )
    return [worker(spec) for spec in specs]
