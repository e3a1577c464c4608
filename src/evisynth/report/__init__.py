"""Pages that people read: every figure on them is read from one cell of one table, and opens back to it."""

import importlib

_HOMES = {
    "page": ("write_page",),
    "rounding": ("format_cell", "format_number", "kind_of"),
    "run_facts": ("write_run_facts",),
    "tables": ("report_tables",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"evisynth.report has no '{name}'")
    return getattr(importlib.import_module(f"evisynth.report.{_HOME_OF[name]}"), name)
