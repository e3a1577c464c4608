"""Small-study effects and influence: hand formulas, printed examples, properties, and what cannot be computed."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evisynth import bias, pooling
from evisynth.bias.selection_likelihood import SelectionData
from evisynth.bias.significance import at_least
from evisynth.pooling import PoolingInputError

EFFECTS = json.loads((Path(__file__).parents[1] / "reference" / "bias" / "bias_reference.json").read_text())["effects"]


def effects(name):
    return np.array(EFFECTS[name]["yi"]), np.array(EFFECTS[name]["vi"])


@pytest.fixture
def hackshaw():
    """Passive smoking and lung cancer, 37 studies (Hackshaw 1998, Stat Methods Med Res 7: 119), log odds ratios."""
    return effects("hackshaw")


@pytest.fixture
def expectancy():
    """Nineteen experiments on teacher expectancy (Raudenbush and Bryk 1985, J Educ Stat 10: 75, table 1)."""
    return effects("expectancy")


BCG = (
    np.array([4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27.0]),
    np.array([123, 306, 231, 13598, 5069, 1541, 2545, 88391, 7499, 1716, 50634, 2498, 16913.0]),
    np.array([11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29.0]),
    np.array([139, 303, 220, 12867, 5808, 1451, 629, 88391, 7277, 1665, 27338, 2341, 17854.0]),
)


def bcg():
    a, n1, c, n2 = BCG
    return np.log(a / n1) - np.log(c / n2), 1 / a - 1 / n1 + 1 / c - 1 / n2


# Printed examples ----------------------------------------------------------------------------------------------------


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


def test_magnesium():
    """Sixteen trials (Egger, Davey Smith and Altman 2001, Systematic Reviews in Health Care), as metafor's tests do."""
    yi, vi = effects("magnesium")
    assert bias.egger_mixed(yi, vi).statistic == pytest.approx(-4.6686, abs=5e-5)
    begg = bias.begg(yi, vi)
    assert begg.tau == pytest.approx(0.15)
    assert begg.p == pytest.approx(0.4503, abs=5e-5)


# Hand formulas -------------------------------------------------------------------------------------------------------


def test_egger_is_the_intercept_of_standardised_effects_on_precision(hackshaw):
    """The form of Egger et al. 1997: ordinary least squares of y/se on 1/se."""
    y, v = hackshaw
    x = np.column_stack([np.ones(y.size), 1 / np.sqrt(v)])
    coefficients, rss, *_ = np.linalg.lstsq(x, y / np.sqrt(v))
    se = np.sqrt(np.diag(np.linalg.inv(x.T @ x)) * rss / (y.size - 2))
    found = bias.egger(y, v)
    assert (found.slope, found.limit) == pytest.approx(tuple(coefficients), rel=1e-10)
    assert (found.slope_se, found.limit_se) == pytest.approx(tuple(se), rel=1e-10)


def test_harbord_is_the_intercept_of_scores_on_information():
    """The form of Harbord et al. 2006: Z/sqrt(V) on sqrt(V)."""
    a, n1, c, n2 = BCG
    n, e = n1 + n2, a + c
    z, v = a - e * n1 / n, n1 * n2 * e * (n - e) / (n**2 * (n - 1))
    slope, intercept = np.polyfit(np.sqrt(v), z / np.sqrt(v), 1)
    found = bias.harbord(*BCG)
    assert (found.slope, found.limit) == pytest.approx((intercept, slope), rel=1e-9)


def test_begg_by_enumeration():
    y, v = np.array([0.1, 0.5, 0.3, 0.9, 0.2]), np.array([0.01, 0.05, 0.02, 0.08, 0.04])
    mean = (y / v).sum() / (1 / v).sum()
    x = (y - mean) / np.sqrt(v - 1 / (1 / v).sum())

    def tau(ranks):
        pairs = itertools.combinations(range(5), 2)
        return sum(np.sign((x[i] - x[j]) * (ranks[i] - ranks[j])) for i, j in pairs) / 10

    found = bias.begg(y, v)
    all_taus = np.array([tau(p) for p in itertools.permutations(range(5))])
    assert found.tau == pytest.approx(tau(v))
    assert found.p == pytest.approx(np.mean(np.abs(all_taus) >= abs(found.tau) - 1e-12))


def test_trim_and_fill_by_hand():
    """Effects 0, 1, 2, 9, 10 of equal variance. R0 starts from the mean 4.4: the ranks on the right are 4 and 5."""
    y, v = np.array([0.0, 1.0, 2.0, 9.0, 10.0]), np.ones(5)
    found = bias.trim_and_fill(y, v, estimator="L0", side="left", model="common")
    # distances 4.4 3.4 2.4 4.6 5.6, ranks 3 2 1 4 5: S = 9, L0 = (36 - 30)/9 = 0.67, one is trimmed; mean 3 of the
    # others: distances 3 2 1 6 7, the same ranks: settled at 1; the mirror of 10 about 3 is -4
    assert found.k0 == 1
    assert found.yi.tolist() == [0, 1, 2, 9, 10, -4]
    assert found.estimate == pytest.approx(3.0)
    assert found.filled.tolist() == [False] * 5 + [True]


def test_excess_significance_by_hand():
    """Two studies, chances 0.05 each at no effect: one or more significant has chance 0.0975."""
    found = bias.excess_significance([3.0, 0.0], [1.0, 1.0], true_effect=0.0)
    assert (found.observed, found.expected) == (1, pytest.approx(0.1))
    assert found.p == pytest.approx(0.0975)


def test_at_least_by_enumeration():
    chances = np.array([0.1, 0.5, 0.7, 0.2])
    want = sum(
        np.prod(np.where(outcome, chances, 1 - chances))
        for outcome in itertools.product([0, 1], repeat=4)
        if sum(outcome) >= 2
    )
    assert at_least(2, chances) == pytest.approx(want)
    assert at_least(0, chances) == 1.0


def test_power_of_a_test():
    """80 % power at an effect of z(0.975) + z(0.8) standard errors (the far tail is 1e-6)."""
    found = bias.power_of_tests([1.0, 1.0], [1.0, 4.0], true_effect=1.959964 + 0.8416212)
    assert found.power[0] == pytest.approx(0.8, abs=2e-6)
    assert found.pooled > found.highest >= found.median >= found.lowest


def test_worst_case_by_hand():
    """One affirmative study at 4, others at -1 and 0, equal weights: 4 = eta (1 + 0) gives a ratio of 4."""
    found = bias.worst_case([4.0, -1.0, 0.0], [1.0, 1.0, 1.0], model="common", side="right")
    assert (found.affirmative, found.estimate) == (1, pytest.approx(-0.5))
    assert found.ratio_estimate == pytest.approx(4.0)
    # the lower limit of the mean of all three, 1 - 1.96/sqrt(3), is below 0 already
    assert found.ratio_interval == 1.0


def test_selection_ratio_of_the_interval_solves_its_equation():
    y, v = bcg()
    found = bias.worst_case(y, v, model="common")
    eta, affirmative = found.ratio_interval, -y / np.sqrt(v) > 1.959963984540054
    weight = np.where(affirmative, 1.0, eta) / v
    upper = (weight * y).sum() / weight.sum() + 1.959963984540054 * np.sqrt((weight**2 * v).sum()) / weight.sum()
    assert eta > 1
    assert upper == pytest.approx(0.0, abs=1e-10)
    assert found.ratio_estimate is None
    assert "same side" in found.ratio_reason


def test_derivatives_of_the_selection_likelihood(hackshaw):
    y, v = hackshaw
    cuts = np.array([0.025, 0.5])
    from scipy.special import ndtr, ndtri

    data = SelectionData(y, v, np.searchsorted(cuts, ndtr(-y / np.sqrt(v))), -ndtri(cuts))
    at = np.array([0.15, 0.03, -0.5, -1.2])
    _, gradient, hessian = data.derivatives(at[0], at[1], at[2:])
    steps = np.diag([1e-5, 1e-5, 1e-5, 1e-5])
    for j, step in enumerate(steps):
        ahead, behind = (data.derivatives(p[0], p[1], p[2:]) for p in (at + step, at - step))
        assert gradient[j] == pytest.approx((ahead[0] - behind[0]) / 2e-5, rel=1e-6, abs=1e-6)
        assert hessian[j] == pytest.approx((ahead[1] - behind[1]) / 2e-5, rel=1e-6, abs=1e-5)


def test_selection_likelihood_by_hand():
    """One study at 0 with variance 1 and weight w above p = 0.025: normal density times w / (T + w (1 - T))."""
    from scipy.special import ndtr, ndtri

    data = SelectionData(np.zeros(1), np.ones(1), np.array([1]), -ndtri(np.array([0.025])))
    w, mu = 0.3, 0.2
    exceed = ndtr(mu - 1.959963984540054)
    want = -0.5 * np.log(2 * np.pi) - 0.5 * mu**2 + np.log(w) - np.log(exceed + w * (1 - exceed))
    assert data.log_likelihood(mu, 0.0, np.log([w])) == pytest.approx(want, rel=1e-12)


def test_influence_by_refitting(hackshaw):
    y, v = hackshaw
    found = bias.influence(y, v)
    full = pooling.random_effects(y, v, ci="wald")
    for i in (0, 7, 36):
        rest = np.arange(37) != i
        without = pooling.random_effects(y[rest], v[rest], ci="wald")
        assert found.estimate_without[i] == pytest.approx(without.estimate, rel=1e-10)
        spread = np.sqrt(v[i] + without.tau2 + without.se**2)
        assert found.residual[i] == pytest.approx((y[i] - without.estimate) / spread, rel=1e-10)
        assert found.cooks_distance[i] == pytest.approx((full.estimate - without.estimate) ** 2 / full.se**2, rel=1e-7)
    assert found.hat.sum() == pytest.approx(1.0)
    assert found.to_frame().shape == (37, 14)


def test_an_outlier_is_influential():
    y, v = np.r_[np.linspace(-0.1, 0.1, 9), 5.0], np.full(10, 0.1)
    assert bias.influence(y, v).influential.tolist() == [False] * 9 + [True]


# Subsets -------------------------------------------------------------------------------------------------------------


def test_gosh_holds_every_subset_once():
    y, v = bcg()
    found = bias.gosh(y[:5], v[:5], studies=list("abcde"))
    assert found.complete
    assert len({tuple(row) for row in found.member}) == 2**5 - 5 - 1 == found.size.size
    whole = found.size == 5
    assert found.estimate[whole] == pytest.approx(pooling.random_effects(y[:5], v[:5]).estimate)
    by_study = found.by_study()
    assert (by_study["subsets_with"] + by_study["subsets_without"] == 26).all()
    assert found.to_frame()["with a"].sum() == 15


def test_gosh_beyond_the_limit_is_a_seeded_sample_without_repeats(hackshaw):
    first, again, other = (bias.gosh(*hackshaw, sample=300, seed=s) for s in (4, 4, 5))
    assert not first.complete
    assert np.array_equal(first.member, again.member)
    assert not np.array_equal(first.member, other.member)
    assert len({tuple(row) for row in first.member}) == 300
    assert first.size.min() >= 2


# What cannot be computed ---------------------------------------------------------------------------------------------

ONE_SET = (
    bias.egger, bias.egger_mixed, bias.begg, bias.pet, bias.peese, bias.pet_peese, bias.rosenthal, bias.orwin,
    bias.trim_and_fill, bias.selection_model, bias.worst_case, bias.power_of_tests, bias.excess_significance,
    bias.influence, bias.gosh,
)  # fmt: skip


@pytest.mark.parametrize("function", ONE_SET, ids=lambda f: f.__name__)
@pytest.mark.parametrize("k", [0, 1, 2])
def test_too_few_studies_give_a_reason_and_no_number(function, k):
    found = function([0.1, 0.4][:k], [0.1, 0.2][:k])
    numbers = [x for x in found.to_dict().values() if isinstance(x, float)]
    assert np.isfinite(numbers).all()
    if found.status != "ok":
        assert found.reason
        assert getattr(found, "estimate", None) is None or np.size(found.estimate) == 0
    assert len(found.to_frame()) in (0, 1, 2)


@pytest.mark.parametrize("function", ONE_SET, ids=lambda f: f.__name__)
def test_bad_variances_are_errors(function):
    with pytest.raises(PoolingInputError, match="index 1"):
        function([0.1, 0.4, 0.2], [0.1, 0.0, 0.3])
    with pytest.raises(PoolingInputError, match="shape"):
        function(np.zeros((2, 3)), np.ones((2, 3)))


@pytest.mark.parametrize("function", [bias.egger, bias.egger_mixed, bias.begg, bias.pet, bias.peese])
def test_equal_standard_errors_leave_nothing_to_regress_on(function):
    found = function([0.1, 0.2, 0.4, 0.5], [0.1] * 4)
    assert found.status == "not_possible"
    assert "same" in found.reason
    assert found.p is None


def test_points_on_a_line_have_no_standard_error():
    se = np.array([0.1, 0.2, 0.3, 0.4])
    found = bias.egger(0.2 + 3 * se, se**2)
    assert found.status == "not_possible"
    assert "line" in found.reason


def test_trim_and_fill_needs_a_side_where_standard_errors_are_equal():
    y, v = [0.1, 0.2, 0.4, 0.5], [0.1] * 4
    assert "side" in bias.trim_and_fill(y, v).reason
    assert bias.trim_and_fill(y, v, side="left").status == "ok"


def test_an_interval_without_studies_is_named():
    found = bias.selection_model([0.1, 0.2, 0.1, 0.05], [0.1] * 4)
    assert found.status == "not_possible"
    assert "0 to 0.025" in found.reason
    assert found.counts == (0, 4)
    assert found.weight is None


def test_a_selection_model_without_a_maximum_says_so():
    """Three studies just below the step and one far on the other side: ever stronger selection fits ever better."""
    found = bias.selection_model([0.667, 0.55, 1.847, -1.171], np.square([0.338, 0.28, 0.937, 0.166]), side="right")
    assert found.status == "not_converged"
    assert "no maximum" in found.reason
    assert found.estimate is None
    assert found.to_frame()["estimate"].isna().all()


def test_steps_and_options_are_checked(hackshaw):
    for steps in ((0.5, 0.025), (0.0,), (1.0,), ()):
        with pytest.raises(PoolingInputError, match="steps"):
            bias.selection_model(*hackshaw, steps=steps)
    with pytest.raises(PoolingInputError, match="side"):
        bias.trim_and_fill(*hackshaw, side="up")
    with pytest.raises(PoolingInputError, match="estimator"):
        bias.trim_and_fill(*hackshaw, estimator="L1")
    with pytest.raises(PoolingInputError, match="tau2"):
        bias.egger_mixed([0.1], [0.1], tau2="XX")
    with pytest.raises(PoolingInputError, match="tau2"):
        bias.trim_and_fill(*hackshaw, tau2="XX")


def test_orwin_refuses_a_target_out_of_reach():
    for target in (0.0, -0.1, float("inf")):
        found = bias.orwin([0.2, 0.3], target=target)
        assert found.status == "not_possible"
        assert found.number is None
    assert bias.orwin([0.2, 0.3], target=0.4).number == 0


def test_tables_without_events_are_left_out_and_named():
    a, c = [0, 3, 4, 5, 9], [0, 5, 9, 4, 20]
    n = [50, 40, 60, 70, 200]
    harbord = bias.harbord(a, n, c, n, studies=list("abcde"))
    peters = bias.peters([np.nan, -0.5, -0.9, 0.2, -0.8], a, n, c, n, studies=list("abcde"))
    for found in (harbord, peters):
        assert found.k == 4
        assert [name for name, _ in found.left_out] == ["a"]
        assert "a: no events" in found.to_frame()["left_out"].iloc[0]
    with pytest.raises(PoolingInputError, match="'b'"):
        bias.peters([0.1, np.nan, -0.9, 0.2, -0.8], a, n, c, n, studies=list("abcde"))


def test_ten_studies_are_advised_and_fewer_computed_all_the_same(hackshaw):
    few = bias.egger(hackshaw[0][:9], hackshaw[1][:9])
    assert not few.advised
    assert "9 studies" in few.advice
    assert few.p is not None
    ten = bias.egger(hackshaw[0][:10], hackshaw[1][:10])
    assert ten.advised
    assert ten.advice is None


def test_pet_peese_takes_peese_only_where_pet_finds_an_effect():
    se = np.linspace(0.05, 0.4, 12)
    noise = 0.3 * se * np.tile([1.0, -1.0], 6)
    assert bias.pet_peese(1.0 + noise, se**2).chosen == "PEESE"
    assert bias.pet_peese(-1.0 + noise, se**2).chosen == "PEESE"
    assert bias.pet_peese(noise + 2 * se, se**2).chosen == "PET"
    # an effect on the other side is none
    assert bias.pet_peese(-1.0 + noise, se**2, side="right").chosen == "PET"


def test_summary_for_the_command(hackshaw):
    found = bias.small_study_summary(*hackshaw, tau2="DL", ci="wald", pi="t", model="random")
    assert {"slope", "t", "p", "limit"} <= set(found["egger"])
    assert {"tau", "p"} <= set(found["begg"])
    assert {"k0", "side", "estimate", "se"} <= set(found["trimfill"])
    assert {"estimate", "se", "tau2", "weight", "side"} <= set(found["selection"])
    json.dumps(found, allow_nan=False)
    few = bias.small_study_summary([0.1, 0.2], [0.1, 0.2])
    assert all(part["status"] == "not_possible" for part in few.values())
    json.dumps(few, allow_nan=False)


def test_functions_stay_functions_after_their_modules_are_imported():
    import evisynth.bias.bounds
    import evisynth.bias.diagnostics
    import evisynth.bias.subsets  # noqa: F401

    assert all(callable(getattr(bias, name)) for name in bias.__all__ if name[0].islower())


# Properties ----------------------------------------------------------------------------------------------------------

sets = (
    st.integers(6, 14)
    .flatmap(
        lambda k: st.tuples(
            st.lists(st.integers(-2000, 3000), min_size=k, max_size=k, unique=True),
            st.lists(st.integers(50, 900), min_size=k, max_size=k, unique=True),
        )
    )
    .map(lambda pair: (np.array(pair[0]) / 1000.0, (np.array(pair[1]) / 1000.0) ** 2))
)
few = settings(max_examples=15, deadline=None)


def scattered(data):
    """Return effects and variances that do not lie (nearly) on the line of Egger's regression."""
    found = bias.egger(*data)
    assume(found.status == "ok" and abs(found.t) < 1e3)
    return data


@few
@given(sets, st.sampled_from([1e-6, 1e-3, 7.0, 1e6]))
def test_scale(data, s):
    """Every answer keeps its meaning when effects are multiplied by s and variances by its square."""
    y, v = scattered(data)
    for function, times_s in (
        (bias.egger, ("limit", "limit_se")), (bias.pet, ("estimate", "se")), (bias.peese, ("estimate", "se")),
        (bias.egger_mixed, ("limit",)), (bias.trim_and_fill, ("estimate", "se")),
        (bias.selection_model, ("estimate", "se")), (bias.worst_case, ("estimate",)),
    ):  # fmt: skip
        one, scaled = function(y, v), function(s * y, s * s * v)
        assert one.status == scaled.status
        if one.status != "ok":
            continue
        for name in times_s:
            size = np.sqrt(np.median(v))
            assert getattr(scaled, name) / s == pytest.approx(getattr(one, name), rel=1e-6, abs=1e-6 * size)
    assert bias.begg(s * y, s * s * v).tau == pytest.approx(bias.begg(y, v).tau)
    assert bias.influence(s * y, s * s * v).residual == pytest.approx(bias.influence(y, v).residual, rel=1e-6, abs=1e-8)


@few
@given(sets)
def test_sign(data):
    """Turning all effects round turns every estimate, slope and side round."""
    y, v = scattered(data)
    assert bias.egger(-y, v).slope == pytest.approx(-bias.egger(y, v).slope)
    assert bias.begg(-y, v).tau == pytest.approx(-bias.begg(y, v).tau)
    assert bias.rosenthal(-y, v).number == bias.rosenthal(y, v).number
    for side, other in (("right", "left"), ("left", "right")):
        one, turned = bias.trim_and_fill(y, v, side=side), bias.trim_and_fill(-y, v, side=other)
        assert (one.k0, one.status) == (turned.k0, turned.status)
        if one.status == "ok":
            assert turned.estimate == pytest.approx(-one.estimate, abs=1e-9)
        model, mirror = bias.selection_model(y, v, side=side), bias.selection_model(-y, v, side=other)
        assert model.status == mirror.status
        if model.status == "ok":
            assert mirror.estimate == pytest.approx(-model.estimate, rel=1e-6, abs=1e-7)
            assert mirror.weight == pytest.approx(model.weight, rel=1e-5)
    first, second = bias.worst_case(y, v, side="right"), bias.worst_case(-y, v, side="left")
    assert first.affirmative == second.affirmative
    assert first.ratio_estimate == pytest.approx(second.ratio_estimate) if first.ratio_estimate else True


@few
@given(sets, st.randoms(use_true_random=False))
def test_order(data, random):
    """The order of the studies changes nothing but the order of the rows."""
    y, v = scattered(data)
    at = list(range(y.size))
    random.shuffle(at)
    assert bias.egger(y[at], v[at]).p == pytest.approx(bias.egger(y, v).p, rel=1e-8)
    assert bias.influence(y[at], v[at]).dffits == pytest.approx(bias.influence(y, v).dffits[at], rel=1e-6, abs=1e-9)
    one, other = bias.trim_and_fill(y, v), bias.trim_and_fill(y[at], v[at])
    assert one.k0 == other.k0


@few
@given(sets, st.floats(-3, 3))
def test_added_constant(data, constant):
    """A constant added to all effects moves limits and estimates by it and leaves the tests of asymmetry alone."""
    y, v = scattered(data)
    one, moved = bias.egger(y, v), bias.egger(y + constant, v)
    assert moved.slope == pytest.approx(one.slope, rel=1e-7, abs=1e-9)
    assert moved.limit == pytest.approx(one.limit + constant, rel=1e-7, abs=1e-9)
    filled, other = (bias.trim_and_fill(x, v, side="left") for x in (y, y + constant))
    if filled.status == "ok" and other.status == "ok" and filled.k0 == other.k0:
        assert other.estimate == pytest.approx(filled.estimate + constant, rel=1e-6, abs=1e-7)


@few
@given(sets)
def test_selection_is_at_a_maximum_no_lower_than_without(data):
    y, v = scattered(data)
    found = bias.selection_model(y, v)
    if found.status != "ok":
        assert found.estimate is None
        assert found.reason
        return
    assert found.gradient < 1e-6
    assert found.lrt >= 0
    assert found.tau2 >= 0
    assert min(found.weights) > 0
