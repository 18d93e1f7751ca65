"""Byte addresses as banks and rows of a device."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .devices import Mapping

BLOCK = 1 << 20


def decode_address(
    address: NDArray[np.int64], mapping: Mapping
) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
    """Banks and rows of byte addresses.

    Args:
        address: (n,) bytes.
        mapping: which bits choose what.

    Returns:
        The flat bank (bank group first) and the row, (n,) each.
    """
    bank = np.empty(len(address), np.int16)
    row = np.empty(len(address), np.int32)
    for start in range(0, len(address), BLOCK):  # a block at a time: few temporaries
        cut = slice(start, start + BLOCK)
        group = _gather(address[cut], mapping.bank_group)
        bank[cut] = (group << len(mapping.bank)) | _gather(address[cut], mapping.bank)
        row[cut] = _gather(address[cut], mapping.row)
    return bank, row


def _gather(address: NDArray[np.int64], bits: tuple[int, ...]) -> NDArray[np.int64]:
    out = np.zeros_like(address)
    for position, bit in enumerate(bits):
        out |= ((address >> bit) & 1) << position
    return out
