"""Tables of other people: names of every kind, analyses of one study and of five hundred, trials without events."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from evisynth.corpus import CorpusSettings, run_corpus

NAMES = [
    *("a,b", "a/b", "../up", "a;b", '"quoted"', "o'x", "line\nbreak", "tab\tstop", "\\", "%s", "=1+1", "NaN", "null"),
    *("True", "1", "1.0", "01", "日本", "é", "e\u0301", "\U0001f600", "x" * 300),
]
SETTINGS = CorpusSettings(measure="OR", other_tau_priors=())


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(3)
    counts = [(name, 3) for name in NAMES] + [("one", 1), ("five hundred", 500)]
    rows = []
    for name, k in counts:
        n = rng.integers(5, 200, (k, 2))
        events = rng.integers(0, n + 1)
        rows += [(name, f"s{i}", *row) for i, row in enumerate(np.c_[events[:, 0], n[:, 0], events[:, 1], n[:, 1]])]
    rows += [("no events", f"s{i}", 0, 20, 0, 20) for i in range(4)]
    rows += [("twice", "s0", 1, 10, 2, 10), ("twice", "s0", 1, 10, 2, 10)]
    return pd.DataFrame(rows, columns=["analysis", "study", "events_1", "n_1", "events_2", "n_2"])


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    """As the command sets it, so that the shards are analysed in this process."""
    from evisynth.corpus.run import THREADS

    for name in THREADS:
        monkeypatch.setenv(name, "1")


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).digest() for path in folder.iterdir() if path.is_file()}


def test_no_name_and_no_size_is_lost_and_the_bytes_repeat(frame, tmp_path):
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    frame.to_csv(tmp_path / "t.csv", index=False)
    folders = []
    for name, shards in (("t.parquet", 1), ("t.csv", 20)):
        folders.append(tmp_path / f"{name}-{shards}")
        run = run_corpus(tmp_path / name, folders[-1], SETTINGS, shards=shards)
    different = {name for name, digest in digests(folders[1]).items() if digests(folders[0])[name] != digest}
    assert different == {"bad_rows.parquet"}  # the CSV has more lines than rows
    results = pd.read_parquet(folders[0] / "results.parquet").set_index("analysis")
    assert set(results.index) == set(frame["analysis"])
    assert (results.loc[NAMES, "status"] == "ok").all()
    assert results.loc["five hundred", "k"] == 500
    assert results.loc["five hundred", ["status", "bayes_status"]].tolist() == ["ok", "ok"]
    assert results.loc["one", "status"] == "one_study"
    assert results.loc["no events", ["status", "left_out"]].tolist() == ["empty", 4]
    assert results.loc["twice", ["status", "bad_rows"]].tolist() == ["bad_rows", 2]
    assert run.summary["rows"] == len(frame)
