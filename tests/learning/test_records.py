"""When a training is done, which age is best for what, when it is set back: functions of its records."""

import math

import pytest

from shortrun.records import (
    NOISE_HURT,
    RAN_AWAY,
    ages,
    best,
    collapsed,
    copies,
    is_age,
    outlook,
    predicting,
    ran_away,
    set_back,
    standard_error,
    told_apart,
)


def record(update, p_dd, p_gg=0.5, nearer=0.3, accuracy=0.9, compared=400, **others):
    return {
        "update": update,
        "p_dd": p_dd,
        "p_gg": p_gg,
        "nearer": nearer,
        "accuracy": accuracy,
        "compared": compared,
        "weight_norm": 1.0,
        **others,
    }


def course(*shares, **others):
    return [record(100 * i, share, nearer=0.1 + 0.01 * i, **others) for i, share in enumerate(shares, 1)]


def test_nothing_is_known_without_records():
    assert best([], "generate") is None
    assert best([{"update": 5, "accuracy": 0.3}], "predict") is None
    assert not outlook([]).done
    assert set_back([]) is None


def test_the_best_age_to_generate_is_least_told_apart_and_no_copy():
    seen = course(0.9, 0.7, 0.6, 0.55)
    assert best(seen, "generate") == 400
    seen[-1]["nearer"] = 0.9
    assert copies(seen[-1])
    assert best(seen, "generate") == 300
    lost = record(500, 1.0, p_gg=1.0)
    assert collapsed(lost)
    assert best([*seen, lost], "generate") == 300


def test_of_ages_told_apart_alike_the_one_as_near_to_the_data_as_new_samples_is_best():
    """P_DD of 100 samples has a standard error of 0.05; three sets of generated ones make it 0.029."""
    seen = [record(100 * i, p, nearer=near) for i, (p, near) in enumerate([(0.55, 0.3), (0.58, 0.45), (0.7, 0.5)], 1)]
    for each in seen:
        each["compared"] = 100
    assert best(seen, "generate") == 200
    for each in seen:
        each["drawn"] = 1000
    assert best(seen, "generate") == 100


def test_the_best_age_to_predict_is_not_chosen_for_one_lucky_value():
    seen = [record(100 * i, 0.7, accuracy=a) for i, a in enumerate((0.80, 0.95, 0.80, 0.90, 0.91, 0.89), 1)]
    assert best(seen, "predict") == 500
    for each in seen:
        del each["accuracy"]
    assert best(seen, "predict") == best(seen, "generate")


def test_of_ages_that_predict_equally_well_the_middle_one_is_best():
    seen = [record(100 * i, 0.7, accuracy=a) for i, a in enumerate((0.80, 0.9, 0.9, 0.9, 0.9, 0.9, 0.8), 1)]
    assert best(seen, "predict") == 400
    assert best(seen[:-1], "predict") == 500  # of 300, whose neighbours are as good, to 600


def test_a_residual_that_jumps_shows_a_machine_that_runs_away():
    """Also of a training with a number of updates, and before samples show it."""
    calm = [each | {"residual_generate": 0.02 + 0.002 * i} for i, each in enumerate(course(0.9, 0.8, 0.7))]
    assert set_back(calm, automatic=False) is None
    away = calm[-1] | {"update": 400, "residual_generate": 0.1}
    for automatic in (True, False):
        assert set_back([*calm, away], automatic=automatic) == RAN_AWAY
    assert set_back([*calm, away | {"residual_generate": 0.06}]) is None
    assert set_back([*calm, away, calm[-1] | {"update": 500}]) is None


def test_done_when_samples_cannot_be_told_apart():
    seen = [*course(0.8, 0.6), record(300, 0.51, nearer=0.47)]
    assert not outlook(seen).done  # once may be luck
    seen.append(record(400, 0.52, nearer=0.47))
    found = outlook(seen)
    assert found.done
    assert not outlook([*seen[:-1], record(400, 0.52, nearer=0.4)]).done  # farther from the training data than new ones
    assert "cannot be told" in found.reason
    assert told_apart(seen[-1]) < 2 * standard_error(seen[-1])
    seen[-1]["accuracy"] = 0.95  # labels still improve
    assert not outlook(seen).done


def test_few_held_out_samples_do_not_make_samples_real():
    """With 16 of them the error of a share is 0.125: P_DD 0.7 is within it, and is told apart all the same."""
    assert not outlook([*course(0.9, 0.7, 0.7, compared=16)]).done


@pytest.mark.parametrize(
    ("shares", "word"),
    [
        ((0.9, 0.8, 0.7), "coming closer: train on"),
        ((0.6, 0.8), "going away: train on"),
        ((0.4, 0.2), "going away: train on"),
        ((0.8, 0.801), "hardly changing: train on"),
    ],
)
def test_what_may_be_hoped_for(shares, word):
    found = outlook(course(*shares))
    assert not found.done
    assert word in found.reason


def test_what_good_samples_still_lack():
    good = record(300, 0.51, nearer=0.49)
    assert "once may be luck: train on" in outlook([*course(0.8, 0.6), good]).reason
    assert "farther from the training data than held-out ones (nearer 0.30)" in outlook([good, record(400, 0.5)]).reason
    assert "nearer to the training data" in outlook([good, record(400, 0.5, nearer=0.7)]).reason
    assert "labels are still being learnt" in outlook([good, record(400, 0.5, nearer=0.5, accuracy=0.95)]).reason


def test_set_back_when_nothing_gets_better():
    idle = [record(100 * i, 0.7) for i in range(1, 5)]
    assert "no closer" in set_back(idle)
    assert set_back(idle[:3]) is None
    assert set_back(idle, automatic=False) is None  # a number of updates was asked for
    growing = [each | {"nearer": 0.3 + 0.01 * i} for i, each in enumerate(idle)]
    assert set_back(growing) is None
    learning = [each | {"accuracy": 0.9 + 0.01 * i} for i, each in enumerate(idle)]
    assert set_back(learning) is None


def test_several_sets_of_generated_samples_show_smaller_gains():
    falling = [record(100 * i, 0.8 - 0.05 * i, compared=40) for i in range(1, 5)]
    assert "no closer" in set_back(falling[:1] * 3 + falling[1:2])
    assert "no closer" in set_back([*falling[:1] * 2, *falling[1:3]])
    assert set_back([each | {"drawn": 400} for each in (*falling[:1] * 2, *falling[1:3])]) is None


def test_set_back_when_samples_get_worse_or_are_lost():
    assert set_back([*course(0.6), record(200, 0.85)]) == "samples became worse"
    lost = {"update": 200, "p_dd": 1.0, "p_gg": 1.0, "nearer": 0.0, "compared": 1, "weight_norm": math.inf}
    assert set_back([*course(0.6), lost], automatic=False) == RAN_AWAY


def test_a_training_ends_at_the_fourth_setback():
    seen = course(0.9, 0.7)
    for i in range(3, 7):
        assert not outlook(seen).done
        seen.append(record(100 * i, 0.7, nearer=seen[1]["nearer"], set_back_to=200, because=RAN_AWAY))
        assert set_back(seen) is None
    found = outlook(seen)
    assert found.done
    assert "age 200" in found.reason


@pytest.mark.parametrize(
    ("between", "done"),
    [
        ({}, True),
        ({"p_dd": 0.67}, True),  # by less than a standard error, 0.025 of told_apart
        ({"p_dd": 0.65}, False),
        ({"nearer": 0.35}, False),
        ({"accuracy": 0.95}, False),
    ],
)
def test_a_training_ends_when_half_the_rate_did_not_help(between, done):
    """Unless it ran away, which may take several halvings."""
    idle = [record(100 * i, 0.7) for i in range(1, 5)]
    back = [*idle, record(500, 0.7, set_back_to=100, because="samples came no closer for 3 ages")]
    assert not outlook(back).done
    since = [record(100 * i, **{"p_dd": 0.7, **between}) for i in (6, 7)]
    assert not outlook([*back, since[0]]).done
    assert outlook([*back, *since]).done is done
    back[-1]["because"] = RAN_AWAY
    assert not outlook([*back, *since]).done


def test_records_that_lack_numbers_do_not_count():
    seen = [*course(0.9, 0.7), record(300, 0.5)]
    for name in ("p_dd", "p_gg", "nearer", "compared", "update"):
        broken = [*seen[:2], {**seen[2], name: None}]
        assert best(broken, "generate") == 200
        assert not outlook(broken).done
    assert best([*seen[:2], {**seen[2], "accuracy": None}], "predict") == 200


def test_what_was_looked_at_at_the_end_decides_nothing():
    late = record(250, 0.5, late=True)
    assert best([*course(0.9, 0.7), late], "generate") == 250
    assert outlook([*course(0.9, 0.7), late, record(300, 0.5)]) == outlook([*course(0.9, 0.7), record(300, 0.5)])


def test_a_copy_of_an_age_is_no_second_one():
    assert not outlook([*course(0.8, 0.6), record(300, 0.51), record(400, 0.51, set_back_to=300)]).done


def test_a_training_that_is_lost_from_the_start_ends():
    lost = [record(50, 1.0, p_gg=1.0)] + [record(60 + i, 1.0, p_gg=1.0, set_back_to=0) for i in range(4)]
    found = outlook(lost)
    assert found.done
    assert "far from the data" in found.reason
    assert set_back(lost, automatic=False) is None  # it is not stopped at its beginning for ever


def test_labels_that_are_learnt_count_less_from_then_on():
    """That is when held-out ones are predicted worse, at two ages in a row, by more than a standard error (0.015).

    The first sign asks for noise; where it does not help within two ages, the weight falls.
    """
    accuracies = (0.8, 0.9, 0.89, 0.88, 0.88, 0.87, 0.87, 0.86)
    seen = [record(100 * i, 0.7, accuracy=a) for i, a in enumerate(accuracies, 1)]
    found = [predicting(seen[:n], 10.0, 2.0) for n in range(9)]
    assert [one.weight for one in found] == [10.0] * 7 + [5.0, 2.5]
    assert [one.by_heart for one in found] == [False] * 5 + [True] * 4
    assert predicting([*seen[:5], record(600, 0.7, accuracy=0.9)], 10.0, 2.0) == (10.0, True)
    assert predicting(seen * 5, 10.0, 2.0) == (2.0, True)
    assert predicting(seen * 5, 1.0, 2.0).weight == 1.0  # the papers' weight stays
    unlabelled = [{name: value for name, value in each.items() if name != "accuracy"} for each in seen]
    assert predicting(unlabelled * 5, 10.0, 2.0) == (10.0, False)


def test_labels_count_less_after_a_set_back():
    back = record(200, 0.7, set_back_to=100)
    assert predicting([record(100, 0.7), back, record(300, 0.7)], 12.0, 1.0) == (6.0, False)


def with_noise(*accuracies):
    """Accuracies before noise, and the last one at the first age with it; 0.9 of 400 has a standard error of 0.015."""
    seen = [record(100 * i, 0.7, nearer=0.1 + 0.01 * i, accuracy=a, swapped=0.0) for i, a in enumerate(accuracies, 1)]
    seen[-1]["swapped"] = 0.2
    return seen


def test_noise_that_hurts_ends_for_good():
    seen = with_noise(0.95, 0.9, 0.9, 0.88)
    assert predicting(seen[:-1], 10.0, 1.0) == (10.0, True)
    for automatic in (True, False):
        assert set_back(seen, automatic=automatic) == NOISE_HURT
        assert set_back(with_noise(0.95, 0.9, 0.9, 0.89), automatic=automatic) is None
    back = [*seen[:-1], record(400, 0.7, accuracy=0.9, set_back_to=300, because=NOISE_HURT)]
    assert predicting(back, 10.0, 1.0) == (5.0, False)
    later = [record(100 * i, 0.7, accuracy=a, swapped=0.0) for i, a in ((5, 0.95), (6, 0.9), (7, 0.9))]
    assert predicting([*back, *later], 10.0, 1.0) == (2.5, False)  # the next sign halves the weight


def test_noise_is_judged_by_its_first_age_alone():
    seen = with_noise(0.95, 0.9, 0.9, 0.9)
    assert set_back([*seen, record(500, 0.7, nearer=0.2, accuracy=0.7, swapped=0.2)]) is None
    back = [*seen[:-1], record(400, 0.7, accuracy=0.95, set_back_to=100, because="samples became worse")]
    assert set_back([*back, record(500, 0.7, accuracy=0.9, swapped=0.2)]) is None


def test_a_training_does_not_end_because_noise_was_in_vain():
    idle = [record(100 * i, 0.7) for i in range(1, 5)]
    seen = [*idle, record(500, 0.7, set_back_to=100, because=NOISE_HURT), record(600, 0.7), record(700, 0.7)]
    assert not outlook(seen).done


@pytest.mark.parametrize("per_decade", [1, 3, 10, 20, 99, 1000, 2**32 - 1])
def test_ages_are_on_a_grid_however_fine(per_decade):
    for updates in (1, 7, 10, 1234):
        grid = {round(10 ** (i / min(per_decade, 10**4))) for i in range(4 * min(per_decade, 10**4))}
        expected = {age for age in grid if age <= updates} | {updates}
        assert ages(per_decade, updates) == expected
        assert {age for age in range(1, updates + 1) if age == updates or is_age(per_decade, age)} == expected


def test_done_where_samples_stay_a_little_farther_from_the_data_after_a_setback():
    """As on SH3: P_DD and P_GG are good, `nearer` stays below what chance allows, and half the rate takes long."""
    before = [record(100, 0.8, nearer=0.2), record(200, 0.53, nearer=0.40, accuracy=0.92)]
    back = record(300, 0.53, nearer=0.40, accuracy=0.92, set_back_to=200, because=NOISE_HURT)
    one = [*before, back, record(400, 0.52, nearer=0.41)]
    two = [*one, record(500, 0.51, nearer=0.40)]
    assert not outlook(one).done
    assert outlook(two).done
    assert (
        "hardly told from held-out ones, and come no closer: P_DD 0.51, P_GG 0.50, nearer 0.40" in outlook(two).reason
    )
    assert not outlook(
        [*before, record(400, 0.52, nearer=0.41), record(500, 0.51, nearer=0.40)]
    ).done  # at the first pace
    assert not outlook([*one, record(500, 0.51, nearer=0.45)]).done  # still coming closer
    assert not outlook([*one, record(500, 0.65, nearer=0.40)]).done  # told apart


def test_a_training_without_held_out_samples_that_ran_away():
    usual = [{"update": i, "residual_generate": 0.01} for i in range(1, 5)]
    assert not ran_away(usual)
    away = [*usual, {"update": 5, "residual_generate": 0.05}, {"update": 6, "residual_generate": 0.03}]
    assert ran_away(away)
    assert "and it ran away" in outlook(away).reason
    assert not ran_away([*away, record(100, 0.5)])  # it was looked at, and would have been set back
