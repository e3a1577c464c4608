"""Another engine does the same synthesis: our numbers beside theirs, and every difference explained or not."""

from evisynth.provenance.agreement.compare import AGREEMENT_COLUMNS, compare_engines, unexplained
from evisynth.provenance.agreement.engines import ENGINES, Engine, EngineError, engines_here

__all__ = [
    "AGREEMENT_COLUMNS",
    "ENGINES",
    "Engine",
    "EngineError",
    "compare_engines",
    "engines_here",
    "unexplained",
]
