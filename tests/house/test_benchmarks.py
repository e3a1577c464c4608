"""The benchmark runner: its protocol, its table, and what it does with a benchmark that fails."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(name: str):
    spec = importlib.util.spec_from_file_location(f"benchmarks_{name}", ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


run = load("run")
clock = load("clock")


def test_prints_ratios(tmp_path, capsys):
    (tmp_path / "bench_one.py").write_text(
        "def rows():\n"
        "    return [{'name': 'REML', 'ours_seconds': 0.002, 'peer': 'another 1.0', 'peer_seconds': 0.05},\n"
        "            {'name': 'whole review', 'ours_seconds': 80, 'note': '2 cores'}]\n",
        encoding="utf-8",
    )
    assert run.main(folder=tmp_path) == 0
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["what", "evisynth", "peer", "peer's time", "times faster", "note"]
    assert lines[2] == ["REML", "2 ms", "another 1.0", "50 ms", "25", ""]
    assert lines[3] == ["whole review", "80 s", "-", "-", "-", "2 cores"]


def test_one_that_fails_does_not_hide_the_others(tmp_path, capsys):
    (tmp_path / "bench_bad.py").write_text("def rows():\n    raise RuntimeError('no data')\n", encoding="utf-8")
    (tmp_path / "bench_good.py").write_text(
        "def rows():\n    return [{'name': 'fast', 'ours_seconds': 1e-6}]\n", encoding="utf-8"
    )
    assert run.main(folder=tmp_path) == 1
    captured = capsys.readouterr()
    assert "fast" in captured.out
    assert "no data" in captured.err
    assert "failed: bench_bad.py" in captured.err


def test_runs_only_what_is_named(tmp_path, capsys):
    for name in ("bayes", "pooling"):
        (tmp_path / f"bench_{name}.py").write_text(
            f"def rows():\n    return [{{'name': '{name}', 'ours_seconds': 1}}]\n", encoding="utf-8"
        )
    assert run.main(["pool"], folder=tmp_path) == 0
    out = capsys.readouterr().out
    assert "pooling" in out
    assert "bayes" not in out
    assert run.main(["figures"], folder=tmp_path) == 1
    assert "no benchmark named like figures" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"ours_seconds": 1}, "missing keys .'name'."),
        ({"name": "x", "ours_seconds": 0}, "above 0"),
        ({"name": "x", "ours_seconds": 1, "peer_seconds": "fast"}, "above 0"),
        ({"name": "x", "ours_seconds": 1, "seconds": 2}, "unknown keys .'seconds'."),
        ({"name": "x", "ours_seconds": 2, "peer_seconds": 4, "ratio": 3}, "peer_seconds / ours_seconds is 2"),
    ],
)
def test_a_row_that_breaks_the_protocol_is_named(given, message):
    with pytest.raises(ValueError, match=message):
        run.read_row(given)


def test_a_stated_ratio_may_be_rounded():
    row = run.read_row({"name": "x", "ours_seconds": 3, "peer": "y", "peer_seconds": 10, "ratio": 3.33})
    assert row.ratio == pytest.approx(10 / 3)


@pytest.mark.parametrize(
    ("seconds", "text"), [(80, "80 s"), (0.0123, "12.3 ms"), (4.5e-6, "4.5 us"), (2e-8, "20 ns"), (None, "-")]
)
def test_times_have_a_fitting_unit(seconds, text):
    assert run.format_seconds(seconds) == text


def test_the_clock_calls_once_before_it_starts():
    calls = []
    seconds = clock.best_of(lambda: calls.append(1), repeats=2, at_least=0)
    assert len(calls) == 3
    assert seconds >= 0
    with pytest.raises(ValueError, match="repeats is 0"):
        clock.best_of(lambda: None, repeats=0)
