"""Tables, JSON and progress on the terminal, and ``NAME=VALUE`` arguments from it."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np

from ..contracts.evaluation import Metric
from ..errors import ArchgymError
from ..space.settings import pairs_of
from ..units import format_quantity
from .plain import is_plain

PREPARING = "preparing the simulator (its kernels are compiled once per machine) …"
WIDTH = 160  # of tables that go into a pipe or a file


settings = pairs_of  # as commands call it


def counts(pairs: Sequence[str], option: str) -> dict[str, int]:
    """``NAME=NUMBER`` arguments as a mapping to whole numbers.

    Args:
        pairs: as typed.
        option: the option's name, for messages.

    Returns:
        Numbers of at least 1, by name.

    Raises:
        ArchgymError: a text of another form, or no whole number of at least 1.
    """
    out = {}
    for name, value in settings(pairs, option).items():
        if not value.isdecimal() or int(value) < 1:
            raise ArchgymError(f"{option} {name}={value}: expected a whole number of at least 1")
        out[name] = int(value)
    return out


def print_json(value: Any) -> None:
    """Print JSON on standard output; NaN and infinities become null.

    Args:
        value: anything that :func:`plain` takes; other objects are printed as their text.
    """
    print(json.dumps(plain(value), indent=2, default=str))


def plain(value: Any) -> Any:
    """A value as JSON has it, through all levels of mappings and sequences.

    Args:
        value: mappings, sequences, numbers of Python and NumPy, texts; anything else comes back as it is.

    Returns:
        NaN and infinities are None, tuples are lists, keys are texts, NumPy's numbers are Python's.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> None:
    """Print an aligned table on standard output.

    With ``--plain``, a row is a line with tabs between its cells, and the title stands above after a #.

    Args:
        header: a name per column.
        rows: cells per row, as many as the header has names.
        title: printed above; '' for none.
    """
    if is_plain():
        lines = [[" ".join(str(cell).split()) for cell in row] for row in (header, *rows)]
        print("\n".join([f"# {title}"] * bool(title) + ["\t".join(line) for line in lines]))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text  # takes words in brackets as they are, where plain cells are markup

    if title:
        print(title)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in header:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    # rich finds the width of a terminal, and reads COLUMNS and NO_COLOR
    known = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdecimal()
    console = Console(file=sys.stdout, width=None if known else WIDTH)
    with console.capture() as made:  # its own printing ends the program where a pipe is closed
        console.print(table)
    print(made.get(), end="")


def metrics_with_units(metrics: Mapping[str, float], units: Mapping[str, str]) -> dict[str, str]:
    """Each metric as text for people.

    Args:
        metrics: values in SI units, by name.
        units: the SI unit of each, by name.

    Returns:
        Texts such as ``3.2 mW``, by name.
    """
    return {name: format_quantity(value, units[name]) for name, value in metrics.items()}


def units_of(metrics: Sequence[Metric]) -> dict[str, str]:
    """The unit of each metric.

    Args:
        metrics: as a simulator declares them.

    Returns:
        SI units by name; '' for plain numbers.
    """
    return {m.name: m.unit for m in metrics}


class Bar(Protocol):
    """Moves a progress bar: how much is done, a note, and the total where it changed."""

    def __call__(self, done: int, note: str, total: int | None = None) -> None:
        """Show it."""


@contextmanager
def bar_of(total: int, title: str, quiet: bool, *, guess: bool = True) -> Iterator[Bar | None]:
    """A context with a progress bar on standard error.

    Where standard error is no terminal, and with ``--plain``, a line every 30 s and one at the end.

    Args:
        total: what is done in the end; a call of the bar may change it.
        title: what stands before the bar.
        quiet: show nothing.
        guess: show the time that is left as if all steps took the same.

    Yields:
        What moves the bar when called with (done, note); None where ``quiet``.
    """
    if quiet:
        yield None
        return
    if is_plain() or not sys.stderr.isatty():
        with _lines_of(total, title) as lines:
            yield lines
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
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        *([TimeRemainingColumn()] if guess else []),
        TextColumn("{task.fields[note]}", markup=False),
    ]
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=total, note="")

        def move(done: int, note: str, total: int | None = None) -> None:
            progress.update(task, completed=done, note=note, total=total)

        yield move


@contextmanager
def steps_of(total: int, title: str, quiet: bool) -> Iterator[Callable[[str], None]]:
    """A context with a progress bar over steps.

    Where standard error is no terminal, every step is a line.

    Args:
        total: how many steps there are.
        title: what stands before the bar.
        quiet: show nothing.

    Yields:
        What to call before each step, with what the step does.
    """
    done = -1
    with bar_of(total, title, quiet) as bar:

        def step(what: str) -> None:
            nonlocal done
            done += 1
            if bar is not None:
                bar(done, what)
                if is_plain() or not sys.stderr.isatty():
                    print(f"{title}, step {done + 1} of {total}: {what}", file=sys.stderr)

        yield step
        if bar is not None:
            bar(total, "done")


@contextmanager
def _lines_of(total: int, title: str) -> Iterator[Bar]:
    """A progress bar as lines: every 30 s, and at the end."""
    state: dict[str, Any] = {"done": 0, "note": "", "total": total}

    def told() -> str:
        note = f"; {state['note']}" if state["note"] else ""
        return f"{title}: {state['done']:,} of {state['total']:,}{note}"

    def move(done: int, note: str, total: int | None = None) -> None:
        state.update(done=done, note=note)
        if total is not None:
            state["total"] = total

    with _heartbeat(told):
        yield move
    print(told(), file=sys.stderr, flush=True)


@contextmanager
def _heartbeat(told: Callable[[], str], every_s: float = 30.0) -> Iterator[None]:
    """A line on standard error every ``every_s`` seconds: work goes on."""
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
    """A context with a spinner on standard error, while something without steps goes on.

    Where standard error is no terminal, and with ``--plain``, the text is a line, again every 30 s.

    Args:
        text: what goes on.
        quiet: show nothing.

    Yields:
        Nothing.
    """
    if quiet:
        yield
        return
    if is_plain() or not sys.stderr.isatty():
        print(text, file=sys.stderr, flush=True)
        with _heartbeat(lambda: text):
            yield
        return
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status(Text(text)):
        yield
