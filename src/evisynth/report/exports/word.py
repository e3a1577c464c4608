"""The tables that co-authors ask for as a Word document: real tables, styles, alternative texts, repeating bytes."""

import datetime
import io
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from evisynth.provenance.folder import ResultsFolder
from evisynth.report.exports.blocks import Block, Bullets, Figure, Heading, Paragraph, Run, Table, Text, plain, text
from evisynth.report.exports.clean import one_line, repeatable, unbroken
from evisynth.report.exports.ledger import Ledger
from evisynth.report.exports.quality_blocks import risk_tables
from evisynth.report.exports.supplement import (
    NOTICE,
    characteristics_table,
    findings_note,
    findings_table,
    pictures_of,
)
from evisynth.report.exports.synthesis_blocks import picture
from evisynth.report.exports.ways import traces
from evisynth.report.views import synthesis_views

# A date is needed by the format; the same in every run.
_DATE = datetime.datetime(2000, 1, 1)
_NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_WIDTH = 14_570  # twentieths of a point between the margins of an A4 page on its side
_LEAST = 640
_MARKS = {"strong": "<w:b/>", "small": '<w:color w:val="5A6470"/><w:sz w:val="13"/>'}
_MARKS |= {"quiet": '<w:color w:val="5A6470"/>', "trace": '<w:color w:val="1F4E79"/><w:sz w:val="13"/>'}
_MARKS |= {"code": '<w:rFonts w:ascii="Consolas" w:hAnsi="Consolas"/>'}
_RAISED = '<w:r><w:rPr><w:color w:val="1F4E79"/><w:vertAlign w:val="superscript"/></w:rPr><w:t>{}</w:t></w:r>'


def write_docx(folder: ResultsFolder, review: str, path: Path) -> None:
    """Write ``report.docx``: summary of findings, study characteristics, risk of bias.

    Parameters
    ----------
    folder : ResultsFolder
        The results, with every stage but the page done.
    review : str
        The review's name.
    path : pathlib.Path
        Where to.
    """
    # python-docx takes a third of a second to import
    from docx import Document

    document = Document()
    _prepare(document, folder, review)
    ledger = Ledger(folder)
    for block in _blocks(ledger):
        _put(document, block)
    for block in _ways(ledger, review):
        _put(document, block)
    _put_codes(document, ledger)
    out = io.BytesIO()
    document.save(out)
    path.write_bytes(repeatable(out.getvalue()))


def _blocks(ledger: Ledger) -> Iterable[Block]:
    folder = ledger.folder
    drawn = pictures_of(folder)
    views = synthesis_views(folder, drawn)
    yield Paragraph(text(NOTICE), "notice")
    yield Heading(text("Summary of findings"))
    yield findings_table(ledger, views)
    yield findings_note()
    yield Heading(text("Study characteristics"))
    yield characteristics_table(ledger)
    yield Heading(text("Risk of bias"))
    for item in drawn:
        if item.kind.startswith("risk_of_bias") and not item.synthesis:
            yield from picture(folder, item, folder.rows("figures/index.csv")[item.name]["title"])
    judged = False
    for view in views:
        made = [*risk_tables(ledger, view)]
        if made:
            judged = True
            yield Heading(text(ledger.plan(f"{view.place}.title")), 2)
            yield from made
    if not judged:
        yield Paragraph(text("Not assessed. Nobody has answered the questions of a tool for these studies."))


def _ways(ledger: Ledger, review: str) -> Iterable[Block]:
    yield Heading(text("Where the numbers come from"))
    words = "A raised code, or one in the column ‘From’, names the row of a table; after it stand the rows that it was "
    words += "computed from, down to the facts with the document and the place in it. The same from the shell: "
    yield Paragraph(text(words, Run(f"evisynth trace results/{review} TABLE:KEY:COLUMN", "code")))


def _put_codes(document, ledger: Ledger) -> None:
    """Put every code with what is behind it into three columns of small print: thousands of lines are no table."""
    from docx.enum.section import WD_SECTION
    from docx.oxml import parse_xml

    section = document.add_section(WD_SECTION.CONTINUOUS)
    for old in section._sectPr.xpath("./w:cols"):
        section._sectPr.remove(old)
    section._sectPr.append(parse_xml(f'<w:cols {_NAMESPACE} w:num="3" w:space="280"/>'))
    for group in traces(ledger):
        about = f"{group['letter']}: {group['table']}, {group['about']}"
        document.add_heading(one_line(about), 3)
        lines = []
        for row in group["rows"]:
            behind = f" ← {row['from']}" if row["from"] else ""
            runs = "".join(_runs((Run(row["code"], "strong"), Run(f" {row['key']}{behind}"))))
            lines.append(f'<w:p {_NAMESPACE}><w:pPr><w:pStyle w:val="Codelist"/></w:pPr>{runs}</w:p>')
        for line in lines:
            document.element.body.insert_element_before(parse_xml(line), "w:sectPr")


def _prepare(document, folder: ResultsFolder, review: str) -> None:
    from docx.enum.section import WD_ORIENT
    from docx.oxml import parse_xml
    from docx.shared import Mm, Pt, RGBColor

    title = one_line(str(folder.plan.get("title", review)))
    authors = "; ".join(one_line(name) for name in folder.plan.get("authors", ()))
    core = document.core_properties
    # the format allows 255 characters for each of these
    core.title, core.author, core.subject = title[:255], authors[:255], f"Tables of the review {review}"[:255]
    core.created = core.modified = _DATE
    core.last_modified_by, core.comments, core.keywords, core.revision = "", "", "", 1
    core.language = "en"
    section = document.sections[0]
    section.orientation, section.page_width, section.page_height = WD_ORIENT.LANDSCAPE, Mm(297), Mm(210)
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Mm(20))
    document.styles["Normal"].font.name, document.styles["Normal"].font.size = "Calibri", Pt(10)
    for name, size in (("Title", 20), ("Heading 1", 15), ("Heading 2", 11.5), ("Heading 3", 8.5)):
        style = document.styles[name]
        style.font.size, style.font.color.rgb = Pt(size), RGBColor(0x1F, 0x4E, 0x79)
    document.styles["Caption"].paragraph_format.keep_with_next = True
    cell = document.styles.add_style("Table text", 1)
    cell.base_style, cell.font.size = document.styles["Normal"], Pt(7.5)
    cell.paragraph_format.space_after, cell.paragraph_format.space_before = Pt(1), Pt(1)
    small = document.styles.add_style("Code list", 1)
    small.base_style, small.font.size = document.styles["Normal"], Pt(6.5)
    small.paragraph_format.space_after, small.paragraph_format.space_before = Pt(0), Pt(0)
    small.paragraph_format.left_indent, small.paragraph_format.first_line_indent = Pt(8), Pt(-8)
    document.add_heading(title, 0)
    section.header.paragraphs[0].text = title if len(title) < 120 else f"{title[:117]}..."
    fields = '<w:fldSimple w:instr="PAGE"><w:r><w:t>1</w:t></w:r></w:fldSimple>'
    section.footer.paragraphs[0]._p.append(parse_xml(fields.replace("<w:fldSimple", f"<w:fldSimple {_NAMESPACE}")))


def _put(document, block: Block) -> None:
    match block:
        case Heading():
            document.add_heading(one_line(plain(block.text)), block.level)
        case Paragraph():
            paragraph = document.add_paragraph(style="Intense Quote" if block.kind == "notice" else None)
            _fill(paragraph, block.text)
        case Bullets():
            for item in block.items:
                _fill(document.add_paragraph(style="List Bullet"), item)
        case Table():
            _fill(document.add_paragraph(style="Caption"), block.caption)
            document.element.body.insert_element_before(_table(block), "w:sectPr")
            document.add_paragraph()
        case Figure():
            _figure(document, block)


def _fill(paragraph, words: Text) -> None:
    from docx.oxml import parse_xml

    for part in _runs(words):
        paragraph._p.append(parse_xml(part.replace("<w:r>", f"<w:r {_NAMESPACE}>", 1)))


def _runs(words: Text) -> list[str]:
    found = []
    for run in words:
        if run.text:
            marks = f"<w:rPr>{_MARKS[run.style]}</w:rPr>" if run.style else ""
            shown = escape(unbroken(one_line(run.text, strip=False)))
            found.append(f'<w:r>{marks}<w:t xml:space="preserve">{shown}</w:t></w:r>')
        if run.trace:
            found.append(_RAISED.format(escape(run.trace)))
    return found


def _table(block: Table):
    """Return a table as an element: python-docx would take seconds to fill a thousand cells one by one."""
    from docx.oxml import parse_xml

    size, whole = len(block.head), sum(block.widths)
    widths = _widths([share / whole for share in block.widths])
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    line = '<w:{} w:val="single" w:sz="8" w:space="0" w:color="1F4E79"/>'
    thin = '<w:insideH w:val="single" w:sz="2" w:space="0" w:color="C3CAD2"/>'
    caption = quoteattr(one_line(plain(block.caption)))
    rows = [_row(block.head, block.align, size, widths, head=True)]
    rows += [_row(row, block.align, size, widths, shaded=i in block.strong) for i, row in enumerate(block.rows)]
    return parse_xml(
        f'<w:tbl {_NAMESPACE}><w:tblPr><w:tblW w:w="5000" w:type="pct"/>'
        f"<w:tblBorders>{line.format('top')}{line.format('bottom')}{thin}</w:tblBorders>"
        f'<w:tblLayout w:type="fixed"/><w:tblLook w:val="0020" w:firstRow="1"/>'
        f"<w:tblCaption w:val={caption}/></w:tblPr>"
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def _widths(shares: list[float]) -> list[int]:
    """Return widths in twentieths of a point: none too narrow for a year or a code, the rest by their shares."""
    narrow = [share * _WIDTH < _LEAST for share in shares]
    left = _WIDTH - _LEAST * sum(narrow)
    wide = sum(share for share, is_narrow in zip(shares, narrow, strict=True) if not is_narrow)
    return [
        _LEAST if is_narrow else round(left * share / wide) for share, is_narrow in zip(shares, narrow, strict=True)
    ]


def _row(cells, align: str, size: int, widths: list[int], *, head: bool = False, shaded: bool = False) -> str:
    marks = "<w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>" if head else "<w:trPr><w:cantSplit/></w:trPr>"
    gap, column, parts = size - len(cells), 0, []
    for i, cell in enumerate(cells):
        reach = gap + 1 if i == 1 else 1
        side = "right" if align[column] == "r" and reach == 1 else "left"
        words = tuple(Run(run.text, "strong", run.trace) for run in cell) if head else cell
        shade = '<w:shd w:val="clear" w:color="auto" w:fill="E8EFF6"/>' if head or shaded else ""
        span = f'<w:gridSpan w:val="{reach}"/>' if reach > 1 else ""
        width = sum(widths[column : column + reach])
        parts.append(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{span}{shade}</w:tcPr>'
            f'<w:p><w:pPr><w:pStyle w:val="Tabletext"/><w:jc w:val="{side}"/></w:pPr>'
            f"{''.join(_runs(words))}</w:p></w:tc>"
        )
        column += reach
    return f"<w:tr>{marks}{''.join(parts)}</w:tr>"


def _figure(document, block: Figure) -> None:
    from docx.shared import Mm

    file = block.file.with_suffix(".png")
    if not file.is_file():
        return
    shape = document.add_picture(str(file), width=Mm(180))
    # a page on its side has room for no more
    most = Mm(140)
    if shape.height > most:
        shape.width, shape.height = round(shape.width * most / shape.height), most
    shape._inline.docPr.set("descr", one_line(block.alt))
    shape._inline.docPr.set("name", block.file.stem)
    _fill(document.add_paragraph(style="Caption"), block.caption)
