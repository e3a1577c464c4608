"""Look up every stated figure in the document that is said to state it."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from evisynth.claims.numbers import exact_number, printed_numbers
from evisynth.claims.words import plain_word
from evisynth.review.problems import Problem, shown
from evisynth.review.reading import Table

WINDOW = 1
"""Lines before and after the locator's that are searched too: a heading, a wrapped line."""

_LINES = re.compile(r"\blines?\s+(\d+)(?:\s*(?:-|\u2013|to|and)\s*(\d+))?", re.IGNORECASE)
_SPELLINGS = {"randomized": "randomised", "cross-over": "crossover", "open-label": "open label"}


def find_documents(sources: Table, folder: Path) -> tuple[dict[str, Path], list[Problem]]:
    """Find the documents of a review among the files of a folder by their hash.

    Parameters
    ----------
    sources : Table
        sources.csv; only rows with a ``sha256`` are looked for.
    folder : pathlib.Path
        Where the documents lie, subfolders too. File names do not matter.

    Returns
    -------
    dict of str to pathlib.Path
        The file of each document that was found, by source_id.
    list of Problem
        Documents without a file.
    """
    folder = Path(folder)
    if not folder.is_dir():
        return {}, [Problem(str(folder), 0, "", "no such folder", "a folder with the documents", "check the path")]
    files = {_sha256(path): path for path in sorted(folder.rglob("*"), reverse=True) if path.is_file()}
    found, problems = {}, []
    for line, source, sha in zip(sources.lines, sources.text["source_id"], sources.text["sha256"], strict=True):
        if sha and sha.lower() in files:
            found[source] = files[sha.lower()]
        elif sha:
            problems.append(
                Problem(
                    "sources.csv",
                    line,
                    "sha256",
                    f"no file with the hash of {source} among the {len(files)} files of {folder.name}/",
                    "the document, byte for byte as it was read",
                    "add the file, or correct the hash",
                )
            )
    return found, problems


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_documents(claims: Table, sources: Table, folder: Path, window: int = WINDOW) -> list[Problem]:
    """Check that every stated figure stands in its document, near the line that the locator names.

    Figures count in digits or, from one to twelve, in words; ``1,595`` and ``1595`` are the same. Of stated
    words those are looked up that say a design. A locator without a line means the whole document.

    Parameters
    ----------
    claims, sources : Table
        claims.csv and sources.csv.
    folder : pathlib.Path
        Where the documents lie; see `find_documents`.
    window : int
        Lines before and after the locator's lines that are searched too.

    Returns
    -------
    list of Problem
        Empty where everything was found. Documents without a ``sha256`` are not at hand and are left out.
    """
    files, problems = find_documents(sources, folder)
    texts = {source: _read(path) for source, path in files.items()}
    for position, claim in enumerate(claims.text.itertuples(index=False)):
        if claim.source_id in texts:
            name = files[claim.source_id].name
            problems += _check(claim, claims.lines[position], texts[claim.source_id], name, window)
    return problems


def _read(path: Path) -> list[str]:
    return path.read_bytes().decode("utf-8-sig", errors="replace").splitlines()


def _check(claim, line: int, text: list[str], name: str, window: int) -> Iterator[Problem]:
    places = [(int(first), int(last or first)) for first, last in _LINES.findall(claim.locator)]
    wrong = [span for span in places if not 1 <= span[0] <= span[1] <= len(text)]
    if wrong:
        first, last = wrong[0]
        yield Problem(
            "claims.csv",
            line,
            "locator",
            f"line {first}" if first == last else f"lines {first} to {last}",
            f"lines 1 to {len(text)} of {name}, in ascending order",
            "correct the line",
        )
        return
    if not claim.stated_value:
        return
    near = _near(text, places, window)
    if not _stands_in(claim.attribute, claim.stated_value, near):
        where = f"in {name}" if not places else f"in {name} near line {places[0][0]}"
        yield Problem(
            "claims.csv",
            line,
            "stated_value",
            f"{shown(claim.stated_value)}, which does not stand {where}",
            "what the document prints at the locator",
            "correct the figure or the line: figures are entered as the document states them",
        )


def _near(text: list[str], places: list[tuple[int, int]], window: int) -> str:
    if not places:
        return "\n".join(text)
    return "\n".join("\n".join(text[max(first - 1 - window, 0) : last + window]) for first, last in places)


def _stands_in(attribute: str, stated: str, text: str) -> bool:
    number = exact_number(stated)
    if number is not None:
        return number in set(printed_numbers(text))
    if attribute != "design":
        return True
    page = text.lower()
    for printed, word in _SPELLINGS.items():
        page = page.replace(printed, word)
    return stated.strip().lower() in page or plain_word(stated) in page
