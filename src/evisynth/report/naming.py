"""How words of a table look on a page: names of settings, tools and studies as a reader knows them, all else as it is.

A number is rounded where it is shown, and stands unrounded in its table; so it is with names. A click, the trace and
the workbook show what the table says.
"""

import re
from collections.abc import Callable, Mapping

from evisynth.naming import plain_name, prior_words, priors_in_words, setting_words, tool_words
from evisynth.provenance.folder import PLAN

_SENTENCES = frozenset(
    {
        *(("quality/certainty.csv", column) for column in ("reason", "flip")),
        *(("quality/integrity.csv", column) for column in ("what", "expected", "found", "assumption")),
        *(("bayes/adjusted.csv", column) for column in ("bias_prior", "reason")),
        ("quality/informed.csv", "assumption"),
    }
)
_PRIORS = ("tau_prior", "mu_prior", "baseline_prior")
_RELATIONS = {">=": "≥", "<=": "≤"}
_REFERENCE = re.compile(r"\b\w+\.csv:[^\s;]+: ")
_TOOL = re.compile(r"\brob2(?:_crossover|_cluster)?\b")
_BY_PLACE: Mapping[tuple[str, str], Callable[[str], str]] = {
    ("bayes/adjusted.csv", "prior"): setting_words,
    ("bayes/sensitivity.csv", "prior"): prior_words,
    ("provenance/agreement.csv", "quantity"): plain_name,
    ("provenance/agreement.csv", "method"): plain_name,
    ("bayes/power_scaling.csv", "parameter"): plain_name,
    ("arms.csv", "variant"): plain_name,
    ("contrasts.csv", "variant"): plain_name,
    ("effects/effects.csv", "unconfirmed"): lambda text: "; ".join(dict.fromkeys(map(_cells, text.split("; ")))),
    ("effects/left_out.csv", "reason"): lambda text: _REFERENCE.sub("", text),
}


def _cells(place: str) -> str:
    """Return which cells of a row a reference names; the row is a click away."""
    _, colon, cells = place.rpartition(": ")
    return plain_name(cells if colon else place.rpartition(":")[2])


class Namer:
    """Says the words of cells; it knows the names of the studies.

    Parameters
    ----------
    studies : mapping of str to mapping
        Rows of studies.csv.
    """

    def __init__(self, studies: Mapping[str, Mapping[str, str]]) -> None:
        self._labels = {name: row["label"] for name, row in studies.items() if row.get("label")}
        names = sorted(map(re.escape, self._labels), key=len, reverse=True)
        # an identifier within a longer one, or within a reference to a cell, is left alone
        self._known = re.compile(rf"(?<![\w:./-])({'|'.join(names)})(?![\w:./-]*[\w:/-])") if names else None

    def say(self, text: str, table: str, key: str, column: str) -> str:
        """Return a cell as a reader sees it.

        Parameters
        ----------
        text : str
            The cell.
        table, key, column : str
            Where it stands.
        """
        if column in _PRIORS or (table == PLAN and key.endswith("_prior.prior")):
            return prior_words(text)
        if column == "p_relation":
            return _RELATIONS.get(text, text)
        if column == "tool":
            return tool_words(text)
        found = _BY_PLACE.get((table, column))
        if found:
            return found(text)
        if (table, column) in _SENTENCES:
            text = _TOOL.sub(lambda match: tool_words(match[0]), priors_in_words(text))
            return self._known.sub(lambda match: self._labels[match[1]], text) if self._known else text
        return text
