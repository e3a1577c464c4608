"""The same frame gives the same bytes, in another process and in another order."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from matplotlib.figure import Figure

from evisynth.figures import figure
from evisynth.figures.forest import plot_forest
from evisynth.figures.style import Style, save

SCRIPT = """
import hashlib, sys
from pathlib import Path
import pandas as pd
from evisynth.figures import figure
from evisynth.figures.style import save
for path in sys.argv[2:]:
    frame = pd.read_csv(path, keep_default_na=False)
    name = Path(path).stem
    drawn = figure(name).plot(frame)
    for file in save(drawn, Path(sys.argv[1]) / name, name):
        print(file.name, hashlib.sha256(file.read_bytes()).hexdigest())
"""


def test_another_process_writes_the_same_bytes(every_frame, tmp_path):
    frames, files, here = every_frame(3), [], []
    for name in ("forest", "risk_bars", "gosh"):
        files.append(tmp_path / f"{name}.csv")
        frames[name].to_csv(files[-1], index=False)
        here += save(figure(name).plot(frames[name]), tmp_path / name, name)
    env = {**os.environ, "PYTHONHASHSEED": "3", "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "there"), *map(str, reversed(files))]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=True)
    expected = [f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in here]
    assert sorted(done.stdout.splitlines()) == sorted(expected)


def test_file_holds_no_date_and_no_maker(forest_of, tmp_path):
    svg, png, pdf = save(plot_forest(forest_of(1)), tmp_path / "a.b", "forest", ("svg", "png", "pdf"))
    assert [file.name for file in (svg, png, pdf)] == ["a.b.svg", "a.b.png", "a.b.pdf"]
    for mark in (b"<dc:date>", b"<dc:creator>"):
        assert mark not in svg.read_bytes()
    for mark in (b"CreationDate", b"ModDate", b"Producer"):
        assert mark not in pdf.read_bytes()
    assert b"Software" not in png.read_bytes()


def test_two_figures_share_no_identifier(forest_of, tmp_path):
    texts = []
    for name in ("one", "two"):
        (file,) = save(plot_forest(forest_of(3)), tmp_path / name, name, ("svg",))
        texts.append(file.read_text(encoding="utf-8"))
    clips = [{part.split('"')[0] for part in text.split('<clipPath id="')[1:]} for text in texts]
    assert clips[0]
    assert not clips[0] & clips[1]


def test_unknown_format_is_refused(forest_of, tmp_path):
    with pytest.raises(ValueError, match="svg, png, pdf"):
        save(plot_forest(forest_of(1)), tmp_path / "x", "x", ("gif",))


def test_readers_own_settings_are_left_alone_and_change_nothing(forest_of, tmp_path):
    import matplotlib

    frame = forest_of(3)
    (plain,) = save(plot_forest(frame), tmp_path / "plain", "forest", ("png",))
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "text.parse_math": True}):
        (odd,) = save(plot_forest(frame), tmp_path / "odd", "forest", ("png",))
        assert matplotlib.rcParams["font.size"] == 30
    assert plain.read_bytes() == odd.read_bytes()


def test_style_is_frozen():
    with pytest.raises(AttributeError):
        Style().size = 3


@pytest.mark.parametrize("size", [(8.4195, 9.515), (8.4133, 9.5133), (9, 9.72), (6, 2.6667)])
def test_no_row_of_pixels_is_lost(tmp_path, size):
    # A steep line must go down evenly, without a step.
    drawn = Figure(figsize=size)
    axes = drawn.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_axis_off()
    axes.plot([0.1, 0.9], [0, 1], color="black", lw=3)
    (file,) = save(drawn, tmp_path / "line", "line", ("png",))
    dark = 1 - matplotlib.image.imread(file)[:, :, 0]
    across = (dark * np.arange(dark.shape[1])).sum(axis=1) / dark.sum(axis=1)
    steps = np.diff(across[20:-20])
    assert np.abs(steps - np.median(steps)).max() < 0.2
