"""Carries out the blocks of a page in a folder of its own, as a reader would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs.blocks import RUN, missing_lines

DRIVER = Path(__file__).with_name("driver.py")


class Reader:
    """Somebody who types what a page says, in one folder.

    Args:
        folder: where commands run and files are written.
        library: a folder that holds the installed package; empty for the one that the tests import.
    """

    def __init__(self, folder, library=""):
        self.folder = folder
        words = folder.parent / f"{folder.name}-bin"
        words.mkdir()
        for name, call in (("archgym", f'"{sys.executable}" -m archgym "$@"'),
                           ("python", f'"{sys.executable}" "$@"')):  # fmt: skip
            script = words / name
            script.write_text(f"#!/bin/sh\nexec {call}\n")
            script.chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": f"{words}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "100",
            "NO_COLOR": "1",
            "MPLBACKEND": "agg",
        }
        if library:
            self.environment["PYTHONPATH"] = str(library)
        self.interpreter = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.interpreter is not None:
            self.interpreter.stdin.close()
            self.interpreter.wait(60)

    def carry_out(self, block):
        """Carry out one block; returns what is wrong with it, or nothing."""
        if block.title:
            path = self.folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, encoding="utf-8")
            return ""
        if block.language == "console":
            return "".join(self.command(c, shown, block) for c, shown in block.commands)
        if block.language == "python":
            return self.python(block)
        return ""

    def command(self, command, shown, block):
        """One command line; returns what is wrong."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,
        )
        expected = int(block.how.get("exit", 0))
        if done.returncode != expected:
            return f"$ {command}\nexit code {done.returncode}, expected {expected}\n{done.stdout}"
        missing = missing_lines(shown, done.stdout)
        if missing:
            return f"$ {command}\ndid not print\n" + "\n".join(missing) + f"\nbut\n{done.stdout}"
        return ""

    def python(self, block):
        """One block of Python in the page's interpreter; returns what is wrong."""
        if self.interpreter is None:
            self.interpreter = subprocess.Popen(
                [sys.executable, str(DRIVER)],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        self.interpreter.stdin.write(json.dumps(block.body) + "\n")
        self.interpreter.stdin.flush()
        answer = json.loads(self.interpreter.stdout.readline())
        if answer["error"]:
            return f"{block.body}\n{answer['error']}"
        missing = missing_lines(block.output.splitlines(), answer["printed"])
        return f"{block.body}\ndid not print {missing} but\n{answer['printed']}" if missing else ""


def lacking(block):
    """Tools and packages that a block needs and that are not here."""
    from importlib.util import find_spec

    needs = block.how.get("needs", "").split("+") if block.how.get("needs") else []
    return [n for n in needs if shutil.which(n) is None and find_spec(n) is None]


def to_run(block, slow):
    """Whether a block is carried out in this form of the test."""
    if "skip" in block.how or (block.language not in RUN and not block.title):
        return False
    return slow or "slow" not in block.how
