"""Fill the tables of a review from a file: all of it or nothing."""

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path

from evisynth.intake.convert import convert
from evisynth.intake.mapping import Mapping, read_mapping
from evisynth.intake.merging import Merged
from evisynth.intake.problems import ImportRefused, no_folder
from evisynth.intake.revman import convert_revman, settings_beside
from evisynth.intake.rows import Leftover, Made
from evisynth.intake.sheets import read_sheet
from evisynth.review.tables import TABLES

IMPORTS = "imports"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Attributes
    ----------
    rows : dict of str to int
        New or changed rows by table.
    leftovers : tuple of Leftover
        What has no place in the review, as written to ``imports/<file>.not_imported.csv``.
    notes : tuple of str
        What a person should know.
    listed : pathlib.Path or None
        That file; None where nothing was left over.
    """

    rows: dict[str, int]
    leftovers: tuple[Leftover, ...]
    notes: tuple[str, ...]
    listed: Path | None


def import_file(file: Path, mapping: Path, folder: Path, *, replace: bool = False) -> Imported:
    """Import a file into a review folder.

    Parameters
    ----------
    file : pathlib.Path
        CSV or XLSX with one header line, or an export of RevMan (``.rm5``, or the data rows of RevMan Web).
    mapping : pathlib.Path
        The YAML that maps its columns; see ``docs/start_a_review.md``.
    folder : pathlib.Path
        The review folder, as `evisynth new` made it. Example rows of the tables that get rows are taken out.
    replace : bool
        Whether a new row takes the place of one with the same key; otherwise a difference is a problem.

    Returns
    -------
    Imported

    Raises
    ------
    ImportRefused
        With every problem, by cell. Nothing was written.
    """
    file, mapping, folder = Path(file), Path(mapping), Path(folder)
    plan = read_mapping(mapping)
    if not folder.is_dir():
        raise no_folder(folder)
    if plan.format == "revman":
        found, notes = convert_revman(file, plan), ()
    else:
        sheet = read_sheet(file, plan.sheet, plan.separator, plan.header)
        found, notes = convert(sheet, plan), sheet.notes
    if not found.is_table:
        raise ImportRefused(found.problems, file.name)
    # what is wrong with single cells, and what is wrong with the rows that have sound cells, in one list
    merged = Merged(folder, replace, unsound={problem.order[0] for problem in found.problems})
    for row in (*_once(plan, mapping.name), *found.rows):
        merged.add(row)
    merged.check()
    if found.problems or merged.problems:
        raise ImportRefused([*found.problems, *merged.problems], file.name)
    contents = {TABLES[name].file: _table_text(name, merged.tables[name]) for name in merged.touched}
    kept = [file, mapping, *(settings_beside(file) if plan.format == "revman" else ())]
    contents |= {f"{IMPORTS}/{path.name}": path.read_bytes() for path in kept}
    listed = f"{IMPORTS}/{file.name}.not_imported.csv"
    if found.leftovers:
        contents[listed] = _leftover_text(found.leftovers)
    _write(folder, contents)
    if not found.leftovers:
        (folder / listed).unlink(missing_ok=True)
    place = folder / listed if found.leftovers else None
    return Imported(dict(merged.touched), tuple(found.leftovers), notes, place)


def _once(plan: Mapping, name: str) -> list[Made]:
    made = []
    for table, rows in plan.once.items():
        for number, cells in enumerate(rows, start=1):
            made.append(Made(table, dict(cells), {}, f"{name}, once.{table}, entry {number}"))
    return made


def _table_text(name: str, rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, TABLES[name].names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _leftover_text(leftovers: list[Leftover]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("place", "column", "value", "reason"))
    writer.writerows((item.place, item.column, item.value, item.reason) for item in leftovers)
    return text.getvalue().encode()


def _write(folder: Path, contents: dict[str, bytes]) -> None:
    """Write every file beside its place first, so that a full disk leaves the folder as it was."""
    (folder / IMPORTS).mkdir(parents=True, exist_ok=True)
    parts = {folder / name: folder / f"{name}.part" for name in contents}
    try:
        for part, content in zip(parts.values(), contents.values(), strict=True):
            part.write_bytes(content)
        for path, part in parts.items():
            os.replace(part, path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
