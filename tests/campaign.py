"""How often a test tries: few times in every run, many times in a campaign (`make campaign`)."""

from __future__ import annotations

import os


def times(few: int, many: int) -> int:
    """Return the number of tries: of random files, kills, ..."""
    return many if os.environ.get("SHORTRUN_CAMPAIGN") else few
