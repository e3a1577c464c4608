"""Tables of a question that need no words of their own: one line of a specification each."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evisynth.report.exports.blocks import Block, Paragraph, Run, Table, Text, plain, text
from evisynth.report.exports.ledger import DASH, Ledger, coded
from evisynth.report.rounding import to_number
from evisynth.report.views import Place, SynthesisView


@dataclass(frozen=True, slots=True)
class Further:
    """A table of a question that needs no words of its own.

    Attributes
    ----------
    title : str
        Its caption.
    table : str
        Where its rows stand.
    columns : dict of str to str
        Head of each column that is shown; ``natural_estimate`` is shown with its interval, or with the reason why
        there is none. A column that the table does not have is left out.
    figure : str
        The sort of figure that shows the same: where it is printed, the table stands on the page and in the workbook.
    """

    title: str
    table: str
    columns: Mapping[str, str]
    figure: str = ""


# A table that a new step adds is shown by a line here.
FURTHER = (
    Further(
        "What may explain the differences: meta-regression; on ratios the coefficients are factors",
        "pooled/regression.csv",
        {
            **{"moderator": "Moderator", "term": "Term", "natural_estimate": "Coefficient (interval)", "p": "p"},
            **{"permutation_p": "p by permutation", "r2": "Explained, %", "tau2": "τ² left", "k": "k"},
        },
    ),
    Further(
        "Subgroups, with the test between them",
        "pooled/subgroups.csv",
        {
            **{"subgroup": "By", "level": "Group", "k": "k", "natural_estimate": "Estimate (interval)"},
            **{"tau2": "τ²", "q_between_p": "p between groups"},
        },
    ),
    Further(
        "What models with and without an effect, heterogeneity and selective publication say together",
        "bayes/averaged.csv",
        {
            **{
                "title": "Part",
                "posterior_probability": "Posterior probability",
                "log_bayes_factor": "Log Bayes factor",
            },
            **{"natural_estimate": "Estimate (interval)", "p_benefit": "P(better)"},
        },
    ),
    Further(
        "Bayesian estimates under assumptions about bias",
        "bayes/adjusted.csv",
        {
            **{"title": "Model", "prior": "Prior", "natural_estimate": "Estimate (interval)", "tau": "τ"},
            **{"p_benefit": "P(better)"},
        },
        "quality_informed",
    ),
    Further(
        "Estimates that take the risk of bias of the studies into account",
        "quality/informed.csv",
        {"title": "Analysis", "k": "k", "natural_estimate": "Estimate (interval)", "assumption": "Assumption"},
        "quality_informed",
    ),
)


def further_blocks(ledger: Ledger, view: SynthesisView, drawn: Collection[str] = ()) -> Iterator[Block]:
    """Yield the tables of a question that need no words of their own.

    Parameters
    ----------
    ledger : Ledger
        What prints the numbers.
    view : SynthesisView
        The question.
    drawn : collection of str
        The sorts of figures that are printed with it.
    """
    for spec in FURTHER:
        if spec.figure in drawn:
            continue
        known = ledger.folder.knows(spec.table) and ledger.folder.has(spec.table)
        rows = ledger.folder.rows(spec.table) if known else {}
        measure = view.entry.get("measure")
        places = [
            Place(spec.table, key, row)
            for key, row in rows.items()
            if row.get("synthesis") == view.id and row.get("measure") in (measure, None)
        ]
        reasons = {ledger.say(place, "reason") for place in places if not place.row.get("natural_estimate")}
        if len(places) == 1 and reasons - {""}:
            yield Paragraph(text(f"{spec.title}: {reasons.pop()}."), "note")
        elif places:
            yield further_table(ledger, spec, places)


def further_table(ledger: Ledger, spec: Further, places: Sequence[Place]) -> Table:
    """Return the rows of a table as its specification wants them shown."""
    names = [name for name in spec.columns if any(place.row.get(name) for place in places)]
    heads = [spec.columns[name] for name in names]
    if "natural_estimate" not in names and any(place.row.get("reason") for place in places):
        # a table without a single estimate says why there is none
        names, heads = [*names, "reason"], [*heads, "Why there is no estimate"]
    rows = [[_shown(ledger, place, name) for name in names] for place in places]
    words = [name for name in names if not any(to_number(place.row.get(name, "")) is not None for place in places)]
    longest = [max(len(plain(text(row[i]))) for row in rows) for i in range(len(names))]
    widths = [_width(name in words, name, head, size) for name, head, size in zip(names, heads, longest, strict=True)]
    align = "".join("l" if name in words or name == "natural_estimate" else "r" for name in names)
    return coded(ledger, f"{spec.title}.", heads, rows, widths, align)


def _width(is_words: bool, name: str, head: str, longest: int) -> float:
    """Return the share of a column: words get room by their length, numbers by the longest word of their head."""
    if is_words:
        return min(max(longest / 22, 1.8), 5.5)
    return 2.0 if name == "natural_estimate" else max(1.0, max(map(len, head.split())) / 8)


def _shown(ledger: Ledger, place: Place, name: str) -> Text:
    code = Run("", trace=ledger.code(place.table, place.key))
    if name == "reason":
        return text(place.row[name], code)
    if name != "natural_estimate":
        return ledger.cell(place, name)
    if not place.row.get(name):
        return text(ledger.say(place, "reason") or DASH, code)
    return ledger.estimate(place) if place.row.get("natural_ci_low") else ledger.num(place, name)
