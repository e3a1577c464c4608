"""The registry of measures, and what importing this folder costs."""

import subprocess
import sys

import numpy as np
import pytest

from evisynth import effects
from evisynth.effects import (
    MEASURES,
    find_measure,
    freeman_tukey_inverse,
    proportion,
    proportion_freeman_tukey,
)


def test_every_measure_is_complete():
    for name, measure in MEASURES.items():
        assert measure.name == name
        assert measure.long_name and measure.axis_label[0].isupper()
        assert measure.is_log is (measure.scale == "log")
        assert (measure.null is None) or (not measure.comparative) or measure.null == 0
        if measure.is_log and measure.null is not None:
            assert measure.natural_null == 1.0
        if name != "PFT":
            assert np.ndim(measure.back(0.3)) == 0
            assert measure.back(np.array([0.1, 0.2])).shape == (2,)


def test_single_groups_have_no_null():
    assert [m.name for m in MEASURES.values() if m.null is None] == ["PR", "PLO", "PFT", "MN", "IR", "IRLN"]


def test_names():
    assert find_measure(" rr ").name == "RR"
    assert find_measure("generic").name == "GEN"
    with pytest.raises(ValueError, match="known: OR, RR"):
        find_measure("RRR")


def test_back_transformations():
    assert find_measure("OR").back(np.log(2.0)) == pytest.approx(2)
    assert find_measure("PLO").back(0.0) == 0.5
    assert find_measure("PLO").back(-800.0) == 0.0
    assert find_measure("ZCOR").back(np.arctanh(0.4)) == pytest.approx(0.4)
    assert find_measure("MD").back(-0.4) == -0.4
    with pytest.raises(ValueError, match="harmonic mean"):
        find_measure("PFT").back(0.4)
    assert find_measure("PFT").back(proportion_freeman_tukey(3, 11).yi, 11) == pytest.approx(3 / 11)


def test_freeman_tukey_outside_its_range():
    assert freeman_tukey_inverse(0.0, 10) == 0
    assert freeman_tukey_inverse(2.0, 10) == 1
    lowest = proportion_freeman_tukey(0, 10).yi
    assert freeman_tukey_inverse(lowest, 10) == 0 < freeman_tukey_inverse(lowest + 0.01, 10)
    with pytest.raises(ValueError, match="n > 0"):
        freeman_tukey_inverse(0.5, 0)


def test_favours():
    md = find_measure("MD")
    assert md.favours("lower", "naltrexone", "placebo") == ("favours naltrexone", "favours placebo")
    assert md.favours("higher", "naltrexone", "placebo") == ("favours placebo", "favours naltrexone")
    assert [md.favoured(y, "lower") for y in (-1, 0, 1)] == [1, 0, 2]
    assert [md.favoured(y, "higher") for y in (-1, 0, 1)] == [2, 0, 1]
    with pytest.raises(ValueError, match="'lower' or 'higher'"):
        md.favours("down")
    with pytest.raises(ValueError, match="compares nothing"):
        find_measure("PLO").favours("lower")


def test_effect_size_as_a_result():
    effect = proportion([3, 5], [10, 20])
    assert effect.scale == "natural"
    assert effect.sei == pytest.approx(np.sqrt(effect.vi))
    low, high = effect.interval()
    assert (high - low) / 2 == pytest.approx(1.959964 * effect.sei)
    assert effect.to_frame().shape == (2, 4)
    assert str(effect.steps[0]).startswith("proportion: yi = p = x/n")


def test_every_public_name_exists():
    assert all(getattr(effects, name) is not None for name in effects.__all__)
    with pytest.raises(AttributeError, match="no attribute"):
        effects.nothing  # noqa: B018


def test_importing_loads_neither_scipy_nor_pandas():
    code = (
        "import sys, evisynth.effects.table, evisynth.effects.paired, evisynth.effects.medians; "
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'scipy', 'pandas', 'pymc', 'snakemake'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
