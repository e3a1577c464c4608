"""Text from data made fit for documents: no control characters, no lines that break where none should."""

import io
import re
import zipfile

# What XML forbids, and what steers the direction of text or its display.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
# thin spaces stand between thousands: only what breaks a line, and runs of spaces, are replaced
_BREAKS = re.compile(r"[ \t\r\n\v\f\u0085\u2028\u2029]+")
# The first date that a zip file can hold.
_DATE = (1980, 1, 1, 0, 0, 0)


def fit(words: str) -> str:
    """Return text without characters that XML forbids or that steer how others are shown."""
    return _UNFIT.sub("\ufffd", words)


def one_line(words: str, *, strip: bool = True) -> str:
    """Return text on one line, fit for a document.

    Parameters
    ----------
    words : str
        Anything that a cell may hold.
    strip : bool
        Whether spaces at the ends go; a stretch of a sentence keeps them.
    """
    words = fit(_BREAKS.sub(" ", words))
    return words.strip() if strip else words


def unbroken(words: str) -> str:
    """Return text whose thin spaces, which part thousands, keep a number on one line."""
    return words.replace("\u2009", "\u202f")


def repeatable(package: bytes) -> bytes:
    """Return a zip package (a Word document, a workbook) with fixed dates, so that its bytes repeat.

    Parameters
    ----------
    package : bytes
        The package as a library wrote it.
    """
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(package)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as target,
    ):
        # the list of contents comes first, as the formats ask
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o600 << 16, 3
            target.writestr(entry, source.read(name))
    return out.getvalue()
