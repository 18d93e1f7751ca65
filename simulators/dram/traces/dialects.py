"""The text dialects of other tools' traces, a line at a time.

A dialect takes the text of a line and calls ``put(stamp, is_write, address, size)`` for each request
in it; ``size`` 0 is one burst.  It raises :class:`ValueError` with what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..devices import DDR4_2400, Device
from .options import TraceOptions

Put = Callable[[int, int, int, int], None]
Dialect = Callable[[str, Put], None]

LINE = 64
LARGEST_REQUEST = 1 << 20
READ_WORDS = frozenset({"read", "r", "ld", "p_mem_rd", "p_fetch", "fetch"})
WRITE_WORDS = frozenset({"write", "w", "st", "p_mem_wr"})
_DIRECTIONS = {**dict.fromkeys(READ_WORDS, 0), **dict.fromkeys(WRITE_WORDS, 1)}
_HEX = re.compile(r"(?:0[xX])?[0-9a-fA-F]{1,40}")
_DATA = re.compile(r"(?:0[xX])?[0-9a-fA-F]*")
_WHOLE = re.compile(r"[0-9]{1,40}")
_ROUND = re.compile(r"(-?[0-9]{1,40})(?:\.0*)?")


def direction(word: str) -> int:
    """The direction that a word names.

    Args:
        word: of a line.

    Returns:
        0 for a read, 1 for a write.

    Raises:
        ValueError: neither.
    """
    found = _DIRECTIONS.get(word.lower())
    if found is None:
        raise ValueError(f"{word[:20]!r} is neither a read nor a write")
    return found


def whole(word: str, what: str = "stamp") -> int:
    """A decimal number of at least 0, in ASCII digits (``int`` takes more).

    Args:
        word: of a line.
        what: what is counted, for the error.

    Returns:
        The number.

    Raises:
        ValueError: no such number.
    """
    if not _WHOLE.fullmatch(word):
        raise ValueError(f"{word[:20]!r} is no {what}; expected a whole number of at least 0")
    return int(word)


def base16(word: str) -> int:
    """A hexadecimal address, with or without 0x.

    Args:
        word: of a line.

    Returns:
        The address in bytes.

    Raises:
        ValueError: no hexadecimal number.
    """
    if not _HEX.fullmatch(word):
        raise ValueError(f"{word[:20]!r} is no address; expected hexadecimal digits")
    return int(word, 16)


def either_base(word: str) -> int:
    """An address: hexadecimal with 0x, decimal without.

    Args:
        word: of a line.

    Returns:
        The address, in the dialect's unit.

    Raises:
        ValueError: no number.
    """
    return base16(word) if word[:2] in ("0x", "0X") else whole(word, "address")


def fields_of(text: str, least: int, most: int, expected: str) -> list[str]:
    """The words of a line, as many as the dialect wants.

    Args:
        text: the line.
        least: the fewest words.
        most: the most words.
        expected: the form of a line, for the error.

    Returns:
        The words.

    Raises:
        ValueError: there are fewer or more.
    """
    words = text.split()
    if not least <= len(words) <= most:
        raise ValueError(f"expected {expected}")
    return words


class DRAMSys:
    """DRAMSys ``.stl`` and ``.rstl``: ``cycle: [(bytes)] read|write HEX-ADDRESS [HEX-DATA]``.

    As its player parses them: base 16 whether or not there is a 0x, and a length in brackets.  In
    ``.rstl`` a stamp counts from the request before it.
    """

    EXPECTED = "'cycle: [(bytes)] read|write HEX-ADDRESS'"

    def __init__(self, relative: bool = False, default_size: int = 0) -> None:
        self._relative, self._default = relative, default_size
        self._now = 0

    def __call__(self, text: str, put: Put) -> None:
        """One request a line."""
        head, colon, rest = text.partition(":")
        if not colon:
            head, _, rest = text.partition(" ") if " " in text else text.partition("\t")
        stamp = whole(head.strip())
        size = self._default
        rest = rest.strip()
        if "(" in rest:
            before, _, rest = rest.partition("(")
            length, _, rest = rest.partition(")")
            rest = before + rest
            size = whole(length.strip(), "length in bytes")
            if not 1 <= size <= LARGEST_REQUEST:
                raise ValueError(f"a length from 1 to {LARGEST_REQUEST} bytes was expected")
        words = rest.split()
        if not 2 <= len(words) <= 3:  # the third is a write's data
            raise ValueError(f"expected {self.EXPECTED}")
        if len(words) == 3 and not _DATA.fullmatch(words[2]):
            raise ValueError(f"{words[2][:20]!r} is no data; expected hexadecimal digits")
        if self._relative:
            self._now += stamp
            stamp = self._now
        put(stamp, direction(words[0]), base16(words[1]), size)


def dramsim3(text: str, put: Put) -> None:
    """Read a line of DRAMsim3: ``0xADDRESS READ|WRITE cycle``.

    Args:
        text: the line.
        put: takes stamp, direction, address and size.

    Raises:
        ValueError: the line is no request.
    """
    address, way, stamp = fields_of(text, 3, 3, "'0xADDRESS READ|WRITE cycle'")
    put(whole(stamp), direction(way), base16(address), 0)


class NVMain:
    """NVMain: ``cycle R|W HEX-ADDRESS [data …] [thread]``, after an optional ``NVMV1``."""

    def __init__(self) -> None:
        self._first = True

    def __call__(self, text: str, put: Put) -> None:
        """One request a line."""
        first, self._first = self._first, False
        if first and text.upper().startswith("NVMV"):
            return
        words = fields_of(text, 3, 6, "'cycle R|W 0xADDRESS data thread'")
        put(whole(words[0]), direction(words[1]), base16(words[2]), 0)


class Ramulator:
    """Ramulator memory traces, which carry no stamps: one request a cycle.

    ``0xADDRESS R|W``, ``LD|ST ADDRESS`` (decimal without 0x), or Ramulator 2's address vectors
    ``R|W channel,rank[,bank group],bank,row,column``, the column counting bursts.
    """

    EXPECTED = "'0xADDRESS R|W', 'LD|ST ADDRESS' or 'R|W channel,rank,bankgroup,bank,row,column'"

    def __init__(self, device: Device) -> None:
        self._device = device
        self._index = -1

    def __call__(self, text: str, put: Put) -> None:
        """One request a line."""
        first, _, second = text.partition(" ") if " " in text else text.partition("\t")
        second = second.strip()
        if not second or ("," not in second and len(second.split()) != 1):
            raise ValueError(f"expected {self.EXPECTED}")
        self._index += 1
        if first.lower() in _DIRECTIONS:
            address = self._of_vector(second) if "," in second else either_base(second)
            put(self._index, direction(first), address, 0)
        else:
            put(self._index, direction(second), base16(first), 0)

    def _of_vector(self, text: str) -> int:
        device = self._device
        mapping = device.mappings["row-bank-column"]
        grouped = bool(mapping.bank_group)
        names = ["channel", "rank", *["bank group"] * grouped, "bank", "row", "column"]
        burst_bits = (device.request_bytes - 1).bit_length() - mapping.column[0]
        bits = [(), (), *[mapping.bank_group] * grouped, mapping.bank, mapping.row]
        bits.append(mapping.column[burst_bits:])
        values = [whole(word.strip(), "index") for word in text.split(",")]
        if len(values) != len(names):
            raise ValueError(
                f"an address of {device.name} has {len(names)} indices ({', '.join(names)}), "
                f"got {len(values)}"
            )
        address = 0
        for name, value, places in zip(names, values, bits):
            if value >> len(places):
                raise ValueError(
                    f"{name} {value} does not exist: {device.name} here has {1 << len(places)}"
                )
            for k, place in enumerate(places):
                address |= (value >> k & 1) << place
        return address


class Instructions:
    """Traces of a core: instructions before a request; stamps are cycles at the core's IPC.

    ``ramulator-cpu``: ``instructions READ-ADDRESS [WRITE-BACK-ADDRESS]``.  ``usimm``:
    ``instructions R HEX-ADDRESS PC`` or ``instructions W HEX-ADDRESS``.
    """

    def __init__(self, options: TraceOptions, usimm: bool) -> None:
        ipc = options.instructions_per_cycle
        self._num, self._den = ipc.numerator, ipc.denominator
        self._usimm = usimm
        self._instructions = 0

    def __call__(self, text: str, put: Put) -> None:
        """A read, or a read and the write-back it causes."""
        if self._usimm:
            words = fields_of(text, 3, 4, "'instructions R 0xADDRESS 0xPC' or '… W 0xADDRESS'")
            requests = [(direction(words[1]), base16(words[2]))]
        else:
            words = fields_of(text, 2, 3, "'instructions READ_ADDRESS [WRITEBACK_ADDRESS]'")
            requests = [(k, either_base(word)) for k, word in enumerate(words[1:])]
        self._instructions += whole(words[0], "count of instructions")
        stamp = self._instructions * self._den // self._num
        for write, address in requests:
            put(stamp, write, address, 0)


class ScaleSim:
    """SCALE-Sim's DRAM traces: ``cycle, word, word, …``, addresses in words, -1 for none.

    Neighbouring words of a row in one 64-byte line are one request.  Files of output maps (``ofmap``
    in the name) are written, all others read; cycles may begin below 0 (prefetch).
    """

    def __init__(self, options: TraceOptions, write: bool) -> None:
        self._bytes, self._write = options.bytes_a_word, int(write)
        self._start: int | None = None

    def __call__(self, text: str, put: Put) -> None:
        """The lines of memory that a row touches."""
        if self._start is None and text[:1].isalpha():
            return  # a heading
        words = [word.strip() for word in text.split(",")]
        if len(words) < 2:
            raise ValueError("expected 'cycle, address, address, …'")
        cycle = self._number(words[0])
        if self._start is None:
            self._start = cycle
        last = -1
        for word in words[1:]:
            address = self._number(word) if word else -1
            if address < -1:
                raise ValueError(f"{word!r} is no address; expected words from 0, or -1 for none")
            line = address * self._bytes // LINE
            if address >= 0 and line != last:
                put(max(0, cycle - self._start), self._write, line * LINE, 0)
                last = line

    @staticmethod
    def _number(word: str) -> int:
        match = _ROUND.fullmatch(word)
        if not match:
            raise ValueError(f"{word[:20]!r} is no whole number")
        return int(match[1])


FORMATS: dict[str, str] = {
    "dramsys": DRAMSys.EXPECTED,
    "dramsys-relative": DRAMSys.EXPECTED + ", stamps from the request before",
    "dramsim3": "'0xADDRESS READ|WRITE cycle'",
    "ramulator": Ramulator.EXPECTED,
    "ramulator-cpu": "'instructions READ_ADDRESS [WRITEBACK_ADDRESS]'",
    "usimm": "'instructions R 0xADDRESS 0xPC' or 'instructions W 0xADDRESS'",
    "nvmain": "'cycle R|W 0xADDRESS data thread'",
    "scalesim": "'cycle, address, address, …'",
}
COUNT_INSTRUCTIONS = ("ramulator-cpu", "usimm")
SUFFIXES = {
    ".stl": "dramsys",
    ".rstl": "dramsys-relative",
    ".dramsim3": "dramsim3",
    ".trc": "dramsim3",
    ".ramulator": "ramulator",
    ".trace": "ramulator",
    ".cputrace": "ramulator-cpu",
    ".usimm": "usimm",
    ".nvt": "nvmain",
    ".nvmain": "nvmain",
    ".csv": "scalesim",
    ".scalesim": "scalesim",
}


def dialect(name: str, options: TraceOptions, file_name: str, default_size: int = 0) -> Dialect:
    """A fresh reader of a format.

    Args:
        name: of the format.
        options: clock, core, folding and device.
        file_name: of the file; formats of several files tell reads from writes by it.
        default_size: bytes of requests that do not say.

    Returns:
        The reader of lines.
    """
    if name in ("dramsys", "dramsys-relative"):
        return DRAMSys(name == "dramsys-relative", default_size)
    if name == "ramulator":
        return Ramulator(options.device or DDR4_2400)
    if name in COUNT_INSTRUCTIONS:
        return Instructions(options, usimm=name == "usimm")
    if name == "nvmain":
        return NVMain()
    if name == "scalesim":
        return ScaleSim(options, write="ofmap" in file_name.lower())
    return dramsim3
