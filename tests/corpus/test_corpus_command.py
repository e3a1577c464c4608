"""The command and the target: on two cores, and the same bytes as in this process."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from evisynth.commands.corpus import corpus
from evisynth.corpus import CorpusSettings, generate, run
from evisynth.intake import running

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.end_to_end


def command(*words):
    app = typer.Typer(add_completion=False)
    app.command()(corpus)
    with pytest.MonkeyPatch.context() as patch:
        for name in run.THREADS:  # the command sets them for itself
            patch.setenv(name, "1")
        return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    generate(25, seed=2).to_csv(folder / "table.csv", index=False)
    done = command(folder / "table.csv", "--shards", "3", "--no-bayes")
    assert done.exit_code == 0, done.output
    assert "25 analyses" in done.output and "report.html" in done.output
    return folder


def test_the_command_writes_what_it_says(folder):
    results = pd.read_parquet(folder / "table-corpus" / "results.parquet")
    assert (results["status"] == "ok").all() and len(results) == 25
    again = command(folder / "table.csv", "--shards", "3", "--cores", "1", "--no-bayes")
    assert "3 of 3 shards were there already" in again.output


def test_mistakes_end_with_a_sentence():
    done = command("nothing.csv")
    assert done.exit_code == 1
    assert done.stderr.strip() == "evisynth corpus: there is no file nothing.csv"


def test_the_target_makes_the_same_bytes(folder):
    settings = ["corpus_table=table.csv", "corpus_shards=2", 'corpus_settings={"bayes": false}', "reviews=[mini]"]
    words = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder), "--cores", "2", "corpus"]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *words, "--config", *settings], capture_output=True, text=True, cwd=folder
    )
    assert done.returncode == 0, done.stdout + done.stderr
    made = folder / "results" / "corpora" / "table"
    for name in ("results.parquet", "studies.parquet", "bad_rows.parquet", "summary.json", "report.html"):
        assert (made / name).read_bytes() == (folder / "table-corpus" / name).read_bytes(), name


def test_processes_make_the_same_bytes(folder, monkeypatch):
    monkeypatch.setattr(run, "_WORTH_SECONDS", 1e-9)
    settings = CorpusSettings(bayes=False)
    done = run.run_corpus(folder / "table.csv", folder / "two", settings, shards=5, cores=2)
    assert (done.computed, done.kept) == (5, 0)
    for name in ("results.parquet", "report.html"):
        assert (folder / "two" / name).read_bytes() == (folder / "table-corpus" / name).read_bytes(), name


def test_settings_of_the_target_are_those_of_the_library():
    schema = json.loads((ROOT / "workflow" / "schemas" / "config.schema.json").read_text(encoding="utf-8"))
    assert {"corpus_table", "corpus_shards", "corpus_measure", "corpus_settings"} <= set(schema["properties"])
    assert CorpusSettings.from_dict({"measure": "generic"}) == CorpusSettings()


def test_processes_are_kept_to_one_thread_by_the_names_that_the_libraries_read():
    assert set(run.THREADS) <= set(running._ENVIRONMENT)
    assert all(name.endswith(("_NUM_THREADS", "_MAXIMUM_THREADS")) for name in run.THREADS)
