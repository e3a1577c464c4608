"""Write the report as files that are sent around: PDF, Word document, workbook, reporting checklists."""

from pathlib import Path

from evisynth.provenance.folder import ResultsFolder
from evisynth.provenance.tables import write_table
from evisynth.report.exports import checklist_tables, write_docx, write_pdf, write_workbook
from harness import run


def main(inputs, outputs, params):
    """Write ``report/report.pdf``, ``report.docx``, ``tables.xlsx`` and the two checklists."""
    folder = ResultsFolder(Path(outputs["pdf"]).parents[1])
    for table, frame in checklist_tables(folder).items():
        write_table(frame, Path(outputs[Path(table).stem]), table)
    write_pdf(folder, params["review"], Path(outputs["pdf"]))
    write_docx(folder, params["review"], Path(outputs["docx"]))
    write_workbook(folder, params["review"], Path(outputs["xlsx"]))


if __name__ == "__main__":
    run(main, snakemake)
