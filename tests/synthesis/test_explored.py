"""Other priors, other models and curves around the planned posteriors: against the engine itself, and by hand."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from evisynth import bayes
from evisynth.bayes import priors
from evisynth.provenance.formulas import formulas_of
from evisynth.provenance.tables import read_result, write_table
from evisynth.review import load_review
from evisynth.synthesis.assemble import assemble_plan, effect_rows
from evisynth.synthesis.averaged import average_rows
from evisynth.synthesis.explored import COLUMNS, explored_of, joined
from evisynth.synthesis.posterior import Task
from evisynth.synthesis.posterior_curves import density_rows, probability_rows
from evisynth.synthesis.prior_surface import SCALES, effect_priors, heterogeneity_priors, surface_rows

DATA = Path(__file__).parents[2] / "data"
# A ratio of which less is better, the same with more better, and a plan with a minimal important difference.
Y, V = (-0.9, -0.4, -0.1, -0.6), (0.08, 0.05, 0.04, 0.2)


@cache
def bcg():
    """The one synthesis of the BCG review, as the pipeline gives it."""
    review = load_review(DATA / "bcg")
    assembled = assemble_plan(review.plan, review.members, review.corrected, review.received)[0]
    (frame,) = [effect_rows(a, review.corrected) for a in assembled if a.measure == "RR"]
    return Task(review.plan.syntheses[0], "RR", "bayes_exact", "lower", frame)


def task(y=Y, v=V, *, benefit="lower", measure="RR", n=50.0, **plan):
    """A synthesis with these effects; `plan` changes its priors or its minimal important difference."""
    synthesis = bcg().synthesis.model_copy(update=plan)
    k = len(y)
    names = [f"study{i}" for i in range(k)]
    columns = {"study_id": names, "label": names, "yi": list(y), "vi": list(v), "n_1": [n] * k, "n_2": [n] * k}
    return Task(synthesis, measure, "bayes_exact", benefit, pd.DataFrame(columns))


def prior(text):
    return bcg().synthesis.effect_prior.model_copy(update={"prior": text})


def threshold(value):
    return bcg().synthesis.minimal_important_difference.model_copy(update={"value": value})


@cache
def tables():
    return joined([explored_of(bcg())])


@cache
def surface():
    return tables()["prior_surface"].set_index(["tau_prior", "mu_prior"])


def test_planned_cell_is_the_planned_posterior():
    rows = surface()
    (key,) = rows.index[rows["planned"].astype(bool)]
    assert key == ("halfnormal:0.5", "normal:0,1")
    effects = bcg().effects
    fit = bayes.normal_normal(effects["yi"], effects["vi"], *key)
    row = rows.loc[key]
    # the engine's tolerance is 1e-6 posterior standard deviations; those of mu and tau are 0.18
    found = row[["estimate", "ci_low", "ci_high", "tau", "tau_ci_low", "tau_ci_high", "p_benefit", "log_marginal"]]
    expected = [fit.mu.median, fit.mu.ci_low, fit.mu.ci_high, fit.tau.median, fit.tau.ci_low, fit.tau.ci_high]
    assert found.tolist() == pytest.approx([*expected, fit.p_mu_below_0, fit.log_marginal], abs=1e-6)
    assert row["natural_ci_high"] == pytest.approx(np.exp(fit.mu.ci_high), rel=1e-6)


@pytest.mark.parametrize("cell", [("halfcauchy", 4.0, "flat"), ("invgamma", 0.5, "sceptical")])
def test_every_cell_is_a_fit_of_its_own(cell):
    rows = tables()["prior_surface"].set_index(["family", "scale", "mu_family"])
    row, effects = rows.loc[cell], bcg().effects
    fit = bayes.normal_normal(effects["yi"], effects["vi"], row["tau_prior"], row["mu_prior"])
    assert row["estimate"] == pytest.approx(fit.mu.median, abs=1e-6)
    assert row["tau_ci_high"] == pytest.approx(fit.tau.ci_high, abs=1e-6)
    assert row["error_bound"] <= 1e-6


def test_families_are_compared_at_like_medians():
    cells = [cell for cell in heterogeneity_priors("lognormal2:-2.56,1.74") if cell.family != "flat"]
    assert {cell.family for cell in cells} >= {"halfnormal", "halfcauchy", "exponential", "uniform", "invgamma"}
    for cell in cells:
        # priors are written with four digits
        median = cell.scale * np.exp(-1.28)
        assert float(priors.parse(cell.text).ppf(0.5)) == pytest.approx(median, rel=2e-3), cell.text


def test_planned_prior_stands_once():
    same = [cell for cell in heterogeneity_priors("halfnormal:0.5") if cell.text == "halfnormal:0.5"]
    assert [(cell.family, cell.scale) for cell in same] == [("halfnormal", 1.0)]
    other = heterogeneity_priors("bartos2023:Gut,logRR")[0]
    assert (other.family, other.scale) == ("planned", 1.0)
    assert [cell.family for cell in heterogeneity_priors("flat")] == ["flat"]
    assert len(SCALES) == 13


def test_effect_priors_by_hand():
    found = effect_priors(task(v=(0.04,) * 4))
    # 400 people and sum(1/v) = 100: two units of effect; a quarter of the planned N(0, 1)
    assert found == {
        "flat": "flat",
        "planned": "normal:0,1",
        "unit_information": "normal:0,2",
        "sceptical": "normal:0,0.25",
    }
    with_mid = effect_priors(task(minimal_important_difference=threshold(0.3), n=np.nan))
    assert "unit_information" not in with_mid
    sd = priors.parse(with_mid["sceptical"], "mu").parameters[1]
    assert stats.norm.sf(0.3 / sd) == pytest.approx(0.05, abs=1e-4)


def test_improper_cells_are_named():
    rows = surface_rows(task(Y[:2], V[:2])).set_index(["tau_prior", "mu_family"])
    assert rows.loc[("flat", "flat"), "status"] == "improper"
    assert "needs at least 3 studies, found 2" in rows.loc[("flat", "flat"), "reason"]
    assert np.isnan(rows.loc[("flat", "flat"), "estimate"])
    proper = rows.loc[("flat", "planned")]
    assert proper["status"] == "ok"
    assert np.isnan(proper["log_marginal"])
    assert np.isfinite(rows.loc[("halfnormal:0.5", "planned"), "log_marginal"])
    assert np.isnan(rows.loc[("halfnormal:0.5", "flat"), "log_marginal"])
    one = surface_rows(task(Y[:1], V[:1]))
    assert (one[one["status"] == "improper"]["tau_prior"] == "flat").all()
    assert (one["status"] == "improper").sum() == len(effect_priors(task(Y[:1], V[:1])))


def test_symmetric_data_say_nothing():
    rows = surface_rows(task((-0.5, 0.5), (0.1, 0.1)))
    ok = rows["status"] == "ok"
    np.testing.assert_allclose(rows.loc[ok, "p_benefit"], 0.5, atol=1e-9)
    np.testing.assert_allclose(rows.loc[ok, "estimate"], 0.0, atol=1e-9)


def test_more_is_better_mirrors_the_surface():
    less = surface_rows(task(minimal_important_difference=threshold(0.2)))
    more = surface_rows(task([-y for y in Y], benefit="higher", minimal_important_difference=threshold(0.2)))
    for column in ("p_benefit", "p_beyond_mid", "tau"):
        np.testing.assert_allclose(less[column], more[column], atol=1e-6)
    np.testing.assert_allclose(less["ci_low"], -more["ci_high"], atol=1e-5)
    assert (less["p_beyond_mid"] < less["p_benefit"]).all()


def test_model_average_is_the_librarys():
    models, averages = tables()["averaging"], tables()["averaged"].set_index("component")
    assert len(models) == 36
    assert models["posterior_probability"].sum() == pytest.approx(1)
    assert averages["selection_favours"].unique().tolist() == ["negative values (benefit)"]
    effects = bcg().effects
    own = bayes.normal_normal(effects["yi"], effects["vi"], "halfnormal:0.5", "normal:0,1")
    plain = models.set_index("model").loc["effect, random, no bias"]
    assert plain["log_marginal"] == pytest.approx(own.log_marginal, abs=1e-8)
    found = plain[["estimate", "ci_low", "ci_high", "tau"]].tolist()
    assert found == pytest.approx([own.mu.median, own.mu.ci_low, own.mu.ci_high, own.tau.median], abs=1e-6)
    fixed = models.set_index("model").loc["no effect, common, no bias"]
    assert fixed[["estimate", "natural_estimate", "tau"]].isna().all()
    assert fixed["log_marginal_method"] == "closed form"
    # the inclusion Bayes factor of bias, from the models' own rows; half of the prior is on no bias
    joint = np.log(models["prior_probability"]) + models["log_marginal"]
    biased = (models["bias"] != "none").to_numpy()
    expected = special.logsumexp(joint[biased]) - special.logsumexp(joint[~biased])
    assert averages.loc["bias", "log_bayes_factor"] == pytest.approx(expected, abs=1e-10)
    assert averages.loc["bias", "bayes_factor"] == pytest.approx(np.exp(expected))
    # P(benefit) of the average: only models with an effect add to it
    share = averages.loc["effect", "posterior_probability"]
    averaged, conditional = averages.loc["averaged", "p_benefit"], averages.loc["conditional", "p_benefit"]
    assert averaged == pytest.approx(share * conditional)


def test_selection_follows_the_benefit():
    less = average_rows(task())[1].set_index("component")
    more = average_rows(task([-y for y in Y], benefit="higher"))[1].set_index("component")
    assert more.loc["bias", "selection_favours"] == "positive values (benefit)"
    for component in ("effect", "heterogeneity", "bias"):
        assert more.loc[component, "bayes_factor"] == pytest.approx(less.loc[component, "bayes_factor"], rel=1e-9)
    assert more.loc["conditional", "p_benefit"] == pytest.approx(less.loc["conditional", "p_benefit"], abs=1e-9)
    assert more.loc["conditional", "ci_low"] == pytest.approx(-less.loc["conditional", "ci_high"], abs=1e-9)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"y": Y[:2], "v": V[:2]}, "fewer than 3 studies"),
        ({"effect_prior": "flat"}, "needs? proper priors"),
        ({"effect_prior": "spikeslab:0.5,0,1"}, "no single spread"),
    ],
)
def test_what_is_not_averaged_says_why(changes, reason):
    if "effect_prior" in changes:
        changes = {"effect_prior": prior(changes["effect_prior"])}
    models, averages = average_rows(task(**changes))
    assert len(models) == 0
    assert averages["status"].tolist() == ["not_averaged"]
    assert averages["estimate"].isna().all()
    assert pd.Series(averages["reason"]).str.contains(reason).all()


def test_densities_integrate_to_one_and_the_prior_is_the_prior():
    rows = tables()["densities"]
    for (parameter, curve), part in rows.groupby(["parameter", "curve"]):
        area = np.trapezoid(part["density"], part["analysis_x"])
        if curve == "posterior":
            # beyond the ends lie half a per cent of tau, and less of the others on each side
            assert area == pytest.approx(1, abs=8e-3), parameter
        assert len(part) <= 101
        expected = part["analysis_x"] if parameter == "tau" else np.exp(part["analysis_x"])
        np.testing.assert_allclose(part["x"], expected)
    one = rows[(rows["parameter"] == "mu") & (rows["curve"] == "prior")]
    np.testing.assert_allclose(one["density"], stats.norm.pdf(one["analysis_x"]), rtol=1e-6)
    tau = rows[(rows["parameter"] == "tau") & (rows["curve"] == "prior")]
    np.testing.assert_allclose(tau["density"], stats.halfnorm.pdf(tau["analysis_x"], scale=0.5), rtol=1e-6)


def test_a_flat_prior_has_no_curve():
    rows = density_rows(task(effect_prior=prior("flat")))
    found = set(rows[["parameter", "curve"]].itertuples(index=False, name=None))
    assert found == {("mu", "posterior"), ("predictive", "posterior"), ("tau", "posterior"), ("tau", "prior")}


@pytest.mark.parametrize("benefit", ["lower", "higher"])
def test_probabilities_run_from_harm_to_benefit(benefit):
    sign = 1.0 if benefit == "lower" else -1.0
    chosen = task([sign * y for y in Y], benefit=benefit, minimal_important_difference=threshold(0.3))
    rows = probability_rows(chosen)
    cells = surface_rows(chosen)
    planned = cells[cells["planned"]].iloc[0]
    for curve, part in rows.groupby("curve"):
        assert (np.diff(part["probability"]) <= 1e-12).all(), curve
        assert part["mark"].tolist().count("no effect") == 1
    mean = rows[rows["curve"] == "mean effect"].set_index("mark")
    assert mean.loc["no effect", "probability"] == pytest.approx(planned["p_benefit"], abs=1e-6)
    important = mean.loc["minimal important difference"]
    assert important["threshold"] == pytest.approx(-0.3 * sign)
    assert important["probability"] == pytest.approx(planned["p_beyond_mid"], abs=1e-6)


@pytest.mark.parametrize("name", COLUMNS)
def test_tables_can_be_written_and_have_a_formula(name, tmp_path):
    frame = tables()[name]
    assert list(frame.columns) == list(COLUMNS[name])
    write_table(frame, tmp_path / "table.csv", f"bayes/{name}.csv")
    back = read_result(tmp_path / "table.csv")
    assert len(back) == len(frame)
    assert formulas_of(f"bayes/{name}.csv", {})


def test_limits_beyond_all_numbers_stay_blank():
    """Flat tau and three studies: the posterior of tau falls as 1/tau**2, and a limit of the risk ratio overflows."""
    rows = surface_rows(task((-0.5, 0.5, 300.0), (0.1, 0.1, 0.1)))
    row = rows[(rows["tau_prior"] == "flat") & (rows["mu_prior"] == "flat")].iloc[0]
    assert np.isfinite(row["ci_high"])
    assert np.isnan(row["natural_ci_high"])
