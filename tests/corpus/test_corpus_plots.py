"""Pictures of many analyses: they are drawn, and their bytes repeat."""

import pandas as pd

from evisynth.corpus.plots import draw_calibration, draw_heat_maps


def test_heat_maps_repeat(tmp_path):
    frame = pd.DataFrame(
        [(t, i, k, c) for t in ("mu", "tau2") for i in ("a", "b") for k, c in ((2, 0.5), (3, None), (5, 0.95))],
        columns=["target", "interval", "k", "coverage"],
    )
    files = [
        draw_heat_maps(frame, tmp_path / n / "map", rows=["interval"], columns=["k"], panel="target", title="t")[0]
        for n in "ab"
    ]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].name == "map.png"


def test_histograms_are_drawn(tmp_path):
    rows = [("k 2; tau x", q, i / 4, (i + 1) / 4, 10, 10.0, 4.0, 16.0) for q in ("mu", "next") for i in range(4)]
    names = ["setting", "quantity", "low", "high", "count", "expected", "band_low", "band_high"]
    (file,) = draw_calibration(pd.DataFrame(rows, columns=names), tmp_path / "ranks")
    assert file.stat().st_size > 1000
