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
from matplotlib.figure import Figure

FONT = "DejaVu Sans"
PNG_DPI = 200
FORMATS = ("svg", "png", "pdf")

# What a viewer, a converter or a clock would put into a file is left out of it.
_METADATA = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
}


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
        "pdf.fonttype": 42,
        "pdf.compression": 6,
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


def save(fig: Figure, path: Path, name: str, formats: tuple[str, ...] = ("svg", "png")) -> tuple[Path, ...]:
    """Write a figure; the same figure gives the same bytes with the same version of matplotlib.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        The figure.
    path : pathlib.Path
        The file without its suffix; a suffix is never replaced, so names may hold dots.
    name : str
        Name of the figure; see :func:`drawing`.
    formats : tuple of {"svg", "png", "pdf"}
        What to write.

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
    files = []
    with drawing(name):
        for kind in formats:
            file = path.with_name(f"{path.name}.{kind}")
            extra = {"pil_kwargs": {"compress_level": 4}} if kind == "png" else {}
            fig.savefig(file, format=kind, dpi=PNG_DPI, metadata=_METADATA[kind], **extra)
            files.append(file)
    return tuple(files)
