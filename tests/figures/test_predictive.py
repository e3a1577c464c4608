"""The predictive figure: what was found, what the fitted model predicts, and what the priors alone predict."""

import math

import pandas as pd
import pytest

from evisynth.figures.series import plot_series
from evisynth.figures.series_bayes import alt_text, predictive_frame


def checks(prior_low=-2.0, prior_high=2.0, **other):
    row = {
        "synthesis": "made_up", "measure": "RR", "method": "bayes_normal", "status": "ok", "observed": -0.2,
        "predicted": -0.3, "predicted_low": -0.9, "predicted_high": 0.3, "p_two_sided": 0.6, "pareto_k": 0.1,
        "prior_low": prior_low, "prior_high": prior_high,
    }  # fmt: skip
    named = [{"study_id": f"s{i}", "label": f"Study {i}"} for i in range(3)]
    return pd.DataFrame([{**row, **one, **other} for one in named]).astype(str).replace("nan", "")


def shown(frame):
    ax = plot_series(frame).axes[-1]
    grey = [line for line in ax.lines if len(line.get_xdata()) == 2 and line.get_color() == "#8c8c8c"]
    return ax, [sorted(map(float, line.get_xdata())) for line in grey if line.get_ydata()[0] == line.get_ydata()[1]]


def test_the_interval_of_the_priors_stands_below_each_study():
    frame = predictive_frame(checks(), "made_up", "RR")
    assert frame["prior_low"].tolist() == pytest.approx([math.exp(-2)] * 3)
    ax, lines = shown(frame)
    assert lines == [pytest.approx([math.exp(-2), math.exp(2)])] * 3
    left, right = ax.get_xlim()
    assert left < math.exp(-2) < math.exp(2) < right
    assert "it reaches from 0.14 to 7.39" in frame["note"].iloc[0]
    assert "3 estimates" in alt_text(frame)


def test_a_vague_prior_does_not_squeeze_the_studies():
    ax, lines = shown(predictive_frame(checks(-30.0, 30.0), "made_up", "RR"))
    left, right = map(math.log, ax.get_xlim())
    assert 1.2 / (right - left) > 0.2
    assert lines[0] == pytest.approx(list(ax.get_xlim()))


def test_an_improper_prior_predicts_nothing():
    frame = predictive_frame(checks(math.nan, math.nan), "made_up", "RR")
    assert "priors alone" not in frame["note"].iloc[0]
    assert shown(frame)[1] == []


def test_studies_of_a_failed_fit_are_not_drawn():
    assert predictive_frame(checks(status="failed"), "made_up", "RR").empty
