"""Options of ``archgym accelerator map`` that ask for certificates."""

from __future__ import annotations

import argparse

from archgym.errors import ArchgymError


def add_certificates(p: argparse.ArgumentParser) -> None:
    """Add the options.

    Args:
        p: the subcommand's parser.
    """
    p.add_argument(
        "--certify", action="store_true", help="go on to a proved optimum, or say how near it is"
    )
    p.add_argument(
        "--gap", type=float, metavar="SHARE", help="enough for --certify: 0.01 is 1 %% (default: 0)"
    )
    p.add_argument(
        "--time", type=float, metavar="SECONDS", help="CPU time a layer for --certify (default: 10)"
    )
    p.add_argument(
        "--within",
        type=float,
        metavar="SHARE",
        help="--certify until no layer may be further above the best: 0.01 is 1 %% (default: not)",
    )
    p.add_argument(
        "--threads",
        type=int,
        metavar="NUMBER",
        help="for --certify, any number gives the same answer (default: one search in one piece)",
    )
    p.add_argument(
        "--front",
        action="store_true",
        help="with --certify: every layer's front of energy and cycles, in place of one objective's best",
    )
    p.add_argument("--check", action="store_true", help="verify certificates by a separate program")


def check_certificates(options: argparse.Namespace) -> None:
    """Refuse options that do not go together; ``--within`` asks for a certificate with that gap.

    Args:
        options: as parsed; changed by ``--within``.

    Raises:
        ArchgymError: which do not, and why.
    """
    if options.within is not None:
        if not 0.0 < options.within < 1.0:
            raise ArchgymError(
                f"--within is a share above 0 and below 1, got {options.within}; 0.01 is 1 %"
            )
        if options.gap is not None:
            raise ArchgymError("--within and --gap say the same; give one of them")
        options.certify, options.gap = True, options.within
    faults = [
        f"{name} is {expected}, got {got}"
        for name, got, holds, expected in (
            (
                "--gap",
                options.gap,
                lambda v: 0.0 <= v < 1.0,
                "a share from 0 to below 1 (0.01 is 1 %)",
            ),
            ("--time", options.time, lambda v: v > 0.0, "a positive number of seconds"),
            ("--threads", options.threads, lambda v: v >= 1, "a whole number from 1 on"),
        )
        if got is not None and not holds(got)
    ]
    if faults:
        raise ArchgymError("; ".join(faults))
    limits = (options.gap, options.time, options.threads)
    if not options.certify and any(x is not None for x in limits):
        raise ArchgymError("--gap, --time and --threads are for --certify, which is not given")
    if options.check and not options.certify:
        raise ArchgymError("--check is for --certify, which is not given")
    if options.front and not options.certify:
        raise ArchgymError("--front is for --certify, which is not given")
