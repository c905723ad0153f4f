"""Dates as numbers, and back: days since 1970, or seconds where they have a time of day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import numpy as np

FEW = 200  # texts that are tried first
TIMES = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%I:%M:%S %p", "%I:%M %p")
DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d %b %Y", "%d %B %Y",
        "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y")  # fmt: skip
WITH_TIME = (f"{day}{gap}{time}{end}" for day in DAYS for gap in " T" for time in TIMES for end in ("", "Z"))
FORMS = (*DAYS, *WITH_TIME)
EXAMPLE = datetime(2001, 11, 22, 13, 14, 15, 16)


def skeleton(text: str) -> str:
    """Return what stands between the words and numbers of a text."""
    return re.sub(r"[^\W_]+", "0", text)


SKELETONS = {form: skeleton(EXAMPLE.strftime(form)) for form in FORMS}


def date_form(different: Sequence[str]) -> tuple[str, ...]:
    """Return the forms (of strptime) that all texts are dates of; more than one where day and month can change.

    Examples
    --------
    >>> date_form(["2020-01-31", "1999-12-01"]), date_form(["1/2/2020"]), date_form(["3.14"])
    (('%Y-%m-%d',), ('%m/%d/%Y', '%d/%m/%Y'), ())
    """
    longest = max(different, key=len, default="")
    if not any(letter.isdecimal() for letter in longest) or not 6 <= len(longest) <= 35:
        return ()
    fitting = [form for form, shape in SKELETONS.items() if shape == skeleton(longest)]
    for texts in ([longest], different[:FEW], different):
        fitting = [form for form in fitting if not np.isnan(dates(texts, form)).any()]
    return tuple(fitting)


def has_time(form: str) -> bool:
    """Return whether dates of a form have a time of day."""
    return "%M" in form


def dates(texts: Sequence[str], form: str) -> np.ndarray:
    """Return the (N,) days or seconds of texts, NaN for those that are no dates of the form."""
    import pandas as pd

    found = pd.to_datetime(pd.Series(list(texts), dtype=object), format=form, errors="coerce")
    seconds = (found - pd.Timestamp(0)).dt.total_seconds().to_numpy(float)
    return seconds if has_time(form) else seconds / 86400


def date_texts(numbers: np.ndarray, form: str) -> np.ndarray:
    """Return days or seconds as texts of a form."""
    import pandas as pd

    unit = "s" if has_time(form) else "D"
    return pd.to_datetime(np.floor(numbers), unit=unit).strftime(form).to_numpy(object)
