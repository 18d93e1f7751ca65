"""Verilog and SystemVerilog of the user's, and who reads it: yosys, sv2v or slang."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from archgym.errors import ArchgymError

from .macros.abstract import Files
from .yosys import Workspace, finished, identifier, parameters, yosys

READ = """read_liberty -lib cells.lib
{read}
{macros}hierarchy -check -top {top} {parameters}
chformal -remove
"""
# What the source says, before anything is optimised away that matters to admission.
LOOK = """proc
flatten
tribuf
opt_expr
opt_clean
write_json early.json
"""


@dataclass(frozen=True)
class Source:
    """Verilog of a top module; ``.sv`` files are read as SystemVerilog."""

    files: tuple[Path, ...]
    top: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    include: tuple[Path, ...] = ()
    define: tuple[str, ...] = ()
    macros: Files = field(default_factory=Files)

    @property
    def origin(self) -> str:
        """Where the source comes from, in words."""
        settings = "".join(f" {k}={v}" for k, v in self.parameters.items())
        return f"{', '.join(s.name for s in self.files)}, top {self.top}{settings}"

    def abstracts(self, work: Workspace) -> str:
        """The commands that put macros in the place of modules of their names.

        Args:
            work: where the texts are written.

        Returns:
            Lines of a yosys script.
        """
        lines = ""
        for i, text in enumerate(self.macros.liberty):
            (work.folder / f"macros{i}.lib").write_text(text, encoding="utf-8")
            lines += f"read_liberty -overwrite -ignore_miss_func -lib macros{i}.lib\n"
        return lines

    def reading(self, work: Workspace) -> str:
        """The commands that read the source.

        Args:
            work: where the files are linked.

        Returns:
            Lines of a yosys script.

        Raises:
            ArchgymError: a file is missing, or a word that a script could not carry.
        """
        words = [f"-I{work.directory(d)}" for d in self.include]
        for text in self.define:
            name, _, value = text.partition("=")
            identifier(name, "macro")
            if value and not all(c.isalnum() or c in "_'." for c in value):
                raise ArchgymError(f"macro {name}: expected a number or a word, got {value[:80]!r}")
            words.append(f"-D{text}")
        folders = [f"-I{work.directory(p.resolve().parent)}" for p in self.files if p.is_file()]
        options = " ".join(dict.fromkeys([*words, *folders]))
        lines = []
        for path in self.files:
            sv = " -sv" if path.suffix in (".sv", ".svh") else ""
            lines.append(f"read_verilog{sv} {options} {work.source(path)}")
        return "\n".join(lines)


def readable(work: Workspace, source: Source, timeout_s: float) -> str:
    """The reading commands that work.

    They are of yosys' own reader, else of sv2v or slang for SystemVerilog. What the source says is
    left in ``early.json``.

    Args:
        work: where yosys runs.
        source: the Verilog.
        timeout_s: of each program.

    Returns:
        Lines of a yosys script.

    Raises:
        ArchgymError: nothing here reads it.
    """

    def commands(reader: str) -> str:
        return READ.format(
            read=reader, macros=source.abstracts(work), top=source.top,
            parameters=parameters(source.parameters),
        )  # fmt: skip

    read = commands(source.reading(work))
    try:
        work.run(read + LOOK, timeout_s, source.top)
        return read
    except ArchgymError as error:
        unread = "syntax error" in str(error) or "not supported" in str(error)
        if not any(p.suffix in (".sv", ".svh") for p in source.files) or not unread:
            raise _explained(error, source) from None
        first = error
    plain = [work.source(p) for p in source.files]
    folders = dict.fromkeys([*source.include, *(p.resolve().parent for p in source.files)])
    options = [f"-I{work.directory(d)}" for d in folders] + [f"-D{d}" for d in source.define]
    if shutil.which("sv2v"):
        code, text = finished(
            ["sv2v", *options, "-w", "converted.v", *plain], work.folder, timeout_s, source.top
        )
        if code:
            raise ArchgymError(f"sv2v refused {source.top}: {work.told(text).strip()[-400:]}")
        command = "read_verilog converted.v"
    elif _has_slang(work):
        command = f"plugin -i slang\nread_slang --top {source.top} {' '.join([*options, *plain])}"
    else:
        raise ArchgymError(
            f"{first}; this is SystemVerilog beyond yosys' own reader: install sv2v, or yosys' slang "
            "plugin, and import again"
        ) from None
    again = commands(command)
    try:
        work.run(again + LOOK, timeout_s, source.top)
    except ArchgymError as error:
        raise _explained(error, source) from None
    return again


def _has_slang(work: Workspace) -> bool:
    code, _ = finished([yosys(), "-q", "-p", "plugin -i slang"], work.folder, 60.0, "slang")
    return code == 0


def _explained(error: ArchgymError, source: Source) -> ArchgymError:
    """Yosys' error with what to do about it, where that is known."""
    text = str(error)
    if "is not part of the design" in text:
        return ArchgymError(
            f"{text} (a black box: give its Verilog too, or a Liberty and a LEF: --macro-lib, --macro-lef)"
        )
    if "syntax error" in text and all(p.suffix == ".v" for p in source.files):
        return ArchgymError(f"{text} (if this is SystemVerilog, name the file .sv)")
    return error
