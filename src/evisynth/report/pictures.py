"""Figures inside the page: read from SVG files, made harmless and small, each study opening to its row.

They are packed, and unpacked when they come into view: all of them would take a page three times as large.
"""

import csv
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup, escape

from evisynth.provenance.folder import ResultsFolder
from evisynth.report.cells import Cells
from evisynth.report.packing import packed

_SHAPES = ("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "image")
_DRAWN = frozenset({"svg", "g", "use", "defs", "clipPath", "linearGradient", "stop", *_SHAPES})
_NUMBERS = ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "width", "height", "offset", "points", "d")
_KEPT = frozenset(
    {"id", "href", "transform", "style", "viewBox", "clip-path", "fill", "stroke", "preserveAspectRatio", *_NUMBERS}
    | {"patternUnits", "patternTransform"}
)
_LONG = re.compile(r"-?\d+\.\d{3,}")
_LETTER = re.compile(r' transform="translate\((\S+) 0\)"')
_FILE = Markup(
    '<p class="none">This figure is a file of its own: <a href="../figures/{0}.svg">figures/{0}.svg</a>.</p>'
)
_LATER = Markup('<div class="later" data-figure="{}" style="{}">{}</div>')
# Sorts of figures that are files beside the report, and stand in it too: they carry an argument of the text.
_ALSO = ("prior_surface", "averaging", "predictive", "risk_bars")
INDEX, FILES = "figures/index.csv", "figures/files.csv"
_WORD = re.compile(r'(<use href="#c\d+"( x="-?\d+")?/>)+')
_TOKEN = re.compile(r"<!--figure ([^<>]*?)-->")
_LINK = re.compile(r"url\(#([\w-]+)\)")
_HREF = "{http://www.w3.org/1999/xlink}href"


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure of ``figures/index.csv`` or ``figures/files.csv``; its drawing is put into the page last."""

    name: str
    kind: str
    synthesis: str
    table: str = INDEX
    title: str = ""

    @property
    def words(self) -> str:
        """What it shows, as its title ends, and what tells it from others of its sort: the rest of its name."""
        rest = self.name.removeprefix(self.kind).removeprefix(f"_{self.synthesis}").strip("_").replace("_", " ")
        shows = self.title.rpartition(": ")[2] if ": " in self.title else self.kind.replace("_", " ")
        return shows + (f", {rest}" if rest else "")

    @property
    def token(self) -> Markup:
        """What stands for the drawing until it is known how much room there is. No cell can hold it."""
        return Markup(f"<!--figure {escape(self.name)}-->")


class Pictures:
    """The figures of a review; letters and words that several figures share are kept once.

    Parameters
    ----------
    cells : Cells
        What prints the page.
    """

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        files = cells.folder.rows(FILES)
        self.tables = dict.fromkeys(cells.folder.rows(INDEX), INDEX)
        self.tables |= {name: FILES for name, row in files.items() if row["kind"] in _ALSO}
        self.rows = {name: cells.folder.rows(table)[name] for name, table in self.tables.items()}
        self.beside = [Picture(name, row["kind"], row["synthesis"], FILES, row["title"]) for name, row in files.items()]
        self.beside = [picture for picture in self.beside if picture.name not in self.rows]
        self._shared: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._patterns: dict[str, str] = {}
        self._letters: dict[tuple, str] = {}
        self._count = 0

    def all(self) -> list[Picture]:
        """Return every figure, in the order of the index; what its parts show can be opened from then on."""
        for name, row in self.rows.items():
            self.cells.touch(self._places(name, row).values())
        return [Picture(name, row["kind"], row["synthesis"], self.tables[name]) for name, row in self.rows.items()]

    def fill(self, page: str, room: int) -> tuple[str, dict]:
        """Put a holder for each drawing into a page; the drawings themselves are packed.

        Parameters
        ----------
        page : str
            The page with the tokens of its figures.
        room : int
            Bytes that all drawings together may take. Those that a reader needs come first; one for which there
            is no room stays a file, and the page says where it is.

        Returns
        -------
        tuple of str and dict
            The page; and what it draws when a holder comes into view: ``figures``, each packed, and the ``letters``
            that they share, packed together. Empty where there are none.
        """
        # one look through the page, and one change of it: it is millions of letters long
        asked = set(_TOKEN.findall(page))
        chosen = [name for name in self.rows if str(escape(name)) in asked]
        drawn, holders = {}, {}
        for name in sorted(chosen, key=lambda name: self._rank(name, self.rows[name])):
            before = [(kept, len(kept)) for kept in (self._shared, self._names, self._words)]
            svg, shape = self._picture(name, self.rows[name]) if room > 0 else (Markup(), "")
            # letters are packed together at the end: counted one figure at a time they take more than they will
            text = packed(svg)
            taken = len(text) + len(packed("".join(list(self._shared.values())[before[0][1] :])))
            file = _FILE.format(name)
            if svg and taken <= room:
                room -= taken
                drawn[name] = text
                file = _LATER.format(name, shape, file)
            else:
                _forget(before)
                self._letters.clear()
            holders[str(escape(name))] = file
        page = _TOKEN.sub(lambda match: holders.get(match[1], match[0]), page)
        return page, {"letters": packed(self._shared), "figures": drawn} if drawn else {}

    def _rank(self, name: str, row: dict[str, str]) -> int:
        """Return when a figure is given room: those that stand open in the page first."""
        planned = {f"forest_{entry['id']}" for entry in self.cells.folder.plan.get("syntheses", ())}
        if name in planned:
            return 0
        order = ("prisma", "evidence_map", "risk_of_bias", "specification", "quality_informed", "funnel", "claims")
        if row["kind"] == "forest":
            return 19
        return 1 + order.index(row["kind"]) if row["kind"] in order else 9 if not row["synthesis"] else 10

    def _places(self, name: str, row: dict[str, str]) -> dict[str, str]:
        return places_of(self.cells.folder.path / "figures" / f"{name}.csv", row["kind"])

    def _picture(self, name: str, row: dict[str, str]) -> tuple[Markup, str]:
        """Return a drawing, and its shape as a style; blank where its file is missing."""
        path = self.cells.folder.path / "figures" / f"{name}.svg"
        if not path.is_file():
            return Markup(), ""
        root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
        places = self._places(name, row)
        self._count += 1
        prefix = f"f{self._count}-"
        hatchings = [found for found in root.iter() if str(found.tag).endswith("}pattern")]
        self._patterns = {found.get("id", ""): self._share_pattern(found, prefix) for found in hatchings}
        body = "".join(self._element(child, prefix, places) for child in root)
        view = root.get("viewBox", "0 0 600 400")
        wide, high = view.split()[2:4]
        svg = Markup('<svg viewBox="{}" style="max-width:{}pt" role="img" aria-label="{}">{}</svg>')
        return svg.format(view, wide, row["alt"], Markup(body)), f"aspect-ratio:{float(wide):.0f}/{float(high):.0f}"

    def _element(self, element: ElementTree.Element, prefix: str, places: dict[str, str]) -> str:
        tag = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        if tag not in _DRAWN:
            return ""
        if tag == "path" and "-" in element.get("id", ""):
            return self._share(element)
        identifier = element.get("id", "")
        inside = "".join(self._element(child, prefix, places) for child in element)
        text = _safe(element.text) if element.text and tag in ("text", "tspan") else ""
        attributes = self._attributes(element, tag, prefix)
        if tag == "g" and _WORD.fullmatch(inside):
            inside = self._share_word(inside)
        if tag == "g" and identifier in places:
            attributes += f' class="open" data-ref="{_safe(places[identifier])}"'
        elif tag in ("g", "defs") and not attributes:
            return inside if tag == "g" else (f"<defs>{inside}</defs>" if inside else "")
        return f"<{tag}{attributes}>{text}{inside}</{tag}>" if inside or text else f"<{tag}{attributes}/>"

    def _share(self, element: ElementTree.Element) -> str:
        """Keep a letter once for the page."""
        name = self._short(element.get("id", ""))
        if name not in self._shared:
            transform = element.get("transform", "")
            turned = f' transform="{escape(transform)}"' if transform else ""
            self._shared[name] = f'<path id="{name}" d="{escape(_tidy(element.get("d", "")))}"{turned}/>'
        return ""

    def _share_pattern(self, element: ElementTree.Element, prefix: str) -> str:
        """Keep a hatching once for the page, and return its name: many figures have the same few."""
        inside = "".join(self._element(child, prefix, {}) for child in element)
        content = f"{self._attributes(element, 'g', prefix)}>{inside}"
        if content not in self._words:
            self._words[content] = f"w{len(self._words)}"
            self._shared[self._words[content]] = f'<pattern id="{self._words[content]}"{content}</pattern>'
        return self._words[content]

    def _share_word(self, letters: str) -> str:
        """Keep a word once for the page: the names of studies and methods stand in many figures."""
        if letters not in self._words:
            self._words[letters] = f"w{len(self._words)}"
            self._shared[self._words[letters]] = f'<g id="{self._words[letters]}">{letters}</g>'
        return f'<use href="#{self._words[letters]}"/>'

    def _target(self, name: str, prefix: str) -> str:
        return self._patterns.get(name, prefix + name)

    def _short(self, name: str) -> str:
        return self._names.setdefault(name, f"c{len(self._names)}")

    def _attributes(self, element: ElementTree.Element, tag: str, prefix: str) -> str:
        if tag == "use" and "-" in element.get(_HREF, ""):
            # most of a figure is letters, at few places within their words
            letter = tuple(element.attrib.items())
            if letter not in self._letters:
                self._letters[letter] = self._kept(element, tag, prefix)
            return self._letters[letter]
        return self._kept(element, tag, prefix)

    def _kept(self, element: ElementTree.Element, tag: str, prefix: str) -> str:
        found = []
        for name, value in element.attrib.items():
            name = "href" if name == _HREF else name
            if name not in _KEPT or (name == "id" and tag == "g"):
                continue
            if name == "href":
                if value.startswith("#"):
                    target = value[1:]
                    # letters carry the name of their font; marks and clips belong to one figure
                    value = f"#{self._short(target) if '-' in target else prefix + target}"
                elif not value.startswith("data:image/png;base64,"):
                    continue
            elif name == "id":
                value = prefix + value
            else:
                value = _tidy(value)
                if "url(" in value:
                    value = _LINK.sub(lambda match: f"url(#{self._target(match[1], prefix)})", value)
                    if "url(" in _LINK.sub("", value):
                        continue
            found.append(f' {name}="{_safe(value)}"')
        return _moved("".join(found)) if tag == "use" and "x" not in element.attrib else "".join(found)


def _forget(before: list[tuple[dict, int]]) -> None:
    """Take back what a figure that has no room added to the shared parts."""
    for kept, count in before:
        for key in list(kept)[count:]:
            del kept[key]


@lru_cache(maxsize=100_000)
def _safe(text: str) -> str:
    """Return text as it may stand in an attribute or between tags."""
    return str(escape(text))


@lru_cache(maxsize=100_000)
def _tidy(text: str) -> str:
    """Return coordinates with two decimals and no line breaks."""
    text = _LONG.sub(lambda match: f"{float(match.group()):.2f}".rstrip("0").rstrip("."), text)
    return " ".join(text.split()).replace(": ", ":").replace("; ", ";")


def _moved(attributes: str) -> str:
    """Return the attributes of a letter with its place in the shortest words: most of a figure is letters."""
    return _LETTER.sub(lambda match: f' x="{float(match[1]):.0f}"', attributes)


def places_of(path: Path, kind: str) -> dict[str, str]:
    """Return which row of which table each part of a figure shows.

    Parameters
    ----------
    path : pathlib.Path
        The frame of the figure.
    kind : str
        The sort of figure, the first word of the parts' names.

    Returns
    -------
    dict of str to str
        Identifier inside the SVG to ``table:key``.
    """
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {}
    for row in rows:
        origin = row.get("from", "").split(";")[0]
        if ":" in origin and row.get("row"):
            words = "-".join(row.get(name, "") for name in ("synthesis", "measure", "row"))
            found[f"{kind}-" + re.sub(r"[^A-Za-z0-9_-]+", "-", words)] = origin
    return found


def figures_missing(folder: ResultsFolder) -> bool:
    """Whether a review has no figures at all."""
    return not folder.rows("figures/index.csv")
