"""Small-study effects and influence: what cannot be computed has a reason and no number."""

import json

import numpy as np
import pytest

from evisynth import bias
from evisynth.pooling import PoolingInputError

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
