"""Reading a long table: what is wrong is named by its line, and nothing else suffers from it."""

import pandas as pd
import pytest

from evisynth.corpus import CorpusError, CorpusSettings, read_studies, read_table
from evisynth.effects import effects_of_table

COUNTS = pd.DataFrame(
    [
        ("A", "one", 3, 20, 5, 20),
        ("A", "two", 4, 30, 8, 31),
        ("A", "two", 4, 30, 8, 31),
        ("B", "one", 3, 20, 5, 20),
        ("B", "two", "1,5", 30, 8, 31),
        ("B", "three", 0, 30, 0, 31),
        ("C", "one", 0, 20, 0, 20),
        ("", "one", 2, 20, 4, 25),
        ("D", "", 2, 20, 4, 25),
        ("D", "b", 2, 20, "", 25),
        ("D", "c", 25, 20, 4, 25),
        ("E", "a", 1, 20, 4, 25),
        ("E", "b", 6, 20, 9, 25),
    ],
    columns=["analysis", "study", "events_1", "n_1", "events_2", "n_2"],
).astype(str)


def test_every_row_that_is_not_used_is_named():
    found = read_studies(COUNTS, CorpusSettings("OR")).bad_rows
    assert list(found["line"]) == [3, 4, 6, 7, 8, 9, 10, 11, 12]
    unreadable = found["kind"] == "unreadable"
    assert list(found.loc[unreadable, "line"]) == [3, 4, 6, 9, 10, 12]
    rows = found.set_index("line")
    assert "found on lines 3, 4" in rows.loc[3, "reason"]
    assert rows.loc[6, ["analysis", "study", "column"]].tolist() == ["B", "two", "events_1"]
    assert "'1,5'" in rows.loc[6, "reason"]
    assert "no events in either arm" in rows.loc[7, "reason"]
    assert rows.loc[9, "column"] == "analysis"
    assert rows.loc[10, "column"] == "study"
    assert rows.loc[11, "reason"] == "not reported: events_2"
    assert "at most n_1, which is 20" in rows.loc[12, "reason"]


def test_an_analysis_with_an_unreadable_row_is_refused_or_made_from_the_others():
    refused = read_studies(COUNTS, CorpusSettings("OR")).analyses.set_index("analysis")
    assert refused["k"].to_dict() == {"A": 0, "B": 0, "C": 0, "D": 0, "E": 2}
    assert refused["bad_rows"].to_dict() == {"A": 2, "B": 1, "C": 0, "D": 2, "E": 0}
    assert refused["left_out"].to_dict() == {"A": 0, "B": 1, "C": 1, "D": 1, "E": 0}
    rest = read_studies(COUNTS, CorpusSettings("OR", bad_rows="leave-out")).analyses.set_index("analysis")
    assert rest["k"].to_dict() == {"A": 1, "B": 1, "C": 0, "D": 0, "E": 2}


def test_effects_are_those_of_the_single_table():
    found = read_studies(COUNTS, CorpusSettings("OR")).frame
    alone = effects_of_table(COUNTS[COUNTS["analysis"] == "E"], "OR")
    assert list(found["study"]) == alone.study
    assert found["yi"].tolist() == alone.yi.tolist()
    assert found["vi"].tolist() == alone.vi.tolist()


def test_csv_and_parquet_are_the_same_and_other_columns_do_no_harm(tmp_path):
    frame = pd.DataFrame(
        {"analysis": [1, 1, 2], "study": [10, 11, 10], "yi": [0.1, 0.25, -1 / 3], "vi": [0.1, 0.2, 0.3]}
    )
    frame.assign(note="1, 2").to_csv(tmp_path / "a.csv", index=False)
    frame.assign(note=[[1]] * 3).to_parquet(tmp_path / "a.parquet")
    settings = CorpusSettings()
    one, two = (read_studies(read_table(tmp_path / name, "GEN"), settings) for name in ("a.csv", "a.parquet"))
    pd.testing.assert_frame_equal(one.frame, two.frame)
    assert one.frame["analysis"].tolist() == ["1", "1", "2"]
    assert one.bad_rows.empty


def test_a_table_without_names_of_studies_calls_them_by_line():
    frame = pd.DataFrame({"analysis": ["x", "x"], "yi": ["1", "2"], "sei": ["0.5", "-1"]})
    found = read_studies(frame, CorpusSettings())
    assert found.bad_rows[["line", "study", "column"]].values.tolist() == [[3, "line 3", "sei"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("study,yi,vi\na,1,1\n", "column analysis: missing"),
        ("analysis,study,yi,v\nA,a,1,1\n", "column vi or sei: missing"),
        ("analysis,study,yi,vi\n", "no rows"),
        ("", "cannot be read"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(tmp_path, text, message):
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError, match=message):
        read_studies(read_table(path, "GEN"), CorpusSettings())


def test_a_missing_column_is_told_with_the_columns_there_are(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("analysis,study,event_1,n_1,events_2,n_2\nA,a,1,10,2,10\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="Is it the column 'event_1'"):
        read_studies(read_table(path, "OR"), CorpusSettings("OR"))


def test_all_that_is_wrong_with_the_settings_is_told_at_once():
    with pytest.raises(CorpusError) as caught:
        CorpusSettings("XX", ci="nope", tau_prior="foo:1", bad_rows="hide")
    assert len(caught.value.problems) == 4
    with pytest.raises(CorpusError, match="unknown setting 'tau'"):
        CorpusSettings.from_dict({"tau": 1})
    with pytest.raises(CorpusError, match=r"(?s)bayes is 'yes'.*level is 'high'"):
        CorpusSettings.from_dict({"bayes": "yes", "level": "high"})
    assert CorpusSettings.from_dict({"bayes": "false", "level": "0.9"}) == CorpusSettings(bayes=False, level=0.9)
    settings = CorpusSettings("smd", other_tau_priors=("exponential:1",))
    assert CorpusSettings.from_dict(settings.to_dict()) == settings


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_is_that_of_the_file(tmp_path, end):
    """Blank lines and line breaks inside a name are no rows; who opens the file looks for the line."""
    text = 'analysis,study,yi,vi\n\na,s1,1,1\n\na,s2,1,x\n"b\nc",s1,1,1\n"b\nc",s2,1,-1\nd,s1,,1'
    (tmp_path / "t.csv").write_text(text.replace("\n", end), encoding="utf-8-sig", newline="")
    bad = read_studies(read_table(tmp_path / "t.csv", "generic"), CorpusSettings()).bad_rows
    assert list(bad["line"]) == [5, 8, 10]
