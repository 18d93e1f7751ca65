"""Shells in commands: what a knob may put into a command line that a shell reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

from archgym.documents import Faults
from archgym.space import Parameter, Value

SHELLS = ("sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "csh", "tcsh")
# what a shell takes as it stands, wherever in a command it is put
PLAIN = re.compile(r"[\w.,:/@%+=-]*")


def shell_names(command: tuple[Template, ...]) -> set[str]:
    """What stands in for a part of a shell's own command line: ``sh -c '… ${name} …'``.

    Args:
        command: the words of a command.

    Returns:
        The names inside the texts that a shell reads as commands.
    """
    words = [Path(word.template).name for word in command]
    found: set[str] = set()
    for i, shell in enumerate(words):
        if shell not in SHELLS:
            continue
        for j in range(i + 1, len(words) - 1):
            flag = command[j].template
            if not flag.startswith("-"):
                break  # a script's name: what follows are arguments, which no shell reads as commands
            if not flag.startswith("--") and "c" in flag:
                found.update(command[j + 1].get_identifiers())
                break
    return found


def check_shell(
    words: Sequence[str],
    parameters: Sequence[Parameter],
    texts: Mapping[str, Mapping[Value, str]],
    faults: Faults,
) -> None:
    """Knobs inside a shell's command line must be plain words.

    Args:
        words: of the command, with ``${name}`` where knobs stand.
        parameters: the knobs.
        texts: what stands for a knob's value, by the knob's name.
        faults: takes a sentence for every value that is no plain word.
    """
    inside = shell_names(tuple(Template(word) for word in words))
    for p in parameters:
        name = p.name
        for value in p.values if name in inside else ():
            text = texts.get(name, {}).get(value, str(value))
            if not PLAIN.fullmatch(text.replace(" ", "")):
                faults.add(
                    f"the value {text!r} of {name!r} would be read by the shell in command; hand it "
                    'over as an argument: [sh, -c, \'tool "$1"\', sh, "${'
                    + name
                    + '}"] with $$1 for $1'
                )
