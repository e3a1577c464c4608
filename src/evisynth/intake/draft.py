"""A mapping to fill in, for a sheet that has none yet: its columns, and a place for each thing a review needs."""

from importlib.resources import files
from pathlib import Path
from string import Template

from evisynth.intake.problems import no_folder
from evisynth.intake.sheets import one_line, read_sheet, refused


def draft_mapping(file: Path, folder: Path) -> Path:
    """Write a mapping to fill in for a sheet, beside the other imports of a review.

    Parameters
    ----------
    file : pathlib.Path
        CSV or XLSX with its column names in the first row.
    folder : pathlib.Path
        The review folder.

    Returns
    -------
    pathlib.Path
        ``imports/<name of the file>.map.yaml`` in the folder. Every place to fill is refused until it is filled.

    Raises
    ------
    ImportRefused
        If the sheet cannot be read or is empty, or there is no such folder.
    FileExistsError
        If the draft is there already: it may hold somebody's work.
    """
    file, folder = Path(file), Path(folder)
    if not folder.is_dir():
        raise no_folder(folder)
    sheet = read_sheet(file)
    if not sheet.rows:
        raise refused(file, "no rows", "one row of column names, then one row for each trial", "check the file")
    names, *rest = ([one_line(cell.text) for cell in row] for row in sheet.rows[:2])
    first = rest[0] if rest else []
    width = max(len(name) for name in names)
    columns = [
        f"#   {name:{width}}   {text}".rstrip()
        for name, text in zip(names, first + [""] * len(names), strict=False)
        if name
    ]
    place = folder / "imports" / f"{file.stem}.map.yaml"
    if place.exists():
        raise FileExistsError(f"{place} is there already: fill it in, and name it with --mapping")
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = Template(files("evisynth.intake").joinpath("mapping_template.yaml").read_text("utf-8"))
    text = draft.substitute(name=file.name, file=file, folder=folder, place=place, columns="\n".join(columns))
    place.write_text(text, encoding="utf-8")
    return place
