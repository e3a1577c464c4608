"""Many meta-analyses at once: a long table of studies in, one row per analysis out.

`run_corpus` does all of it on one machine. Its three steps, for a workflow that runs the shards where it likes, are
`split_table`, `analyse_shard` and `gather`. Names are loaded when they are first used.
"""

from evisynth.lazy import lazily

_WHERE = {
    "analyse": ("analyse_studies", "result_schema"),
    "gathering": ("gather",),
    "generation": ("generate",),
    "grids": ("gather_cells", "part_of_grid"),
    "run": ("CorpusRun", "run_corpus"),
    "settings": ("CorpusError", "CorpusSettings"),
    "shards": ("analyse_shard", "plan_units", "share_out", "split_table"),
    "studies": ("Studies", "read_studies", "read_table"),
    "summary": ("summarise",),
}
_MODULE = {name: module for module, names in _WHERE.items() for name in names}

__all__ = sorted(_MODULE)
__getattr__, __dir__ = lazily(__name__, _MODULE)
