"""The same frame gives the same bytes, in another process and in another order."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
    for file in save(drawn, Path(sys.argv[1]) / name, name, ("svg", "png", "pdf")):
        print(file.name, hashlib.sha256(file.read_bytes()).hexdigest())
"""


def test_two_processes_write_the_same_bytes(every_frame, tmp_path):
    frames = every_frame(4)
    files = []
    for name in ("forest", "claims", "risk_of_bias", "risk_bars", "prisma", "funnel", "gosh"):
        files.append(tmp_path / f"{name}.csv")
        frames[name].to_csv(files[-1], index=False)
    said = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
        order = files if seed == "1" else files[::-1]
        command = [sys.executable, "-c", SCRIPT, str(folder), *map(str, order)]
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=True)
        said.append(sorted(done.stdout.splitlines()))
    assert said[0] == said[1]
    assert len(said[0]) == 3 * len(files)


def test_file_holds_no_date_and_no_maker(forest_of, tmp_path):
    svg, png, pdf = save(plot_forest(forest_of(3)), tmp_path / "a.b", "forest", ("svg", "png", "pdf"))
    assert [file.name for file in (svg, png, pdf)] == ["a.b.svg", "a.b.png", "a.b.pdf"]
    for mark in (b"<dc:date>", b"<dc:creator>"):
        assert mark not in svg.read_bytes()
    for mark in (b"CreationDate", b"Producer", b"Creator"):
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
