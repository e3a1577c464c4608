"""Exports of RevMan: the .rm5 of RevMan 5 and the data rows of RevMan Web's data package.

Both are turned into the same records first; one set of rules makes rows of a review of them.
"""

import csv
import io
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from evisynth.intake.convert import Converted
from evisynth.intake.mapping import Mapping, OutcomeFacts
from evisynth.intake.problems import CellProblem, ImportRefused
from evisynth.intake.rows import Leftover, Made, short_name
from evisynth.intake.sheets import refused

# The words of both exports for measures that contrasts.csv knows.
_STATISTICS = {
    "OR": "OR",
    "ODDS RATIO": "OR",
    "RR": "RR",
    "RISK RATIO": "RR",
    "RD": "RD",
    "RISK DIFFERENCE": "RD",
    "MD": "MD",
    "MEAN DIFFERENCE": "MD",
    "SMD": "SMD",
    "STD. MEAN DIFFERENCE": "SMD",
    "STANDARDISED MEAN DIFFERENCE": "SMD",
    "HAZARD RATIO": "HR",
    "HR": "HR",
    "RATE RATIO": "IRR",
}
_RATIOS = ("OR", "RR", "HR", "IRR")
_KINDS = {"DICH": "binary", "CONT": "continuous", "IV": "continuous"}
_WEB = {
    "events_1": "Experimental cases",
    "n_1": "Experimental N",
    "mean_1": "Experimental mean",
    "sd_1": "Experimental SD",
    "events_2": "Control cases",
    "n_2": "Control N",
    "mean_2": "Control mean",
    "sd_2": "Control SD",
    "value": "Mean",
    "ci_low": "CI start",
    "ci_high": "CI end",
    "giv_se": "GIV SE",
    "oe": "O-E",
}
# What RevMan computed or drew from the figures: not facts, so not left over either.
_COMPUTED = {"Weight", "Applicability", "Subgroup", "Subgroup number", "Analysis name", "GIV Mean", "Variance"}


@dataclass(frozen=True, slots=True)
class Record:
    """One line of one analysis: a study's figures as the export holds them (blank: absent)."""

    place: str
    number: str
    name: str
    kind: str
    measure: str
    level: str
    groups: tuple[str, str]
    subgroup: str
    study: str
    year: str
    figures: dict[str, str]
    order: tuple[int, int]
    rest: dict[str, str]
    places: dict[str, str] = field(default_factory=dict)


def convert_revman(path: Path, mapping: Mapping) -> Converted:
    """Make the rows of a review of an export of RevMan.

    Parameters
    ----------
    path : pathlib.Path
        ``.rm5``, or ``...-data-rows.csv`` with ``...-overall-estimates-and-settings.csv`` beside it.
    mapping : Mapping
        ``format: revman``: which comparisons, what every study has in common, each outcome's direction.
    """
    path = Path(path)
    if not path.is_file():
        raise refused(path, "no such file", "a .rm5 file or the data rows of RevMan Web", "check the path")
    out = Converted()
    records = _read_rm5(path, out) if path.suffix.lower() == ".rm5" else _read_web(path, out)
    wanted = [record for record in records if not mapping.comparisons or _comparison(record) in mapping.comparisons]
    out.leftovers += [
        Leftover(record.place, "the whole row", record.study, "not one of the comparisons of the mapping")
        for record in records
        if record not in wanted
    ]
    out.problems += _missing_facts(path, wanted, mapping)
    out.is_table = not out.problems
    if out.is_table:
        _rows(wanted, mapping, out)
    return out


def _comparison(record: Record) -> int | None:
    number = record.number.split(".")[0]
    return int(number) if number.isdecimal() else None


def _missing_facts(path: Path, records: list[Record], mapping: Mapping) -> list[CellProblem]:
    problems = []
    for name in ("condition", "design", "source_id", "status"):
        if name not in mapping.study_facts:
            text = f"{name} of every study"
            problems.append(CellProblem(path.name, f"no {name}", text, f"add it to study_facts: {{{name}: ...}}"))
    for number, name in dict.fromkeys((record.number, record.name) for record in records):
        if number not in mapping.outcome_facts:
            found = f"the outcome {number} '{name}', of which RevMan does not say which direction is good"
            advice = f'add outcome_facts: {{"{number}": {{benefit: lower}}}} to the mapping, or choose comparisons'
            problems.append(CellProblem(path.name, found, "benefit: lower or higher", advice))
    return problems


def _read_rm5(path: Path, out: Converted) -> list[Record]:
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise refused(path, f"text that is no XML ({error})", "a .rm5 file", "export the review again") from None
    if not any(True for _ in root.iter("COMPARISON")):
        raise refused(path, "no comparison", "a review with its analyses", "export the review with data and analyses")
    studies = {study.get("ID", ""): study for study in root.iter("STUDY")}
    records: list[Record] = []
    for comparison in root.iter("COMPARISON"):
        for outcome in comparison:
            kind = outcome.tag.removesuffix("_OUTCOME")
            if kind == outcome.tag:
                continue
            number = f"{comparison.get('NO', '0')}.{outcome.get('NO', '0')}"
            for subgroup in [outcome, *outcome.iter(f"{kind}_SUBGROUP")]:
                for entry in subgroup.findall(f"{kind}_DATA"):
                    label = "" if subgroup is outcome else _text(subgroup, "NAME")
                    place = f"{path.name}, analysis {number}, {entry.get('STUDY_ID', '')}"
                    record = _rm5_record(place, number, outcome, kind, label, entry, studies, len(records))
                    _keep(record, kind, out, records)
    return records


def _keep(record: Record, kind: str, out: Converted, records: list[Record]) -> None:
    if kind in _KINDS:
        records.append(record)
        return
    reason = "observed minus expected events and their variance have no column in a review"
    if kind == "OTHER":
        reason = "text of an 'other data' table"
    text = "; ".join(f"{name} {value}" for name, value in record.rest.items())
    out.leftovers.append(Leftover(record.place, record.name, f"{record.study}: {text}", reason))


def _rm5_record(place, number, outcome, kind, label, entry, studies, at) -> Record:
    study = studies.get(entry.get("STUDY_ID", ""))
    name = study.get("NAME", "") if study is not None else entry.get("STUDY_ID", "").removeprefix("STD-")
    pairs = {"events": "EVENTS", "n": "TOTAL", "mean": "MEAN", "sd": "SD"}
    figures = {f"{key}_{side}": _number(entry.get(f"{tag}_{side}", "")) for key, tag in pairs.items() for side in "12"}
    figures |= {"value": entry.get("EFFECT_SIZE", ""), "ci_low": entry.get("CI_START", "")}
    figures |= {"ci_high": entry.get("CI_END", ""), "giv_se": entry.get("SE", "")}
    groups = _text(outcome, "GROUP_LABEL_1") or "Experimental", _text(outcome, "GROUP_LABEL_2") or "Control"
    return Record(
        place,
        number,
        _text(outcome, "NAME"),
        kind,
        (outcome.get("EFFECT_MEASURE") or _text(outcome, "EFFECT_MEASURE")).replace("_", " "),
        outcome.get("CI_STUDY", "95"),
        groups,
        label,
        " ".join(name.split()),
        (study.get("YEAR", "") if study is not None else "").strip(". "),
        figures,
        (at, 0),
        dict(entry.attrib) | ({"text": " ".join("".join(entry.itertext()).split())} if kind == "OTHER" else {}),
    )


def _text(node, tag: str) -> str:
    found = node.find(tag)
    return "" if found is None else " ".join("".join(found.itertext()).split())


def _number(text: str) -> str:
    return text.removesuffix(".0") if text.removesuffix(".0").isdigit() else text


def _read_web(path: Path, out: Converted) -> list[Record]:
    rows = _csv(path)
    needed = {"Analysis group", "Analysis number", "Study", *list(_WEB.values())[:11]}
    missing = sorted(needed - set(rows[0] if rows else {}))
    if missing:
        advice = "give the file whose name ends in -data-rows.csv of the data package"
        raise refused(path, f"no column {', '.join(missing)}", "the data rows of RevMan Web", advice)
    found = settings_beside(path)
    if not found:
        advice = "put the file of the same data package beside it: the names of the groups and the measure stand there"
        raise refused(path, "no settings", _settings_name(path), advice)
    overall = _csv(found[0])
    missing = [name for name in ("Analysis group", "Analysis number") if overall and name not in overall[0]]
    if missing:
        advice = "take the file as it was downloaded: it was changed since"
        raise refused(found[0], f"no column {', '.join(missing)}", "the settings of RevMan Web", advice)
    settings = {f"{row['Analysis group']}.{row['Analysis number']}": row for row in overall}
    records = []
    for line, row in enumerate(rows, start=2):
        record = _web_record(path, line, row, settings.get(f"{row['Analysis group']}.{row['Analysis number']}", {}))
        for name, value in record.rest.items():
            reason = "a judgement without the answers to its questions" if _judged(name) else "no column in a review"
            out.leftovers.append(Leftover(record.place, name, value, reason))
        if record.kind in _KINDS:
            records.append(record)
        else:
            reason = "neither counts, means nor an estimate with its interval"
            out.leftovers.append(Leftover(record.place, "the whole row", record.study, reason))
    return records


def _settings_name(path: Path) -> str:
    return path.name.replace("-data-rows", "-overall-estimates-and-settings")


def settings_beside(path: Path) -> tuple[Path, ...]:
    """Return the file of a data package that lies beside its data rows and is read with them; blank for others."""
    beside = path.with_name(_settings_name(path))
    return (beside,) if beside != path and beside.is_file() else ()


def _judged(name: str) -> bool:
    return name.endswith((" judgement", " support"))


def _csv(path: Path) -> list[dict[str, str]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refused(path, "bytes that are not UTF-8", "text in UTF-8", "save the file as UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header, *rows = (row for row in reader if any(cell.strip() for cell in row))
    except ValueError:
        header, rows = [], []
    except csv.Error as error:
        found = f"text that is no CSV in line {reader.line_num} ({error})"
        raise refused(path, found, "cells", "check the quotes there") from None
    wrong = [
        CellProblem(
            f"{path.name}, row {line}",
            f"{len(row)} cells",
            f"{len(header)}, as in the header",
            "take the file as it was downloaded: it was changed since",
        )
        for line, row in enumerate(rows, start=2)
        if len(row) != len(header)
    ]
    if wrong:
        raise ImportRefused(wrong, path.name)
    return [dict(zip(header, row, strict=True)) for row in rows]


def _web_record(path: Path, line: int, row: dict[str, str], settings: dict[str, str]) -> Record:
    figures = {name: _number(row.get(column, "").strip()) for name, column in _WEB.items()}
    kind = ""
    if figures["events_1"] and figures["events_2"]:
        kind = "DICH"
    elif figures["mean_1"] and figures["mean_2"]:
        kind = "CONT"
    elif figures["giv_se"] and figures["value"] and not figures["oe"]:
        kind = "IV"
    taken = {*_WEB.values(), *_COMPUTED, "Analysis group", "Analysis number", "Study", "Study year"}
    return Record(
        f"{path.name}, row {line}",
        f"{row['Analysis group']}.{row['Analysis number']}",
        settings.get("Analysis name") or row.get("Analysis name", ""),
        kind,
        settings.get("Effect measure", ""),
        settings.get("Study CI", "").rstrip("%").strip() or "95",
        (
            settings.get("Experimental group label") or settings.get("Experimental intervention") or "Experimental",
            settings.get("Control group label") or settings.get("Control intervention") or "Control",
        ),
        row.get("Subgroup", ""),
        " ".join(row["Study"].split()),
        row.get("Study year", "").strip(),
        figures,
        (line, 0),
        {name: value for name, value in row.items() if value.strip() and name not in taken},
        {name: f"{path.name}, row {line}, column {column}" for name, column in _WEB.items()},
    )


def _rows(records: list[Record], mapping: Mapping, out: Converted) -> None:
    twice = Counter((record.number, record.study) for record in records)
    for record in records:
        facts = mapping.outcome_facts[record.number]
        outcome = facts.outcome_id or short_name(record.name)
        study = short_name(record.study)
        names = [mapping.treatments.get(label, short_name(label)) for label in record.groups]
        variant = short_name(record.subgroup) if twice[record.number, record.study] > 1 else ""
        here = {"study_id": study, "outcome_id": outcome, "variant": variant}
        here |= {
            "source_id": mapping.study_facts["source_id"],
            "locator": record.place,
            "status": mapping.study_facts["status"],
        }
        here["note"] = f"subgroup in the export: {record.subgroup}" if record.subgroup else ""
        made = _figures(record, facts, here, names)
        if isinstance(made, str):
            out.leftovers.append(Leftover(record.place, record.name, record.study, made))
            continue
        out.rows.append(_study(record, study, mapping))
        out.rows.append(_outcome(record, outcome, facts))
        out.rows += made


def _study(record: Record, study: str, mapping: Mapping) -> Made:
    cells = {"study_id": study, "label": record.study, "year": record.year if record.year.isdigit() else ""}
    cells |= {"locator": record.place, **mapping.study_facts}
    return Made("studies", cells, {}, record.place, record.order, frozenset({"locator"}))


def _outcome(record: Record, outcome: str, facts: OutcomeFacts) -> Made:
    cells = {"outcome_id": outcome, "name": record.name, "type": _KINDS[record.kind], "benefit": facts.benefit}
    cells |= {"unit": facts.unit, "mid": facts.mid, "mid_source": facts.mid_source}
    return Made("outcomes", cells, {}, record.place, record.order)


def _figures(record: Record, facts: OutcomeFacts, here: dict[str, str], names: list[str]) -> list[Made] | str:
    """Return the rows of a record, or why there are none."""
    figures = record.figures
    if record.kind == "IV":
        return _contrast(record, here, names)
    if _nothing(figures["n_1"]) or _nothing(figures["n_2"]):
        return "nobody in one of the groups"
    if record.kind == "CONT" and (_nothing(figures["sd_1"]) or _nothing(figures["sd_2"])):
        return "a standard deviation of 0 or none: the figures were not reported"
    columns = ("n", "events") if record.kind == "DICH" else ("n", "mean", "sd")
    kind = "event" if record.kind == "DICH" else facts.value_kind
    rows = []
    for side, name in zip("12", names, strict=True):
        cells = {column: figures[f"{column}_{side}"] for column in columns}
        cells |= {"arm": name, "treatment": name, "value_kind": kind, **here}
        places = {column: record.places[f"{column}_{side}"] for column in columns if record.places}
        rows.append(Made("arms", cells, places, record.place, record.order, frozenset({"locator"})))
    return rows


def _contrast(record: Record, here: dict[str, str], names: list[str]) -> list[Made] | str:
    statistic = _STATISTICS.get(record.measure.strip().upper())
    if statistic is None:
        return f"an estimate of a measure that a review does not know ('{record.measure}')"
    figures = record.figures
    if not (figures["value"] and figures["ci_low"] and figures["ci_high"]):
        return "an estimate without its interval"
    cells = {"statistic": statistic, "treatment": names[0], "comparator": names[1], **here}
    cells |= {name: figures[name] for name in ("value", "ci_low", "ci_high")}
    cells["ci_level"] = "" if record.level in ("95", "95.0") else record.level
    if statistic not in _RATIOS:
        cells["se"] = figures["giv_se"]
    for side in "12":
        cells[f"n_{side}"] = "" if _nothing(figures[f"n_{side}"]) else figures[f"n_{side}"]
    places = {name: place for name, place in record.places.items() if name in cells}
    return [Made("contrasts", cells, places, record.place, record.order, frozenset({"locator"}))]


def _nothing(text: str) -> bool:
    """Say whether a figure is blank or 0; what is no number is for the check of the cells to name."""
    try:
        return not text or float(text) == 0
    except ValueError:
        return False
