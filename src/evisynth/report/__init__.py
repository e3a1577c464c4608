"""Pages that people read: every figure on them is read from one cell of one table, and opens back to it."""

from evisynth.lazy import lazily

_HOMES = {
    "page": ("write_page",),
    "rounding": ("format_cell", "format_number", "kind_of"),
    "run_facts": ("write_run_facts",),
    "tables": ("report_tables",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)
__getattr__, __dir__ = lazily(__name__, _HOME_OF)
