"""Effect sizes and conversions against published figures, each with its place."""

import numpy as np
import pytest

from evisynth.effects import (
    absolute_effect,
    change_sd,
    combine_arms,
    correlation_from_sds,
    difference_from_interval,
    difference_from_p,
    freeman_tukey_inverse,
    mean_change,
    odds_ratio,
    paired_difference_from_se,
    paired_smd,
    peto_odds_ratio,
    proportion_freeman_tukey,
    ratio_from_interval,
    risk_difference,
    risk_ratio,
    sd_from_interval,
    sd_from_se_of_difference,
    se_from_p,
    se_from_sd,
    smd,
    standardised_mean_change,
    t_from_p_value,
)

# Colditz et al. 1994, JAMA 271:698, table 1: tuberculosis with and without BCG in 13 trials
BCG = {
    "events_1": [4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27],
    "n_1": [123, 306, 231, 13598, 5069, 1541, 2545, 88391, 7499, 1716, 50634, 2498, 16913],
    "events_2": [11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29],
    "n_2": [139, 303, 220, 12867, 5808, 1451, 629, 88391, 7277, 1665, 27338, 2341, 17854],
}


def _common(effect):
    w = 1 / effect.vi
    return np.sum(w * effect.yi) / np.sum(w), 1 / np.sqrt(np.sum(w))


def test_bcg_first_trial_log_risk_ratio():
    effect = risk_ratio(4, 123, 11, 139)
    assert effect.yi == pytest.approx(-0.8893, abs=5e-5)
    assert effect.vi == pytest.approx(0.3256, abs=5e-5)


def test_bcg_common_effects_as_printed_by_stata_metan():
    assert _common(risk_ratio(**BCG))[0] == pytest.approx(-0.4303, abs=5e-5)
    assert _common(odds_ratio(**BCG))[0] == pytest.approx(-0.4361, abs=5e-5)
    estimate, se = _common(peto_odds_ratio(**BCG))
    assert estimate == pytest.approx(-0.4744, abs=5e-5)
    assert estimate - 1.959964 * se == pytest.approx(-0.5541, abs=5e-5)


def test_risk_difference_of_tolbutamide_stratum():
    # Rothman et al. 2008, table 15-1: 8/106 against 5/120
    assert risk_difference(8, 106, 5, 120).yi == pytest.approx(8 / 106 - 5 / 120, rel=1e-14)


# Morris 2008, Organ Res Methods 11:364: pretest and posttest of a treated and a control group, 5 studies
MORRIS_TREATED = {
    "mean_1": [30.6, 23.5, 0.5, 53.4, 35.6],
    "sd_1": [15.0, 3.1, 0.1, 14.5, 4.7],
    "mean_2": [38.5, 26.8, 0.7, 75.9, 36.0],
    "sd_2": [11.6, 4.1, 0.1, 4.4, 4.6],
    "n": [20, 50, 9, 10, 14],
}
MORRIS_CONTROL = {
    "mean_1": [23.1, 24.9, 0.6, 55.7, 34.8],
    "sd_1": [13.8, 4.1, 0.2, 17.3, 3.1],
    "mean_2": [19.7, 25.3, 0.6, 60.7, 33.4],
    "sd_2": [14.8, 3.3, 0.2, 17.9, 6.9],
    "n": [20, 42, 9, 11, 14],
}
MORRIS_R = [0.47, 0.64, 0.77, 0.89, 0.44]


def _changes(group, standardiser):
    rows = [{k: v[i] for k, v in group.items()} for i in range(5)]
    made = [
        standardised_mean_change(**row, correlation=r, standardiser=standardiser)
        for row, r in zip(rows, MORRIS_R, strict=True)
    ]
    # the table prints posttest minus pretest, standardised by the pretest
    return [-e.yi for e in made], [e.vi for e in made]


def test_morris_smcr():
    treated, treated_vi = _changes(MORRIS_TREATED, "SMCR")
    control, _ = _changes(MORRIS_CONTROL, "SMCR")
    assert treated == pytest.approx([0.5056, 1.0481, 1.8054, 1.4181, 0.0801], abs=5e-5)
    assert control == pytest.approx([-0.2365, 0.0958, 0, 0.2667, -0.4250], abs=5e-5)
    assert treated_vi == pytest.approx([0.0594, 0.0254, 0.2322, 0.1225, 0.0802], abs=5e-5)


def test_morris_smcc():
    yi, vi = _changes(MORRIS_TREATED, "SMCC")
    assert yi == pytest.approx([0.5417, 1.0198, 2.6619, 1.9088, 0.0765], abs=5e-5)
    assert vi == pytest.approx([0.0573, 0.0304, 0.5048, 0.2822, 0.0716], abs=5e-5)


def test_mean_change_and_smcrh():
    figures = {"mean_1": 26, "sd_1": 30**0.5, "mean_2": 22, "sd_2": 20**0.5, "n": 60, "correlation": 0.7}
    change = mean_change(**figures)
    assert (change.yi, change.vi) == (pytest.approx(4), pytest.approx(0.2618, abs=5e-5))
    smcrh = standardised_mean_change(**figures, standardiser="SMCRH")
    assert (smcrh.yi, smcrh.vi) == (pytest.approx(0.7210, abs=5e-5), pytest.approx(0.0133, abs=5e-5))


def test_miller_1978_freeman_tukey():
    events, n = np.array([3, 6, 10, 1]), np.array([11, 17, 21, 6])
    effect = proportion_freeman_tukey(events, n)
    harmonic = len(n) / np.sum(1 / n)
    weighted, _ = _common(effect)
    assert freeman_tukey_inverse(np.mean(effect.yi), harmonic) == pytest.approx(0.3164, abs=5e-5)
    assert freeman_tukey_inverse(weighted, harmonic) == pytest.approx(0.3595, abs=5e-5)


# Cochrane Handbook 5.1, 7.7.3.2 and 7.7.3.3


def test_handbook_sd_from_interval_of_a_mean():
    assert sd_from_interval(30.0, 34.2, 25).value == pytest.approx(5.0875, abs=5e-5)
    assert sd_from_interval(26.5, 30.1, 22).value == pytest.approx(4.06, abs=5e-3)


def test_handbook_se_and_sd_from_p_of_a_difference():
    t = t_from_p_value(0.008, df=45)
    se = se_from_p(3.8, 0.008, df=45)
    assert t.value == pytest.approx(2.78, abs=5e-3)
    assert se.value == pytest.approx(1.369100, abs=5e-7)
    assert sd_from_se_of_difference(se.value, 25, 22).value == pytest.approx(4.683469, abs=5e-7)
    # the Handbook prints 4.69, from the standard error rounded to 1.37
    assert sd_from_se_of_difference(1.37, 25, 22).value == pytest.approx(4.69, abs=5e-3)


def test_handbook_combining_two_arms():
    both = combine_arms(25, 32.1, 5.09, 22, 28.3, 4.06)
    assert (both.n, both.mean) == (47, pytest.approx(30.3213, abs=5e-5))
    assert both.sd == pytest.approx(4.9715, abs=5e-5)


def test_handbook_hedges_g():
    g = smd(32.1, 5.09, 25, 28.3, 4.06, 22, variance="RevMan")
    d = smd(32.1, 5.09, 25, 28.3, 4.06, 22, correct=False)
    assert d.yi == pytest.approx(0.8193, abs=5e-5)
    # the Handbook corrects with 1 - 3/(4 N - 9), which gives .8056; the exact factor gives .8055
    assert g.yi == pytest.approx(0.8056, abs=1.5e-4)
    assert g.sei == pytest.approx(0.3049, abs=5e-5)


def test_handbook_correlation_and_change_sd():
    # 16.1.3.2
    assert correlation_from_sds(6.4, 7.1, 4.5).value == pytest.approx(0.7826, abs=5e-5)
    assert correlation_from_sds(7.0, 6.9, 4.2).value == pytest.approx(0.8175, abs=5e-5)
    assert change_sd(6.4, 7.1, 0.80).value == pytest.approx(4.32, abs=5e-3)


def test_handbook_crossover():
    # 16.4.6.4: means 7.0 and 6.5, SDs 2.38 and 2.21, 10 people, SD of the differences 2
    assert paired_difference_from_se(0.5, se_from_sd(2, 10).value).sei == pytest.approx(0.6324555, abs=5e-8)
    imputed = mean_change(7.0, 2.38, 6.5, 2.21, 10, 0.68)
    assert imputed.sei == pytest.approx(0.5826810, abs=5e-8)
    effect = paired_smd(7.0, 2.38, 6.5, 2.21, 10, 0.68)
    assert effect.yi == pytest.approx(0.2177157, abs=5e-8)
    assert effect.sei == pytest.approx(0.2559625, abs=5e-8)


def test_handbook_absolute_effects():
    # 12.5.4.2 and 12.5.4.3
    by_risk, by_odds = absolute_effect("RR", 0.92, 0.30), absolute_effect("OR", 0.73, 0.30)
    assert round(by_risk.difference_per_1000) == -24
    assert np.ceil(by_risk.number_needed) == 42
    assert round(by_odds.difference_per_1000) == -62
    assert np.ceil(by_odds.number_needed) == 17


def test_hazard_ratio_from_its_interval():
    effect = ratio_from_interval("HR", 0.76, 0.60, 0.97)
    assert effect.yi == pytest.approx(-0.2744, abs=5e-5)
    assert effect.sei == pytest.approx(0.1225, abs=5e-5)


def test_final_2024_from_its_interval():
    # Due Bruun et al. 2024, abstract: -0.34 (95 % CI -0.95 to 0.27), 49 and 50 women
    effect = difference_from_interval(-0.34, -0.95, 0.27, 49, 50)
    assert effect.sei == pytest.approx(0.3073, abs=5e-5)
    assert [s.name for s in effect.steps] == ["SE from a confidence interval", "difference with its SE"]


def test_innova_2026_from_its_p_value():
    # Rodríguez-Freire et al. 2026, abstract: adjusted difference 0.49, p = 0.236, 48 and 50 women
    assert difference_from_p(0.49, 0.236, 48, 50).sei == pytest.approx(0.4109, abs=5e-5)
