"""Import of a flat table: what is written, what is kept, what is listed."""

import csv
import hashlib
from pathlib import Path

import pytest

from evisynth.effects import effects_of_table
from evisynth.intake import ImportRefused, import_file, new_review
from evisynth.intake.rows import short_name
from evisynth.review import load_review

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
UNUSED = ["certainty", "claims", "corrections", "judgements", "published_pools", "risk_of_bias", "screening"]


def review(tmp_path, name, file, unused=UNUSED):
    folder = tmp_path / name
    new_review(folder)
    done = import_file(EXAMPLES / file, EXAMPLES / f"{name}.map.yaml", folder)
    (folder / "review.yaml").write_bytes((EXAMPLES / f"{name}.review.yaml").read_bytes())
    for table in unused:
        (folder / f"{table}.csv").unlink()
    return folder, done


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("Ferguson & Simes", "1949"), "ferguson_simes1949"),
        (("Frimodt-Møller", "1973"), "frimodt_moller1973"),
        (("Rodríguez-Freire", "2026"), "rodriguez_freire2026"),
        (("Łukasz (a)", ""), "lukasz_a"),
        (("Aronson 1948",), "aronson1948"),
        (("—",), ""),
    ],
)
def test_short_names(parts, name):
    assert short_name(*parts) == name


def test_the_bcg_table_gives_the_figures_of_the_bcg_review(tmp_path):
    folder, _ = review(tmp_path, "bcg", "bcg.csv", [*UNUSED, "contrasts"])
    load_review(folder)
    wanted = {tuple(r[c] for c in ("study_id", "arm", "n", "events")) for r in rows(ROOT / "data" / "bcg" / "arms.csv")}
    found = {tuple(r[c] for c in ("study_id", "arm", "n", "events")) for r in rows(folder / "arms.csv")}
    assert found == wanted


def test_the_first_effect_is_the_published_one(tmp_path):
    folder, _ = review(tmp_path, "bcg", "bcg.csv", [*UNUSED, "contrasts"])
    arms = load_review(folder).received["arms"].text
    wide = arms[arms["arm"] == "bcg"].merge(arms[arms["arm"] == "control"], on="study_id", suffixes=("_1", "_2"))
    effects = effects_of_table(
        wide.rename(columns={"study_id": "study"})[["study", "events_1", "n_1", "events_2", "n_2"]], "RR"
    )
    # metafor's help page of escalc prints -0.8893 and 0.3256 for the first trial.
    assert effects.yi[0] == pytest.approx(-0.8893, abs=5e-5)
    assert effects.vi[0] == pytest.approx(0.3256, abs=5e-5)


def test_a_workbook_with_means_and_counts(tmp_path):
    folder, done = review(tmp_path, "fibromyalgia", "fibromyalgia.xlsx", [*UNUSED, "moderators"])
    found = load_review(folder)
    assert found.members == {
        "pain": ["due_bruun2024", "rodriguez_freire2026"],
        "adverse_event": ["due_bruun2024", "rodriguez_freire2026"],
    }
    assert [item.place for item in done.leftovers] == ["Trials, row 4"] * 3
    assert all("no figure" in item.reason for item in done.leftovers)


def test_the_file_and_its_mapping_are_kept(tmp_path):
    folder, _ = review(tmp_path, "bcg", "bcg.csv")
    for name in ("bcg.csv", "bcg.map.yaml"):
        kept, given = ((place / name).read_bytes() for place in (folder / "imports", EXAMPLES))
        assert hashlib.sha256(kept).digest() == hashlib.sha256(given).digest()


def test_the_same_file_again_changes_nothing(tmp_path):
    folder, _ = review(tmp_path, "bcg", "bcg.csv")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = import_file(folder / "imports" / "bcg.csv", folder / "imports" / "bcg.map.yaml", folder)
    assert done.rows == {}
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_other_figures_for_the_same_row_are_refused_unless_replaced(tmp_path):
    folder, _ = review(tmp_path, "bcg", "bcg.csv")
    other = tmp_path / "bcg.csv"
    other.write_text((EXAMPLES / "bcg.csv").read_text(encoding="utf-8").replace("1948,4,123", "1948,5,123"), "utf-8")
    with pytest.raises(
        ImportRefused, match=r"'aronson1948:tuberculosis:bcg' again with '5' as events; arms.csv has '4'"
    ):
        import_file(other, EXAMPLES / "bcg.map.yaml", folder)
    assert import_file(other, EXAMPLES / "bcg.map.yaml", folder, replace=True).rows["arms"] == 26
    assert rows(folder / "arms.csv")[0]["events"] == "5"
    assert len(rows(folder / "arms.csv")) == 26


def test_columns_without_a_place_are_listed_cell_by_cell(tmp_path):
    mapping = tmp_path / "map.yaml"
    text = (EXAMPLES / "bcg.map.yaml").read_text(encoding="utf-8")
    mapping.write_text("\n".join(line for line in text.splitlines() if "value: allocation}" not in line), "utf-8")
    new_review(tmp_path / "tb")
    done = import_file(EXAMPLES / "bcg.csv", mapping, tmp_path / "tb")
    listed = rows(done.listed)
    assert {
        "place": "bcg.csv!I2",
        "column": "allocation",
        "value": "random",
        "reason": "no place in the mapping",
    } in listed
    assert len(listed) == 26


LONG = """study,year,arm,outcome,people,with event
Aronson,1948,BCG,TB,123,4
Aronson,1948,none,TB,139,11
Aronson,1948,none,hearsay,139,11
"""
LONG_MAP = """
once:
  sources: [{source_id: colditz1994, kind: journal article, citation: Colditz 1994, read_as: table, status: verified}]
  outcomes: [{outcome_id: tuberculosis, name: Tuberculosis, type: binary, benefit: lower}]
shared:
  study_id: {columns: [study, year]}
  outcome_id: {value: tuberculosis}
  source_id: {value: colditz1994}
  status: {value: verified}
each_row:
  studies: [{label: {columns: [study, year]}, year: year, condition: {value: TB}, design: {value: parallel trial}}]
  arms:
    - when: {column: outcome, one_of: [TB]}
      arm: {column: arm, words: {BCG: bcg, none: control}}
      treatment: {column: arm, words: {BCG: bcg, none: control}}
      value_kind: {value: event}
      n: people
      events: with event
"""


def long_table(tmp_path, table=LONG, mapping=LONG_MAP):
    (tmp_path / "long.csv").write_text(table, encoding="utf-8")
    (tmp_path / "map.yaml").write_text(mapping, encoding="utf-8")
    if not (tmp_path / "tb").exists():
        new_review(tmp_path / "tb")
    return import_file(tmp_path / "long.csv", tmp_path / "map.yaml", tmp_path / "tb")


def test_one_row_an_arm(tmp_path):
    assert long_table(tmp_path).rows == {"sources": 1, "outcomes": 1, "studies": 1, "arms": 2}
    found = [(row["arm"], row["n"], row["events"]) for row in rows(tmp_path / "tb" / "arms.csv")]
    assert found == [("bcg", "123", "4"), ("control", "139", "11")]


def test_a_study_that_says_two_things_is_named_with_both_cells(tmp_path):
    with pytest.raises(ImportRefused, match=r"long.csv!E3") as caught:
        long_table(tmp_path, LONG.replace("none,TB,139,11", "BCG,TB,139,11"))
    assert "long.csv!E2 has '123'" in str(caught.value)


def test_a_word_that_the_mapping_does_not_know(tmp_path):
    with pytest.raises(ImportRefused, match=r"long.csv!C2.*'BCG vaccine'.*BCG | none"):
        long_table(tmp_path, LONG.replace("BCG,TB", "BCG vaccine,TB"))


def test_figures_are_never_called_verified_by_default(tmp_path):
    with pytest.raises(ImportRefused, match=r"no status for studies.csv, arms.csv"):
        long_table(tmp_path, mapping=LONG_MAP.replace("  status: {value: verified}\n", ""))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("n: people", "n: persons", "no column 'persons'"),
        ("n: people", "number: people", "arms.csv has no column 'number'"),
        ("arms:", "arm:", "each_row names no table 'arm'"),
        ("once:", "first:", "this key does not exist"),
        ("n: people", "n: {colum: people}", "line 17"),
        ("once:", "once: [", "no YAML"),
    ],
)
def test_a_wrong_mapping_is_explained(tmp_path, old, new, message):
    with pytest.raises(ImportRefused, match=message):
        long_table(tmp_path, mapping=LONG_MAP.replace(old, new))


def test_sums_of_columns(tmp_path):
    table = LONG.replace("people", "without event").replace(",123,", ",119,").replace(",139,", ",128,")
    mapping = LONG_MAP.replace("n: people", "n: {sum: [without event, with event]}")
    long_table(tmp_path, table, mapping)
    assert [row["n"] for row in rows(tmp_path / "tb" / "arms.csv")] == ["123", "139"]


COVIDENCE = """Covidence #,Study ID,Title,Reviewer Name,cases,people
12,Aronson 1948,BCG,A Reader,4,120
12,Aronson 1948,BCG,Consensus,4,123
13,Ferguson 1949,BCG,A Reader,6,306
14,Rosenthal 1960,BCG,A Reader,3,231
14,Rosenthal 1960,BCG,B Reader,3,230
"""


def test_covidence_takes_what_the_readers_agreed_on(tmp_path):
    mapping = LONG_MAP.split("  arms:")[0].replace("{columns: [study, year]}", "Study ID").replace("year: year, ", "")
    mapping += (
        "  arms: [{arm: {value: bcg}, treatment: {value: bcg}, value_kind: {value: event}, n: people, events: cases}]\n"
    )
    done = long_table(tmp_path, COVIDENCE, "format: covidence\n" + mapping)
    assert [(row["study_id"], row["n"]) for row in rows(tmp_path / "tb" / "arms.csv")] == [
        ("aronson1948", "123"),
        ("ferguson1949", "306"),
    ]
    reasons = {item.place: item.reason for item in done.leftovers if item.column == "the whole row"}
    assert "Consensus" in reasons["long.csv, row 2"]
    assert "agree in Covidence first" in reasons["long.csv, row 5"]
    with pytest.raises(ImportRefused, match="no column 'Reviewer Name'"):
        long_table(tmp_path, COVIDENCE.replace("Reviewer Name", "Reader"), "format: covidence\n" + mapping)
