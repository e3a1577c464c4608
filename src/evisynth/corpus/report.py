"""The report of a corpus: a summary as JSON, one figure, one page."""

import base64
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from jinja2 import Environment, StrictUndefined

from evisynth.corpus.plots import draw_corpus
from evisynth.corpus.settings import CorpusSettings
from evisynth.corpus.summary import summarise, write_summary
from evisynth.effects import find_measure

_TEMPLATE = Path(__file__).with_name("report.html.jinja")


def write_report(results: pa.Table, bad_rows: Path, folder: Path, settings: CorpusSettings) -> dict[str, Any]:
    """Write ``summary.json``, ``corpus.svg``, ``corpus.png`` and ``report.html`` into a folder; return the summary."""
    summary = summarise(results, pq.read_table(bad_rows), settings)
    write_summary(summary, folder / "summary.json")
    _, picture = draw_corpus(results, summary, folder / "corpus")
    page = render(summary, picture.read_bytes(), settings)
    (folder / "report.html").write_text(page, encoding="utf-8", newline="\n")
    return summary


def render(summary: dict[str, Any], picture: bytes, settings: CorpusSettings) -> str:
    """Return the page: one file without anything outside it."""
    environment = Environment(undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"percent": percent, "number": number, "count": lambda n: f"{n:,}".replace(",", "\u202f")}
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    measure = find_measure(settings.measure)
    return template.render(
        s=summary,
        settings=settings,
        measure=measure,
        picture=base64.b64encode(picture).decode("ascii"),
    )


def percent(share: float | None) -> str:
    """A share in per cent with one digit."""
    return "–" if share is None else f"{100 * share:.1f} %"


def number(value: float | None) -> str:
    """A number with three digits."""
    return "–" if value is None else f"{value:.3g}"
