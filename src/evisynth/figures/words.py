"""Text of figures: names made harmless, widths measured, numbers as a reader wants them."""

import math
import unicodedata
import warnings
from collections.abc import Callable
from functools import cache, lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from evisynth.figures.style import FONT
from evisynth.naming import prior_words as prior_words

MINUS = "−"
DASH = "–"
ELLIPSIS = "…"
_LETTERS_PER_INCH = 126  # at 1 point, of running text
HARD_SPACE = "\u00a0"  # keeps "p = 0.04" on one line


def clean(text: object) -> str:
    """Return text on one line without control characters; nothing of it is read as mathematics or markup.

    Parameters
    ----------
    text : object
        Any text; None and NaN give an empty one.
    """
    if text is None or (isinstance(text, float) and math.isnan(text)):
        return ""
    kept = [
        " " if character.isspace() and character != HARD_SPACE else character
        for character in unicodedata.normalize("NFC", str(text))
        if character.isspace() or unicodedata.category(character) not in ("Cc", "Cs", "Co", "Cn")
    ]
    return " ".join(part for part in "".join(kept).split(" ") if part)


@cache
def font(size: float, weight: str = "normal", style: str = "normal") -> FontProperties:
    """Return the font of a text."""
    return FontProperties(family=FONT, size=size, weight=weight, style=style)


@lru_cache(maxsize=20000)
def width(text: str, size: float, weight: str = "normal") -> float:
    """Return the width of a text in inches."""
    if not text:
        return 0.0
    with warnings.catch_warnings():
        # letters that the font lacks are measured as the boxes they show as
        warnings.simplefilter("ignore", UserWarning)
        points, _, _ = _measure().get_text_width_height_descent(text, font(size, weight), ismath=False)
    return points / 72.0


@cache
def _measure() -> TextToPath:
    return TextToPath()


def shorten(text: object, inches: float, size: float, weight: str = "normal") -> str:
    """Return text that fits a width, with an ellipsis where something was cut off.

    Parameters
    ----------
    text : object
        The text.
    inches : float
        The room there is.
    size : float
        Font size in points.
    weight : str
        Font weight.
    """
    text = clean(text)
    if width(text, size, weight) <= inches:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width(text[:middle].rstrip() + ELLIPSIS, size, weight) <= inches:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip(" ,;:.-") + ELLIPSIS


def wrap(text: object, inches: float, size: float, weight: str = "normal", lines: int = 99) -> list[str]:
    """Return text as lines that fit a width; the last line ends in an ellipsis where there are too many.

    Parameters
    ----------
    text : object
        The text.
    inches : float
        The room there is.
    size : float
        Font size in points.
    weight : str
        Font weight.
    lines : int
        Most lines wanted.
    """
    found: list[str] = []
    words = clean(text).split(" ")
    while words:
        line = words.pop(0)
        if width(line, size, weight) > inches and "-" in line[1:-1]:
            # a compound that is too long for a line may break at its hyphen
            line, _, rest = line.partition("-")
            words.insert(0, rest)
            found.append(shorten(f"{line}-", inches, size, weight))
            continue
        more = _that_fit(line, words, inches, size, weight)
        line, words = " ".join([line, *words[:more]]), words[more:]
        if len(found) == lines - 1 and words:
            return [*found, shorten(" ".join([line, *words]), inches, size, weight)]
        found.append(shorten(line, inches, size, weight))
    return found


def _that_fit(line: str, words: list[str], inches: float, size: float, weight: str) -> int:
    """Return how many words fit behind the first on its line.

    Measuring a text takes long: the search starts where letters of a middling width would end.
    """

    def fits(more: int) -> bool:
        return width(" ".join([line, *words[:more]]), size, weight) <= inches

    letters, guess = len(line), 0
    while guess < len(words) and letters + 1 + len(words[guess]) <= inches * _LETTERS_PER_INCH / size:
        letters, guess = letters + 1 + len(words[guess]), guess + 1
    if fits(guess):
        while guess < len(words) and fits(guess + 1):
            guess += 1
        return guess
    while guess and not fits(guess):
        guess -= 1
    return guess


def number(value: float, decimals: int = 2) -> str:
    """Return a number for a reader: fixed decimals, more where it would show as nothing, a true minus.

    Parameters
    ----------
    value : float
        The number; NaN gives an empty text.
    decimals : int
        Decimals of numbers below 100; larger ones have none.
    """
    if value is None or math.isnan(value):
        return ""
    size = abs(value)
    if size >= 100:
        text = f"{size:,.0f}" if size < 1e6 else f"{size:.2g}"
    elif 0 < size < 0.5 * 10**-decimals:
        # below what the decimals can show: two significant digits, or a power of ten when it is tiny
        text = f"{size:.1g}" if size >= 1e-4 else f"{size:.0e}"
    else:
        text = f"{size:.{decimals}f}"
    negative = value < 0 and any(digit in text for digit in "123456789")
    return (MINUS if negative else "") + text


def interval(estimate: float, low: float, high: float, decimals: int = 2) -> str:
    """Return ``estimate [low, high]``, all with the same decimals; without limits the estimate alone.

    Parameters
    ----------
    estimate, low, high : float
        The numbers.
    decimals : int
        Decimals, raised where all three numbers are too small to show with them.
    """
    if math.isnan(low) or math.isnan(high):
        return number(estimate, decimals)
    largest = max(abs(estimate), abs(low), abs(high))
    if 0 < largest < 5 * 10**-decimals:
        decimals = min(8, 1 - math.floor(math.log10(largest)))
    show = number if min(estimate, low, high) > 0 else _fixed  # a ratio never reads 0.00
    first, *limits = (show(value, decimals) for value in (estimate, low, high))
    for i, value in enumerate((low, high)):
        limits[i] = _apart(value, limits[i], decimals, show)
    return f"{first} [{limits[0]}, {limits[1]}]"


def _apart(value: float, shown: str, decimals: int, show: Callable[[float, int], str]) -> str:
    """Return a limit with up to two decimals more where rounding would put it on no effect (1 or 0)."""
    for more in (1, 2):
        if value in (0.0, 1.0) or shown not in (f"{0:.{decimals + more - 1}f}", f"{1:.{decimals + more - 1}f}"):
            break
        shown = show(value, decimals + more)
    return shown


def _fixed(value: float, decimals: int) -> str:
    tiny = abs(value) < 0.5 * 10**-decimals
    return f"{0.0:.{decimals}f}" if tiny else number(value, decimals)


def p_value(p: float) -> str:
    """Return ``p = 0.009`` or ``p < 0.001``."""
    if math.isnan(p):
        return ""
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.0995 else f"p = {p:.2f}"


def probability(value: float) -> str:
    """Return a probability with two decimals; what is possible never shows as certain or impossible."""
    if value is None or math.isnan(value):
        return ""
    if 0.995 <= value < 1:
        return ">0.99"
    return "<0.01" if 0 < value < 0.005 else f"{value:.2f}"


def count(value: float) -> str:
    """Return a count with a thin separator of thousands; NaN gives an empty text."""
    return "" if value is None or math.isnan(value) else f"{value:,.0f}"


def percent(value: float, decimals: int = 1) -> str:
    """Return a percentage; what is more than nothing never shows as nothing."""
    if value is None or math.isnan(value):
        return ""
    least = 10.0**-decimals
    if 0 < value < least / 2:
        return f"<{least:.{decimals}f}%"
    return f"{value:.{decimals}f}%"
