"""The exponent of infinitely many units."""

import pytest

from shortrun.chaos.mean_field import exponent_at


@pytest.mark.parametrize(("gain", "flow"), [(0.25, -0.5), (2.25, 0.0467)])
def test_the_limit_of_small_steps_is_that_of_the_flow(gain, flow):
    assert exponent_at(gain, 0.02) == pytest.approx(flow, rel=0.02)
