"""Certificates: a search started from a mapping, continued until it is done or stopped at any time."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module

import numpy as np

from archgym.errors import ArchgymError

from ..architecture import Architecture
from ..layers import Layer
from ..mapping import Mapping
from .certificate import Certificate
from .lanes import Lanes
from .searching import Search

AT_ONCE = 1000  # nodes, or as much other work, between two looks at the clock
LATER, EFFORT = 20, 200_000  # looks at the clock after which the mapper tries again, and how hard
_loaded: set[type[Search]] = set()  # searches whose kernels are compiled


def certify(
    layer: Layer,
    architecture: Architecture,
    *,
    objective: str = "energy",
    reuse: str = "physical",
    start: Mapping | None = None,
    gap: float = 0.0,
    seconds: float = 10.0,
    rounds: int | None = None,
    threads: int | None = None,
    moves: str = "joint",
) -> Certificate | None:
    """The best mapping of a layer on an architecture, and a bound on all others.

    Args:
        layer: its shape.
        architecture: levels, fan-outs, and which dimensions may be unrolled where.
        objective: ``energy``, ``delay`` or ``energy-delay``.
        reuse: see :func:`mapping.evaluate_mapping`.
        start: a mapping to begin with; the better, the sooner the search is done.
        gap: how far above the optimum, as a share, the mapping may be.
        seconds: CPU time after which the search stops with what is proved so far.
        rounds: of 1,000 nodes or as much other work, about 2 ms each, after which it stops so too. It
            counts, so the answer is the same on every machine.
        threads: deal the choices to eight searches, which run on so many threads. The answer is the same for
            every number of them; without it one search takes all choices in their order.
        moves: of the mapper where it tries again, see :func:`mapper.find_mapping`.

    Returns:
        None where no mapping of the space fits, or none was found in time.

    Raises:
        ArchgymError: another objective, a gap or time that makes no sense, or more choices of
            unrolling and tensors than can be listed.
    """
    check_limits(gap, seconds, rounds, threads)
    load_kernels(Search, lambda small: Search(small, architecture, objective, reuse, gap))
    began = time.process_time()
    search = Search(layer, architecture, objective, reuse, gap)
    value, inside = np.inf, False
    if start is not None:
        value, inside = search.start_from(start)
    again = () if start is None else (objective,)
    run = continued(search, began + seconds, rounds, threads, again, moves)
    if search.best[0] == np.inf:
        return None
    factor, order, keep = (a.copy() for a in search.state[:3])
    return Certificate(
        objective, reuse, Mapping(factor, order, keep), float(search.best[0]), run.bound(), value,
        inside, len(search.bounds), *run.counted(), time.process_time() - began,
    )  # fmt: skip


def load_kernels(kind: type[Search], make: Callable[[Layer], Search]) -> None:
    """Compile the kernels of a search, or load them, once: that is no part of its time.

    Args:
        kind: of search.
        make: a search of a layer, which is run.
    """
    if kind not in _loaded:
        _loaded.add(kind)
        small = make(Layer("small", K=2, C=2, P=2))
        small.run(AT_ONCE)
        small.bound()


def continued(
    search: Search,
    end: float,
    rounds: int | None,
    threads: int | None,
    again: tuple[str, ...],
    moves: str,
) -> Search | Lanes:
    """Go on with a search until it is done, or time or rounds are over.

    Args:
        search: that has not run yet.
        end: of its time, by the processor's clock.
        rounds: see :func:`certify`.
        threads: see :func:`certify`.
        again: objectives for which the mapper tries again where the search is not over soon.
        moves: of the mapper.

    Returns:
        What says what is proved: the search itself, or its lanes; ``search`` holds what is best.
    """
    run = Lanes(search, threads) if threads else search
    # by name: the mapper calls certificates in the same way
    find_mapping = import_module("..mapper", __package__).find_mapping
    looks = 0
    while not run.run(AT_ONCE):
        looks += run.spent
        if time.process_time() > end or (rounds is not None and looks >= rounds):
            break
        # counted, not timed: the answer is always the same
        if looks - run.spent < LATER <= looks:
            for objective in again:
                # one was found before, so one is found now
                run.start_from(
                    find_mapping(
                        search.layer, search.architecture, objective=objective, effort=EFFORT,
                        reuse=search.reuse, moves=moves,
                    ).mapping
                )  # fmt: skip
    return run


def check_limits(gap: float, seconds: float, rounds: int | None, threads: int | None) -> None:
    """Refuse limits of a certificate that make no sense.

    Args:
        gap: share.
        seconds: CPU time.
        rounds: of work, or None.
        threads: how many, or None.

    Raises:
        ArchgymError: one of them makes none.
    """
    if not 0.0 <= gap < 1.0:
        raise ArchgymError(f"gap is a share from 0 to below 1, got {gap!r}; 0.01 is 1 %")
    if rounds is not None and rounds < 1:
        raise ArchgymError(f"a certificate needs work: rounds must be at least 1, got {rounds!r}")
    if not seconds > 0.0:
        raise ArchgymError(f"a certificate needs time: seconds must be positive, got {seconds!r}")
    if threads is not None and threads < 1:
        raise ArchgymError(
            f"a certificate needs a thread: threads must be at least 1, got {threads!r}"
        )
