"""Published data that several tests of the pooling functions use."""

from types import SimpleNamespace

import numpy as np
import pytest


def _case(**columns):
    return SimpleNamespace(**{name: np.array(values, dtype=float) for name, values in columns.items()})


@pytest.fixture(scope="session")
def bcg():
    """Thirteen trials of BCG vaccine against tuberculosis (Colditz et al. 1994, JAMA 271: 698, table 1)."""
    case = _case(
        events_1=[4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27],
        n_1=[123, 306, 231, 13598, 5069, 1541, 2545, 88391, 7499, 1716, 50634, 2498, 16913],
        events_2=[11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29],
        n_2=[139, 303, 220, 12867, 5808, 1451, 629, 88391, 7277, 1665, 27338, 2341, 17854],
        latitude=[44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33],
    )
    case.yi = np.log(case.events_1 / case.n_1) - np.log(case.events_2 / case.n_2)
    case.vi = 1 / case.events_1 - 1 / case.n_1 + 1 / case.events_2 - 1 / case.n_2
    case.allocation = np.array(["random"] * 4 + ["alternate"] * 2 + ["random"] * 3 + ["systematic"] * 4)
    return case


@pytest.fixture(scope="session")
def clasp():
    """Six trials of aspirin in pregnancy (CLASP overview; DerSimonian and Kacker 2007, table 2), log odds ratios."""
    a, n1 = np.array([5, 5, 12, 69, 9, 313.0]), np.array([156, 303, 565, 1570, 103, 4659.0])
    c, n2 = np.array([8, 17, 9, 94, 11, 352.0]), np.array([74, 303, 477, 1565, 105, 4650.0])
    yi = np.log(a / (n1 - a)) - np.log(c / (n2 - c))
    return SimpleNamespace(
        yi=yi, vi=1 / a + 1 / (n1 - a) + 1 / c + 1 / (n2 - c), events_1=a, n_1=n1, events_2=c, n_2=n2
    )


@pytest.fixture(scope="session")
def viechtbauer():
    """Ten studies of Viechtbauer 2005 (J. Educ. Behav. Stat. 30: 261), example 1."""
    return _case(
        yi=[-0.581, 0.530, 0.771, 1.031, 0.553, 0.295, 0.078, 0.573, -0.176, -0.232],
        vi=[0.023, 0.052, 0.060, 0.115, 0.095, 0.203, 0.200, 0.211, 0.051, 0.040],
    )


@pytest.fixture(scope="session")
def ten_trials():
    """Ten trials with rare events (metafor issue 45)."""
    return _case(
        events_1=[1, 1, 14, 1, 5, 8, 7, 8, 4, 5],
        n_1=[407, 414, 1197, 989, 139, 136, 304, 214, 111, 231],
        events_2=[1, 1, 16, 1, 4, 11, 4, 11, 0, 8],
        n_2=[422, 407, 1300, 494, 80, 157, 152, 227, 37, 234],
    )


@pytest.fixture(scope="session")
def catheters():
    """Eighteen trials of coated catheters, with zeros (Niel-Weise et al. 2007; Stijnen et al. 2010, table II)."""
    return _case(
        events_1=[0, 1, 2, 0, 5, 1, 1, 1, 1, 1, 0, 0, 3, 6, 0, 0, 1, 4],
        n_1=[116, 44, 208, 130, 151, 98, 174, 74, 97, 113, 66, 70, 188, 187, 118, 252, 345, 64],
        events_2=[3, 3, 9, 7, 6, 4, 3, 2, 19, 2, 7, 1, 5, 11, 0, 1, 3, 1],
        n_2=[117, 35, 195, 136, 157, 139, 177, 39, 103, 122, 64, 58, 175, 180, 105, 262, 362, 69],
    )


@pytest.fixture(scope="session")
def expectancy():
    """Nineteen experiments on teacher expectancy (Raudenbush and Bryk 1985, J. Educ. Stat. 10: 75, table 1)."""
    return _case(
        yi=[
            0.03,
            0.12,
            -0.14,
            1.18,
            0.26,
            -0.06,
            -0.02,
            -0.32,
            0.27,
            0.80,
            0.54,
            0.18,
            -0.02,
            0.23,
            -0.18,
            -0.06,
            0.30,
            0.07,
            -0.07,
        ],
        vi=[
            0.0156,
            0.0216,
            0.0279,
            0.1391,
            0.1362,
            0.0106,
            0.0106,
            0.0484,
            0.0269,
            0.0630,
            0.0912,
            0.0497,
            0.0835,
            0.0841,
            0.0253,
            0.0279,
            0.0193,
            0.0088,
            0.0303,
        ],
        weeks=[2, 21, 19, 0, 0, 3, 17, 24, 0, 1, 0, 0, 1, 2, 17, 5, 1, 2, 7],
    )


@pytest.fixture(scope="session")
def calendars():
    """Fifty-six schools in eleven districts (Konstantopoulos 2011, Res. Synth. Methods 2: 61, table 1)."""
    sizes = [4, 4, 3, 4, 4, 11, 3, 8, 6, 5, 4]
    districts = [11, 12, 18, 27, 56, 58, 71, 86, 91, 108, 644]
    return _case(
        district=np.repeat(districts, sizes),
        yi=[
            -0.18,
            -0.22,
            0.23,
            -0.30,
            0.13,
            -0.26,
            0.19,
            0.32,
            0.45,
            0.38,
            0.29,
            0.16,
            0.65,
            0.36,
            0.60,
            0.08,
            0.04,
            0.19,
            -0.06,
            -0.18,
            0,
            0,
            -0.28,
            -0.04,
            -0.30,
            0.07,
            0,
            0.05,
            -0.08,
            -0.09,
            0.30,
            0.98,
            1.19,
            -0.07,
            -0.05,
            -0.01,
            0.02,
            -0.03,
            0,
            0.01,
            -0.10,
            0.50,
            0.66,
            0.20,
            0,
            0.05,
            0.07,
            -0.52,
            0.70,
            -0.03,
            0.27,
            -0.34,
            0.12,
            0.61,
            0.04,
            -0.05,
        ],
        vi=[
            0.118,
            0.118,
            0.144,
            0.144,
            0.014,
            0.014,
            0.015,
            0.024,
            0.023,
            0.043,
            0.012,
            0.020,
            0.004,
            0.004,
            0.007,
            0.019,
            0.007,
            0.005,
            0.004,
            0.020,
            0.018,
            0.019,
            0.022,
            0.020,
            0.021,
            0.006,
            0.007,
            0.007,
            0.007,
            0.007,
            0.015,
            0.011,
            0.010,
        ]
        + [0.001] * 8
        + [
            0.010,
            0.011,
            0.010,
            0.009,
            0.013,
            0.013,
            0.031,
            0.031,
            0.030,
            0.030,
            0.030,
            0.087,
            0.082,
            0.067,
            0.067,
        ],
    )
