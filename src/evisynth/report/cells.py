"""The one way in which a number, or words from a table, reach a page."""

from collections.abc import Iterable

from markupsafe import Markup

from evisynth.provenance.folder import Reference, ResultsFolder
from evisynth.provenance.tables import STAGE_TABLES
from evisynth.provenance.trace import Tracer
from evisynth.report.naming import Namer
from evisynth.report.rounding import format_cell, to_number

MARKS = {"unconfirmed": "†", "derived": "‡"}
NOTHING = Markup("<i>–</i>")


class Cells:
    """Prints cells of a results folder, and remembers which.

    Parameters
    ----------
    folder : ResultsFolder
        The results.
    maker : dict of str to str, optional
        Rule, script and code that write the tables under ``report/``.

    Attributes
    ----------
    tracer : Tracer
        The way back of everything printed.
    used : dict of Reference to None
        The rows that were printed, in order.
    names_words : bool
        Whether words that do not open carry their place too: for tests, since thousands of them make a page large.
    """

    names_words = False

    def __init__(self, folder: ResultsFolder, maker: dict[str, str] | None = None) -> None:
        self.folder = folder
        own = [name for name in STAGE_TABLES if name.startswith("report/")]
        self.tracer = Tracer(folder, dict.fromkeys(own, maker or {}))
        self.used: dict[Reference, None] = {}
        self.namer = Namer(folder.rows("studies.csv"))

    def number(self, table: str, key: str, column: str) -> Markup:
        """Print one number: the only way in which a number reaches a page.

        Parameters
        ----------
        table, key, column : str
            Where it stands.

        Returns
        -------
        markupsafe.Markup
            The number rounded, with its unrounded value, its place and the mark of its status. A blank cell
            gives a dash.

        Raises
        ------
        KeyError
            Where there is no such cell, or it does not lead back to anything.
        """
        text = self.folder.cell(table, key, column)
        if text == "":
            return NOTHING
        place = Reference(table, self.folder.find(table, key), column)
        step = self.tracer.at(place)
        self.used[Reference(place.table, place.key)] = None
        shown = format_cell(text, table, column, self.folder.row(place))
        kind = "n" if to_number(text) is not None else "n q"
        return Markup('<data class="{}" value="{}" data-ref="{}">{}{}</data>').format(
            kind, text, str(place), shown, self.mark(step.status)
        )

    def mark(self, status: str) -> Markup:
        """Print the mark of a status: nothing for verified figures."""
        if status not in MARKS:
            return Markup()
        # What it means stands in the legend and in the panel: thousands of marks carry no words of their own.
        return Markup("<sup>{}</sup>").format(MARKS[status])

    def words(self, table: str, key: str, column: str, *, opens: bool = False) -> Markup:
        """Print words that stand in a table or in the plan, as text whatever they hold.

        Parameters
        ----------
        table, key, column : str
            Where they stand.
        opens : bool
            Whether a click on them shows where they come from, as for a study's name.
        """
        text = self.folder.cell(table, key, column) if self._holds(table, key, column) else ""
        if text == "":
            return Markup()
        text = self.namer.say(text, table, key, column)
        if not opens and not self.names_words:
            return Markup("<bdi>{}</bdi>").format(text)
        place = Reference(table, self.folder.find(table, key), column)
        if opens:
            self.used[Reference(place.table, place.key)] = None
        kind = Markup(' class="o"') if opens else Markup()
        return Markup('<bdi{} data-ref="{}">{}</bdi>').format(kind, str(place), text)

    def _holds(self, table: str, key: str, column: str) -> bool:
        # A plan says nothing where nothing was entered: such a place does not exist, and prints as nothing.
        return table != "review.yaml" or key in self.folder.rows(table)

    def interval(self, table: str, key: str, prefix: str = "natural_", kind: str = "ci") -> Markup:
        """Print ``low to high``; nothing where the limits do not exist."""
        low, high = f"{prefix}{kind}_low", f"{prefix}{kind}_high"
        if not self.folder.cell(table, key, low) or not self.folder.cell(table, key, high):
            return NOTHING
        return Markup('<span class="iv">{} to {}</span>').format(
            self.number(table, key, low), self.number(table, key, high)
        )

    def touch(self, references: Iterable[str]) -> None:
        """Remember places that a page opens without printing a number, such as a study in a figure."""
        for text in references:
            place = self.folder.resolve(text)
            self.tracer.at(place)
            self.used[Reference(place.table, place.key)] = None
