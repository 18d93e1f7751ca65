"""Lines of a text file, streamed: memory does not grow with the file, whatever it holds."""

from __future__ import annotations

import codecs
import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from archgym.errors import WorkloadError

BLOCK = 1 << 20
# by suffix: the first bytes of a packed file, and what opens it
PACKED: dict[str, tuple[bytes, Callable[..., Any]]] = {
    ".gz": (b"\x1f\x8b", gzip.open),
    ".xz": (b"\xfd7zXZ\x00", lzma.open),
    ".bz2": (b"BZh", bz2.open),
}
LONGEST_LINE = 1 << 16


def blocks(path: Path, kind: str) -> Iterator[bytes]:
    """Whole lines of a file, about a megabyte at a time, each ending with a newline.

    gzip, xz and bzip2 are unpacked, a byte order mark dropped.

    Args:
        path: of the file.
        kind: what the file should be, for the error.

    Yields:
        Whole lines as bytes.

    Raises:
        WorkloadError: the file cannot be read, or has a line beyond 64 KiB.
    """
    rest, first = b"", True
    try:
        with _opened(path) as stream:
            while block := stream.read(BLOCK):
                if first and block.startswith(codecs.BOM_UTF8):
                    block = block[len(codecs.BOM_UTF8) :]
                first = False
                whole, newline, rest = (rest + block).rpartition(b"\n")
                if len(rest) > LONGEST_LINE:
                    raise WorkloadError(
                        f"{path}: a line is longer than {LONGEST_LINE} bytes; expected a {kind} trace"
                    )
                if newline:
                    yield whole + newline
        if rest:
            yield rest + b"\n"
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise WorkloadError(
            f"{path}: cannot be read as a {kind} trace: {error}; is it truncated?"
        ) from error


def decoded(line: bytes, number: int, path: Path, kind: str) -> str:
    """The text of a line without the blanks round it.

    Args:
        line: its bytes.
        number: of the line, for the error.
        path: of the file, for the error.
        kind: what the file should be, for the error.

    Returns:
        The text.

    Raises:
        WorkloadError: it is no UTF-8.
    """
    try:
        return line.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise WorkloadError(
            f"{path}, line {number}: no UTF-8 text ({error.reason}); expected a {kind} trace, as text, "
            "or packed by gzip, xz or bzip2"
        ) from error


def _opened(path: Path) -> IO[bytes]:
    """By its first bytes; by its suffix where it is too short to have them."""
    with open(path, "rb") as stream:
        head = stream.read(6)
    for suffix, (magic, opened) in PACKED.items():
        if head.startswith(magic) or path.suffix == suffix:
            return cast(IO[bytes], opened(path, "rb"))
    return open(path, "rb")
