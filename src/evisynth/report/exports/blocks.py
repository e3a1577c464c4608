"""The pieces that a printed document is made of: words, tables and figures, without any typesetting.

A document is a list of blocks; the PDF and the Word document are set from the same ones. Every text in them is data:
no piece of markup is ever read out of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Style = Literal["", "strong", "small", "code", "quiet", "trace"]


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one style.

    Attributes
    ----------
    text : str
        The words, taken literally.
    style : str
        How they are set.
    trace : str
        Where the numbers before it come from, as a short code such as ``C12``; blank for none.
    """

    text: str
    style: Style = ""
    trace: str = ""


Text = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 is a section. `listed` says whether it stands in the contents."""

    text: Text
    level: int = 1
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, one that stays with what follows, a boxed notice, or a small note under a table."""

    text: Text
    kind: Literal["", "lead", "notice", "note", "may", "not"] = ""


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list without numbers; `small` for a long one, such as references."""

    items: tuple[Text, ...]
    small: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose header repeats on every page.

    Attributes
    ----------
    caption : Text
        What it shows.
    head : tuple of Text
        Column heads.
    rows : tuple of tuple of Text
        Cells; in a row with fewer cells than the head the second one reaches over the gap.
    widths : tuple of float
        Shares of the width.
    align : str
        One letter for each column: ``l`` or ``r``.
    strong : frozenset of int
        Rows that stand out, such as the headline estimate.
    """

    caption: Text
    head: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]
    widths: tuple[float, ...]
    align: str
    strong: frozenset[int] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture that lies in a file of its own.

    Attributes
    ----------
    file : pathlib.Path
        The drawing.
    caption : Text
        What it shows.
    alt : str
        The same for those who do not see it.
    most : tuple of float, optional
        Width and height in points that it may take.
    floats : bool
        Whether it may stand at the head of a page, so that text fills the page before it.
    """

    file: Path
    caption: Text
    alt: str
    most: tuple[float, float] | None = None
    floats: bool = False


Block = Heading | Paragraph | Bullets | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks that share the way their pages lie: upright, or on their side for wide tables."""

    blocks: tuple[Block, ...]
    wide: bool = False


def text(*parts: object) -> Text:
    """Return texts, runs and sequences of runs as one text; what is blank is left out.

    Parameters
    ----------
    *parts : str, Run or iterable of these
        In order.
    """
    found: list[Run] = []
    for part in parts:
        if isinstance(part, Run):
            found.append(part)
        elif isinstance(part, str):
            found += [Run(part)] if part else []
        elif isinstance(part, Iterable):
            found += text(*part)
    return tuple(found)


def strong(words: str) -> Run:
    """Return words that stand out."""
    return Run(words, "strong")


def small(words: str) -> Run:
    """Return words in small print."""
    return Run(words, "small")


def plain(words: Text) -> str:
    """Return a text without its styles and traces."""
    return "".join(run.text for run in words)


def table(
    caption: object,
    head: Sequence[object],
    rows: Iterable[Sequence[object]],
    widths: Sequence[float],
    align: str,
    *,
    strong: Iterable[int] = (),
) -> Table:
    """Return a table from cells that may be texts, runs or sequences of them.

    Raises
    ------
    ValueError
        Where the widths, the alignment or a row do not belong to the head.
    """
    made = tuple(tuple(text(cell) for cell in row) for row in rows)
    size = len(head)
    if len(widths) != size or len(align) != size or any(len(row) > size for row in made):
        raise ValueError(f"a table of {size} columns needs as many widths and letters, and no longer row")
    return Table(text(caption), tuple(map(text, head)), made, tuple(widths), align, frozenset(strong))
