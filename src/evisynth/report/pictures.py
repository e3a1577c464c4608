"""Figures inside the page: read from SVG files, made harmless and small, each study opening to its row."""

import csv
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup, escape

from evisynth.provenance.folder import ResultsFolder
from evisynth.report.cells import Cells

_SHAPES = ("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "image")
_DRAWN = frozenset({"svg", "g", "use", "defs", "clipPath", "linearGradient", "stop", *_SHAPES})
_NUMBERS = ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "width", "height", "offset", "points", "d")
_KEPT = frozenset(
    {"id", "href", "transform", "style", "viewBox", "clip-path", "fill", "stroke", "preserveAspectRatio", *_NUMBERS}
)
_LONG = re.compile(r"-?\d+\.\d{3,}")
_LETTER = re.compile(r' transform="translate\((\S+) 0\)"')
_FILE = Markup('<p class="none">This figure is a file of its own: <a href="../figures/{}.svg">figures/{}.svg</a>.</p>')
_LETTERS = Markup('<svg class="shared" aria-hidden="true" focusable="false"><defs>{}</defs></svg>')
_SMALLEST = 4_000
_WORD = re.compile(r'(<use href="#c\d+"( x="-?\d+")?/>)+')
_HREF = "{http://www.w3.org/1999/xlink}href"


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure of ``figures/index.csv``; its drawing is put into the page last."""

    name: str
    kind: str
    synthesis: str

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
        self.rows = cells.folder.rows("figures/index.csv")
        self._shared: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._count = 0

    def all(self) -> list[Picture]:
        """Return every figure, in the order of the index; what its parts show can be opened from then on."""
        for name, row in self.rows.items():
            self.cells.touch(self._places(name, row).values())
        return [Picture(name, row["kind"], row["synthesis"]) for name, row in self.rows.items()]

    def fill(self, page: str, room: int) -> str:
        """Put the drawings into a page.

        Parameters
        ----------
        page : str
            The page with the tokens of its figures.
        room : int
            Bytes that all drawings together may take. Those that a reader needs come first; one for which there
            is no room stays a file, and the page says where it is.
        """
        drawn = {}
        for name in sorted(self.rows, key=lambda name: self._rank(name, self.rows[name])):
            known = [(kept, len(kept)) for kept in (self._shared, self._names, self._words)]
            # the smallest figures take a few thousand bytes: below that nothing fits any more
            svg = self._picture(name, self.rows[name]) if room > _SMALLEST else Markup()
            taken = len(svg.encode()) + sum(map(len, list(self._shared.values())[known[0][1] :]))
            if svg and taken <= room:
                room -= taken
                drawn[name] = svg
            else:
                for kept, count in known:
                    for key in list(kept)[count:]:
                        del kept[key]
                drawn[name] = _FILE.format(name, name)
        for name, svg in drawn.items():
            page = page.replace(f"<!--figure {escape(name)}-->", svg)
        letters = _LETTERS.format(Markup("".join(self._shared.values())))
        return page.replace("<!--letters-->", letters)

    def _rank(self, name: str, row: dict[str, str]) -> int:
        planned = {f"forest_{entry['id']}" for entry in self.cells.folder.plan.get("syntheses", ())}
        if name in planned:
            return 0
        order = ("prisma", "risk_of_bias", "funnel", "claims")
        if row["kind"] == "forest":
            return 9
        return 1 + order.index(row["kind"]) if row["kind"] in order else 2 if not row["synthesis"] else 6

    def _places(self, name: str, row: dict[str, str]) -> dict[str, str]:
        return places_of(self.cells.folder.path / "figures" / f"{name}.csv", row["kind"])

    def _picture(self, name: str, row: dict[str, str]) -> Markup:
        path = self.cells.folder.path / "figures" / f"{name}.svg"
        if not path.is_file():
            return Markup()
        root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
        places = self._places(name, row)
        self._count += 1
        prefix = f"f{self._count}-"
        body = "".join(self._element(child, prefix, places) for child in root)
        view = escape(root.get("viewBox", ""))
        wide = root.get("viewBox", "0 0 600 0").split()[2]
        return Markup('<svg viewBox="{}" style="max-width:{}pt" role="img" aria-label="{}">{}</svg>').format(
            view, wide, row["alt"], Markup(body)
        )

    def _element(self, element: ElementTree.Element, prefix: str, places: dict[str, str]) -> str:
        tag = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        if tag not in _DRAWN:
            return ""
        if tag == "path" and "-" in element.get("id", ""):
            return self._share(element)
        identifier = element.get("id", "")
        inside = "".join(self._element(child, prefix, places) for child in element)
        text = escape(element.text) if element.text and tag in ("text", "tspan") else ""
        attributes = self._attributes(element, tag, prefix)
        if tag == "g" and _WORD.fullmatch(inside):
            inside = self._share_word(inside)
        if tag == "g" and identifier in places:
            attributes += f' class="open" data-ref="{escape(places[identifier])}"'
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

    def _share_word(self, letters: str) -> str:
        """Keep a word once for the page: the names of studies and methods stand in many figures."""
        if letters not in self._words:
            self._words[letters] = f"w{len(self._words)}"
            self._shared[self._words[letters]] = f'<g id="{self._words[letters]}">{letters}</g>'
        return f'<use href="#{self._words[letters]}"/>'

    def _short(self, name: str) -> str:
        return self._names.setdefault(name, f"c{len(self._names)}")

    def _attributes(self, element: ElementTree.Element, tag: str, prefix: str) -> str:
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
                value = _tidy(value.replace("url(#", f"url(#{prefix}"))
                if "url(" in value.replace(f"url(#{prefix}", ""):
                    continue
            found.append(f' {name}="{escape(value)}"')
        return _moved("".join(found)) if tag == "use" and "x" not in element.attrib else "".join(found)


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
