"""Many meta-analyses at once: a long table of studies in, one row per analysis out.

`run_corpus` does all of it on one machine. Its three steps, for a workflow that runs the shards where it likes, are
`split_table`, `analyse_shard` and `gather`. Names are loaded when they are first used.
"""

from importlib import import_module
from typing import Any

_WHERE = {
    "analyse": ("analyse_studies", "result_schema"),
    "gathering": ("gather",),
    "generation": ("generate",),
    "run": ("CorpusRun", "run_corpus"),
    "settings": ("CorpusError", "CorpusSettings"),
    "shards": ("analyse_shard", "plan_units", "split_table"),
    "studies": ("Studies", "read_studies", "read_table"),
    "summary": ("summarise",),
}
_MODULE = {name: module for module, names in _WHERE.items() for name in names}

__all__ = sorted(_MODULE)


def __getattr__(name: str) -> Any:
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
