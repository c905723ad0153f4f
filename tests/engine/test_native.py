"""The noise and the native kernels against definitions that share no code with them."""

from __future__ import annotations

import importlib.util
import math
import os
import runpy
import subprocess
import sys
import zlib
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot

from campaigns import kernels
from shortrun import philox
from shortrun.data import Dataset
from shortrun.engine import native
from shortrun.engine.uniforms import uniform
from shortrun.errors import ConfigError
from shortrun.scores._neighbours import distances, points

PLACE = {"seed": 0xFEDCBA9876543210, "update": 123_456, "place": 0x8100_0007, "first_chain": 3}
ROUNDING = 5e-7  # of a probability: 1.8e-7 from the exponential, the rest from three roundings and the reference


def _here() -> list[str]:
    """Return the paths that this build and this processor have."""
    found = [name for name in native.PATHS if native.select(name) == name]
    native.select(os.environ.get("SHORTRUN_ENGINE") or native.PATHS[-1])
    return found


HERE = _here()
restored, skipped = pytest.mark.usefixtures("_restored"), pytest.mark.skip(f"no kernels: {native.path()}")
needs_kernels = restored if HERE else skipped


@pytest.fixture
def _restored():
    """Start on the fastest path; leave the path and the number of threads as they were."""
    threads = torch.get_num_threads()
    native.select()
    yield
    torch.set_num_threads(threads)
    native.select(os.environ.get("SHORTRUN_ENGINE") or native.PATHS[-1])


def _normal(*shape, seed=0, scale=2.0):
    return scale * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _on_every_path(compute):
    """Return what `compute` gives, after checking that paths and thread counts agree to the last bit."""
    results = []
    for name in HERE:
        native.select(name)
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            results.append(compute())
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            assert torch.equal(a, b)
    return results[0]


# ------------------------------------------------------------------------------------------ the noise


def _philox_by_hand(counter, key):
    """Philox4x32-10 in Python's integers, from the paper's description."""
    (a, b, c, d), (k, m) = counter, key
    for _ in range(10):
        left, right = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (right >> 32) ^ b ^ k, right % 2**32, (left >> 32) ^ d ^ m, left % 2**32
        k, m = (k + 0x9E3779B9) % 2**32, (m + 0xBB67AE85) % 2**32
    return [a, b, c, d]


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [  # kat_vectors of the Random123 library
        ([0] * 4, [0] * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_philox_known_answers(counter, key, words):
    answer = philox.philox4x32(torch.tensor(counter), torch.tensor(key))
    assert [f"{word:08x}" for word in answer.tolist()] == words.split()
    assert _philox_by_hand(counter, key) == answer.tolist()


def test_uniform_is_the_contract():
    """Addressed by hand: site to counter and output word, chain modulo 2^32, both halves of the key."""
    seed, update, place, first_chain = 0x0123456789ABCDEF, 0xFFFFFFFF, 0xDEADBEEF, 2**32 - 2
    u = philox.uniform_reference(seed, update, place, first_chain, 4, 150)
    assert u.shape == (4, 150)
    assert u.dtype is torch.float32
    for row in range(4):
        for site in (0, 1, 15, 16, 47, 63, 64, 65, 127, 128, 149):
            counter = ((site >> 6) << 4 | (site & 15), (first_chain + row) % 2**32, update, place)
            word = _philox_by_hand(counter, (seed & 0xFFFFFFFF, seed >> 32))[(site >> 4) & 3]
            assert u[row, site].item() == (2 * (word >> 9) + 1) / 2**24  # exactly, in double precision


def test_uniforms_are_uniform_and_uncorrelated():
    u = uniform(1, 2, 3, 0, 1000, 640).double()
    n = u.numel()
    assert abs(u.mean() - 0.5) < 4 * math.sqrt(1 / 12 / n)
    assert abs(u.square().mean() - 1 / 3) < 4 * math.sqrt(4 / 45 / n)
    counts = torch.bincount((u * 256).long().flatten(), minlength=256)
    chi_square = ((counts - n / 256) ** 2 / (n / 256)).sum()
    assert abs(chi_square - 255) < 4 * math.sqrt(2 * 255)
    centred = u - 0.5
    for a, b in (
        (centred[1:], centred[:-1]),
        (centred[:, 1:], centred[:, :-1]),
        (centred[:, 16:], centred[:, :-16]),
    ):
        assert abs((a * b).mean()) < 4 / 12 / math.sqrt(a.numel())
    assert u.min() > 0
    assert u.max() < 1


def test_uniform_depends_on_every_part_of_the_address():
    address = {"seed": 1, "update": 2, "place": 3, "first_chain": 4}
    base = uniform(**address, chains=2, sites=64)
    changes = [("seed", 2), ("seed", 1 + 2**40), ("update", 3), ("place", 4), ("first_chain", 6)]
    for name, value in changes:
        assert (uniform(**{**address, name: value}, chains=2, sites=64) == base).sum() <= 1
    assert torch.equal(uniform(1, 2, 3, 5, 1, 64)[0], base[1])


@needs_kernels
@pytest.mark.parametrize("sites", [1, 15, 16, 17, 63, 64, 65, 784, 805])
def test_native_uniform_is_the_reference(sites):
    for rows in range(1, 8):
        for seed, first_chain in ((0, 0), (2**64 - 1, 11), (2**63 + 12_345, 2**32 - 2)):
            expected = philox.uniform_reference(seed, 2**32 - 1, 2**31 + 5, first_chain, rows, sites)
            for name in HERE:
                native.select(name)
                assert torch.equal(uniform(seed, 2**32 - 1, 2**31 + 5, first_chain, rows, sites), expected)


@pytest.mark.parametrize("sites", [1, 17, 64, 65, 784])
def test_uniforms_without_kernels_are_the_reference(sites):
    """Also over the bounds of the blocks in which numpy makes them."""
    for seed, first_chain, rows in ((0, 0, 1), (2**64 - 1, 11, 350), (2**63 + 12_345, 2**32 - 2, 7), (1, 2**32 - 9, 9)):
        place = seed, 2**32 - 1, 2**31 + 5, first_chain, rows, sites
        assert torch.equal(philox.uniform_numpy(*place), philox.uniform_reference(*place))
    assert philox.uniform_numpy(1, 2, 3, 4, 0, sites).shape == (0, sites)


@needs_kernels
def test_native_uniform_same_bits_on_all_threads():
    (u,) = _on_every_path(lambda: (uniform(7, 8, 9, 10, 301, 333),))
    assert torch.equal(u, philox.uniform_reference(7, 8, 9, 10, 301, 333))


@needs_kernels
def test_slices_are_respected():
    """A kernel writes its own columns and nothing beside them."""
    whole = torch.full((5, 100), -7.0)
    native.uniform(whole[:, 10:87], **PLACE)
    assert torch.equal(whole[:, 10:87], philox.uniform_reference(**PLACE, chains=5, sites=77))
    assert (whole[:, :10] == -7).all()
    assert (whole[:, 87:] == -7).all()
    codes = torch.full((5, 40), 9, dtype=torch.uint8)
    native.draw_potts(_normal(5, 33 * 3), None, 3, codes[:, 3:36], **PLACE)
    assert (codes[:, :3] == 9).all()
    assert (codes[:, 36:] == 9).all()
    assert codes[:, 3:36].max() <= 2


# ------------------------------------------------------------------------------------------ binary units

KINDS = [(1.0, 0.0), (2.0, -1.0)]


@needs_kernels
@pytest.mark.parametrize(("gain", "low"), KINDS)
@pytest.mark.parametrize("sites", [1, 5, 16, 63, 64, 65, 131, 1024])
def test_draw_binary_is_u_below_sigmoid(sites, gain, low):
    field, bias = _normal(200, sites, seed=sites), _normal(sites, seed=1)

    def draw():
        features, codes = torch.empty_like(field), torch.empty(field.shape, dtype=torch.uint8)
        native.draw_binary(field, bias, features, codes, gain=gain, low=low, **PLACE)
        return features, codes

    features, codes = _on_every_path(draw)
    u = philox.uniform_reference(**PLACE, chains=200, sites=sites).double()
    p = torch.sigmoid(gain * (field + bias).double())
    differs = codes.bool() != (u < p)
    assert ((u - p).abs() <= ROUNDING * p)[differs].all()
    assert differs.sum() <= 3  # expected: at most ROUNDING * field.numel() = 0.1
    assert torch.equal(features, torch.where(codes.bool(), 1.0, low))

    inplace = field + bias
    native.draw_binary(inplace, None, inplace, gain=gain, low=low, **PLACE)
    assert (inplace != features).sum() == 0
    only = torch.empty_like(codes)
    native.draw_binary(field, bias, None, only, gain=gain, low=low, **PLACE)
    assert torch.equal(only, codes)


@needs_kernels
@pytest.mark.parametrize("name", HERE)
def test_extreme_fields(name):
    native.select(name)
    field = torch.tensor([1e4, -1e4, 3e38, -3e38, 100.0, -100.0, 88.0, -88.0] * 9).expand(50, -1).contiguous()
    features = torch.empty_like(field)
    native.draw_binary(field, None, features, **PLACE)
    assert torch.equal(features, (field > 0).float())
    native.mean_binary(field, None, features)
    assert torch.allclose(features, torch.sigmoid(field), rtol=0, atol=1e-37)
    native.mean_binary(field / 2, None, features, gain=2.0, low=-1.0)
    assert torch.equal(features, torch.sign(field))


@needs_kernels
@pytest.mark.parametrize("sites", [1, 17, 250])
def test_mean_binary(sites):
    field, bias = _normal(77, sites, scale=6.0), _normal(sites, seed=1)

    def mean():
        sigmoid, tanh = torch.empty_like(field), (field + bias)
        native.mean_binary(field, bias, sigmoid)
        native.mean_binary(tanh, None, tanh, gain=2.0, low=-1.0)
        return sigmoid, tanh

    sigmoid, tanh = _on_every_path(mean)
    x = (field + bias).double()
    assert ((sigmoid - torch.sigmoid(x)).abs() <= 3e-7 * torch.sigmoid(x)).all()
    assert (tanh - torch.tanh(x)).abs().max() <= 3e-7


@needs_kernels
@pytest.mark.parametrize("name", HERE)
def test_exponential_error(name):
    """Where sigmoid(x) is exp(x): the exponential's largest relative error, 1.8e-7, plus two roundings."""
    native.select(name)
    x = torch.linspace(-87, -18, 300_000).unsqueeze(0)
    out = torch.empty_like(x)
    native.mean_binary(x, None, out)
    assert ((out - torch.sigmoid(x.double())).abs() <= 3e-7 * torch.sigmoid(x.double())).all()


@needs_kernels
def test_drawn_binary_frequencies():
    """Chi-square over units of the drawn counts, each one degree of freedom."""
    rows, sites = 20_000, 50
    field = torch.linspace(-4, 4, sites).expand(rows, -1).contiguous()
    codes = torch.empty(rows, sites, dtype=torch.uint8)
    native.draw_binary(field, None, None, codes, **PLACE)
    p = torch.sigmoid(field[0].double())
    chi_square = ((codes.double().sum(0) - rows * p) ** 2 / (rows * p * (1 - p))).sum()
    assert abs(chi_square - sites) < 4 * math.sqrt(2 * sites)


# ------------------------------------------------------------------------------------------ Potts units


@needs_kernels
@pytest.mark.parametrize("q", [2, 3, 5, 21, 255])
@pytest.mark.parametrize("sites", [1, 7, 16, 17, 63, 65])
def test_draw_potts_is_the_inverse_of_the_cumulative_softmax(q, sites):
    rows = 60
    field, bias = _normal(rows, sites * q, seed=q), _normal(sites * q, seed=sites)

    def draw():
        codes, features = torch.empty(rows, sites, dtype=torch.uint8), field + bias
        native.draw_potts(field, bias, q, codes, **PLACE)
        again = torch.empty_like(codes)
        native.draw_potts(features, None, q, again, features, **PLACE)
        assert torch.equal(codes, again)
        return codes, features

    codes, features = _on_every_path(draw)
    assert torch.equal(features.view(rows, sites, q), one_hot(codes.long(), q).float())
    u = philox.uniform_reference(**PLACE, chains=rows, sites=sites).double().unsqueeze(-1)
    cumulative = torch.softmax((field + bias).double().view(rows, sites, q), -1).cumsum(-1)
    expected = (cumulative <= u).sum(-1).clamp(max=q - 1)
    differs = codes != expected
    near = (cumulative - u).abs().amin(-1) <= 1e-6 + q * 2.0**-24  # exponentials, then q rounded sums
    assert near[differs].all()
    assert differs.sum() <= 3  # expected: 2 q roundings of 6e-8 on 4,000 sites, 0.1 at q = 255


@needs_kernels
@pytest.mark.parametrize("name", HERE)
def test_extreme_potts_fields(name):
    native.select(name)
    for q in (2, 5, 21):
        winner = torch.arange(300).remainder(q).view(10, 30)
        for scale in (200.0, 1e4, 1e38):
            field = (scale * (2 * one_hot(winner, q) - 1)).float().flatten(1)
            codes = torch.empty(10, 30, dtype=torch.uint8)
            native.draw_potts(field, None, q, codes, **PLACE)
            assert torch.equal(codes.long(), winner)


@needs_kernels
@pytest.mark.parametrize("q", [2, 3, 5, 21])
def test_drawn_potts_frequencies(q):
    rows, sites = 5_000, 20
    field = _normal(1, sites * q, scale=1.0).expand(rows, -1).contiguous()
    codes = torch.empty(rows, sites, dtype=torch.uint8)
    native.draw_potts(field, None, q, codes, **PLACE)
    expected = rows * torch.softmax(field[0].double().view(sites, q), -1)
    counts = one_hot(codes.long(), q).sum(0)
    freedom = sites * (q - 1)
    chi_square = ((counts - expected) ** 2 / expected).sum()
    assert abs(chi_square - freedom) < 4 * math.sqrt(2 * freedom)


@needs_kernels
@pytest.mark.parametrize(
    ("rows", "sites", "q", "columns"),
    [(1, 1, 2, 1), (3, 7, 3, 15), (9, 65, 5, 33), (50, 59, 21, 300), (200, 40, 4, 129), (4, 3, 255, 256)],
)
def test_gather_potts_is_the_one_hot_product(rows, sites, q, columns):
    generator = torch.Generator().manual_seed(rows)
    codes = torch.randint(q, (rows, sites), generator=generator).to(torch.uint8)
    weight, each = _normal(sites * q, columns), _normal(rows, columns, seed=2)
    common = each[0].clone()

    def gather():
        out, other, added = torch.empty(rows, columns), torch.empty(rows, columns), each.clone()
        native.gather_potts(codes, q, weight, out, common)
        native.gather_potts(codes, q, weight, other, each)
        native.gather_potts(codes, q, weight, added, added)
        assert torch.equal(added, other)
        return out, other

    out, other = _on_every_path(gather)
    onehot = one_hot(codes.long(), q).flatten(1).double()
    product, size = onehot @ weight.double(), onehot @ weight.double().abs()
    assert ((out - (product + common)).abs() <= 1e-5 * (size + common.abs())).all()
    assert ((other - (product + each)).abs() <= 1e-5 * (size + each.abs())).all()


@needs_kernels
@pytest.mark.parametrize(("sites", "colours"), [(1, 2), (64, 2), (130, 2), (59, 21), (128, 5), (7, 200), (9000, 3)])
def test_mismatches_are_counted(sites, colours):
    """Also without kernels, where the scores compare codes otherwise."""
    random = np.random.default_rng(sites)
    x, y = (Dataset.from_arrays(random.integers(0, colours, (n, sites)), alphabet="codes") for n in (6, 521))
    a, b = points(x, y)
    assert a.dtype == np.uint64
    counted = _on_every_path(lambda: (torch.from_numpy(distances(a, b)),))[0]
    assert (counted.numpy() == (x.values[:, None] != y.values).sum(2)).all()
    native.select("reference")
    assert (distances(*points(x, y)) == counted.numpy()).all()


# ------------------------------------------------------------------------------------------ loading


@needs_kernels
def test_select_takes_the_path_or_the_next_lower_one():
    assert native.path() == HERE[-1]
    assert native.select("portable") == "portable"
    assert native.select("reference") == "torch: SHORTRUN_ENGINE=reference asks for it"
    assert not native.available()
    assert torch.equal(uniform(1, 2, 3, 4, 5, 6), philox.uniform_reference(1, 2, 3, 4, 5, 6))
    with pytest.raises(ConfigError, match="did you mean 'avx512'"):
        native.select("avx521")


@needs_kernels
def test_environment_variable_bounds_the_path(monkeypatch):
    monkeypatch.setenv("SHORTRUN_ENGINE", "portable")
    assert runpy.run_path(native.__file__)["path"]() == "portable"


@needs_kernels
@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
def test_no_second_openmp_runtime():
    code = (
        "import torch; from shortrun.engine import native; torch.rand(300, 300) @ torch.rand(300, 300);"
        "names = {line.split()[-1] for line in open('/proc/self/maps')};"
        "print(sum(name.split('/')[-1].startswith(('libgomp', 'libomp', 'libiomp')) for name in names))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) <= 1


@pytest.fixture
def hatch_build():
    pytest.importorskip("hatchling")
    hook_file = Path(__file__).parents[2] / "hatch_build.py"
    spec = importlib.util.spec_from_file_location("hatch_build", hook_file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("triple", "platform"),
    [
        *[("x86_64-linux-gnu", "linux"), ("aarch64-unknown-linux-gnu", "linux")],
        *[("arm64-apple-darwin23.6.0", "darwin"), ("x86_64-unknown-macos", "darwin")],
        *[("x86_64-w64-mingw32", "win32"), ("x86_64-unknown-windows-gnu", "win32")],
    ],
)
def test_library_is_looked_for_under_the_name_it_is_built_under(hatch_build, triple, platform):
    assert hatch_build.library_of(triple) == hatch_build.LIBRARY + native.ENDINGS.get(platform, ".so")


def test_install_without_a_compiler_only_warns(hatch_build, tmp_path, monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    (tmp_path / hatch_build.SOURCES).mkdir(parents=True)
    (tmp_path / hatch_build.SOURCES / "kernel.c").touch()
    warnings, build_data = [], {"artifacts": [], "pure_python": True}

    class Hook(hatch_build.Kernels):
        root = str(tmp_path)
        app = type("App", (), {"display_warning": staticmethod(warnings.append)})

        def __init__(self):
            pass

    Hook().initialize("standard", build_data)
    assert len(warnings) == 1
    assert "torch is used instead" in warnings[0]
    assert build_data == {"artifacts": [], "pure_python": True}


@needs_kernels
@pytest.mark.parametrize("scale", [1.0, math.inf, math.nan])
def test_odd_calls(scale):
    """A few of those that the campaign tries with sanitizers."""
    for rows, sites in ((0, 1), (1, 0), (3, 17)):
        assert kernels.of_sizes(rows, sites, scale) == 12


@needs_kernels
def test_the_checksum_is_that_of_zlib(monkeypatch):
    if not native._library.shortrun_has_crc32():
        pytest.skip("this processor does not multiply polynomials")
    monkeypatch.setattr(native, "SHORT", 0)
    random = Random(3)
    content = memoryview(random.randbytes(20_000))
    sizes = [*range(200), *(random.randrange(20_000) for _ in range(300))]
    for size in sizes:
        start = random.randrange(min(70, len(content) - size) + 1)
        before = random.choice([0, random.randrange(2**32)])
        part = content[start : start + size]
        assert native.crc32(part, before) == zlib.crc32(part, before), (size, start, before)


def test_the_checksum_without_kernels(monkeypatch):
    monkeypatch.setattr(native, "_library", None)
    content = memoryview(bytes(range(256)) * 100)
    assert native.crc32(content, 7) == zlib.crc32(content, 7)
