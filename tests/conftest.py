"""Settings of the whole suite: property tests try the same examples in every run; and how a page of docs is read.

A change that breaks nothing must not fail because of a draw. EVISYNTH_PROPERTIES=search draws new ones every time.
"""

import os
import re

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.register_profile("search", derandomize=False, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("EVISYNTH_PROPERTIES", "same"))


@pytest.fixture(scope="session")
def commands_of():
    """Return a function that gives every command of a page of docs with the lines that the page prints after it."""

    def read(page):
        found = []
        for block in re.findall(r"^```console\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            for line in block.splitlines():
                if line.startswith("$ "):
                    found.append((line[2:], []))
                else:
                    found[-1][1].append(line)
        return [(command, "\n".join(lines)) for command, lines in found]

    return read
