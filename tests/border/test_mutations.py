"""Every format with something wrong in it: refused with a reason, or legal; at once and within memory."""

import gc
import json
import random
import resource
import signal
import sys
from collections import Counter

import pytest

from archgym import trust
from archgym.errors import ArchgymError

from .formats import make

SECONDS, MEGABYTES = 5, 500


@pytest.fixture(scope="module")
def formats(tmp_path_factory):
    pytest.importorskip("pyarrow", reason="the package pyarrow is not installed")
    found = make(tmp_path_factory.mktemp("border"))
    for _, _, read in found.values():  # what is compiled once a machine is compiled now
        read(next(p for p, _, r in found.values() if r is read))
    return found


class TooSlow(BaseException):
    """Not an Exception: no reader may swallow it."""


def _alarm(*_):
    raise TooSlow


def _peak():
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1024 if sys.platform != "darwin" else 1 << 20)


def attempt(read, path):
    """'refused', 'accepted', or what went wrong."""
    before = _peak()
    signal.setitimer(signal.ITIMER_PROF, SECONDS)  # of computing
    signal.setitimer(signal.ITIMER_REAL, 12 * SECONDS)  # of waiting: the machine may be busy
    try:
        with trust.consent():  # what a stranger's folder may start is for tests/attacks
            read(path)
        verdict = "accepted"
    except ArchgymError as error:
        verdict = (
            "refused"
            if str(error) and len(str(error)) < 20_000
            else f"a message of {len(str(error))}"
        )
    except TooSlow:
        verdict = f"hangs beyond {SECONDS} s"
    except Exception as error:
        verdict = f"{type(error).__name__}: {str(error)[:300]}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
    more = _peak() - before
    return verdict if more < MEGABYTES else f"took {more:.0f} MB"


@pytest.mark.parametrize(
    ("seed", "count"), [(17, 300), pytest.param(18, 3000, marks=pytest.mark.slow)]
)
def test_mutated_inputs(formats, seed, count):
    before = {s: signal.signal(s, _alarm) for s in (signal.SIGALRM, signal.SIGPROF)}
    rng = random.Random(seed)
    tally, wrong = Counter(), []
    try:
        for i in range(count):
            name = list(formats)[i % len(formats)]
            path, change, read = formats[name]
            good = path.read_bytes()
            if change.__name__ == "data":
                bad = change(good, rng)
            else:
                text = good.decode()
                given = json.loads(text) if change.__name__ == "document" else text
                bad = change(given, rng).encode("utf-8", "surrogatepass")
            if bad == good:
                continue
            path.write_bytes(bad)
            try:
                verdict = attempt(read, path)
            finally:
                path.write_bytes(good)
            tally[name, verdict if verdict in ("refused", "accepted") else "WRONG"] += 1
            if verdict not in ("refused", "accepted"):
                wrong.append((name, i, verdict, bad[:400]))
    finally:
        for s, handler in before.items():
            signal.signal(s, handler)
        gc.collect()
    kinds = Counter((name, verdict[:90]) for name, _, verdict, _ in wrong)
    assert not wrong, "\n".join(
        [f"{n} x {k}" for k, n in kinds.items()] + [str(w) for w in wrong[:5]]
    )
    refused = sum(n for (_, verdict), n in tally.items() if verdict == "refused")
    assert refused > count // 2, tally


def test_good_files_are_read(formats):
    for name, (path, _, read) in formats.items():
        assert attempt(read, path) == "accepted", name
