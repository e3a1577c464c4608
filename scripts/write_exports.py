"""Write the report as files that are sent around: PDF, Word document, workbook."""

from pathlib import Path

from evisynth.provenance.folder import ResultsFolder
from evisynth.report.exports import write_docx, write_pdf, write_workbook
from harness import run


def main(inputs, outputs, params):
    """Write ``report/report.pdf``, ``report.docx`` and ``tables.xlsx``."""
    folder = ResultsFolder(Path(outputs["pdf"]).parents[1])
    write_pdf(folder, params["review"], Path(outputs["pdf"]))
    write_docx(folder, params["review"], Path(outputs["docx"]))
    write_workbook(folder, params["review"], Path(outputs["xlsx"]))


if __name__ == "__main__":
    run(main, snakemake)
