"""``archgym DOMAIN VERB``: commands of one domain, which stand in the domain's folder."""

from __future__ import annotations

from collections.abc import Sequence

from .. import registry, trust
from ..domains import Domain, domains
from ..errors import ArchgymError, UnknownNameError
from ..terminal import plain
from ..terminal.output import print_table
from .parsing import Parser, add_plain, add_trust


def run(domain: Domain, arguments: Sequence[str]) -> int:
    """Carry out a verb of a domain; without a verb, list them.

    Args:
        domain: whose verb it is.
        arguments: the verb and what follows it on the command line.

    Returns:
        The exit code that the verb gives.

    Raises:
        ArchgymError: the domain has no verbs.
        UnknownNameError: the domain has no such verb.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        describe(domain)
        return 0
    word, *rest = arguments
    if word not in domain.verbs:
        if not domain.verbs:
            raise ArchgymError(f"domain {domain.name!r} has no verbs, {word!r} neither")
        raise UnknownNameError(f"verb of domain {domain.name!r}:", word, domain.verbs)
    verb, title = domain.verbs[word], f"archgym {domain.name} {word}"
    parser = Parser(prog=title, description=verb.text[:1].upper() + verb.text[1:] + ".")
    registry.load_entry(verb.command, repr(title))(parser)
    add_trust(parser)
    add_plain(parser)
    options = parser.parse_args(rest)
    with trust.consent(options.trust), plain.plainly(options.plain):
        return int(options.go(options) or 0)


def describe(domain: Domain) -> None:
    """Print the verbs, one line each, and what else the domain has.

    Args:
        domain: to be described.
    """
    print(f"archgym {domain.name} VERB [--help]: {domain.text}\n")
    if domain.verbs:
        print_table(["verb", ""], [[word, verb.text] for word, verb in domain.verbs.items()])
    more = {
        "simulators": ", ".join(domain.simulators),
        "environments": ", ".join(f"{name}-v0" for name in domain.environment_ids),
        "validation": f"archgym validate {domain.name}" if domain.validator else "",
        "data sets": ", ".join(domain.samples),
    }
    for what, names in more.items():
        if names:
            print(f"{what}: {names}")


def misplaced(word: str) -> None:
    """Point out the domain whose verb was given as a word of its own; do nothing where no domain has it.

    Args:
        word: the first argument of the command line.

    Raises:
        ArchgymError: some domain has the verb.
    """
    found = [f"archgym {d.name} {word}" for d in domains().values() if word in d.verbs]
    if found:
        raise ArchgymError(f"{word!r} belongs to a domain; say: {' or '.join(found)}")
