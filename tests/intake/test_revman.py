"""Exports of RevMan, written after the published descriptions: figures of CLASP (binary), stroke units (means)."""

import csv
from math import exp, log, sqrt
from pathlib import Path

import pytest

from evisynth.intake import ImportRefused, import_file, new_review
from evisynth.review.examples import of_example
from evisynth.review.folder import load_review
from evisynth.review.problems import ReviewError

# DerSimonian & Kacker 2007, Contemp Clin Trials 28:105, the CLASP example: events and women, aspirin v control.
CLASP = [(5, 156, 8, 74), (5, 303, 17, 303), (12, 565, 9, 477), (69, 1570, 94, 1565), (9, 103, 11, 105)]
CLASP.append((313, 4659, 352, 4650))
# Normand 1999, Stat Med 18:321, table of lengths of stay after a stroke: n, mean, SD; specialist v routine care.
STAY = {
    "Edinburgh": (155, 55, 47, 156, 75, 64),
    "Orpington-Mild": (31, 27, 7, 32, 29, 4),
    "Montreal-Home": (8, 14, 8, 13, 18, 11),
}
MAP = """
format: revman
study_facts: {condition: as in the tables, design: parallel trial, source_id: tables, status: verified}
outcome_facts:
  "1.1": {benefit: lower, outcome_id: clasp}
  "2.1": {benefit: lower, outcome_id: stay, unit: days}
  "2.2": {benefit: lower, outcome_id: other}
treatments: {Aspirin: aspirin, Control: control, Specialist care: specialist, Routine care: routine}
once:
  sources: [{source_id: tables, kind: journal article, citation: the tables, read_as: data file, status: verified}]
"""


def rm5(path, extra=""):
    studies = "".join(f'<STUDY ID="STD-CLASP-{i}" NAME="CLASP  {i} 1994" YEAR="1994."/>' for i in range(1, 7))
    studies += "".join(f'<STUDY ID="STD-{name}" NAME="{name} 1999" YEAR="1999"/>' for name in STAY)
    binary = "".join(
        f'<DICH_DATA STUDY_ID="STD-CLASP-{i}" EVENTS_1="{a}" TOTAL_1="{n}" EVENTS_2="{c}" TOTAL_2="{m}" '
        'WEIGHT="10.0" ESTIMABLE="YES"/>'
        for i, (a, n, c, m) in enumerate(CLASP, start=1)
    )
    means = "".join(
        f'<CONT_SUBGROUP NO="{i}"><NAME>{name}</NAME><CONT_DATA STUDY_ID="STD-{name}" TOTAL_1="{v[0]}" '
        f'MEAN_1="{v[1]}.0" SD_1="{v[2]}.0" TOTAL_2="{v[3]}" MEAN_2="{v[4]}.0" SD_2="{v[5]}.0"/></CONT_SUBGROUP>'
        for i, (name, v) in enumerate(STAY.items(), start=1)
    )
    path.write_text(
        f"""<?xml version="1.0" encoding="UTF-8"?>
<COCHRANE_REVIEW TYPE="INTERVENTION"><STUDIES_AND_REFERENCES><STUDIES><INCLUDED_STUDIES>{studies}
</INCLUDED_STUDIES></STUDIES></STUDIES_AND_REFERENCES><ANALYSES_AND_DATA CALCULATED_DATA="YES">
<COMPARISON NO="1"><NAME>Aspirin versus control</NAME><DICH_OUTCOME NO="1" EFFECT_MEASURE="OR" SUBGROUPS="NO">
<NAME>Outcome of CLASP</NAME><GROUP_LABEL_1>Aspirin</GROUP_LABEL_1><GROUP_LABEL_2>Control</GROUP_LABEL_2>
{binary}</DICH_OUTCOME></COMPARISON>
<COMPARISON NO="2"><NAME>Care</NAME><CONT_OUTCOME NO="1" EFFECT_MEASURE="MD" SUBGROUPS="YES"><NAME>Length of stay</NAME>
<GROUP_LABEL_1>Specialist care</GROUP_LABEL_1><GROUP_LABEL_2>Routine care</GROUP_LABEL_2>{means}</CONT_OUTCOME>
{extra}</COMPARISON></ANALYSES_AND_DATA></COCHRANE_REVIEW>""",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def place(tmp_path):
    new_review(tmp_path / "mine")
    (tmp_path / "map.yaml").write_text(MAP, encoding="utf-8")
    return tmp_path


def brought(place, file, mapping=None):
    if mapping is not None:
        (place / "map.yaml").write_text(mapping, encoding="utf-8")
    return import_file(file, place / "map.yaml", place / "mine")


def rows(place, table):
    with (place / "mine" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_counts_and_means_of_an_rm5(place):
    done = brought(place, rm5(place / "review.rm5"))
    assert done.rows == {"sources": 1, "studies": 9, "outcomes": 2, "arms": 18}
    arms = {(row["study_id"], row["treatment"]): row for row in rows(place, "arms")}
    pairs = [(row["treatment"], int(row["events"]), int(row["n"])) for row in rows(place, "arms") if row["events"]]
    assert pairs == [pair for a, n, c, m in CLASP for pair in (("aspirin", a, n), ("control", c, m))]
    stay = arms["montreal_home1999", "specialist"]
    assert (stay["n"], stay["mean"], stay["sd"], stay["value_kind"]) == ("8", "14", "8", "final")
    assert stay["note"] == "subgroup in the export: Montreal-Home"
    assert {row["year"] for row in rows(place, "studies")} == {"1994", "1999"}
    with pytest.raises(ReviewError) as caught:
        load_review(place / "mine")
    assert all(of_example(problem) for problem in caught.value.problems)


def test_estimates_of_an_rm5_are_contrasts_and_unknown_measures_are_listed(place):
    a, n, c, m = CLASP[5]
    yi, sei = log(a * (m - c) / ((n - a) * c)), sqrt(1 / a + 1 / (n - a) + 1 / c + 1 / (m - c))
    value, low, high, se = (f"{x:.6f}" for x in (exp(yi), exp(yi - 1.96 * sei), exp(yi + 1.96 * sei), sei))
    outcome = (
        '<IV_OUTCOME NO="2" SUBGROUPS="NO"><NAME>Death</NAME><GROUP_LABEL_1>Aspirin</GROUP_LABEL_1>'
        "<GROUP_LABEL_2>Control</GROUP_LABEL_2><EFFECT_MEASURE>{}</EFFECT_MEASURE>"
        f'<IV_DATA STUDY_ID="STD-CLASP-6" EFFECT_SIZE="{value}" CI_START="{low}" CI_END="{high}" SE="{se}" TOTAL_1="0" '
        'TOTAL_2="0"/></IV_OUTCOME>'
    )
    brought(place, rm5(place / "review.rm5", outcome.replace("{}", "Odds Ratio")))
    (row,) = rows(place, "contrasts")
    wanted = {
        "statistic": "OR",
        "value": value,
        "ci_low": low,
        "ci_high": high,
        "se": "",
        "n_1": "",
        "treatment": "aspirin",
    }
    assert {name: row[name] for name in wanted} == wanted
    done = brought(place, rm5(place / "other.rm5", outcome.replace("{}", "Fold change")))
    assert ["does not know ('Fold change')" in item.reason for item in done.leftovers] == [True]


def test_what_has_no_column_is_listed(place):
    extra = (
        '<IPD_OUTCOME NO="3"><NAME>Death</NAME><IPD_DATA STUDY_ID="STD-CLASP-1" O_E="" VAR=""/></IPD_OUTCOME>'
        '<OTHER_OUTCOME NO="4"><NAME>Harms</NAME><OTHER_DATA STUDY_ID="STD-CLASP-2"><VALUE><P>no harms</P></VALUE>'
        "</OTHER_DATA></OTHER_OUTCOME>"
        '<DICH_OUTCOME NO="5" EFFECT_MEASURE="RR"><NAME>Nobody</NAME><DICH_DATA STUDY_ID="STD-CLASP-3" EVENTS_1="0" '
        'TOTAL_1="0" EVENTS_2="0" TOTAL_2="0"/></DICH_OUTCOME>'
    )
    done = brought(
        place, rm5(place / "review.rm5", extra), MAP.replace('  "2.2"', '  "2.5": {benefit: lower}\n  "2.2"')
    )
    reasons = [item.reason for item in done.leftovers]
    assert any("observed minus expected" in reason for reason in reasons)
    assert any("other data" in reason for reason in reasons)
    assert any("nobody in one of the groups" in reason for reason in reasons)
    assert any("no harms" in item.value for item in done.leftovers)


def test_a_study_in_two_subgroups_keeps_both(place):
    twice = (
        '<DICH_OUTCOME NO="2" EFFECT_MEASURE="RR" SUBGROUPS="YES"><NAME>Bleeding</NAME><DICH_SUBGROUP NO="1">'
        '<NAME>Early</NAME><DICH_DATA STUDY_ID="STD-CLASP-1" EVENTS_1="5" TOTAL_1="156" EVENTS_2="8" TOTAL_2="74"/>'
        '</DICH_SUBGROUP><DICH_SUBGROUP NO="2"><NAME>Late</NAME><DICH_DATA STUDY_ID="STD-CLASP-1" EVENTS_1="5" '
        'TOTAL_1="156" EVENTS_2="8" TOTAL_2="74"/></DICH_SUBGROUP></DICH_OUTCOME>'
    )
    brought(place, rm5(place / "review.rm5", twice))
    found = [row["variant"] for row in rows(place, "arms") if row["outcome_id"] == "other"]
    assert found == ["early", "early", "late", "late"]


def test_what_the_export_leaves_open_is_asked_for(place):
    with pytest.raises(ImportRefused) as caught:
        brought(place, rm5(place / "review.rm5"), "format: revman\n")
    text = str(caught.value)
    assert 'outcome_facts: {"1.1": {benefit: lower}}' in text
    assert "study_facts: {condition: ...}" in text
    with pytest.raises(ImportRefused, match="no XML"):
        (place / "broken.rm5").write_text("<COCHRANE_REVIEW>", encoding="utf-8")
        brought(place, place / "broken.rm5")


def test_only_the_comparisons_that_are_asked_for(place):
    done = brought(place, rm5(place / "review.rm5"), MAP + "comparisons: [1]\n")
    assert done.rows["arms"] == 12
    assert [item.reason for item in done.leftovers] == ["not one of the comparisons of the mapping"] * 3


WEB_HEADER = (
    "Analysis group,Analysis number,Analysis name,Subgroup,Applicability,Study,Study year,GIV Mean,GIV SE,"
    "Experimental mean,Experimental SD,Experimental cases,Experimental N,"
    "Control mean,Control SD,Control cases,Control N,"
    "O-E,Variance,Weight,Mean,CI start,CI end,Footnotes,Overall bias judgement"
)
SETTINGS = """Analysis group,Analysis number,Analysis name,Analysis group name,\
Experimental group label,Control group label,Effect measure,Study CI
1,1,Outcome of CLASP,Aspirin,Aspirin,Control,Odds Ratio,95%
2,1,Length of stay,Care,Specialist care,Routine care,Mean Difference,95%
"""


def web(place, settings=SETTINGS):
    lines = [WEB_HEADER]
    for i, (a, n, c, m) in enumerate(CLASP, start=1):
        note = "as printed" if i == 1 else ""
        lines.append(
            f"1,1,Outcome of CLASP,,,CLASP {i} 1994,1994,,,,,{a},{n},,,{c},{m},,,10,,,,{note},{'Low' if i == 1 else ''}"
        )
    for name, v in STAY.items():
        lines.append(f"2,1,Length of stay,,,{name} 1999,1999,,,{v[1]},{v[2]},,{v[0]},{v[4]},{v[5]},,{v[3]},,,5,,,,,")
    path = place / "CD000001-data-rows.csv"
    path.write_text("\ufeff" + "\n".join(lines) + "\n", encoding="utf-8")
    if settings:
        (place / "CD000001-overall-estimates-and-settings.csv").write_text(settings, encoding="utf-8")
    return path


def test_the_data_rows_of_revman_web_give_the_rows_of_the_rm5(place):
    done = brought(place, web(place))
    figures = ("study_id", "outcome_id", "treatment", "n", "events", "mean", "sd")
    found = [[row[name] for name in figures] for row in rows(place, "arms")]
    new_review(place / "again" / "mine")
    import_file(rm5(place / "review.rm5"), place / "map.yaml", place / "again" / "mine")
    with (place / "again" / "mine" / "arms.csv").open(encoding="utf-8", newline="") as file:
        assert found == [[row[name] for name in figures] for row in csv.DictReader(file)]
    assert {(item.column, item.value) for item in done.leftovers} == {
        ("Footnotes", "as printed"),
        ("Overall bias judgement", "Low"),
    }


def test_the_settings_of_the_data_package_are_needed(place):
    with pytest.raises(ImportRefused, match=r"CD000001-overall-estimates-and-settings.csv"):
        brought(place, web(place, settings=""))
    (place / "any.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ImportRefused, match="no column Analysis group"):
        brought(place, place / "any.csv")
    assert Path(place / "mine" / "imports").exists() is False


def edited(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "cell"),
    [
        ("55,47", '55,"47,5"', "row 8, column Experimental SD, meant for sd"),
        ("55,47", "55,NR", "row 8, column Experimental SD, meant for sd"),
        (",5,156,", ",5,156 (3%),", "row 2, column Experimental N, meant for n"),
        (",5,156,", ",<5,156,", "row 2, column Experimental cases, meant for events"),
        ("55,47", "55,47,5", "row 8: found 26 cells"),
        ("CLASP 1", '"CLASP 1', "no CSV in line"),
    ],
)
def test_what_somebody_typed_into_the_data_rows_is_named(place, old, new, cell):
    with pytest.raises(ImportRefused) as caught:
        brought(place, edited(web(place), old, new))
    assert f"CD000001-data-rows.csv, {cell}".replace(", no", ": found text that is no") in str(caught.value)
    assert not (place / "mine" / "imports").exists()


def test_a_figure_of_an_rm5_that_is_no_number_is_not_taken_for_none(place):
    with pytest.raises(ImportRefused, match=r"analysis 2.1, STD-Edinburgh.*'47,5'"):
        brought(place, edited(rm5(place / "review.rm5"), 'SD_1="47.0"', 'SD_1="47,5"'))
    with pytest.raises(ImportRefused, match=r"analysis 1.1, STD-CLASP-1.*'156 \(3%\)'"):
        brought(place, edited(rm5(place / "review.rm5"), 'TOTAL_1="156"', 'TOTAL_1="156 (3%)"'))
    with pytest.raises(ImportRefused, match="no comparison"):
        (place / "other.rm5").write_text("<a/>", encoding="utf-8")
        brought(place, place / "other.rm5")


def test_the_data_package_is_kept_with_its_settings_and_can_be_imported_again(place):
    brought(place, web(place))
    kept = place / "mine" / "imports"
    done = import_file(kept / "CD000001-data-rows.csv", kept / "map.yaml", place / "mine")
    assert done.rows == {}


def test_settings_that_were_changed_are_refused(place):
    file = web(place, SETTINGS.replace("Analysis number", "Number"))
    with pytest.raises(ImportRefused, match="no column Analysis number"):
        brought(place, file)
