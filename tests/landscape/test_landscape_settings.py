"""Options of the verbs of the landscape that are read in more than one form."""

from __future__ import annotations

import inspect

import pytest

import shortrun as sr
from shortrun import landscape
from shortrun.errors import ConfigError
from shortrun.settings import CouplingsSettings, FixedPointsSettings, MeanFieldSettings, TreeSettings, options
from shortrun.workflows import leaves_of


def test_triples_are_a_text_or_numbers():
    assert CouplingsSettings.of(triples="3-10-25, 4-5-6").triples == ((3, 10, 25), (4, 5, 6))
    assert CouplingsSettings.of(triples=[(3, 10, 25)]).triples == ((3, 10, 25),)
    with pytest.raises(ConfigError, match="three sites such as 3-10-25 expected, got '1-2-x'"):
        CouplingsSettings.of(triples="1-2-x")


def test_leaves_are_chosen_once():
    data = sr.read("digits").head(30)
    few = leaves_of(data, TreeSettings(n=7, seed=1))
    assert len(few) == 7
    assert leaves_of(few, TreeSettings(n=7, seed=1)) is few
    assert leaves_of(data, TreeSettings()) is data


@pytest.mark.parametrize("verb", [sr.tree, sr.fixed_points])
def test_verbs_share_the_options_of_the_iteration(verb):
    shared = {each.keyword for each in options(MeanFieldSettings)}
    assert shared == {"order", "tolerance", "max_iterations", "damping"}
    assert shared <= inspect.signature(verb).parameters.keys()
    assert shared <= inspect.signature(landscape.solve).parameters.keys()
    assert FixedPointsSettings().tolerance == 1e-5  # where the number of fixed points does not depend on eps
    assert TreeSettings().tolerance == MeanFieldSettings().tolerance == 1e-4
