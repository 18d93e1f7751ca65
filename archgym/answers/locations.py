"""Where a store is: what the user says, what was written down, and whose word is taken."""

from __future__ import annotations

from pathlib import Path

from .. import trust
from ..errors import ArchgymError


def told(location: str | Path | None) -> str:
    """A store's place as it is written down: an absolute path, or a URL without its password; '' for none.

    Args:
        location: a path, a URL, or None for none.

    Returns:
        The text that a manifest or ledger may hold.

    Raises:
        UnknownNameError: a URL of another scheme; StoreError: one that cannot be read.
    """
    if location is None or str(location) == "":
        return ""
    if "://" not in str(location):
        return str(Path(location).absolute())
    from .server import without_password

    return without_password(str(location))


def agreed(recorded: str, given: str | Path | None, owner: str) -> str:
    """The place to open: what the user says now, or what was written down at the start; '' for none.

    Args:
        recorded: as :func:`told` gave it, read from a folder.
        given: what the user says, which may hold a password.
        owner: the folder, for errors.

    Returns:
        A path or URL.

    Raises:
        ArchgymError: both are named and differ; TrustError: what a folder of others names.
    """
    if given is not None and str(given):
        if recorded and told(given) != recorded:
            raise ArchgymError(
                f"{owner} keeps its evaluations in {recorded}, not in {told(given)}; leave --store out, or name "
                "that one"
            )
        return str(given)
    if recorded:
        trust.vouch(f"the store {recorded}", trust.untrusted())
    return recorded
