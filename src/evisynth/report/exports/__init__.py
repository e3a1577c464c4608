"""The report as files that are sent around: a PDF supplement, a Word document, a workbook, reporting checklists."""

import importlib

_HOMES = {
    "checklists": ("CHECKLISTS", "ChecklistItem", "checklist", "checklist_tables", "checklist_title"),
    "pdf": ("write_pdf",),
    "word": ("write_docx",),
    "workbook": ("write_workbook",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"evisynth.report.exports has no '{name}'")
    return getattr(importlib.import_module(f"evisynth.report.exports.{_HOME_OF[name]}"), name)
