"""What `evisynth pool` promises: names and nulls of its JSON, who is left out, and every problem at once."""

import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from evisynth.commands.pool import pool
from evisynth.effects import TABLE_MEASURES

COUNTS = "study,events_1,n_1,events_2,n_2\n"
FIELDS = (
    *("k", "estimate", "se", "ci_low", "ci_high", "p", "tau2", "tau2_ci_low", "tau2_ci_high", "tau2_ci_empty"),
    *("i2", "h2", "q", "q_p", "pi_low", "pi_high", "residual", "boundary", "studies", "left_out"),
)
ALL = {
    "estimators": {"DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM", "DL2"},
    "mh": {"estimate", "se", "ci_low", "ci_high"},
    "peto": {"estimate", "se", "ci_low", "ci_high"},
    "egger": {"slope", "t", "p", "limit"},
    "begg": {"tau", "p"},
    "trimfill": {"k0", "side", "estimate", "se"},
    "selection": {"estimate", "se", "tau2", "weight", "side"},
}
ROWS = {
    "events_1": ("events_1,n_1,events_2,n_2", ["3,40,7,41", "0,30,2,28", "12,90,20,93", "5,60,6,55"]),
    "mean_1": (
        "mean_1,sd_1,n_1,mean_2,sd_2,n_2",
        ["10,2,20,12,2.5,22", "9,3,31,9.5,3,30", "11,2,15,14,4,17", "8,1,9,9,1,9"],
    ),
    "rates": ("events_1,time_1,events_2,time_2", ["3,400.5,7,410", "0,30,2,28", "12,90,20,93", "5,60,6,55"]),
    "events": ("events,n", ["3,40", "0,30", "12,90", "60,60"]),
    "r": ("r,n", ["0.3,40", "-0.1,30", "0.6,90", "0.99,60"]),
    "yi": ("yi,sei", ["0.3,0.1", "-0.1,0.2", "0.6,0.3", "0.9,0.2"]),
}
KIND = {
    **dict.fromkeys(("OR", "RR", "RD", "PETO", "AS"), "events_1"),
    **dict.fromkeys(("MD", "SMD", "SMDH", "ROM"), "mean_1"),
    **dict.fromkeys(("IRR", "IRD"), "rates"),
    **dict.fromkeys(("PLO", "PFT", "PR"), "events"),
    **dict.fromkeys(("COR", "ZCOR"), "r"),
    "GEN": "yi",
}


def _refuse(word):
    raise AssertionError(f"{word} in the JSON")


@pytest.fixture
def run(tmp_path):
    app = typer.Typer()
    app.command()(pool)
    path = tmp_path / "studies.csv"

    def run(text, *words):
        path.write_text(text, encoding="utf-8")
        return CliRunner().invoke(app, [str(path), *map(str, words)])

    return run


@pytest.fixture
def answer(run):
    def answer(text, *words):
        result = run(text, *words, "--format", "json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout, parse_constant=_refuse)

    return answer


def table(kind):
    columns, rows = ROWS[kind]
    return "\n".join(["study," + columns, *(f"s{i},{row}" for i, row in enumerate(rows))]) + "\n"


@pytest.mark.parametrize("measure", TABLE_MEASURES)
def test_every_measure_has_every_field(answer, measure):
    found = answer(table(KIND[measure]), "--measure", measure, "--all")
    assert set(FIELDS) <= set(found)
    assert found["k"] == len(found["studies"]) == 4
    assert all(set(row) == {"study", "yi", "vi", "weight"} for row in found["studies"])
    for name, fields in ALL.items():
        if name in ("mh", "peto") and found[name] is None:
            assert KIND[measure] not in ("events_1", "rates") or measure in ("AS", "IRR", "IRD")
        else:
            assert fields <= set(found[name]), name
    assert [row["study"] for row in found["leave_one_out"]] == ["s0", "s1", "s2", "s3"]
    assert {"study", "estimate", "ci_low", "ci_high", "tau2"} <= set(found["leave_one_out"][0])


@pytest.mark.parametrize("rows", [0, 1])
def test_none_and_one_are_null_and_never_nan(answer, rows):
    found = answer("study,yi,vi\n" + "a,0.5,0.04\n" * rows, "--measure", "generic", "--all")
    estimate = {"estimate", "se", "ci_low", "ci_high", "p"}
    for name in set(FIELDS) - {"k", "studies", "left_out"}:
        assert (found[name] is None) == (rows == 0 or name not in estimate), name
    assert found["reason"]
    assert all(result["tau2"] is None for result in found["estimators"].values())
    for name in ("egger", "begg", "trimfill", "selection"):
        assert found[name]["status"] == "not_possible"
        assert found[name]["reason"]


def test_every_row_left_out_has_its_reason(answer):
    text = COUNTS + "zero,0,10,0,20\nall,10,10,8,8\nblank,3,10,NA,10\nnone,,10,,10\na,3,10,2,10\nb,0,9,2,10\n"
    found = answer(text, "--measure", "OR", "--all")
    reasons = {row["study"]: row["reason"] for row in found["left_out"]}
    assert list(reasons) == ["zero", "all", "blank", "none"]
    assert "no events in either arm" in reasons["zero"]
    assert "every participant" in reasons["all"]
    assert reasons["blank"] == "not reported: events_2"
    assert reasons["none"] == "not reported: events_1, events_2"
    # no estimate uses a row that is not among the studies
    only = answer(COUNTS + "a,3,10,2,10\nb,0,9,2,10\n", "--measure", "OR", "--all")
    for name in ("estimate", "mh", "peto", "egger", "leave_one_out"):
        assert found[name] == only[name]


def test_double_zero_rows_count_where_they_are_kept(answer):
    text = COUNTS + "zero,0,10,0,20\na,3,10,2,10\nb,1,9,2,10\n"
    kept = answer(text, "--measure", "RR", "--double-zero", "keep")
    assert [row["study"] for row in kept["studies"]] == ["zero", "a", "b"]
    assert kept["studies"][0]["yi"] == pytest.approx(np.log((0.5 / 11) / (0.5 / 21)))
    assert [row["study"] for row in answer(text, "--measure", "RD")["studies"]] == ["zero", "a", "b"]


def test_empty_set_of_tau2_is_zeros_with_a_flag(answer):
    found = answer("study,yi,vi\n" + "".join(f"s{i},0.2,0.1\n" for i in range(6)), "--measure", "generic")
    assert (found["tau2_ci_low"], found["tau2_ci_high"], found["tau2_ci_empty"]) == (0.0, 0.0, True)


def test_an_interval_without_width_is_explained(answer):
    text = "study,yi,vi\na,0.3,0.1\nb,0.3,0.2\nc,0.3,0.3\n"
    found = answer(text, "--measure", "generic", "--ci", "HKSJ")
    assert "has no width" in found["reason"]
    assert answer(text, "--measure", "generic")["reason"] is None


def test_weights_are_those_of_the_estimate(answer):
    text = "study,yi,vi\na,0.1,0.1\nb,0.9,0.3\nc,2.5,0.2\n"
    for ci in ("HKSJ-safe", "wald", "HC"):
        found = answer(text, "--measure", "generic", "--ci", ci)
        mean = sum(row["weight"] * row["yi"] for row in found["studies"]) / 100
        assert found["estimate"] == pytest.approx(mean, rel=1e-12), ci


def test_generic_takes_variance_or_standard_error_but_no_contradiction(run, answer):
    both = answer("study,yi,vi,sei\na,1,0.04,0.2\nb,2,,0.3\nc,1.5,0.16,\nd,1,,\n", "--measure", "generic")
    assert [row["vi"] for row in both["studies"]] == pytest.approx([0.04, 0.09, 0.16])
    assert [row["study"] for row in both["left_out"]] == ["d"]
    wrong = run("study,yi,vi,sei\na,1,0.04,0.2\nb,2,0.3,0.3\n", "--measure", "generic")
    assert wrong.exit_code == 1
    assert "line 3 (b), column vi: found 0.3, allowed the square of sei" in wrong.stderr


def test_options_and_table_are_refused_together(run):
    text = COUNTS + "a,1.5,10,2,10\nb,-1,10,x,10\nc,11,10,2,0\nc,1,9.5,2,10\n"
    words = ("--tau2", "best", "--ci", "z", "--pi", "w", "--model", "fixed", "--level", "95", "--double-zero", "no")
    result = run(text, "--measure", "OR", *words, "--selection-side", "up", "--zero-cells", "1", "--smd-variance", "x")
    assert result.exit_code == 1
    assert result.stdout == ""
    for part in (
        "studies.csv",
        *("--tau2: found 'best', allowed DL", "--ci", "--pi", "--model", "--level", "--double-zero", "--zero-cells"),
        *("--smd-variance", "--selection-side: found 'up', allowed auto, right, left"),
        "line 2 (a), column events_1: found 1.5, allowed a whole number",
        "line 3 (b), column events_1: found -1, allowed 0 or more",
        "line 3 (b), column events_2: found 'x', allowed a number",
        "line 4 (c), column events_1: found 11, allowed at most n_1, which is 10",
        "line 4 (c), column n_2: found 0",
        "line 5, column study: found 'c' again (first on line 4)",
        "line 5 (c), column n_1: found 9.5",
    ):
        assert part in result.stderr


def test_a_measure_without_columns_is_refused_with_those_that_have_them(run):
    for measure in ("HR", "odds"):
        result = run(COUNTS, "--measure", measure)
        assert result.exit_code == 1
        assert f"--measure: found '{measure}', allowed OR, RR" in result.stderr
        assert "generic" in result.stderr


MODERATORS = "study,yi,vi,dose,arm\n" + "".join(
    f"s{i},{0.1 * i + 0.05 * (i % 3):.2f},{0.02 + 0.01 * (i % 4):.2f},{i % 5},{'abc'[i % 3]}\n" for i in range(12)
)


def test_formulas(answer):
    def terms(formula):
        rows = answer(MODERATORS, "--measure", "generic", "--moderators", formula)["moderators"]["coefficients"]
        return [row["term"] for row in rows]

    assert terms("dose") == ["intercept", "dose"]
    assert terms("dose + arm") == ["intercept", "dose", "arm[T.b]", "arm[T.c]"]
    assert terms("dose * arm")[-2:] == ["dose:arm[T.b]", "dose:arm[T.c]"]
    assert terms("C(dose)")[1] == "C(dose)[T.1]"
    assert terms("0 + arm") == ["arm[a]", "arm[b]", "arm[c]"]


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("dose + year", "year are not columns of the table"),
        ("dose + I(2 * dose)", "collinear: I(2 * dose)"),
        ("dose +", "cannot be read"),
        ("arm ~ dose", "left-hand side"),
        ("0", "no term and no intercept"),
        ("log(dose)", "not finite"),
        ("study", "cannot determine"),
    ],
)
def test_formulas_that_cannot_be_fitted(run, formula, words):
    result = run(MODERATORS, "--measure", "generic", "--moderators", formula)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_moderators_need_the_model_and_an_interval_that_they_have(run):
    for words in (("--model", "common"), ("--ci", "profile"), ("--ci", "HC")):
        result = run(MODERATORS, "--measure", "generic", "--moderators", "dose", *words)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "--moderators: found with" in result.stderr


def test_a_missing_moderator_is_named_and_no_category(run):
    text = MODERATORS.replace("0.05,3,a", "0.05,NA,a")
    assert ",NA,a" in text
    result = run(text, "--measure", "generic", "--moderators", "dose")
    assert "study 's3': moderator dose is missing" in result.stderr
    words = MODERATORS.replace(",a\n", ",NR\n", 1)
    result = run(words, "--measure", "generic", "--moderators", "arm")
    assert "study 's0': moderator arm is missing" in result.stderr


def test_a_number_typed_wrongly_makes_no_categories(run, answer):
    text = MODERATORS.replace("0.05,3,a", "0.05,3O,a")
    result = run(text, "--measure", "generic", "--moderators", "dose")
    assert result.exit_code == 1
    assert "line 5, column dose: found '3O', allowed a number" in result.stderr
    found = answer(text, "--measure", "generic", "--moderators", "C(dose)")
    assert "C(dose)[T.3O]" in [row["term"] for row in found["moderators"]["coefficients"]]
    # a column that the formula does not name may hold anything
    assert answer(text, "--measure", "generic", "--moderators", "arm")["moderators"]["k"] == 12


def test_effects_on_a_line_give_no_infinity(answer):
    rows = "".join(f"s{i},{0.5 * i},0.1,{i}\n" for i in range(5))
    for ci in ("HKSJ", "HKSJ-safe", "wald"):
        words = ("--moderators", "dose", "--ci", ci)
        found = answer("study,yi,vi,dose\n" + rows, "--measure", "generic", *words)["moderators"]
        assert found["coefficients"][1]["estimate"] == pytest.approx(0.5)


@pytest.mark.parametrize("row", ["a,1,1e-310", "a,1e200,1", "a,1,1e300"])
def test_numbers_beyond_computing_are_refused(run, row):
    result = run(f"study,yi,vi\n{row}\nb,2,1\nc,3,2\n", "--measure", "generic", "--all", "--format", "json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "study 'a'" in result.stderr
    assert "too far from the others" in result.stderr


def test_variances_over_forty_powers_of_ten(answer):
    text = "study,yi,vi\n" + "".join(f"s{i},{0.1 * i},1e{5 * i - 20}\n" for i in range(9))
    for ci in ("wald", "HKSJ-safe", "profile", "HC"):
        found = answer(text, "--measure", "generic", "--all", "--ci", ci)
        assert found["ci_low"] <= found["estimate"] <= found["ci_high"]
