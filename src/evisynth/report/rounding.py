"""How a number looks on a page. Tables hold 12 significant digits; only pages round, and only here."""

import math
from collections.abc import Mapping

from evisynth.effects.measures import MEASURES
from evisynth.provenance.tables import STAGE_TABLES

MINUS = "−"
THIN = "\u2009"  # thin space between thousands

# column -> kind; a column that is not named is a difference.
_COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(("k", "n", "count", "events_1", "n_1", "events_2", "n_2", "tables", "studies", "people"), "count"),
    **dict.fromkeys(("chains", "draws", "divergences", "attempts", "claims", "seed"), "count"),
    **dict.fromkeys(("ess_bulk_min", "ess_tail_min", "comparator_per_1000", "unconfirmed"), "count"),
    **{f"treatment_per_1000{end}": "count" for end in ("", "_low", "_high")},
    **{f"difference_per_1000{end}": "signed count" for end in ("", "_low", "_high")},
    **dict.fromkeys(("p", "q_p", "p_min", "p_max", "p_value", "lrt_p"), "p"),
    **dict.fromkeys(("p_benefit", "p_beyond_mid"), "probability"),
    **dict.fromkeys(("i2", "q_df"), "whole"),
    **dict.fromkeys(("df", "k0", "size"), "whole"),
    **dict.fromkeys(("paths", "measure_paths", "models", "planned_rank", "k_min", "k_max"), "count"),
    **dict.fromkeys(("probability", "prior_probability", "posterior_probability"), "probability"),
    **dict.fromkeys(("permutation_p", "q_between_p", "qm_p", "qe_p", "p_two_sided", "p_below"), "p"),
    **dict.fromkeys(("weight", "share", "favour_treatment_percent", "exclude_null_percent"), "one decimal"),
    **dict.fromkeys(("share_of_width", "relative_difference"), "one decimal"),
    **dict.fromkeys(("moved", "residual", "cooks_distance", "dffits", "pareto_k"), "two decimals"),
    **dict.fromkeys(("ours", "theirs"), "six digits"),
    **dict.fromkeys(("x", "bayes_factor"), "ratio"),
    **dict.fromkeys(("likelihood", "prior", "threshold"), "three decimals"),
    **dict.fromkeys(("r2", "qe_df", "qm_df"), "whole"),
    **dict.fromkeys(("tau2", "tau2_ci_low", "tau2_ci_high", "rhat_max"), "three decimals"),
    "level": "percent of one",
    **dict.fromkeys(("year", "document_year", "not_before", "version", "step"), "as entered"),
}
_DIGITS = {"six digits": 6, "four digits": 4, "one digit": 1}
_AS_ENTERED = 8  # digits that a printed figure may have
# Elsewhere a level is that of an interval.
_OWN_LEVELS = {"quality/certainty.csv": "whole", "pooled/subgroups.csv": "as entered"}
_RATIOS = ("OR", "RR", "HR", "IRR", "ROM", "PETO")
_COUNTED = ("supported", "partly", "contradicted", "misattributed", "unverifiable", "omitted")


def kind_of(table: str, column: str, row: Mapping[str, str]) -> str:
    """Return how a cell is rounded.

    Parameters
    ----------
    table, column : str
        The place.
    row : mapping of str to str
        The row's cells; ``measure`` decides between ratios and differences.

    Returns
    -------
    str
        A kind that :func:`format_number` knows. Facts are shown as they were entered.
    """
    if table not in STAGE_TABLES:
        return "as entered"
    if table.startswith("claims/") and column != "relative_difference":
        return "count" if column in ("claims", *_COUNTED) else "as entered"
    if table == "provenance/agreement.csv" and column == "difference":
        return "one digit"
    if column == "level" and table in _OWN_LEVELS:
        return _OWN_LEVELS[table]
    if column == "x" and row.get("measure") not in _RATIOS:
        return "difference"
    if column.startswith("natural_"):
        ratio = "measure" not in row or row["measure"] in _RATIOS
        return "ratio" if ratio else "difference"
    if column in _COLUMNS:
        return _COLUMNS[column]
    return "difference"


def format_cell(text: str, table: str, column: str, row: Mapping[str, str]) -> str:
    """Return a cell as a page shows it.

    Parameters
    ----------
    text : str
        The cell, unrounded, as it stands in the file.
    table, column : str
        Where it stands.
    row : mapping of str to str
        The row's cells.
    """
    kind = kind_of(table, column, row)
    number = to_number(text)
    if table.startswith("claims/") and number is not None and len(text.strip("-0.").replace(".", "")) > _AS_ENTERED:
        # the quotient of two printed figures, not a printed figure
        kind = "four digits"
    if kind == "as entered" or number is None:
        return text.replace("-", MINUS, 1) if number is not None and text.startswith("-") else text
    measure = MEASURES.get(row.get("measure", ""))
    null = {"ratio": 1.0, "difference": 0.0, "signed count": 0.0}.get(kind) if measure or kind == "ratio" else None
    return format_number(number, kind, null=null)


def to_number(text: str) -> float | None:
    """Return a cell as a finite number; None where it is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def format_number(value: float, kind: str, null: float | None = None) -> str:
    """Round a number for a reader.

    Parameters
    ----------
    value : float
        Finite.
    kind : str
        ``ratio``: two decimals, two significant digits below 0.1, one decimal from 10, none from 100.
        ``difference``: two decimals, one from 10, none from 100; ``one decimal``: none for 0 and 100;
        ``three decimals``: two significant digits below 0.01; ``two decimals``: of what no null belongs to;
        ``six digits``, ``four digits`` and ``one digit``: significant ones; ``count`` and ``signed count``: whole,
        thousands apart; ``whole``; ``percent of one``; ``p``: three decimals below 0.1 and two above, ``< 0.001``;
        ``probability``: two decimals, three near 0 and 1, ``> 0.999``.
    null : float, optional
        The value of no difference. A number that is not it is never rounded onto it: it gets more decimals,
        so that an interval that just excludes it is seen to do so.

    Raises
    ------
    ValueError
        For an unknown kind or a number that is not finite.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number that a page can show")
    if kind == "p":
        text = "< 0.001" if value < 0.001 else f"{value:.3f}" if value < 0.0995 else f"{value:.2f}"
    elif kind == "probability":
        text = _probability(value)
    elif kind == "count":
        text = f"{value:,.0f}".replace(",", THIN)
    elif kind == "signed count":
        text = _fixed(value, 0, null, least=0.0)
        text = f"+{text}" if value > 0 and _shows(text) else text
    elif kind == "whole":
        text = f"{value:.0f}"
    elif kind == "one decimal":
        text = f"{value:.0f}" if value in (0, 100) else f"{value:.1f}"
    elif kind == "two decimals":
        text = f"{value:.2f}"
    elif kind in _DIGITS:
        text = f"{value:.{_DIGITS[kind]}g}"
    elif kind == "percent of one":
        text = f"{100 * value:g}"
    elif kind == "three decimals":
        text = _fixed(value, 3 if abs(value) < 10 else 1, null, least=0.01)
    elif kind in ("ratio", "difference"):
        size = abs(value)
        decimals = 2 if size < 9.995 else 1 if size < 99.95 else 0
        text = _fixed(value, decimals, null, least=0.1 if kind == "ratio" else 0.0)
    else:
        raise ValueError(f"'{kind}' is no way to round; see format_number")
    text = text if _shows(text) else text.lstrip("-")
    return text.replace("-", MINUS)


def _shows(text: str) -> bool:
    """Whether any digit but zero is left after rounding."""
    return any(character in "123456789" for character in text)


def _probability(value: float) -> str:
    if value >= 0.9995:
        return "> 0.999"
    if value < 0.0005:
        return "< 0.001"
    return f"{value:.3f}" if value > 0.985 or value < 0.015 else f"{value:.2f}"


def _fixed(value: float, decimals: int, null: float | None, least: float) -> str:
    """Fixed decimals; more for what is below `least`, and for what would be rounded onto the null."""
    if 0 < abs(value) < least:
        # two significant digits
        decimals = max(decimals, 1 - math.floor(math.log10(abs(value))))
        decimals = min(decimals, 6)
    if null is not None and value != null:
        while decimals < 6 and round(value, decimals) == null:
            decimals += 1
    return f"{value:.{decimals}f}"
