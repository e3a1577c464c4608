"""Start a review: a folder to fill, tables from a spreadsheet or another program's export, and a run.

The public face: :func:`new_review`, :func:`import_file` (:class:`Imported`, :class:`ImportRefused`),
:func:`draft_mapping` and :func:`run_reviews` (:class:`RunResult`). Each is imported when it is asked for: the runner
needs no pandas.
"""

from importlib import import_module

_HOMES = {
    "ImportRefused": "evisynth.intake.problems",
    "Imported": "evisynth.intake.importing",
    "RunResult": "evisynth.intake.running",
    "draft_mapping": "evisynth.intake.draft",
    "import_file": "evisynth.intake.importing",
    "new_review": "evisynth.intake.template",
    "run_reviews": "evisynth.intake.running",
}

__all__ = [
    "ImportRefused",
    "Imported",
    "RunResult",
    "draft_mapping",
    "import_file",
    "new_review",
    "run_reviews",
]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"evisynth.intake has no {name!r}")
    return getattr(import_module(_HOMES[name]), name)
