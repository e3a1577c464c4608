"""The command `evisynth pool`: JSON by name, text for people, errors for whoever typed the table."""

import csv
import io
import json

import pytest
import typer
from typer.testing import CliRunner

from evisynth import pooling
from evisynth.commands.pool import pool


@pytest.fixture(scope="module")
def run():
    app = typer.Typer()
    app.command()(pool)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def table(bcg, tmp_path_factory):
    path = tmp_path_factory.mktemp("pool") / "bcg.csv"
    rows = zip(bcg.events_1, bcg.n_1, bcg.events_2, bcg.n_2, bcg.latitude, bcg.allocation, strict=True)
    lines = ["study,events_1,n_1,events_2,n_2,latitude,alloc"]
    lines += [f"trial {i},{a:.0f},{b:.0f},{c:.0f},{d:.0f},{e:.0f},{f}" for i, (a, b, c, d, e, f) in enumerate(rows)]
    path.write_text("\n".join([*lines, "silent,0,50,0,50,10,random"]) + "\n")
    return path


def test_json(run, table, bcg):
    answer = json.loads(run(table, "--measure", "RR", "--format", "json").stdout)
    expected = pooling.random_effects(bcg.yi, bcg.vi)
    names = "k estimate se ci_low ci_high p tau2 tau2_ci_low tau2_ci_high tau2_ci_empty i2 h2 q q_p pi_low pi_high"
    for name in (*names.split(), "residual", "boundary"):
        assert answer[name] == pytest.approx(getattr(expected, name), rel=1e-9, abs=1e-12), name
    assert answer["left_out"][0]["study"] == "silent"
    assert len(answer["studies"]) == 13
    assert set(answer["studies"][0]) == {"study", "yi", "vi", "weight"}
    assert sum(row["weight"] for row in answer["studies"]) == pytest.approx(100)


def test_all(run, table, bcg):
    answer = json.loads(run(table, "--measure", "OR", "--all", "--format", "json").stdout)
    assert set(answer["estimators"]) == {"DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM", "DL2"}
    assert answer["estimators"]["REML"]["tau2"] == answer["tau2"]
    assert answer["mh"]["estimate"] == pytest.approx(-0.4734, abs=5.1e-5)
    assert answer["peto"]["estimate"] == pytest.approx(-0.4744, abs=5.1e-5)
    assert [row["study"] for row in answer["leave_one_out"]] == [row["study"] for row in answer["studies"]]
    assert {"estimate", "ci_low", "ci_high", "tau2"} <= set(answer["leave_one_out"][0])


def test_options_reach_the_fit(run, table, bcg):
    words = (
        "--measure",
        "RR",
        "--tau2",
        "DL",
        "--ci",
        "wald",
        "--pi",
        "riley",
        "--level",
        "0.9",
        "--format",
        "json",
    )
    answer = json.loads(run(table, *words).stdout)
    expected = pooling.random_effects(bcg.yi, bcg.vi, tau2="DL", ci="wald", pi="riley", level=0.9)
    assert (answer["ci_low"], answer["pi_high"]) == pytest.approx((expected.ci_low, expected.pi_high))
    common = json.loads(run(table, "--measure", "RR", "--model", "common", "--format", "json").stdout)
    assert common["estimate"] == pytest.approx(-0.4303, abs=5.1e-5)
    assert common["pi_low"] is None


def test_moderators(run, table):
    answer = json.loads(run(table, "--measure", "RR", "--moderators", "latitude + alloc", "--format", "json").stdout)
    terms = [row["term"] for row in answer["moderators"]["coefficients"]]
    assert terms == ["intercept", "latitude", "alloc[T.random]", "alloc[T.systematic]"]
    # metafor 3.8 with tight control
    assert answer["moderators"]["tau2"] == pytest.approx(0.144594297359141, rel=1e-9)


def test_text_shows_every_study_and_who_was_left_out(run, table):
    text = run(table, "--measure", "RR", "--all", "--moderators", "latitude").stdout
    for word in (
        "trial 0",
        "trial 12",
        "Pooled",
        "Prediction",
        "0.49 [0.33, 0.73]",
        "Left out: silent",
        "latitude",
    ):
        assert word in text
    assert "Mantel-Haenszel (RR): 0.64 [0.59, 0.69]" in text


def test_csv(run, table):
    rows = list(csv.DictReader(io.StringIO(run(table, "--measure", "RR", "--format", "csv").stdout)))
    assert len(rows) == 1
    assert float(rows[0]["estimate"]) == pytest.approx(-0.714532342159, abs=1e-11)


@pytest.mark.parametrize("count", [0, 1])
def test_none_or_one_study(run, tmp_path, count):
    path = tmp_path / "small.csv"
    path.write_text("study,yi,sei\n" + "only,0.5,0.25\n" * count)
    answer = json.loads(run(path, "--measure", "generic", "--format", "json", "--all").stdout)
    assert answer["k"] == count
    assert answer["estimate"] == (0.5 if count else None)
    assert answer["tau2"] is None
    assert answer["reason"]
    assert run(path, "--measure", "generic").exit_code == 0


def test_problems_go_to_the_error_stream(run, table, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("study,yi,vi\nA,0.1,0\nA,x,0.2\n")
    result = run(path, "--measure", "generic")
    assert result.exit_code == 1
    assert result.stdout == ""
    for word in ("line 2", "line 3", "'A' again"):
        assert word in result.stderr
    assert "found 'best', allowed DL" in run(table, "--measure", "RR", "--tau2", "best").stderr
    assert "no file" in run(tmp_path / "missing.csv", "--measure", "RR").stderr
    assert "collinear" in run(table, "--measure", "RR", "--moderators", "latitude + I(2 * latitude)").stderr
