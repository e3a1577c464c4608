"""Compare a stated word (significant, better, placebo-controlled) with published cells."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evisynth.claims.cells import Cell
from evisynth.review.reading import Table
from evisynth.review.tables import RANDOMISED

SIGNIFICANCE_LEVEL = 0.05
RATIOS = ("OR", "RR", "HR", "IRR")
SIGNIFICANCE_WORDS = ("significant", "not significant")
INTERVAL_WORDS = ("more", "less")
DIRECTION_WORDS = {"better": "treatment", "worse": "comparator", "no difference": "neither"}
_SPELLINGS = {
    "randomized": "randomised",
    "rct": "randomised",
    "cross-over": "crossover",
    "open-label": "open label",
    "double-masked": "double-blind",
    "placebo controlled": "placebo-controlled",
}
_UNCONTROLLED = ("single-arm study", "case series", "case report", "retrospective study")
_SIGNED = ("MD", "SMD", "RD", *RATIOS, "paired difference", "median difference")


@dataclass(frozen=True, slots=True)
class WordsFound:
    """What comparing a word gave: see `evisynth.claims.comparisons.Comparison` for the attributes."""

    name: str
    outcome: str
    published: str = ""
    difference: float | None = None
    because: str = ""


def _is(*designs: str) -> Callable[[str], bool]:
    return lambda cell: cell in designs


DESIGN_WORDS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "randomised": ("design", lambda cell: cell in RANDOMISED),
    "crossover": ("design", lambda cell: cell.startswith("crossover")),
    "parallel": ("design", _is("parallel trial")),
    "factorial": ("design", _is("factorial trial")),
    "single-arm study": ("design", _is("single-arm study")),
    "uncontrolled": ("design", _is(*_UNCONTROLLED)),
    "case report": ("design", _is("case report")),
    "case series": ("design", _is("case series")),
    "survey": ("design", _is("survey")),
    "register study": ("design", _is("register study")),
    "underway": ("design", _is("protocol")),
    "placebo-controlled": ("comparator", lambda cell: "placebo" in cell),
    "double-blind": ("blinding", lambda cell: cell.startswith("double")),
    "single-blind": ("blinding", lambda cell: cell.startswith("single")),
    "open label": ("blinding", lambda cell: "open label" in cell),
}
NO_RANDOMISED = "no randomised trial"


def known_words() -> tuple[str, ...]:
    """Return every word that a rule can compare."""
    return (*SIGNIFICANCE_WORDS, *INTERVAL_WORDS, *DIRECTION_WORDS, *DESIGN_WORDS, NO_RANDOMISED)


def plain_word(stated: str) -> str:
    """Return a stated word in lower case and in the spelling that the rules use."""
    word = stated.strip().lower()
    return _SPELLINGS.get(word, word)


def null_of(cell: Cell) -> float:
    """Return the value of no difference of the row that a cell stands in: 1 for ratios, else 0."""
    measure = cell.row.get("measure") or cell.row.get("statistic") or ""
    return 1.0 if measure in RATIOS else 0.0


def compare_words(attribute: str, stated: str, cells: Sequence[Cell], tables: Mapping[str, Table]) -> WordsFound:
    """Compare a stated word with published cells.

    Parameters
    ----------
    attribute : str
        What is claimed; ``existence of studies`` asks whether any of the cells fits.
    stated : str
        One of `known_words`, in any usual spelling.
    cells : sequence of Cell
        The published cells.
    tables : mapping of str to Table
        ``outcomes`` says which direction is good.

    Returns
    -------
    WordsFound
    """
    word = plain_word(stated)
    if word in SIGNIFICANCE_WORDS:
        return _count("significance", _significance(word, cells))
    if word in INTERVAL_WORDS:
        return _side_of_interval(word, cells)
    if word in DIRECTION_WORDS:
        return _direction(word, cells, tables)
    if word == NO_RANDOMISED or (word in DESIGN_WORDS and attribute == "existence of studies"):
        return _existence(word, cells)
    if word in DESIGN_WORDS:
        return _count("design", _designs(word, cells))
    return WordsFound(
        "none", "not comparable", because=f"no rule compares '{stated}' with a figure: a person must judge"
    )


_Judged = list[tuple[str, bool | None]]


def _count(name: str, judged: _Judged) -> WordsFound:
    """Turn judgements of single figures (None: not reported) into one outcome."""
    known = [fits for _, fits in judged if fits is not None]
    published = "; ".join(text for text, fits in judged if fits is not None)
    if not known:
        return WordsFound(name, "not comparable", published, because="the published cells do not report what it takes")
    hits = sum(known)
    outcome = "match" if hits == len(known) else "some match" if hits else "differs"
    because = f"{hits} of {len(known)} published results fit" if len(known) > 1 else published
    return WordsFound(name, outcome, published, because=because)


def _intervals(cells: Sequence[Cell]) -> list[tuple[Cell, float, float]]:
    limits: dict[str, dict[str, Cell]] = {}
    for cell in cells:
        if cell.column in ("ci_low", "ci_high"):
            limits.setdefault(cell.row_reference, {})[cell.column] = cell
    return [
        (pair["ci_low"], pair["ci_low"].number, pair["ci_high"].number)
        for pair in limits.values()
        if len(pair) == 2 and None not in (pair["ci_low"].number, pair["ci_high"].number)
    ]


def _limits_text(cell: Cell) -> str:
    return f"{cell.row['ci_low']} to {cell.row['ci_high']}"


def _significance(word: str, cells: Sequence[Cell]) -> _Judged:
    judged: _Judged = []
    for cell in cells:
        if cell.column == "p_value":
            relation = cell.row.get("p_relation") or "="
            found = _is_significant(cell.number, relation)
            judged.append((f"p {relation} {cell.text}", found))
    for cell, low, high in _intervals(cells):
        judged.append((_limits_text(cell), not low <= null_of(cell) <= high))
    wanted = word == "significant"
    return [(text, None if found is None else found == wanted) for text, found in judged]


def _is_significant(p: float | None, relation: str) -> bool | None:
    """Whether p lies under the level; None where the printed relation does not tell."""
    if p is None:
        return None
    if relation == "=":
        return p < SIGNIFICANCE_LEVEL
    if relation in ("<", "<="):
        return True if p <= SIGNIFICANCE_LEVEL else None
    return False if p >= SIGNIFICANCE_LEVEL else None


def _side_of_interval(word: str, cells: Sequence[Cell]) -> WordsFound:
    """Judge 'more' or 'less': an interval that includes no difference neither shows nor excludes it."""
    name, intervals = "side of the interval", _intervals(cells)
    published = "; ".join(_limits_text(cell) for cell, _, _ in intervals)
    if not intervals:
        return WordsFound(name, "not comparable", because="the published cells hold no interval")
    sides = [1 if low > null_of(cell) else -1 if high < null_of(cell) else 0 for cell, low, high in intervals]
    wanted = 1 if word == "more" else -1
    hits, against = sides.count(wanted), sides.count(-wanted)
    if hits == len(sides):
        return WordsFound(name, "match", published, because=f"the whole interval says {word}")
    if hits:
        return WordsFound(name, "some match", published, because=f"{hits} of {len(sides)} intervals say {word}")
    if against:
        return WordsFound(name, "differs", published, because=f"the interval says the opposite of {word}")
    return WordsFound(name, "not shown", published, because="the interval includes no difference: not shown")


def _direction(word: str, cells: Sequence[Cell], tables: Mapping[str, Table]) -> WordsFound:
    wanted = DIRECTION_WORDS[word]
    if _two_arms(cells):
        first, second = (cell.number for cell in cells)
        if None in (first, second):
            return WordsFound("two arms", "not comparable", because="a published cell is not reported")
        side = _side(first, second, _benefit(cells[0], tables))
        published = f"{cells[0].text}; {cells[1].text}"
        because = f"{cells[0].text} against {cells[1].text}: {_side_in_words(side)}"
        return WordsFound("two arms", _fit(side, wanted), published, first - second, because)
    judged: _Judged = []
    for cell in cells:
        if cell.column == "favours":
            judged.append((favours_in_words(cell.text), cell.text == wanted if cell.text else None))
        elif cell.column == "value" and (cell.row.get("measure") or cell.row.get("statistic")) in _SIGNED:
            side = _side(cell.number, null_of(cell), _benefit(cell, tables)) if cell.number is not None else ""
            judged.append((cell.text, side == wanted if side else None))
    return _count("direction", judged)


def _two_arms(cells: Sequence[Cell]) -> bool:
    return (
        len(cells) == 2
        and all(cell.table == "arms" for cell in cells)
        and cells[0].column == cells[1].column
        and all(cells[0].row[name] == cells[1].row[name] for name in ("study_id", "outcome_id"))
    )


def _benefit(cell: Cell, tables: Mapping[str, Table]) -> str:
    table, outcome = tables.get("outcomes"), cell.row.get("outcome_id", "")
    if table is None or outcome not in table.keys:
        return ""
    return table.text.iloc[table.keys.index(outcome)]["benefit"]


def _side(first: float, second: float, benefit: str) -> str:
    """Return which of two values is better; blank where nobody said which direction is good."""
    if first == second:
        return "neither"
    if not benefit:
        return ""
    return "treatment" if (first > second) == (benefit == "higher") else "comparator"


def _fit(side: str, wanted: str) -> str:
    return "not comparable" if not side else "match" if side == wanted else "differs"


def _side_in_words(side: str) -> str:
    return {"treatment": "better", "comparator": "worse", "neither": "the same"}.get(
        side, "which direction is good is not said"
    )


def favours_in_words(favours: str) -> str:
    """Return which side a contrast favours, in words; blank where it was not entered."""
    if not favours:
        return ""
    return {"treatment": "favours the treatment", "comparator": "favours the comparator"}.get(
        favours, "favours neither"
    )


def _designs(word: str, cells: Sequence[Cell]) -> _Judged:
    column, fits = DESIGN_WORDS[word]
    return [(cell.text, fits(cell.text) if cell.text else None) for cell in cells if cell.column == column]


def _existence(word: str, cells: Sequence[Cell]) -> WordsFound:
    judged = _designs("randomised" if word == NO_RANDOMISED else word, cells)
    known = [fits for _, fits in judged if fits is not None]
    published = "; ".join(text for text, _ in judged)
    if not known:
        return WordsFound("existence", "not comparable", published, because="no published design to look at")
    hits = sum(known)
    counted = f"{hits} of {len(known)} studies fit"
    if word == NO_RANDOMISED:
        counted = f"{hits} of {len(known)} studies are randomised"
        return WordsFound("existence", "differs" if hits else "match", published, because=counted)
    if word == "underway":
        outcome = "match" if hits == len(known) else "some match" if hits else "differs"
        return WordsFound("existence", outcome, published, because=f"{hits} of {len(known)} have no results yet")
    return WordsFound("existence", "match" if hits else "differs", published, because=counted)
