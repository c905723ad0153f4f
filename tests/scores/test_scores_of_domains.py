"""Scores of genotypes, sequences, RNA and music: slow implementations, known answers, known faults, real data."""

from __future__ import annotations

import itertools
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from scipy.stats import ks_2samp

import shortrun as sr
from campaign import times
from shortrun import plots
from shortrun.data.core.alphabet import DNA
from shortrun.data.core.kind import AlignmentKind, GenotypeKind, Kind, MusicKind
from shortrun.data.sequences.gaps import gap_share
from shortrun.errors import MissingExtraError
from shortrun.scores import (
    Pair,
    genotypes,
    linkage,
    linkage_decay,
    music,
    offered,
    persons,
    rna_folding,
    sequences,
)
from shortrun.scores import rna as pairing
from shortrun.scores._genotypes import frequencies, is_genotypes
from shortrun.scores._numbers import kolmogorov_smirnov
from shortrun.scores.music import MUSIC
from shortrun.scores.persons import couples, heterozygosity
from shortrun.scores.rna_folding import folding_energies
from shortrun.scores.sequences import identities, lengths, nearest_identity
from single_changes import with_error

LINKAGE = ("linkage", "neighbour-linkage")
GENOTYPES = ("allele-frequency-pearson", "heterozygosity", "private-alleles", "lost-alleles", *LINKAGE)
PERSONS = ("individual-heterozygosity",)
SEQUENCES = ("nearest-difference", "length-shift", "length-distribution", "gap-profile")
STRUCTURE = ("canonical-pairs",)
FOLDING = ("folding-energy-shift", "folding-energy-distribution")
NOTES = ("note-density", "onset-rate", "pitch-classes")

SS = "((((..((...))..))))."
SITES = 40  # of genotypes
FRAMES = 6


# samples of each domain, from laws whose parameters are fixed


def variants(sites, chromosomes=2):
    place = np.random.default_rng(77).integers(1, 100_000, sites)
    return GenotypeKind(tuple(f"{1 + s % chromosomes} {place[s]} . A C" for s in range(sites)))


def haplotypes(seed, rows=400, sites=SITES):
    """Return haplotypes with linkage: along each of two chromosomes alleles are copied from site to site."""
    fixed = np.random.default_rng(5)
    p = fixed.choice(
        [0.0, 0.0005, 0.01, 0.02, 0.2, 0.35, 0.5, 0.7], sites, p=[0.05, 0.2, 0.15, 0.1, 0.1, 0.2, 0.1, 0.1]
    )
    known = variants(sites)
    position = [tuple(map(int, text.split()[:2])) for text in known.variants]
    random, uniform = np.random.default_rng([seed, 2]), np.empty((rows, sites))
    u = random.random((rows, 2))
    for site in sorted(range(sites), key=lambda s: position[s]):
        chromosome = position[site][0] - 1
        anew = random.random(rows) < 0.25
        u[anew, chromosome] = random.random(anew.sum())
        uniform[:, site] = u[:, chromosome]
    groups = np.repeat(np.arange((rows + 1) // 2), 2)[:rows].astype(str)
    data = sr.Dataset.from_arrays((uniform < p).astype(np.uint8), groups=groups, alphabet="binary")
    return data.with_kind(genotypes=known)


def bare(data):
    """Return the samples of which only the alphabet is known."""
    return data.with_values(data.values, Kind(data.sites, data.alphabet))


def dosages(seed, rows=300):
    both = haplotypes(seed, 2 * rows)
    data = sr.Dataset.from_arrays(both.values[::2] + both.values[1::2], alphabet="dosage")
    return data.with_kind(genotypes=both.kind.genotypes)


def rna(seed, rows=400):
    """Return RNA of a structure: pairs are canonical but for mistakes, a hairpin's loop is often lost."""
    random = np.random.default_rng([seed, 3])
    table = np.array([list(pair) for pair in ("AU", "UA", "CG", "GC", "GC", "CG", "GU", "AA")])
    letters = random.choice(list("ACGU"), (rows, len(SS)))
    for i, j in brackets(SS):
        letters[:, [i, j]] = table[random.integers(0, len(table), rows)]
    letters[random.random(rows) < 0.4, 8:11] = "-"
    letters[random.random(letters.shape) < 0.02] = "-"
    codes = np.array(["-ACGU".index(letter) for letter in letters.ravel()]).reshape(letters.shape)
    data = sr.Dataset.from_arrays(codes.astype(np.uint8), alphabet="rna")
    return data.with_kind(alignment=AlignmentKind(annotation={"SS_cons": SS}))


def piano(seed, rows=400):
    """Return windows of music: a few keys of a scale, held for some bins."""
    random, roll = np.random.default_rng([seed, 4]), np.zeros((rows, FRAMES, 88), np.uint8)
    for row in range(rows):
        for _ in range(random.integers(1, 5)):
            key = random.choice([39, 41, 43, 44, 46, 48, 50, 51])
            start = random.integers(0, FRAMES)
            roll[row, start : start + random.integers(1, FRAMES), key] = 1
    data = sr.Dataset.from_arrays(roll.reshape(rows, -1), alphabet="binary")
    return data.with_kind(music=MusicKind(FRAMES, "beat/4", 1))


LAWS = {
    haplotypes: (*GENOTYPES, *PERSONS),
    dosages: (*GENOTYPES, *PERSONS),
    rna: (*SEQUENCES, *STRUCTURE),
    piano: NOTES,
}


def brackets(structure):
    """Return the pairs of a structure of one kind of brackets."""
    found, waiting = [], []
    for place, mark in enumerate(structure):
        if mark == "(":
            waiting.append(place)
        elif mark == ")":
            found.append((waiting.pop(), place))
    return found


def values_of(*sets, **options):
    return {each.score: each.value for each in sr.score(*sets, per_class=False, **options)}


def alleles(data):
    """Return the copies of each site, (copies, S): two a person of dosages."""
    if data.alphabet.letters == "01":
        return data.values
    return np.concatenate([data.values >= 1, data.values == 2]).astype(int)


# against slow implementations


@pytest.mark.parametrize("law", [haplotypes, dosages])
def test_alleles(law):
    x, y = law(0, 60), law(1, 60)
    found = values_of(x, y, scores=GENOTYPES)
    copies = [alleles(side) for side in (x, y)]
    p, q = (side.mean(0) for side in copies)
    assert frequencies(x) == pytest.approx(p)
    assert found["allele-frequency-pearson"] == pytest.approx(np.corrcoef(p, q)[0, 1])
    different = []
    for side in copies:
        pairs = itertools.combinations(side.tolist(), 2)
        different.append(np.mean([[a != b for a, b in zip(*pair, strict=True)] for pair in pairs]))
    assert found["heterozygosity"] == pytest.approx(different[1] / different[0])
    new, sites, lost, rare = 0, 0, 0, 0
    for one, other in zip(copies[0].T.tolist(), copies[1].T.tolist(), strict=True):
        if len(set(one)) == 1:
            sites += 1
            new += sum(allele != one[0] for allele in other)
        elif min(one.count(0), one.count(1)) < 0.05 * len(one):
            rare += 1
            lost += (0 if one.count(0) < one.count(1) else 1) not in other
    assert sites > 2 < rare
    assert found["private-alleles"] == pytest.approx(new / sites / len(copies[0]))
    assert found["lost-alleles"] == pytest.approx(lost / rare)


def slow_decay(data, like, bins):
    """Return {bin: [(distance, r2)]} of every pair of sites."""
    p = alleles(like).mean(0)
    there = [s for s in range(data.sites) if min(p[s], 1 - p[s]) >= 0.05]
    place = [tuple(map(int, text.split()[:2])) for text in list(like.kind.genotypes.variants)]
    pairs = [(i, j) for i, j in itertools.combinations(there, 2) if place[i][0] == place[j][0]]
    apart = {pair: abs(place[pair[0]][1] - place[pair[1]][1]) for pair in pairs}
    edges = np.geomspace(min(apart.values()), max(apart.values()) + 1, bins + 1)
    found = {}
    for (i, j), distance in apart.items():
        one, other = data.values[:, i].astype(float), data.values[:, j].astype(float)
        r2 = np.corrcoef(one, other)[0, 1] ** 2 if np.ptp(one) and np.ptp(other) else 0.0
        where = max(b for b in range(bins) if edges[b] <= distance * (1 + 1e-12))
        found.setdefault(where, []).append((distance, r2))
    return found


@pytest.mark.parametrize("law", [haplotypes, dosages])
@pytest.mark.parametrize("side", [7, 512])
def test_linkage(law, side, monkeypatch):
    monkeypatch.setattr(linkage, "SIDE", side)  # pairs of sites in many blocks, or in one
    x, y = law(2, 60), law(3, 60)
    slow = slow_decay(x, x, 6)
    expected = np.array([np.mean(slow[where], axis=0) for where in sorted(slow)]).T
    np.testing.assert_allclose(linkage_decay(x, bins=6), expected, rtol=1e-5)
    curves = [slow_decay(each, x, linkage.BINS) for each in (x, y)]
    real, made = (np.array([np.mean(it[where], axis=0)[1] for where in sorted(curves[0])]) for it in curves)
    made, real = (r2 - (1 - r2) / 58 for r2 in (made, real))  # without the 1 / (N - 1) of samples without linkage
    found = values_of(x, y, scores=["linkage", "neighbour-linkage"])
    assert found["linkage"] == pytest.approx(np.abs(made - real).sum() / real.sum(), rel=1e-4)


@pytest.mark.parametrize("law", [haplotypes, dosages])
def test_linkage_of_neighbours(law):
    x, y = law(2, 60), law(3, 60)
    pairs = linkage.Pairs.of(x)
    near = [(i, j) for k, (i, j) in enumerate(itertools.pairwise(pairs.sites)) if not np.diff(pairs.chromosome)[k]]
    r2 = [np.mean([np.corrcoef(side.values[:, [i, j]].T)[0, 1] ** 2 for i, j in near]) for side in (x, y)]
    real, made = (each - (1 - each) / 58 for each in r2)
    assert values_of(x, y, scores=["neighbour-linkage"])["neighbour-linkage"] == pytest.approx(made / real, rel=1e-4)


@pytest.mark.parametrize("rows", [20, 100])
def test_few_samples_have_no_linkage_by_chance(rows):
    """Shuffled sites have the linkage of none, on average, however few samples there are."""
    found = []
    for seed in range(30):
        x = haplotypes(seed, rows)
        y = x.with_values(np.random.default_rng(seed).permuted(x.values, axis=0))
        found.append(linkage.neighbours(linkage.Pairs.of(x), (x, y)).value)
    assert abs(np.mean(found)) < 3 * np.std(found) / 30**0.5


def test_the_heterozygosity_of_persons():
    x, y, d = haplotypes(4, 61), haplotypes(5, 50), dosages(6, 20)
    expected = []
    for person in range(30):
        one, other = (x.values[2 * person + i].tolist() for i in (0, 1))
        expected.append(np.mean([a != b for a, b in zip(one, other, strict=True)]))
    order = np.random.default_rng(0).permutation(61)
    assert sorted(heterozygosity(x.select(order))) == pytest.approx(sorted(expected))
    assert heterozygosity(d) == pytest.approx([np.mean([code == 1 for code in row]) for row in d.values.tolist()])
    found = values_of(x, y, scores=PERSONS)["individual-heterozygosity"]
    assert found == pytest.approx(ks_2samp(expected, heterozygosity(y)).statistic)


def test_haplotypes_without_persons_are_paired_within_their_class():
    y = haplotypes(7, 9).with_groups(None).with_labels(list("aabbbaccb"))
    rows = couples(y)
    assert sorted(rows.ravel().tolist()) == [0, 1, 2, 3, 4, 6, 7, 8]  # the third of a is left over
    assert all(y.labels[one] == y.labels[other] for one, other in rows)


def test_identity_lengths_and_gaps():
    x, y = rna(8, 30), rna(9, 30)
    found = values_of(x, y)
    texts = [side.alphabet.decode_rows(side.values) for side in (x, y)]

    def identity(one, other):
        pairs = [pair for pair in zip(one, other, strict=True) if pair != ("-", "-")]
        return np.mean([a == b for a, b in pairs])

    table = np.array([[identity(made, real) for real in texts[0]] for made in texts[1]])
    assert identities(y, x) == pytest.approx(table, abs=1e-6)
    assert nearest_identity(x, y) == pytest.approx(table.max(1), abs=1e-6)
    assert found["nearest-difference"] == pytest.approx(1 - table.max(1).mean())
    inside = [[identity(a, b) for j, b in enumerate(texts[0]) if i != j] for i, a in enumerate(texts[0])]
    floor = next(each.floor for each in sr.score(x, y) if each.score == "nearest-difference")
    assert floor == pytest.approx(1 - np.mean([max(row) for row in inside]))
    long = [[len(text.replace("-", "")) for text in side] for side in texts]
    assert lengths(x).tolist() == long[0]
    assert found["length-shift"] == pytest.approx((np.mean(long[1]) - np.mean(long[0])) / np.std(long[0], ddof=1))
    assert found["length-distribution"] == pytest.approx(ks_2samp(*long).statistic)
    share = [np.mean([[letter == "-" for letter in text] for text in side], axis=0) for side in texts]
    assert found["gap-profile"] == pytest.approx(np.sum((share[1] - share[0]) ** 2) / np.sum(share[0] ** 2))
    bases = [[paired(text) for text in side] for side in texts]
    shares = [sum(it[0] for it in side) / sum(it[1] for it in side) for side in bases]
    assert found["canonical-pairs"] == pytest.approx(shares[1] / shares[0])


def paired(text):
    """Return how many consensus pairs of a sequence are canonical, and how many there are."""
    bases = [text[i] + text[j] for i, j in brackets(SS)]
    return sum(it in ("AU", "UA", "CG", "GC", "GU", "UG") for it in bases), sum(it != "--" for it in bases)


def test_nearest_identity_in_many_blocks():
    x, y = rna(10, 700), rna(11, 600)
    assert nearest_identity(x, y) == pytest.approx(identities(y, x).max(1))
    within = identities(x, x)
    np.fill_diagonal(within, 0)
    assert nearest_identity(x) == pytest.approx(within.max(1))


def test_music():
    x, y = piano(12, 30), piano(13, 30)
    found = values_of(x, y, scores=NOTES)
    held, struck, share = [], [], []
    for side in (x, y):
        down = onsets = 0
        tone = [0] * 12
        for row in side.values.reshape(30, FRAMES, 88).tolist():
            for t, keys in enumerate(row):
                for key, is_down in enumerate(keys):
                    down += is_down
                    onsets += is_down and t > 0 and not row[t - 1][key]
                    tone[(key + 21) % 12] += is_down  # MIDI numbers begin with A = 21
        held.append(down)
        struck.append(onsets)
        share.append(np.array(tone) / sum(tone))
    assert found["note-density"] == pytest.approx(held[1] / held[0])
    assert found["onset-rate"] == pytest.approx(struck[1] / struck[0])
    assert found["pitch-classes"] == pytest.approx(np.abs(share[1] - share[0]).sum() / 2)


def test_the_distance_of_distributions_is_scipys():
    random = np.random.default_rng(14)
    one, other = random.integers(0, 9, 70).astype(float), random.normal(4, 3, 50)
    assert kolmogorov_smirnov(one, other).value == pytest.approx(ks_2samp(one, other).statistic)
    assert kolmogorov_smirnov(one, one[:0]).value != kolmogorov_smirnov(one, one[:0]).value  # nan


# known answers


def test_a_perfectly_linked_pair():
    random = np.random.default_rng(15)
    one, other = random.integers(0, 2, (2, 4000))
    known = GenotypeKind(("1 100 . A C", "1 110 . A C", "1 5110 . A C", "2 105 . A C"))
    data = sr.Dataset.from_arrays(np.stack([one, 1 - one, other, one], 1), alphabet="binary")
    data = data.with_kind(genotypes=known)
    distances, r2 = linkage_decay(data)
    assert distances.tolist() == [10, 5005]  # the mean of 5,000 and 5,010; the other chromosome is no pair of theirs
    assert r2[0] == pytest.approx(1, abs=1e-5)
    assert r2[1] < 4 * 2 / 4000  # r^2 of unlinked sites is chi-square / N: four standard errors above its mean
    with pytest.raises(sr.DataError, match="two sites of one chromosome"):
        plots.linkage(haplotypes(0, 20, 1), haplotypes(1, 20, 1))


def test_sites_without_positions_are_as_far_as_they_are_apart():
    values = np.random.default_rng(16).integers(0, 3, (50, 4))
    distances, _ = linkage_decay(sr.Dataset.from_arrays(values, alphabet="dosage"))
    assert distances.tolist() == [1, 2, 3]


def test_canonical_pairs_of_a_designed_alignment():
    structure = AlignmentKind(annotation={"SS_cons": "((..))"})

    def share(*texts):
        codes = np.array([["-ACGU".index(letter) for letter in text] for text in texts], np.uint8)
        return sr.Dataset.from_arrays(codes, alphabet="rna").with_kind(alignment=structure)

    real = share("GCAAGC", "GGAAUU", "AUCCAU", "GCGA-C")  # 7 of 8: a base opposite a gap does not pair
    for made, expected in (
        (share("GCAAGC", "AUAAGU"), 1.0),  # A-U, U-G
        (share("-CAAG-", "GCAAGC"), 1.0),  # a pair that is left out does not count
        (share("GCAAAA", "AAAAAA"), 0.0),
        (share("GCAAAC", "GCAAGA"), 0.5),
    ):
        found = values_of(real, made.merge(made), scores=["canonical-pairs"])
        assert found["canonical-pairs"] == pytest.approx(expected / (7 / 8))


def test_dna_with_a_structure_pairs_as_rna():
    data = rna(17, 40)
    dna = data.with_kind(codes=DNA)
    half = slice(0, 20), slice(20, 40)
    one, other = (values_of(*(it.select(rows) for rows in half), scores=STRUCTURE) for it in (data, dna))
    assert one == other


def test_tones():
    music = MusicKind(1, "beat", 1)
    rolls = np.zeros((3, 4, 88), np.uint8)
    rolls[0, :, [0, 12]] = rolls[1, :, 3] = rolls[2, :, 87] = 1  # two A; C; C
    a, c, same = (
        sr.Dataset.from_arrays(np.repeat(roll, 4, 0), alphabet="binary").with_kind(music=music) for roll in rolls
    )
    assert values_of(a, c, scores=["pitch-classes"])["pitch-classes"] == 1
    assert values_of(c, same, scores=["pitch-classes"])["pitch-classes"] == 0
    silence = c.with_values(np.zeros_like(c.values))
    found = values_of(a, silence, scores=NOTES)
    assert found["note-density"] == 0
    assert math.isnan(found["pitch-classes"])
    assert math.isnan(found["onset-rate"])  # of single bins there is none


def test_folding_energies():
    RNA = pytest.importorskip("RNA", reason="ViennaRNA, extra rna, is not installed")
    texts = ["GGGGAAAACCCC", "AAAAAAAAAAAA", "GGG-AAAA-CCC", "------------"]
    codes = np.array([["-ACGU".index(letter) for letter in text] for text in texts], np.uint8)
    found = folding_energies(sr.Dataset.from_arrays(codes, alphabet="rna"))
    assert found[1] == 0
    assert found[0] == pytest.approx(RNA.fold("GGGGAAAACCCC")[1] / 12)
    assert found[2] == pytest.approx(RNA.fold("GGGAAAACCC")[1] / 10)
    assert found[0] < found[2] < 0
    assert math.isnan(found[3])


def test_folding_energies_are_measured_when_asked_for(monkeypatch):
    pytest.importorskip("RNA", reason="ViennaRNA, extra rna, is not installed")
    x, y = rna(18, 60), rna(19, 60)
    assert not set(FOLDING) & set(values_of(x, y))
    scores = {each.score: each for each in sr.score(x, y, scores=FOLDING)}
    energies = [folding_energies(side) for side in (x, y)]
    mean, width = energies[0].mean(), energies[0].std(ddof=1)
    assert scores["folding-energy-shift"].value == pytest.approx((energies[1].mean() - mean) / width)
    assert scores["folding-energy-distribution"].value == pytest.approx(ks_2samp(*energies).statistic)
    monkeypatch.setitem(sys.modules, "RNA", None)
    with pytest.raises(MissingExtraError, match=r"shortrun\[rna\]"):
        sr.score(rna(20, 60), rna(21, 60), scores=["folding-energy-shift"])


# generators whose faults are known


def copy(x, law):
    return x


def noise(x, law):
    values = np.random.default_rng(30).integers(0, len(x.alphabet), x.values.shape).astype(np.uint8)
    return x.with_values(values)


def collapsed(x, law):
    return x.with_values(np.repeat(x.values[:1], len(x), 0))


def unlinked(x, law):
    """Each site of another sample: right frequencies, nothing else."""
    return x.with_values(np.random.default_rng(31).permuted(x.values, axis=0))


FAULTS = {
    "allele-frequency-pearson": (noise, collapsed),
    "heterozygosity": (noise, collapsed),
    "private-alleles": (noise,),
    "lost-alleles": (collapsed,),
    "linkage": (noise, unlinked, collapsed),
    "neighbour-linkage": (noise, unlinked, collapsed),
    "individual-heterozygosity": (noise, collapsed),
    "nearest-difference": (copy, noise),
    "length-shift": (noise,),
    "length-distribution": (noise, collapsed),
    "gap-profile": (noise, collapsed),
    "canonical-pairs": (noise, unlinked),
    "note-density": (noise,),
    "onset-rate": (noise,),
    "pitch-classes": (noise, collapsed),
}
ROWS = {haplotypes: 1000, dosages: 600, rna: 600, piano: 400}
SEEDS = range(102, 108)


@pytest.fixture(scope="module")
def judged():
    """Return {law: {generator: {name: Score}}}, of perfect generators under None as a list."""

    def of(law, other):
        return {each.score: each for each in sr.score(law(100, ROWS[law]), other, scores=LAWS[law])}

    def faults(law):
        x = law(100, ROWS[law])
        return {generator: of(law, generator(x, law)) for generator in (copy, noise, collapsed, unlinked)}

    return {law: faults(law) | {None: [of(law, law(seed, ROWS[law])) for seed in SEEDS]} for law in LAWS}


def test_every_score_has_its_faults():
    of_domains = {each.name for module in MODULES for each in module.SCORES.quantities}
    assert set(FAULTS) | set(FOLDING) == of_domains


MODULES = (genotypes, persons, linkage, sequences, pairing, rna_folding, music)
CASES = [pytest.param(law, name, id=f"{law.__name__}-{name}") for law, names in LAWS.items() for name in names]


@pytest.mark.parametrize(("law", "name"), CASES)
def test_floor_ideal_and_direction(judged, law, name):
    perfect = [each[name] for each in judged[law][None]]
    one, values = perfect[0], np.array([each.value for each in perfect])
    target = one.floor if one.ideal is None else one.ideal
    for fault in FAULTS[name]:
        bad = judged[law][fault][name].value
        assert abs(bad - target) > 2 * np.abs(values - target).max(), fault.__name__
        if one.direction == "lower":
            assert bad > values.max()
        if one.direction == "higher":
            assert bad < values.min()
    assert all(0 < each.error < math.inf or each.value == each.error == 0 for each in perfect)  # no new or lost allele
    assert any(each.error > 0 for each in perfect)
    middle = np.median([each.error for each in perfect])
    assert np.abs(values.mean() - one.floor) < 6 * middle + 2 * abs(one.floor - target)


@pytest.mark.parametrize(("law", "name"), CASES)
def test_a_perfect_copy(judged, law, name):
    found = judged[law][copy][name].value
    expected = {"nearest-difference": 0.0}.get(name, offered()[name][0].ideal)
    assert found == pytest.approx(expected, abs=1e-6)


LINEAR = [case for case in CASES if case.values[1] not in ("lost-alleles", "private-alleles", *PERSONS)]


@pytest.mark.parametrize(("law", "name"), LINEAR)
def test_errors_come_from_what_a_single_sample_changes(law, name):
    """A score's standard error is that of the changes when one sample is replaced by each other one."""
    sides = [law(seed, 14) for seed in (22, 23)]
    family = offered()[name][1]

    def value(*pair):
        return family.measure(Pair(*pair))[name]

    given = [0] if name == "nearest-difference" else []  # whom the nearest one is drawn from is taken as given
    whole, error = with_error(value, sides, 100, given)
    assert whole.error() == pytest.approx(error, rel=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS)
def test_errors_are_the_spread_of_repetitions(law):
    """Standard errors against the standard deviation over 40 pairs of data sets, to a factor of 2.5."""
    repeated = [sr.score(law(seed, 200), law(seed + 1, 200), scores=LAWS[law]) for seed in range(1000, 1080, 2)]
    for scores in zip(*repeated, strict=True):
        values, errors = np.array([(each.value, each.error) for each in scores]).T
        ratio = np.mean(errors) / np.std(values, ddof=1)
        assert 0.4 < ratio < 2.5, (scores[0].score, ratio)


# where they make sense


def offered_for(data):
    return {each.score for each in sr.score(data, data)} & (set(FAULTS) | set(FOLDING))


def test_scores_are_offered_where_they_make_sense():
    x = haplotypes(40, 20)
    assert offered_for(x) == {*GENOTYPES, *PERSONS}
    assert offered_for(x.with_groups(None)) == set(GENOTYPES)
    assert offered_for(dosages(40, 20)) == {*GENOTYPES, *PERSONS}
    assert offered_for(bare(x)) == set()  # any 0 and 1
    assert offered_for(bare(x).with_kind(source="people.hapt.gz")) >= set(GENOTYPES)
    codes = sr.Dataset.from_arrays(dosages(40, 20).values, alphabet="codes")
    assert codes.alphabet == dosages(40, 20).alphabet
    assert not is_genotypes(codes)  # any three codes
    assert offered_for(rna(40, 20)) == {*SEQUENCES, *STRUCTURE}
    assert offered_for(bare(rna(40, 20))) == set(SEQUENCES)
    assert offered_for(rna(40, 20).with_kind(alignment=AlignmentKind(annotation={"SS_cons": "(((..."}))) == set(
        SEQUENCES
    )
    full = sr.Dataset.from_arrays(np.ones((20, 5), np.uint8), alphabet="protein")
    assert offered_for(full) == set()  # without gaps lengths and profiles say nothing
    assert offered_for(piano(40, 20)) == set(NOTES)
    numbers = sr.Dataset.from_arrays(np.random.default_rng(0).random((20, 5)))
    assert offered_for(numbers) == set()


@pytest.mark.parametrize("name", ["linkage", "individual-heterozygosity", "gap-profile", "canonical-pairs", *FOLDING])
def test_a_score_that_makes_no_sense_is_refused_by_name(name):
    with pytest.raises(sr.ConfigError, match=f"'{name}' needs .*, and there are none"):
        sr.score(piano(41, 20), piano(42, 20), scores=[name])


def test_values_that_are_not_defined_are_nan():
    constant = haplotypes(43, 20).with_values(np.zeros((20, SITES), np.uint8))
    found = values_of(constant, haplotypes(44, 20), scores=GENOTYPES)
    assert found.pop("private-alleles") > 0.1
    assert all(map(math.isnan, found.values()))
    alone = haplotypes(45, 20).with_kind(genotypes=GenotypeKind(tuple(f"{site} 5 . A C" for site in range(SITES))))
    assert math.isnan(values_of(alone, alone, scores=["linkage"])["linkage"])


# figures


def test_figures_of_genotypes():
    x, y = haplotypes(50, 100), haplotypes(51, 80)
    (axis,) = plots.allele_frequencies(x, y).axes
    shown = np.asarray(axis.collections[0].get_offsets())
    assert shown == pytest.approx(np.stack([frequencies(x), frequencies(y)], 1))
    (axis,) = plots.linkage(x, y).axes
    real, made, limit = axis.lines
    assert made.get_ydata() == pytest.approx(linkage_decay(y, like=x)[1])
    assert real.get_xdata() == pytest.approx(linkage_decay(x)[0])
    assert limit.get_ydata()[0] == 1 / 80
    for figure in (plots.allele_frequencies, plots.linkage):
        with pytest.raises(sr.DataError, match="needs genotypes"):
            figure(piano(52, 10), piano(53, 10))
        with pytest.raises(sr.DataError, match="40 sites and 20 sites"):
            figure(x, haplotypes(54, 10, 20))


def test_figures_of_sequences():
    x, y = rna(55, 100), rna(56, 80)
    left, right = plots.length_profile(x, y).axes
    bars = [patch for patch in left.patches if isinstance(patch, Rectangle)]
    middle, heights = zip(*((bar.get_x() + bar.get_width() / 2, bar.get_height()) for bar in bars), strict=True)
    assert heights == pytest.approx([np.mean(lengths(y) == size) for size in middle])
    assert [line.get_ydata().tolist() for line in right.lines] == [gap_share(side).tolist() for side in (x, y)]
    with pytest.raises(sr.DataError, match="sequences with gaps"):
        plots.length_profile(piano(57, 10), piano(58, 10))


def test_the_figure_of_folding_energies():
    pytest.importorskip("RNA", reason="ViennaRNA, extra rna, is not installed")
    (axis,) = plots.folding_energies(rna(59, 30), rna(60, 20), count=15).axes
    assert "kcal/mol" in axis.get_xlabel()
    assert {text.get_text() for text in axis.get_legend().get_texts()} == {"real", "generated"}
    with pytest.raises(sr.DataError, match="RNA"):
        plots.folding_energies(piano(57, 10), piano(58, 10))


def test_figures_of_music(tmp_path):
    x, y = (piano(seed, 60).with_labels(["a", "b"] * 30) for seed in (61, 62))
    figure = plots.pitch_classes(x, y)
    assert [axis.get_title() for axis in figure.axes] == ["a", "b"]
    assert sum(bar.get_height() for bar in figure.axes[0].containers[1]) == pytest.approx(1)
    assert len(plots.pitch_classes(x, piano(62, 60)).axes) == 1
    figure = plots.piano_roll(x, [3, 5])
    assert isinstance(figure, Figure)
    shown = [np.asarray(axis.images[0].get_array()) for axis in figure.axes]
    assert (shown[1] == x.values[5].reshape(FRAMES, 88).T).all()
    plots.save(figure, tmp_path / "roll.png")
    with pytest.raises(sr.DataError, match="samples 0 to 59"):
        plots.piano_roll(x, [60])
    with pytest.raises(sr.DataError, match=MUSIC.name.split(" ")[0]):
        plots.piano_roll(haplotypes(63, 10))


# real data


def halves(name, monkeypatch, shared):
    monkeypatch.setenv("SHORTRUN_SHARED", str(shared))
    return sr.read(name).split(0.5)


def close_to_perfect(scores, errors=6):
    """Whether values are as near to their ideals as floors are, within some standard errors and a third."""
    return all(
        abs(it.value - it.ideal) <= abs(it.floor - it.ideal) * 4 / 3 + errors * it.error
        for it in scores
        if it.ideal is not None and not math.isnan(it.value)
    )


@pytest.mark.parametrize("name", ["hgd", "kg-chr22"])
def test_real_genotypes(name, monkeypatch, shared):
    x, y = halves(name, monkeypatch, shared)
    names = (*GENOTYPES, *PERSONS)
    perfect = sr.score(x, y, scores=names, per_class=False)
    assert close_to_perfect(perfect)
    assert values_of(x, y, scores=names)["allele-frequency-pearson"] > 0.997
    bad = values_of(
        x, unlinked(y, None), scores=["linkage", "neighbour-linkage", "heterozygosity", "individual-heterozygosity"]
    )
    assert bad["linkage"] > 0.9
    assert abs(bad["neighbour-linkage"]) < 0.02
    assert bad["heterozygosity"] == pytest.approx(1, abs=0.01)  # of frequencies alone
    assert bad["individual-heterozygosity"] > 0.3  # no continents, no spread between persons


def test_linkage_decays_along_chromosome_22(monkeypatch, shared):
    x, _ = halves("kg-chr22", monkeypatch, shared)
    distances, r2 = linkage_decay(x)
    near, far = r2[distances < 1e4].mean(), r2[distances > 1e6].mean()
    assert near > 0.2
    assert far < 0.01
    variant = [int(text.split()[1]) for text in list(x.kind.genotypes.variants)]
    neighbours = [np.corrcoef(*x.values[:, [i, i + 1]].T)[0, 1] ** 2 for i in range(len(variant) - 1)]
    assert np.mean(neighbours) == pytest.approx(0.21, abs=0.02)  # as the description of the data set says


def test_real_riboswitches(monkeypatch, shared):
    x, y = halves("sam", monkeypatch, shared)
    assert close_to_perfect(sr.score(x, y, scores=(*SEQUENCES, *STRUCTURE), per_class=False))
    from shortrun.scores.rna import canonical_pairs, structure

    assert len(structure(x)) == 33
    share = canonical_pairs(x, structure(x)).mean()
    opposite_gaps = np.mean([np.sum((x.values[:, i] == 0) != (x.values[:, j] == 0)) for i, j in structure(x)]) / len(x)
    assert share / (1 - opposite_gaps) == pytest.approx(0.93, abs=0.01)  # of pairs with two bases, as described
    assert values_of(x, unlinked(y, None), scores=STRUCTURE)["canonical-pairs"] < 0.95
    assert values_of(x, noise(y, None), scores=STRUCTURE)["canonical-pairs"] < 0.5


def test_real_riboswitches_fold_better_than_shuffled_ones(monkeypatch, shared):
    pytest.importorskip("RNA", reason="ViennaRNA, extra rna, is not installed")
    x, y = (side.head(75) for side in halves("sam", monkeypatch, shared))
    order = np.random.default_rng(0)
    shuffled = y.with_values(order.permuted(y.values, axis=1))  # as many of each base
    real, bad = (values_of(x, side, scores=FOLDING) for side in (y, shuffled))
    assert abs(real["folding-energy-shift"]) < 0.5  # three standard errors of 75 against 75
    assert bad["folding-energy-shift"] > 1
    assert bad["folding-energy-distribution"] > 0.4


def test_real_music(monkeypatch, shared, tmp_path):
    x, y = halves("four-masters", monkeypatch, shared)
    assert close_to_perfect(sr.score(x, y, scores=NOTES, per_class=False), errors=10)  # windows overlap
    bach, chopin = (x.select(x.labels == x.classes.index(name)) for name in ("Bach", "Chopin"))
    assert values_of(chopin, bach, scores=NOTES)["pitch-classes"] > 0.2
    flicker = unlinked(y, None)  # as many notes, here and there
    bad = values_of(x, flicker, scores=NOTES)
    assert bad["note-density"] == pytest.approx(1, abs=0.05)
    assert bad["onset-rate"] > 2


SHOWN = {
    "hgd": (*GENOTYPES, *PERSONS),
    "kg-chr22": (*GENOTYPES, *PERSONS),
    "sam": (*SEQUENCES, *STRUCTURE),
    "pf00072": SEQUENCES[1:],
    "four-masters": NOTES,
}
SECOND = ("kg-chr22", "pf00072")  # whose floor a cell shows behind another one


# Two of sequences are compared pair by pair for longest: the larger ones in a campaign.
@pytest.mark.parametrize("name", [name for name in SHOWN if times(name != "pf00072", True)])
def test_the_floors_on_the_page_are_those_of_real_samples(name, monkeypatch, shared):
    monkeypatch.setenv("SHORTRUN_SHARED", str(shared))
    section = (
        (Path(__file__).parents[2] / "docs" / "scores.md").read_text().split("## Domain checks")[1].split("\n## ")[0]
    )
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    told = {row[0].strip("`"): re.sub(r" \(.*?\)", "", row[4]).split(", ") for row in rows}
    train, test = sr.read(name).split(0.3)
    pair, floors = Pair(train, test).shuffled(), {}  # as `sr.score` has them, which would compare all of the test too
    for family in {offered()[score][1] for score in SHOWN[name]}:
        floors |= family.measure_floors(pair)
    for score in SHOWN[name]:
        shown = told[score][-1 if name in SECOND else 0]
        if shown == "undefined":
            assert math.isnan(floors[score])
        else:
            digits = len(shown.partition(".")[2])
            assert abs(floors[score]) == pytest.approx(float(shown), abs=1.1 * 10**-digits), score
