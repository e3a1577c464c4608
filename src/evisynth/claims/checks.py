"""What is wrong with claims.csv beyond its cells: tags, blank claims, comparisons that cannot be made."""

from collections.abc import Iterator, Mapping

from evisynth.claims.cells import cells_of
from evisynth.claims.comparisons import compare
from evisynth.claims.words import known_words
from evisynth.review.problems import Problem, shown
from evisynth.review.reading import Table
from evisynth.review.tables import ERROR_TAGS, TABLES

COMPARABLE = ("studies", "outcomes", "arms", "contrasts", "published_pools", "sources")
"""Tables that hold published figures: those that the claims stage reads."""


def check_claims(claims: Table, tables: Mapping[str, Table]) -> Iterator[Problem]:
    """Yield what stops claims from being audited.

    Parameters
    ----------
    claims : Table
        claims.csv.
    tables : mapping of str to Table
        All tables of facts.

    Yields
    ------
    Problem
        Unknown tags; claims with nothing stated; published cells that no rule can compare with what is
        stated, where no person has given a verdict either. References to cells that do not exist are left to
        the check of the folder.
    """
    for line, claim in zip(claims.lines, claims.text.itertuples(index=False), strict=True):
        yield from _tags(claim, line)
        if not claim.stated_value and claim.attribute not in ("omission", "no study named"):
            yield Problem(
                "claims.csv",
                line,
                "stated_value",
                "a blank cell",
                "the figure or word that the document states; blank for omissions only",
                "enter it, or make the row an omission",
            )
        yield from _tables(claim, line)
        yield from _comparison(claim, line, tables)


def _tables(claim, line: int) -> Iterator[Problem]:
    for reference in filter(None, (part.strip() for part in claim.compare_with.split(";"))):
        name = reference.partition(":")[0].removesuffix(".csv")
        if name in TABLES and name not in COMPARABLE:
            yield Problem(
                "claims.csv",
                line,
                "compare_with",
                shown(reference),
                f"a cell of {', '.join(f'{table}.csv' for table in COMPARABLE)}",
                "compare with a table of published figures",
            )


def _tags(claim, line: int) -> Iterator[Problem]:
    for tag in filter(None, (part.strip() for part in claim.tags.split(";"))):
        if tag not in ERROR_TAGS:
            yield Problem(
                "claims.csv",
                line,
                "tags",
                shown(tag),
                " | ".join(ERROR_TAGS),
                "use one of these, separated by ;",
            )


def _comparison(claim, line: int, tables: Mapping[str, Table]) -> Iterator[Problem]:
    try:
        cells = cells_of(claim.compare_with, tables)
    except KeyError:
        return
    if not cells or claim.verdict_override:
        return
    found = compare(claim.attribute, claim.stated_value, cells, tables)
    if found.outcome == "not comparable":
        yield Problem(
            "claims.csv",
            line,
            "compare_with",
            f"{shown(claim.stated_value)} against {shown(claim.compare_with)}: {found.because}",
            f"numbers against numbers, or one of the words {', '.join(known_words())} against its cells",
            "name other cells, leave the cell blank, or give a verdict with its reason",
        )
