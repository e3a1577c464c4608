"""Published and exactly known results, through the command line to their printed digits."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from evisynth.commands.pool import pool
from evisynth.effects.measures import freeman_tukey_inverse

EFFECTS = Path(__file__).parents[1] / "reference" / "bias" / "bias_reference.json"


@pytest.fixture
def answer(tmp_path):
    app = typer.Typer()
    app.command()(pool)
    path = tmp_path / "studies.csv"

    def answer(columns, measure, *words):
        rows = zip(*columns.values(), strict=True)
        lines = [",".join(["study", *columns]), *(f"{i},{','.join(map(repr, row))}" for i, row in enumerate(rows))]
        path.write_text("\n".join(lines) + "\n")
        result = CliRunner().invoke(app, [str(path), "--measure", measure, "--format", "json", *words])
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return answer


def columns(case, *names):
    return {name: np.asarray(getattr(case, name), dtype=float).tolist() for name in names}


def counts(case):
    return columns(case, "events_1", "n_1", "events_2", "n_2")


def have(found, digits, **expected):
    """Compare fields with figures printed with that many decimals; the last digit may be rounded either way."""
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=0.51 * 10.0**-digits), name


def test_bcg_risk_ratios(answer, bcg):
    """Stata's metan and metafor's tests: BCG vaccine, 13 trials."""
    data = counts(bcg)
    common = answer(data, "RR", "--model", "common")
    have(common["studies"][0], 4, yi=-0.8893, vi=0.3256)
    have(common, 4, estimate=-0.4303, ci_low=-0.5097, ci_high=-0.3509, q=152.2330)
    assert common["estimate"] / common["se"] == pytest.approx(-10.6247, abs=5.1e-5)
    dl = answer(data, "RR", "--tau2", "DL", "--ci", "wald")
    have(dl, 4, estimate=-0.7141, ci_low=-1.0644, ci_high=-0.3638, tau2=0.3088, i2=92.1173)
    have(dl, 4, tau2_ci_low=0.1197, tau2_ci_high=1.1115)
    reml = answer(data, "RR", "--ci", "wald", "--pi", "normal")
    have(reml, 11, tau2=0.313243258136, estimate=-0.714532342159, se=0.179781516106)
    have(reml, 4, pi_low=-1.8667, pi_high=0.4376)
    have(answer(data, "RR", "--ci", "HKSJ"), 5, se=0.18079, ci_low=-1.10844, ci_high=-0.32062, pi_low=-1.99602)


def test_bcg_estimators_and_counts(answer, bcg):
    found = answer(counts(bcg), "RR", "--all")
    for name, digits, tau2 in (
        ("ML", 12, 0.280028137269),
        ("PM", 12, 0.318068452205),
        ("EB", 12, 0.318068452205),
        ("HE", 5, 0.32856),
        ("HS", 5, 0.22836),
        ("SJ", 5, 0.34552),
    ):
        have(found["estimators"][name], digits, tau2=tau2)
    have(found["mh"], 4, estimate=-0.4537, ci_low=-0.5308, ci_high=-0.3766)
    ratios = answer(counts(bcg), "OR", "--all")
    have(ratios["mh"], 4, estimate=-0.4734, ci_low=-0.5538, ci_high=-0.3930, q=163.9426)
    have(ratios["peto"], 4, estimate=-0.4744, ci_low=-0.5541, ci_high=-0.3948, q=167.7302)
    have(ratios["estimators"]["DL"], 4, estimate=-0.7474)
    have(answer(counts(bcg), "RD", "--all")["mh"], 4, estimate=-0.0033, ci_low=-0.0039, ci_high=-0.0027)


def test_bcg_latitude(answer, bcg):
    """metafor at its default control, which is off in the fifth digit: hence the wider allowance."""
    data = counts(bcg) | columns(bcg, "latitude")
    for ci, se in (("wald", (0.249104, 0.00719555)), ("HKSJ", (0.283930, 0.00820154))):
        found = answer(data, "RR", "--moderators", "latitude", "--ci", ci)["moderators"]
        rows = found["coefficients"]
        assert [row["estimate"] for row in rows] == pytest.approx([0.251464, -0.0291017], rel=5e-5)
        assert [row["se"] for row in rows] == pytest.approx(se, rel=5e-5)
        have(found, 1, r2=75.6)
        assert found["tau2"] == pytest.approx(0.0763547, rel=1e-4)


def test_aspirin(answer, clasp):
    """DerSimonian and Kacker 2007, table 2; REML, PM and ML solved to more digits."""
    found = answer(counts(clasp), "OR", "--all", "--ci", "wald")["estimators"]
    printed = {"PM": 0.3681, "HE": 0.4410, "DL": 0.2323, "DL2": 0.3254, "REML": 0.1843, "HS": 0.1330, "SJ": 0.4572}
    for name, tau in printed.items():
        assert np.sqrt(found[name]["tau2"]) == pytest.approx(tau, abs=5.1e-5), name
    have(found["REML"], 10, tau2=0.0339486758)
    have(found["PM"], 10, tau2=0.1354745245)
    have(found["ML"], 9, tau2=0.0, estimate=-0.197346961)
    assert found["ML"]["boundary"] is True


def test_ten_effects(answer, viechtbauer):
    """Viechtbauer 2005, example 1."""
    found = answer(columns(viechtbauer, "yi", "vi"), "generic", "--all")["estimators"]
    for name, tau2, i2 in (
        ("HS", 0.2282, 77.2284),
        ("HE", 0.1484, 68.7988),
        ("DL", 0.2768, 80.4447),
        ("SJ", 0.1992, 74.7545),
    ):
        have(found[name], 4, tau2=tau2, i2=i2)
    # the printed I2 of REML, 76.8399, is that of an iteration that stopped early
    have(found["REML"], 4, tau2=0.2232, i2=76.8398)


def test_expectancy(answer, expectancy):
    """Raudenbush 1985, 19 experiments; weeks of contact before the test, counted up to 3."""
    data = columns(expectancy, "yi", "vi")
    have(answer(data, "generic", "--ci", "wald"), 4, estimate=0.0837, tau2=0.0188, q=35.8295)
    have(answer(data, "generic", "--model", "common"), 4, estimate=0.0604)
    data["weeks"] = np.minimum(expectancy.weeks, 3).tolist()
    found = answer(data, "generic", "--moderators", "weeks", "--ci", "wald")["moderators"]
    assert [row["estimate"] for row in found["coefficients"]] == pytest.approx([0.4072, -0.1572], abs=5.1e-5)
    have(found, 4, qe=16.5708)


def test_zeros(answer, catheters, ten_trials):
    """Niel-Weise 2007 in Stijnen 2010, tables II and III, and metafor's issue 45."""
    found = answer(counts(catheters), "OR", "--ci", "wald", "--all")
    assert len(found["left_out"]) == 1
    have(found, 4, estimate=-0.9804, se=0.2435)
    assert np.sqrt(found["tau2"]) == pytest.approx(0.1886, abs=1e-4)
    have(found["mh"], 8, estimate=-1.20870483, se=0.22244542)
    have(found["peto"], 8, estimate=-1.10574495, se=0.19158734)
    rare = answer(counts(ten_trials), "OR", "--all")
    have(rare["mh"], 7, estimate=-0.1637606, se=0.1964177)
    have(rare["peto"], 7, estimate=-0.1625807, se=0.1956269)


def test_tolbutamide_and_smoking(answer):
    """Rothman 2008, chapter 15, 90 % intervals."""
    trials = {"events_1": [8, 22], "n_1": [106, 98], "events_2": [5, 16], "n_2": [120, 85]}
    for measure, expected in (
        ("RD", (0.0349, -0.0176, 0.0874)),
        ("RR", (1.3256, 0.8658, 2.0296)),
        ("OR", (1.4031, 0.8411, 2.3409)),
    ):
        found = answer(trials, measure, "--all", "--level", "0.9")["mh"]
        limits = np.array([found["estimate"], found["ci_low"], found["ci_high"]])
        assert (limits if measure == "RD" else np.exp(limits)) == pytest.approx(expected, abs=5.1e-5)
    rates = {
        "events_1": [32, 104, 206, 186, 102],
        "time_1": [52407, 43248, 28612, 12663, 5317],
        "events_2": [2, 12, 28, 28, 31],
        "time_2": [18790, 10673, 5710, 2585, 1462],
    }
    have(answer(rates, "IRR", "--all", "--level", "0.9")["mh"], 4, estimate=0.3539, ci_low=0.1776, ci_high=0.5303)
    difference = answer(rates, "IRD", "--all", "--level", "0.9")["mh"]
    limits = [1e4 * difference[name] for name in ("estimate", "ci_low", "ci_high")]
    assert limits == pytest.approx([11.4392, 6.3498, 16.5286], abs=5.1e-5)


def test_double_arcsine(answer):
    """Miller 1978: the weighted mean, back on the scale of proportions with the harmonic mean of the sizes."""
    data = {"events": [3, 6, 10, 1], "n": [11, 17, 21, 6]}
    found = answer(data, "PFT", "--model", "common")
    back = freeman_tukey_inverse(found["estimate"], 4 / sum(1 / n for n in data["n"]))
    assert back == pytest.approx(0.3595, abs=5.1e-5)


def test_passive_smoking(answer):
    """Hackshaw 1998, 37 studies: REML in 50 digits, DL and the linear-model form of Egger's test as metafor prints."""
    case = json.loads(EFFECTS.read_text(encoding="utf-8"))["effects"]["hackshaw"]
    found = answer({"yi": case["yi"], "vi": case["vi"]}, "generic", "--all")
    have(found, 12, tau2=0.0223945309726)
    have(found["estimators"]["DL"], 7, estimate=0.2138889)
    have(found["egger"], 6, t=2.382414, p=0.022764)


def test_three_small_trials(answer):
    data = {"yi": [0.10, 0.30, 0.35], "vi": [0.02, 0.03, 0.04]}
    have(answer(data, "generic", "--ci", "wald"), 5, estimate=0.2192308, tau2=0.0, ci_low=0.03092, ci_high=0.40754)
    have(answer(data, "generic", "--ci", "HKSJ"), 6, se=0.07910371, ci_low=-0.121125, ci_high=0.559587)
    have(answer(data, "generic"), 6, se=0.09607689, ci_low=-0.194155, ci_high=0.632616)
