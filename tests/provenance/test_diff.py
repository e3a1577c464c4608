"""What moved between two folders of results: by key, by how much, and whether a conclusion changed."""

import csv
import json
import re
import shutil

import pytest
from typer.testing import CliRunner

from evisynth.cli import _app
from evisynth.comparison import CannotCompareError, Thresholds, compare_results, to_html, to_markdown, to_text

POOLED = "pooled/estimates.csv"
HEADLINE = "heavy_drinking:RR:reml_hksj_safe"


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return list(reader.fieldnames), list(reader)


def write(path, names, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def change(folder, table, where, **cells):
    """Set cells of the one row that `where` names."""
    names, rows = read(folder / table)
    (row,) = [row for row in rows if all(row[name] == value for name, value in where.items())]
    row.update(cells)
    write(folder / table, names, rows)
    return row


@pytest.fixture
def pair(results, tmp_path):
    """Two copies of the results of the mini review."""
    skip = shutil.ignore_patterns("report", "provenance")
    return tuple(shutil.copytree(results, tmp_path / name, ignore=skip) for name in ("old", "new"))


def row_of(method="reml_hksj_safe"):
    return {"synthesis": "heavy_drinking", "measure": "RR", "method": method}


def call(*words):
    return CliRunner().invoke(_app("diff"), [str(word) for word in words])


def test_the_same_results_have_not_moved(pair):
    found = compare_results(*pair)
    assert not found.moved
    assert len(found.tables) > 20
    assert call(*pair).exit_code == 0


def test_the_order_of_rows_and_columns_is_no_difference(pair):
    for table in (POOLED, "effects/effects.csv", "checked/arms.csv", "quality/integrity.csv"):
        names, rows = read(pair[1] / table)
        write(pair[1] / table, names[::-1], rows[::-1])
    assert not compare_results(*pair).moved


def test_a_column_that_is_new_or_gone_and_rows_in_and_out_are_named(pair):
    names, rows = read(pair[1] / POOLED)
    gone = rows.pop()
    write(pair[1] / POOLED, [name for name in names if name != "h2"] + ["extra"], rows)
    move = compare_results(*pair).table(POOLED)
    assert (move.columns_in, move.columns_out) == (("extra",), ("h2",))
    assert list(move.rows_out) == [":".join(gone[name] for name in ("synthesis", "measure", "method"))]
    assert list(compare_results(*reversed(pair)).table(POOLED).rows_in) == list(move.rows_out)


def test_rounding_is_counted_and_is_no_difference(pair):
    names, rows = read(pair[1] / POOLED)
    for row in rows:
        if row["estimate"]:
            row["estimate"] = repr(float(row["estimate"]) * (1 + 1e-10))
    write(pair[1] / POOLED, names, rows)
    found = compare_results(*pair)
    assert not found.moved
    assert found.table(POOLED).within == sum(bool(row["estimate"]) for row in rows)
    assert "within rounding or chance" in to_text(found)
    assert compare_results(*pair, Thresholds(relative=0)).moved


def test_an_estimate_moves_in_standard_errors_and_on_the_scale_that_readers_see(pair):
    old = change(pair[0], POOLED, row_of(), estimate="-0.4", se="0.1", natural_estimate="0.67")
    change(pair[1], POOLED, row_of(), estimate="-0.35", se="0.2", natural_estimate="0.7")
    cells = {cell.column: cell for cell in compare_results(*pair).table(POOLED).cells}
    assert cells["estimate"].difference == pytest.approx(0.05)
    assert cells["estimate"].in_errors == pytest.approx(0.5), "in standard errors of the old row"
    assert cells["natural_estimate"].difference == pytest.approx(0.03)
    text = call(*pair).output
    assert f"{POOLED}:{HEADLINE} (headline)" in text
    assert "moved by +0.05; in standard errors +0.50" in text
    assert old["natural_ci_low"][:4] in text


@pytest.mark.parametrize(
    ("old", "new", "what", "answers"),
    [
        (("-0.2", "-0.4", "-0.1"), ("-0.2", "-0.5", "0.1"), "interval", ("excludes no effect", "includes no effect")),
        (("-0.2", "-0.5", "0.1"), ("0.1", "-0.2", "0.5"), "side", ("below no effect", "above no effect")),
    ],
)
def test_a_conclusion_that_changes_is_named(pair, old, new, what, answers):
    for folder, numbers in zip(pair, (old, new), strict=True):
        change(folder, POOLED, row_of(), **dict(zip(("estimate", "ci_low", "ci_high"), numbers, strict=True)))
    (found,) = compare_results(*pair).conclusions
    assert (found.key, found.what, found.old, found.new) == (HEADLINE, what, *answers)
    assert found.headline
    assert "1 conclusion changed, 1 of a headline estimate" in call(*pair).output


def test_a_limit_at_no_effect_includes_it(pair):
    change(pair[0], POOLED, row_of(), ci_low="-0.4", ci_high="-0.0001")
    change(pair[1], POOLED, row_of(), ci_low="-0.4", ci_high="0")
    assert [one.what for one in compare_results(*pair).conclusions] == ["interval"]


def test_an_estimate_that_passes_the_minimal_important_difference_is_named(pair):
    for folder in pair:
        path = folder / "checked" / "plan.json"
        stored = json.loads(path.read_text(encoding="utf-8"))
        for synthesis in stored["plan"]["syntheses"]:
            if synthesis["id"] == "heavy_drinking":
                synthesis["minimal_important_difference"] = {"value": 0.22, "source": "made up for this test"}
        path.write_text(json.dumps(stored), encoding="utf-8")
    for folder, estimate in zip(pair, ("-0.29", "-0.16"), strict=True):
        change(folder, POOLED, row_of(), estimate=estimate, ci_low="-0.5", ci_high="-0.1")
    (found,) = compare_results(*pair).conclusions
    assert found.what == "importance"
    assert found.old.startswith("estimate at or beyond")
    assert found.new.startswith("estimate within")


def test_certainty_verdicts_and_answers_are_conclusions(pair):
    change(pair[1], "quality/certainty.csv", {"synthesis": "pain", "domain": "certainty"}, final="High")
    _, rows = read(pair[0] / "quality" / "integrity.csv")
    where = {name: rows[0][name] for name in ("check", "table", "row")}
    change(pair[1], "quality/integrity.csv", where, verdict="inconsistent")
    change(pair[1], POOLED, row_of("common"), status="failed")
    found = {one.what: (one.old, one.new) for one in compare_results(*pair).conclusions}
    assert found["certainty"][1] == "High"
    assert found["integrity"] == (rows[0]["verdict"], "inconsistent")
    assert found["answer"] == ("ok", "failed")


def sampled(pair, **cells):
    """Give both folders a sampled row; the new one with other cells."""
    base = {
        **row_of("bayes_normal"), "school": "bayes", "headline": "no", "status": "ok", "estimate": "-0.4", "sd": "0.1",
        "ci_low": "-0.6", "ci_high": "-0.2", "p_benefit": "0.99", "natural_estimate": "0.67", "tau": "0.1",
        "tau2_ci_low": "0", "tau2_ci_high": "0.25", "rhat_max": "1.001", "ess_tail_min": "2500", "gate": "passed",
        "from": "effects/effects.csv:heavy_drinking:RR:anton1999",
    }  # fmt: skip
    for folder, row in zip(pair, (base, base | cells), strict=True):
        names, rows = read(folder / "bayes" / "estimates.csv")
        write(folder / "bayes" / "estimates.csv", names, [*rows, dict.fromkeys(names, "") | row])
    return compare_results(*pair)


def test_what_chains_move_by_chance_is_no_difference(pair):
    # 6 * 2.5 * 0.102 / sqrt(2500) = 0.031 for the mean, 3 / 50 for a probability
    found = sampled(pair, estimate="-0.42", natural_estimate="0.657", p_benefit="0.985", tau="0.12", rhat_max="1.004")
    assert not found.moved
    assert found.table("bayes/estimates.csv").within == 5


@pytest.mark.parametrize("cells", [{"estimate": "-0.36"}, {"p_benefit": "0.9"}, {"gate": "failed"}, {"tau": "0.3"}])
def test_what_chance_does_not_explain_is_a_difference(pair, cells):
    found = sampled(pair, **cells).table("bayes/estimates.csv")
    assert [cell.column for cell in found.cells] == list(cells)


def test_figures_are_compared_by_what_they_draw(pair):
    names = ["row", "natural_estimate", "from"]
    rows = [{"row": f"study:{name}", "natural_estimate": "0.5", "from": "x:y"} for name in "abc"]
    for folder in pair:
        write(folder / "figures" / "forest_pain.csv", names, rows)
    write(pair[0] / "figures" / "funnel_pain.csv", names, rows)
    write(pair[1] / "figures" / "forest_pain.csv", names, [rows[2], rows[1] | {"natural_estimate": "0.6"}, rows[0]])
    found = compare_results(*pair)
    assert found.table("figures/forest_pain.csv").keys == ("study:b",)
    assert found.table("figures/funnel_pain.csv").status == "gone"
    assert "funnel_pain: gone" in to_text(found)


def test_a_table_that_cannot_be_compared_is_named_and_counts(pair):
    names, rows = read(pair[1] / POOLED)
    write(pair[1] / POOLED, names, [*rows, rows[0]])
    write(pair[1] / "later" / "wonders.csv", ["a"], [{"a": "1"}])
    found = compare_results(*pair)
    assert found.moved
    assert "stands more than once" in found.left_aside[POOLED]
    assert found.left_aside["later/wonders.csv"] == "no step of this version writes it"
    names, rows = read(pair[0] / "effects" / "effects.csv")
    write(pair[0] / "effects" / "effects.csv", [name for name in names if name != "measure"], rows)
    assert "no column measure" in compare_results(*pair).left_aside["effects/effects.csv"]


def test_a_table_that_only_one_version_has_is_named(pair):
    (pair[1] / "effects" / "paired.csv").unlink()
    found = compare_results(*pair)
    assert found.table("effects/paired.csv").status == "gone"
    assert found.table("pooled/estimates.csv").status == "both"


def test_an_extract_is_compared_in_what_it_holds(pair, tmp_path):
    _, rows = read(pair[0] / POOLED)
    write(tmp_path / "extract" / "pooled_estimates.csv", ["synthesis", "measure", "method", "estimate"], rows)
    found = compare_results(tmp_path / "extract", pair[1])
    assert found.extract
    assert [move.table for move in found.tables] == [POOLED]
    assert not found.moved
    change(pair[1], POOLED, row_of(), estimate="1", se="9")
    assert [cell.column for cell in compare_results(tmp_path / "extract", pair[1]).table(POOLED).cells] == ["estimate"]


def test_a_table_of_an_extract_that_is_gone_is_named(pair, tmp_path):
    for name in ("pooled/estimates.csv", "effects/effects.csv"):
        names, rows = read(pair[0] / name)
        write(tmp_path / "extract" / name.replace("/", "_"), names, rows)
    (pair[1] / POOLED).unlink()
    found = compare_results(tmp_path / "extract", pair[1])
    assert found.table(POOLED).status == "gone"
    assert [move.table for move in found.tables if move] == [POOLED]


def test_code_that_changed_alone_is_said_and_is_no_difference(pair):
    names = ["step", "script", "code", "seed", "python", "from"]
    for folder, code in zip(pair, ("1" * 16, "2" * 16), strict=True):
        write(folder / "report" / "steps.csv", names, [{"step": "a", "code": code, "from": "x:y"}])
    found = compare_results(*pair)
    assert not found.moved
    assert "How they were made (no difference of the results)" in to_text(found)


def test_what_cannot_be_compared_ends_with_2(pair, tmp_path):
    with pytest.raises(CannotCompareError, match="is no folder"):
        compare_results(pair[0], tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CannotCompareError, match="holds no table of results"):
        compare_results(pair[0], tmp_path / "empty")
    answer = call(pair[0], tmp_path / "empty")
    assert answer.exit_code == 2
    write(tmp_path / "other" / "pooled_weights.csv", ["synthesis"], [])
    (pair[0] / "pooled" / "weights.csv").unlink()
    assert call(pair[0], tmp_path / "other").exit_code == 2


def test_the_four_forms_say_the_same_and_do_no_harm(pair):
    bad = "<script>alert(1)</script> | `x` \x1b[31mred\nnext"
    where = {"study_id": "anton1999"}
    change(pair[1], "checked/studies.csv", where, population=bad)
    change(pair[1], POOLED, row_of(), estimate="5", ci_low="4", ci_high="6")
    found = compare_results(*pair)
    text, markdown, page = to_text(found), to_markdown(found), to_html(found)
    assert "\x1b" not in text + markdown + page
    assert "<script" not in markdown + page
    assert "&lt;script&gt;" in page
    assert re.search(r"&lt;script&gt;.*\\\| \\`x\\`", markdown)
    data = json.loads(call(*pair, "--format", "json").output)
    assert data["moved"] is True
    assert {"studies.csv", POOLED} <= {table["table"] for table in data["tables"]}
    for form in (text, markdown, page):
        assert data["verdict"] in form
        assert HEADLINE in form
    for form in ("markdown", "html", "text", "json"):
        assert call(*pair, "--format", form).exit_code == 1


def test_long_lists_are_cut_and_counted(pair):
    names, rows = read(pair[1] / "quality" / "integrity.csv")
    write(pair[1] / "quality" / "integrity.csv", names, [row | {"expected": "other"} for row in rows])
    found = compare_results(*pair)
    assert f"... and {len(rows) - 3} more" in to_text(found, most=3)
    assert f"... and {len(rows) - 3} more" in to_markdown(found, most=3)
