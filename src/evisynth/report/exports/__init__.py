"""The report as files that are sent around: a PDF supplement, a Word document, a workbook, reporting checklists."""

from evisynth.lazy import lazily

_HOMES = {
    "checklists": ("CHECKLISTS", "ChecklistItem", "checklist", "checklist_tables", "checklist_title"),
    "pdf": ("write_pdf",),
    "word": ("write_docx",),
    "workbook": ("write_workbook",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)
__getattr__, __dir__ = lazily(__name__, _HOME_OF)
