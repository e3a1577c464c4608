"""The supplement as a PDF, typeset by typst: no LaTeX, no fonts of the machine, the same bytes every time.

Words reach the layout as data (``document.json``), never as a part of its source.
"""

import json
import re
import tempfile
from pathlib import Path

from evisynth.provenance.folder import ResultsFolder
from evisynth.report.exports.blocks import Block, Bullets, Figure, Heading, Paragraph, Section, Table, Text
from evisynth.report.exports.clean import one_line, unbroken
from evisynth.report.exports.letters import with_words
from evisynth.report.exports.supplement import Supplement, supplement
from evisynth.report.exports.ways import traces

LAYOUT = Path(__file__).with_name("supplement.typ")
# Points between the margins of an A4 page, upright and on its side, with room for a heading and a caption.
_ROOM = {False: (504.0, 655.0), True: (750.0, 415.0)}
# Points of the print of a table; those on their side have the most columns.
_PRINT = {False: 7.2, True: 6.6}
_VIEW = re.compile(r'viewBox="\S+ \S+ (\S+) (\S+)"')
_EPOCH = 0
# PDF/UA-1: tagged, with a title, a language and an alternative text for each figure.
_STANDARDS = ["1.7", "ua-1"]


def write_pdf(folder: ResultsFolder, review: str, path: Path) -> None:
    """Write ``report.pdf``, the supplement of a review.

    Parameters
    ----------
    folder : ResultsFolder
        The results, with every stage but the page done.
    review : str
        The review's name.
    path : pathlib.Path
        Where to.

    Notes
    -----
    The PDF is tagged (PDF/UA-1) and bears no date. Fonts are those inside typst and DejaVu, which comes with
    matplotlib; fonts of the machine are ignored, so that every machine gives the same bytes.
    """
    document = supplement(folder, review)
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        data = _data(document, review, root)
        path.write_bytes(_typeset(data, root))


def _typeset(data: dict, root: Path) -> bytes:
    """Return the PDF; typst cannot tag every arrangement of figures that float, and then none does."""
    import typst

    for floats in (True, False):
        (root / "document.json").write_text(json.dumps(data | {"floats": floats}, ensure_ascii=False), encoding="utf-8")
        try:
            return _compile(root)
        except typst.TypstError as error:
            if not floats or "internal error" not in str(error):
                raise
    raise AssertionError("one of both attempts returns")


def _compile(root: Path) -> bytes:
    # typst and matplotlib are heavy; whoever makes no PDF does not wait for them
    import matplotlib
    import typst

    (root / LAYOUT.name).write_bytes(LAYOUT.read_bytes())
    compiler = typst.Compiler(
        root / LAYOUT.name,
        root=root,
        font_paths=[str(Path(matplotlib.get_data_path()) / "fonts" / "ttf")],
        ignore_system_fonts=True,
    )
    made = compiler.compile(format="pdf", timestamp=_EPOCH, pdf_standards=_STANDARDS)
    assert isinstance(made, bytes)
    return made


def _data(document: Supplement, review: str, root: Path) -> dict:
    """Return the document as plain data, its figures copied beside the layout."""
    title = one_line(document.title)
    authors = [one_line(name) for name in document.authors]
    return {
        "title": title,
        "head": title if len(title) < 110 else f"{title[:107]}...",
        "authors": authors,
        "byline": "; ".join(authors) or "The plan names no authors.",
        "licence": one_line(str(document.ledger.folder.plan.get("licence", ""))),
        "description": f"Supplement of the review {review}",
        "review": review,
        "made": "Made by evisynth from the tables of the review; every number leads back to its source.",
        "front": [_block(block, root, wide=False) for block in document.front],
        "sections": [_section(section, root) for section in document.sections],
        "legend": [_block(block, root, wide=False) for block in document.legend],
        "traces": [_cleaned(group) for group in traces(document.ledger)],
    }


def _cleaned(group: dict) -> dict:
    rows = [{name: one_line(value) for name, value in row.items()} for row in group["rows"]]
    return {**group, "rows": rows}


def _section(section: Section, root: Path) -> dict:
    return {"wide": section.wide, "blocks": [_block(block, root, wide=section.wide) for block in section.blocks]}


def _words(words: Text) -> list[dict]:
    return [
        {"text": unbroken(one_line(run.text, strip=False)), "style": run.style, "trace": run.trace} for run in words
    ]


def _block(block: Block, root: Path, *, wide: bool) -> dict:
    match block:
        case Heading():
            return {"kind": "heading", "level": block.level, "listed": block.listed, "text": _words(block.text)}
        case Paragraph():
            return {"kind": block.kind or "paragraph", "text": _words(block.text)}
        case Bullets():
            return {"kind": "references" if block.small else "bullets", "items": [_words(item) for item in block.items]}
        case Table():
            return _table(block) | {"size": _PRINT[wide]}
        case Figure():
            return _figure(block, root, wide=wide)


def _table(block: Table) -> dict:
    return {
        "kind": "table",
        "caption": _words(block.caption),
        "head": [_words(cell) for cell in block.head],
        "rows": [[_words(cell) for cell in row] for row in block.rows],
        "widths": block.widths,
        "align": list(block.align),
        "strong": sorted(block.strong),
    }


def _figure(block: Figure, root: Path, *, wide: bool) -> dict:
    drawing = block.file.read_text(encoding="utf-8", errors="replace")
    (root / block.file.name).write_text(with_words(drawing), encoding="utf-8")
    found = _VIEW.search(drawing, 0, 4000)
    size = [float(found[1]), float(found[2])] if found else list(_ROOM[wide])
    return {
        "kind": "figure",
        "file": block.file.name,
        "caption": _words(block.caption),
        "alt": one_line(block.alt),
        "size": size,
        "floats": block.floats,
        "room": list(map(min, block.most, _ROOM[wide])) if block.most else _ROOM[wide],
    }
