"""The layers that a data set asks for."""

from __future__ import annotations

import numpy as np
import pytest

from shortrun.data import Dataset
from shortrun.models import spec_of
from shortrun.settings.training import ModelSettings


@pytest.mark.parametrize(
    ("samples", "sites", "hidden"), [(4_999, 5, 256), (5_000, 5, 512), (4, 999, 256), (4, 1_000, 512)]
)
def test_data_of_many_samples_or_sites_get_more_hidden_units(samples, sites, hidden):
    data = Dataset.from_arrays(np.indices((samples, sites)).sum(0) % 2)
    assert spec_of(data, ModelSettings()).hidden.sites == hidden
    assert spec_of(data, ModelSettings(hidden=7)).hidden.sites == 7
