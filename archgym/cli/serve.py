"""``archgym serve``: let an assistant or a program play a scenario by the Model Context Protocol."""

from __future__ import annotations

import argparse
import secrets
import sys
from pathlib import Path
from typing import Any

from ..errors import ArchgymError, resumable
from ..extras import need
from ..terminal.output import PREPARING, busy, counts
from .scenarios import add_scenario_options, scenario_of


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser(
        "serve", help="let an assistant or a program play a scenario (Model Context Protocol)"
    )
    p.add_argument("scenario", nargs="?", help="name or .yaml file; not needed with --resume")
    p.add_argument(
        "--budget", type=int, metavar="EVALUATIONS", help="to be charged (default: the scenario's)"
    )
    p.add_argument("--player", default="player", metavar="NAME", help="who plays, for the record")
    p.add_argument(
        "--per-call",
        type=int,
        default=None,
        metavar="DESIGNS",
        help="most designs in one call (default: 16)",
    )
    p.add_argument(
        "--from-scratch",
        action="store_true",
        help="do not evaluate the reference design first (default: it is the first trial, and charged)",
    )
    p.add_argument(
        "--queries",
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="limit of costly parts of evaluations, such as accuracy=500; repeatable (default: the budget alone)",
    )
    p.add_argument(
        "--output", type=Path, help="run folder (default: runs/SCENARIO@WORKLOAD/player-seed0-ID)"
    )
    p.add_argument(
        "--resume", type=Path, metavar="RUN", help="go on with a game (default: begin one)"
    )
    p.add_argument(
        "--http",
        action="store_true",
        help="listen on a port of 127.0.0.1, with a token (default: standard input and output)",
    )
    p.add_argument(
        "--openenv",
        action="store_true",
        help="listen for clients of OpenEnv instead, on a port of 127.0.0.1, with a token in the address",
    )
    p.add_argument(
        "--port", type=int, default=0, help="with --http or --openenv (default: a free one)"
    )
    add_scenario_options(p)
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Serve a game until the client leaves, or Ctrl-C.

    Args:
        options: the parsed command line: scenario or game to go on with, budget, player, where to listen.

    Returns:
        The exit code, 0.

    Raises:
        MissingExtraError: the package mcp (or openenv-core) is not installed.
        ArchgymError: both or neither of scenario and ``--resume`` are given.
    """
    if options.openenv and options.http:
        raise ArchgymError("give --http or --openenv, not both")
    need(*(("openenv", "archgym serve --openenv") if options.openenv else ("mcp", "archgym serve")))
    from ..play import mcp_server, openenv_server

    game = _game(options)

    def ready(address: str) -> None:
        print(f"Playing {game.scenario.name}: {address}", flush=True)
        if not options.openenv:
            print(f"Token: {token}", flush=True)

    with game, resumable(game.how_to_go_on):
        print(f"Run folder: {game.folder.path}", file=sys.stderr, flush=True)
        try:
            token = secrets.token_urlsafe(24)
            if options.openenv:
                openenv_server.serve(game, options.port, token, ready)
            elif options.http:
                mcp_server.serve_http(game, options.port, token, ready)
            else:
                mcp_server.serve_stdio(game)
        except KeyboardInterrupt:
            print(f"Ended; go on with {game.how_to_go_on}", file=sys.stderr)
    return 0


def _game(options: argparse.Namespace) -> Any:
    from ..play import game

    if options.resume is not None:
        if options.scenario or options.budget is not None or options.per_call is not None:
            raise ArchgymError(
                "give either a scenario with its budget, or --resume RUN: a game goes on as it was begun"
            )
        return game.resume(options.resume)
    if not options.scenario:
        raise ArchgymError("name a scenario (see `archgym list scenarios`) or give --resume RUN")
    with busy(PREPARING, True):
        scenario = scenario_of(options)
    return game.start(
        scenario,
        budget=options.budget,
        player=options.player,
        from_reference=not options.from_scratch,
        most_per_call=game.MOST_PER_CALL if options.per_call is None else options.per_call,
        queries=counts(options.queries, "--queries") if options.queries else None,
        output=options.output,
    )
