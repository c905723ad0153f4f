"""How often a test tries: few times in every run, many times in a campaign (`make campaign`)."""

from __future__ import annotations

import os
from typing import TypeVar

import pytest

Tries = TypeVar("Tries")


def times(few: Tries, many: Tries) -> Tries:
    """Return what is tried: a number of random files, kills, ..., or the cells of a grid."""
    return many if os.environ.get("SHORTRUN_CAMPAIGN") else few


# Of a test that takes long and tells little: a program whose parts have tests of their own.
only_in_campaigns = pytest.mark.skipif(not os.environ.get("SHORTRUN_CAMPAIGN"), reason="in `make campaign` only")
