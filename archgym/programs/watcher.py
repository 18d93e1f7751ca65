"""The watcher of external programs: run as a script by the standard library alone, it outlives its parent.

Lines on standard input: ``+ MARK FOLDER`` a program starts, ``- MARK`` it has ended.  At the end of the
input, which comes when the parent ends in whatever way, what still carries a mark is killed and its
working folder removed.
"""

import os
import shutil
import signal
import sys
import time

MARK = "ARCHGYM_PROGRAM"


def marked(mark: str, name: str) -> list[int]:
    """Processes whose environment holds ``name=mark``; none where the system has no ``/proc``.

    Args:
        mark: the value.
        name: of the environment variable.

    Returns:
        Process numbers.
    """
    wanted = f"{name}={mark}".encode()
    found = []
    try:
        processes = [p for p in os.listdir("/proc") if p.isdigit()]
    except OSError:
        return []
    for process in processes:
        try:
            with open(f"/proc/{process}/environ", "rb") as file:
                if wanted in file.read().split(b"\0"):
                    found.append(int(process))
        except OSError:  # another user's, or gone
            continue
    return found


def kill_marked(mark: str, name: str = MARK, patience_s: float = 5.0) -> None:
    """Kill every process with a mark, again and again until none is left that could start another.

    Args:
        mark: the value.
        name: of the environment variable.
        patience_s: seconds after which it gives up.
    """
    until = time.monotonic() + patience_s
    while True:
        found = [p for p in marked(mark, name) if p != os.getpid()]
        if not found or time.monotonic() > until:
            return
        for process in found:
            try:
                os.kill(process, signal.SIGKILL)
            except OSError:
                continue
        time.sleep(0.01)


def main() -> None:
    """Listen until the parent is gone, then clear up after it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    running = {}
    for line in sys.stdin.buffer:
        word, mark, *rest = os.fsdecode(line).rstrip("\n").split(" ", 2)
        if word == "+":
            running[mark] = rest[0] if rest else ""
        else:
            running.pop(mark, None)
    time.sleep(0.05)  # a program that was being started when the parent ended has its mark by now
    for mark, place in running.items():
        kill_marked(mark)
        if os.path.basename(place).startswith("archgym-"):
            shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
