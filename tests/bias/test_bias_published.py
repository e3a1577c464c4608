"""Small-study effects and influence: examples that were printed."""

import pytest

from evisynth import bias


def test_passive_smoking(hackshaw):
    egger, mixed = bias.egger(*hackshaw), bias.egger_mixed(*hackshaw)
    assert egger.t == pytest.approx(2.382414, abs=5e-7)
    assert egger.p == pytest.approx(0.022764, abs=5e-7)
    # computed with metafor's loose default control: the fifth digit differs
    assert mixed.statistic == pytest.approx(2.105507, abs=5e-5)
    assert mixed.p == pytest.approx(0.035247, abs=5e-6)
    pet, peese = bias.pet(*hackshaw), bias.peese(*hackshaw)
    assert (pet.estimate, pet.se) == pytest.approx((0.0050373, 0.0859023), abs=5e-8)
    assert (peese.estimate, peese.se) == pytest.approx((0.1200808, 0.0519034), abs=5e-8)
    filled = {e: bias.trim_and_fill(*hackshaw, estimator=e, model="common") for e in ("L0", "R0", "Q0")}
    assert [filled[e].k0 for e in filled] == [7, 7, 10]
    assert [filled[e].estimate for e in filled] == pytest.approx([0.1555996, 0.1555996, 0.1301943], abs=5e-8)
    assert {found.side for found in filled.values()} == {"left"}


def test_step_function_of_passive_smoking(hackshaw):
    """The step function of Vevea and Hedges as metafor's tests replay it."""
    found = bias.selection_model(*hackshaw, steps=(0.05, 0.10, 0.50))
    assert found.weights == pytest.approx((1.0, 2.422079, 0.977543, 0.396713), abs=5e-6)
    assert found.weights_se[1:] == pytest.approx((1.66085, 0.820387, 0.469235), abs=5e-6)
    assert found.lrt == pytest.approx(7.066137, abs=1e-6)
    assert found.tau2 == pytest.approx(0.03071325, abs=1e-7)


def test_fail_safe_numbers_of_teacher_expectancy(expectancy):
    """Becker 2005 (in Rothstein, Sutton, Borenstein: Publication Bias in Meta-Analysis, pp. 111-125): Orwin, N = 4."""
    assert bias.orwin(*expectancy, target=0.05, weighted=True).number == 4
    assert bias.orwin(expectancy[0], target=0.05).number == 44
    # Becker has about 23 from p values of t tests; from normal ones it is 26
    assert bias.rosenthal(*expectancy).number == 26


def test_magnesium(magnesium):
    """As metafor's tests do."""
    yi, vi = magnesium
    assert bias.egger_mixed(yi, vi).statistic == pytest.approx(-4.6686, abs=5e-5)
    begg = bias.begg(yi, vi)
    assert begg.tau == pytest.approx(0.15)
    assert begg.p == pytest.approx(0.4503, abs=5e-5)
