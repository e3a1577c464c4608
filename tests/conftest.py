"""Settings of the whole suite: property tests try the same examples in every run.

A change that breaks nothing must not fail because of a draw. EVISYNTH_PROPERTIES=search draws new ones every time.
"""

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.register_profile("search", derandomize=False, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("EVISYNTH_PROPERTIES", "same"))
