"""Published data that the tests of small-study effects share."""

import json
from pathlib import Path

import numpy as np
import pytest

EFFECTS = json.loads((Path(__file__).parents[1] / "reference" / "bias" / "bias_reference.json").read_text())["effects"]


def effects(name):
    """Return effects and variances of a data set of the reference values."""
    return np.array(EFFECTS[name]["yi"]), np.array(EFFECTS[name]["vi"])


@pytest.fixture
def hackshaw():
    """Passive smoking and lung cancer, 37 studies (Hackshaw 1998, Stat Methods Med Res 7: 119), log odds ratios."""
    return effects("hackshaw")


@pytest.fixture
def expectancy():
    """Nineteen experiments on teacher expectancy (Raudenbush and Bryk 1985, J Educ Stat 10: 75, table 1)."""
    return effects("expectancy")


@pytest.fixture
def magnesium():
    """Sixteen trials (Egger, Davey Smith and Altman 2001, Systematic Reviews in Health Care)."""
    return effects("magnesium")


@pytest.fixture
def bcg_counts():
    """Thirteen trials of BCG vaccine (Colditz et al. 1994, JAMA 271: 698): events_1, n_1, events_2, n_2."""
    return (
        np.array([4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27.0]),
        np.array([123, 306, 231, 13598, 5069, 1541, 2545, 88391, 7499, 1716, 50634, 2498, 16913.0]),
        np.array([11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29.0]),
        np.array([139, 303, 220, 12867, 5808, 1451, 629, 88391, 7277, 1665, 27338, 2341, 17854.0]),
    )


@pytest.fixture
def bcg(bcg_counts):
    """The same trials as log risk ratios and variances."""
    a, n1, c, n2 = bcg_counts
    return np.log(a / n1) - np.log(c / n2), 1 / a - 1 / n1 + 1 / c - 1 / n2
