"""What documents state against what studies published: comparisons, verdicts, look-up in the documents.

Names are loaded when they are first used.
"""

from evisynth.lazy import lazily

_HOMES = {
    "auditing": ("ClaimsAudit", "audit", "audit_review"),
    "cells": ("Cell", "cells_of", "read_cell", "worst_status"),
    "checks": ("check_claims",),
    "claimreview": ("claim_reviews",),
    "comparisons": ("Comparison", "compare", "compare_numbers"),
    "conflicts": ("conflicts_of",),
    "documents": ("check_documents", "find_documents"),
    "layout": ("CLAIM_COLUMNS", "TABLE_KEYS"),
    "overviews": ("documents_of", "stated_published", "timeline_of"),
    "words": ("compare_words",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)
__getattr__, __dir__ = lazily(__name__, _HOME_OF)
