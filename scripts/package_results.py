"""Describe the finished results for programs: Data Package, W3C PROV, Workflow Run RO-Crate."""

import shutil
from pathlib import Path

from evisynth.provenance.crate import WORKFLOW, crate_metadata
from evisynth.provenance.datapackage import data_package, to_json
from evisynth.provenance.prov import prov_document
from evisynth.provenance.records import history_of
from harness import run

HOME = Path(__file__).resolve().parents[1]


def main(inputs, outputs, params):
    """Write ``datapackage.json``, ``provenance/prov.json``, ``provenance/workflow`` and ``ro-crate-metadata.json``."""
    crate = Path(outputs["crate"])
    results = crate.parent
    history = history_of(results, [Path(record).stem for record in inputs["records"]])
    copy_workflow(Path(outputs["workflow"]), [run.rule for run in history.runs])
    written = {"package": to_json(data_package(results)), "prov": to_json(prov_document(history, results))}
    for name, text in written.items():
        Path(outputs[name]).write_text(text, encoding="utf-8", newline="")
    more = [Path(outputs[name]).relative_to(results).as_posix() for name in written]
    crate.write_text(to_json(crate_metadata(history, results, more)), encoding="utf-8", newline="")


def copy_workflow(folder: Path, rules: list[str]) -> None:
    """Copy the workflow as it ran, so that the folder can be read without the repository.

    Parameters
    ----------
    folder : pathlib.Path
        ``provenance/workflow`` of the results.
    rules : list of str
        The steps whose scripts are copied.
    """
    assert folder.as_posix().endswith(WORKFLOW)
    scripts = [f"scripts/{name}.py" for name in ("harness", *rules)]
    smk = sorted(path.relative_to(HOME).as_posix() for path in (HOME / "workflow" / "rules").glob("*.smk"))
    for name in ("Snakefile", "environment.yml", *smk, *scripts):
        if (HOME / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(HOME / name, folder / name)


if __name__ == "__main__":
    run(main, snakemake)
