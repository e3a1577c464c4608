"""Fill the PRISMA and SWiM checklists from the plan and the tables."""

from pathlib import Path

from evisynth.provenance.folder import ResultsFolder
from evisynth.provenance.tables import write_table
from evisynth.report.exports import checklist_tables
from harness import run


def main(inputs, outputs, params):
    """Write ``report/prisma_checklist.csv`` and ``report/swim_checklist.csv``."""
    folder = ResultsFolder(Path(inputs["checked"][0]).parents[1])
    for table, frame in checklist_tables(folder).items():
        write_table(frame, Path(outputs[Path(table).stem]), table)


if __name__ == "__main__":
    run(main, snakemake)
