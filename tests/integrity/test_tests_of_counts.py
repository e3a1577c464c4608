"""p values of tables against SciPy and statsmodels."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency, fisher_exact
from statsmodels.stats.contingency_tables import mcnemar

from evisynth.quality.integrity import fisher_p, paired_p_values, unpaired_p_values
from evisynth.quality.integrity.tests_of_counts import PAIRED_TESTS, UNPAIRED


@pytest.mark.parametrize("table", [(9, 28, 3, 28), (15, 17, 6, 15), (0, 10, 5, 12), (62, 13598, 248, 12867)])
def test_unpaired(table):
    a, n, c, m = table
    cells = np.array([[a, n - a], [c, m - c]])
    p = unpaired_p_values(*table)
    assert p[UNPAIRED[0]] == pytest.approx(chi2_contingency(cells, correction=False).pvalue, rel=1e-9)
    assert p[UNPAIRED[1]] == pytest.approx(chi2_contingency(cells, correction=True).pvalue, rel=1e-9)
    assert p[UNPAIRED[2]] == pytest.approx(fisher_exact(cells).pvalue, rel=1e-7)


def test_nobody_or_everybody_with_the_event():
    assert set(unpaired_p_values(0, 5, 0, 7).values()) == {1.0}
    assert set(unpaired_p_values(5, 5, 7, 7).values()) == {1.0}
    assert fisher_p(0, 5, 0, 7) == 1.0


def test_paired_runs_over_every_table():
    p = paired_p_values(9, 3, 28)
    assert all(len(values) == 4 for values in p.values())
    for both, at in zip(range(4), range(4), strict=True):
        cells = [[both, 9 - both], [3 - both, 16 + both]]
        assert p[PAIRED_TESTS[0]][at] == pytest.approx(mcnemar(cells, exact=True).pvalue)
        assert p[PAIRED_TESTS[1]][at] == pytest.approx(mcnemar(cells, exact=False, correction=False).pvalue)
        assert p[PAIRED_TESTS[2]][at] == pytest.approx(mcnemar(cells, exact=False, correction=True).pvalue)
