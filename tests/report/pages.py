"""A page as a list of texts, each with the elements around it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "br", "input", "link", "path", "use", "rect", "circle", "image"}


@dataclass
class Element:
    """An element of the page, with all text inside it but that of marks."""

    tag: str
    attributes: dict[str, str]
    parent: "Element | None"
    text: str = ""
    mark: str = ""

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    def around(self):
        """Yield this element and those around it."""
        found = self
        while found is not None:
            yield found
            found = found.parent


@dataclass
class Page(HTMLParser):
    """Reads a page."""

    elements: list[Element] = field(default_factory=list)
    texts: list[tuple[str, Element]] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)

    def __post_init__(self):
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag, attrs):
        parent = self.open[-1] if self.open else None
        element = Element(tag, {name: value or "" for name, value in attrs}, parent)
        self.elements.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        parent = self.open[-1] if self.open else None
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}, parent))

    def handle_endtag(self, tag):
        while self.open and self.open.pop().tag != tag:
            pass

    def handle_data(self, data):
        if not self.open:
            return
        self.texts.append((data, self.open[-1]))
        marked = self.open[-1].tag == "sup"
        for element in self.open[-1].around():
            if marked:
                element.mark += data
            else:
                element.text += data


def read(html: str) -> Page:
    """Return a page, read."""
    page = Page()
    page.feed(html)
    page.close()
    return page
