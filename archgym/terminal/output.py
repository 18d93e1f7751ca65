"""Tables, JSON and progress on the terminal, and ``NAME=VALUE`` arguments from it."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from ..contracts.evaluation import Metric
from ..errors import ArchgymError
from ..space.settings import pairs_of
from ..units import format_quantity

PREPARING = "preparing the simulator (its kernels are compiled once a machine) …"


settings = pairs_of  # as commands call it


def counts(pairs: Sequence[str], option: str) -> dict[str, int]:
    """``NAME=NUMBER`` arguments as a mapping to whole numbers of at least 1."""
    out = {}
    for name, value in settings(pairs, option).items():
        if not value.isdecimal() or int(value) < 1:
            raise ArchgymError(f"{option} {name}={value}: expected a whole number of at least 1")
        out[name] = int(value)
    return out


def print_json(value: Any) -> None:
    """JSON on standard output; NaN and infinities become null."""
    print(json.dumps(_plain(value), indent=2, default=str))


def _plain(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> None:
    """A plain table, aligned."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    if title:
        print(title)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in header:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 160)
    with console.capture() as made:  # its own printing ends the program where a pipe is closed
        console.print(table)
    print(made.get(), end="")


def metrics_with_units(metrics: Mapping[str, float], units: Mapping[str, str]) -> dict[str, str]:
    """Each metric as text for people."""
    return {name: format_quantity(value, units[name]) for name, value in metrics.items()}


def units_of(metrics: Sequence[Metric]) -> dict[str, str]:
    """Unit by metric name."""
    return {m.name: m.unit for m in metrics}


class Bar(Protocol):
    """Moves a progress bar: how much is done, a note, and the total where it changed."""

    def __call__(self, done: int, note: str, total: int | None = None) -> None:
        """Show it."""


@contextmanager
def bar_of(total: int, title: str, quiet: bool) -> Iterator[Bar | None]:
    """A progress bar on standard error, unless ``quiet``; call it with (done, note)."""
    if quiet:
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    ]
    with (
        Progress(*columns, console=Console(stderr=True)) as progress,
        _heartbeat(lambda: _told(progress.tasks[0])),
    ):
        task = progress.add_task(title, total=total, note="")

        def move(done: int, note: str, total: int | None = None) -> None:
            progress.update(task, completed=done, note=note, total=total)

        yield move


def _told(task: Any) -> str:
    """A progress bar as a line."""
    return f"{task.description}: {task.completed:,.0f} of {task.total:,.0f}; {task.fields['note']}"


@contextmanager
def _heartbeat(told: Callable[[], str], every_s: float = 30.0) -> Iterator[None]:
    """Where standard error is no terminal, a line every ``every_s`` seconds: work goes on."""
    if sys.stderr.isatty():
        yield
        return
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(every_s):
            print(told(), file=sys.stderr, flush=True)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def busy(text: str, quiet: bool) -> Iterator[None]:
    """A spinner while something without steps goes on."""
    if quiet:
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text), _heartbeat(lambda: text):
        yield
