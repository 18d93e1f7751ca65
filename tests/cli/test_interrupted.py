"""An interruption ends a command with one line, also where compiled code wraps it."""

import pytest

from archgym import cli
from archgym.errors import Terminated, resumable


@pytest.mark.parametrize(
    ("cause", "code", "word"),
    [(Terminated(), 143, "terminated"), (KeyboardInterrupt(), 130, "interrupted")],
)
def test_an_interruption_inside_of_compiled_code_is_one(cause, code, word, monkeypatch, capsys):
    def interrupted(arguments):
        with resumable("archgym accelerator front x"):
            try:
                raise SystemError(
                    "_numba_unpickle returned a result with an exception set"
                ) from cause
            except SystemError as error:  # every layer of Python's calls adds one
                raise SystemError(
                    "CPUDispatcher returned a result with an exception set"
                ) from error

    monkeypatch.setattr(cli, "_dispatch", interrupted)
    assert cli.main(["list"]) == code
    said = capsys.readouterr().err
    assert (
        said
        == f"archgym: {word}; nothing recorded is lost; go on with: archgym accelerator front x\n"
    )


def test_another_error_of_the_interpreter_is_not_hidden(monkeypatch):
    def broken(arguments):
        raise SystemError("unknown opcode")

    monkeypatch.setattr(cli, "_dispatch", broken)
    with pytest.raises(SystemError, match="unknown opcode"):
        cli.main(["list"])
