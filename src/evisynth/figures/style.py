"""How figures look and how they are saved: one style, and files whose bytes repeat.

Colours are those of Okabe and Ito, told apart by readers with every common colour vision; wherever a colour
means something, a shape, a symbol or a word says the same, so that a grey print loses nothing.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from evisynth.figures.svg import svg_of

FONT = "DejaVu Sans"
PNG_DPI = 150
FORMATS = ("svg", "png", "pdf")

# What a viewer, a converter or a clock would put into a file is left out of it.
_SVG_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
# One drawing serves all files: matplotlib lays the text out once, for the SVG, and typst makes the others of that.
# Its letters are outlines, so no font has to be embedded; the words for those who cannot see the figure go along.
_PAGE = b"""#let (width, height) = (float(sys.inputs.width) * 1pt, float(sys.inputs.height) * 1pt)
#set page(width: width, height: height, margin: 0pt)
#set document(date: none, title: sys.inputs.title)
#image(sys.inputs.file, alt: sys.inputs.alt, width: width - 0.002pt, height: height - 0.01pt, fit: "stretch")
"""


@dataclass(frozen=True)
class Style:
    """Sizes (points, inches) and colours of every figure.

    Attributes
    ----------
    size, small, title : float
        Font sizes in points: text of rows, notes, title.
    row : float
        Height of a row in inches.
    label_width, plot_width : float
        Widest column of labels and width of the plotting area, inches.
    show_title : bool
        Whether the title stands in the figure; a journal that sets it in the legend turns it off.
    ink, grey, faint, rule : str
        Text, secondary text, shading, rules.
    study, study_light, headline, other, bayes, beside : str
        Marks: verified studies, derived ones, the headline estimate, the other frequentist ones, Bayesian
        ones, what others have pooled.
    """

    size: float = 8.0
    small: float = 7.0
    title: float = 9.5
    row: float = 0.195
    label_width: float = 2.35
    plot_width: float = 2.75
    margin: float = 0.14
    show_title: bool = True
    ink: str = "#1a1a1a"
    grey: str = "#595959"
    faint: str = "#f1f1f1"
    rule: str = "#8c8c8c"
    study: str = "#1f4e79"
    study_light: str = "#9fc1de"
    headline: str = "#1a1a1a"
    other: str = "#c9c9c9"
    bayes: str = "#D55E00"
    beside: str = "#5e5e5e"
    good: str = "#009E73"
    good_light: str = "#9fdcc8"
    middle: str = "#F0E442"
    bad: str = "#D55E00"
    worst: str = "#7a2800"
    unknown: str = "#cfcfcf"
    blue: str = "#0072B2"
    sky: str = "#56B4E9"
    purple: str = "#CC79A7"
    orange: str = "#E69F00"

    def fill(self, status: str) -> str:
        """Return how a study's mark is filled: verified figures dark, derived ones pale, unconfirmed ones open."""
        return {"unconfirmed": "white", "derived": self.study_light}.get(status, self.study)

    @staticmethod
    def ink_on(colour: object) -> str:
        """Return black or white, whichever stands out more on a colour (contrast of WCAG 2; at least 4.5)."""
        return "white" if luminance(colour) < 0.179 else "black"


def luminance(colour: object) -> float:
    """Return the relative luminance of a colour after WCAG 2: 0 for black, 1 for white."""
    parts = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in to_rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


STYLE = Style()


def parameters(name: str) -> dict:
    """Return the settings of matplotlib that every figure is drawn and saved with.

    Parameters
    ----------
    name : str
        Name of the figure; see :func:`drawing`.
    """
    return {
        "font.family": FONT,
        "font.size": STYLE.size,
        "text.usetex": False,
        "text.parse_math": False,
        "text.color": STYLE.ink,
        "text.hinting": "none",
        "text.antialiased": True,
        "axes.unicode_minus": True,
        "axes.linewidth": 0.7,
        "axes.edgecolor": STYLE.ink,
        "axes.labelcolor": STYLE.ink,
        "axes.labelsize": STYLE.size,
        "axes.titlesize": STYLE.title,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.facecolor": "none",
        "xtick.color": STYLE.ink,
        "ytick.color": STYLE.ink,
        "xtick.labelsize": STYLE.small,
        "ytick.labelsize": STYLE.small,
        "legend.frameon": False,
        "legend.fontsize": STYLE.small,
        "figure.facecolor": "white",
        "figure.dpi": 100.0,
        "savefig.facecolor": "white",
        "savefig.bbox": None,
        "savefig.dpi": PNG_DPI,
        "path.simplify": True,
        "lines.solid_capstyle": "butt",
        "svg.fonttype": "path",
        "svg.hashsalt": name,
    }


@contextmanager
def drawing(name: str = "figure") -> Iterator[None]:
    """Use the style of every figure, whatever the reader's own settings, and leave those as they were.

    Parameters
    ----------
    name : str
        Name of the figure; the identifiers inside its SVG depend on it, so that several SVG files can stand
        in one page without sharing any.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(parameters(name))
        with warnings.catch_warnings():
            # A name in a script that DejaVu lacks shows as boxes; the CSV beside the figure has it in full.
            warnings.filterwarnings("ignore", message=r".*[Gg]lyph.*missing")
            yield


def save(
    fig: Figure, path: Path, name: str, formats: tuple[str, ...] = ("svg", "png"), title: str = "", alt: str = ""
) -> tuple[Path, ...]:
    """Write a figure; the same figure gives the same bytes with the same versions of matplotlib and typst.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        The figure.
    path : pathlib.Path
        The file without its suffix; a suffix is never replaced, so names may hold dots.
    name : str
        Name of the figure; see :func:`drawing`.
    formats : tuple of {"svg", "png", "pdf"}
        What to write. PNG has 150 dots per inch; SVG and PDF are vectors, with large clouds of points as a picture.
    title, alt : str
        Title of the PDF, and the figure in words, which readers of tagged PDF speak.

    Returns
    -------
    tuple of pathlib.Path
        The files, in the order of `formats`.

    Raises
    ------
    ValueError
        For a format that is none of the three.
    """
    unknown = [kind for kind in formats if kind not in FORMATS]
    if unknown:
        raise ValueError(f"figures are saved as {', '.join(FORMATS)}, not {', '.join(unknown)}")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    svg = path.with_name(f"{path.name}.svg")
    # typst makes pixels of a drawing at a size rounded up, and then leaves rows and columns out that are too many. It
    # rounds up to the size of the page where that is whole pixels and the drawing a hundredth of a pixel less.
    width, height = (round(float(size) * PNG_DPI) for size in fig.get_size_inches())
    fig.set_size_inches(width / PNG_DPI, (height - 0.01) / PNG_DPI)
    with drawing(name):
        svg.write_bytes(svg_of(fig, PNG_DPI, _SVG_METADATA))
    files = [path.with_name(f"{path.name}.{kind}") for kind in formats]
    for kind, file in zip(formats, files, strict=True):
        if kind != "svg":
            words = {"file": svg.name, "title": title or name, "alt": alt or title or name}
            file.write_bytes(_converted(svg.parent, kind, (width, height), words))
    if "svg" not in formats:
        svg.unlink()
    return tuple(files)


def _converted(folder: Path, kind: str, pixels: tuple[int, int], words: dict[str, str]) -> bytes:
    import typst

    width, height = (repr(size * 72 / PNG_DPI) for size in pixels)
    options = {"ppi": PNG_DPI} if kind == "png" else {}
    given = words | {"width": width, "height": height}
    return typst.compile(_PAGE, root=str(folder), format=kind, sys_inputs=given, ignore_system_fonts=True, **options)


def warm() -> None:
    """Load what every drawing needs, so that processes that are forked afterwards share it."""
    import typst  # noqa: F401
    from matplotlib.backends import backend_svg  # noqa: F401
