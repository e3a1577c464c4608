"""Write the report of a review: one page that needs nothing else, and the tables that only it needs."""

from pathlib import Path

from evisynth.provenance.folder import ResultsFolder
from evisynth.provenance.tables import write_table
from evisynth.report import report_tables, write_page, write_run_facts
from harness import run


def main(inputs, outputs, params):
    """Write ``report/``, and what differs between runs to ``provenance/run_facts/index.html``."""
    page = Path(outputs["page"])
    results = page.parents[1]
    for table, frame in report_tables(ResultsFolder(results)).items():
        write_table(frame, Path(outputs[Path(table).stem]), table)
    text = write_page(ResultsFolder(results), params["review"], params["code"], params["commit"], params["files"])
    page.write_text(text, encoding="utf-8", newline="")
    # Not among the declared outputs: its bytes differ from run to run, and the record of this step must not.
    facts = write_run_facts(results, params["review"])
    (results / "provenance" / "run_facts" / "index.html").write_text(facts, encoding="utf-8", newline="")


if __name__ == "__main__":
    run(main, snakemake)
