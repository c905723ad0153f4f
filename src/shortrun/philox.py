"""The noise: uniforms as a function of where they are used.

Philox4x32-10 is a keyed bijection of 128-bit counters (J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel
random numbers: as easy as 1, 2, 3", SC 2011, section 3.3). A uniform of a run is addressed by (seed, update,
place, chain, site):

    key     = (seed mod 2^32, seed div 2^32)
    counter = ((site div 64) * 16 + site mod 16, chain, update, place)
    word    = output word (site div 16) mod 4
    u       = ((word div 2^9) + 1/2) / 2^23

so that 64 consecutive sites are 16 counters whose four output words are four runs of 16 sites: what a vector
register holds. `u` is exact in float32 and strictly inside (0, 1). This page is the definition; the C kernels
and the GPU kernels are tested against it bit for bit. It can never change: old runs would not resume.
"""

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)  # the golden ratio and sqrt(3) - 1
MASK = 0xFFFFFFFF
AT_ONCE = 2**15  # counters that `uniform_numpy` encrypts together: its buffers stay in the cache


def _multiply(word: Tensor, factor: int) -> tuple[Tensor, Tensor]:
    """High and low half of the 64-bit product of 32-bit words, without leaving the positive int64."""
    low = (word & 0xFFFF) * factor  # < 2^48
    high = (word >> 16) * factor + (low >> 16)  # < 2^48 + 2^32
    return high >> 16, ((high & 0xFFFF) << 16) | (low & 0xFFFF)


def philox4x32(
    counter: Int64[Tensor, "*#shape 4"], key: Int64[Tensor, "*#shape 2"], rounds: int = 10
) -> Int64[Tensor, "*shape 4"]:
    """Encrypt counters: the four output words of Philox4x32.

    Parameters
    ----------
    counter : Int64[Tensor, "*#shape 4"]
        Four words in [0, 2^32).
    key : Int64[Tensor, "*#shape 2"]
        Two words in [0, 2^32); broadcast against the counters.
    rounds : int, default 10
        The published safe choice.

    Returns
    -------
    Int64[Tensor, "*shape 4"]
        Four words in [0, 2^32).
    """
    c0, c1, c2, c3 = counter.unbind(-1)
    k0, k1 = key.unbind(-1)
    for i in range(rounds):
        high0, low0 = _multiply(c0, MULTIPLIERS[0])
        high1, low1 = _multiply(c2, MULTIPLIERS[1])
        round0, round1 = (k0 + i * WEYL[0]) & MASK, (k1 + i * WEYL[1]) & MASK
        c0, c1, c2, c3 = high1 ^ c1 ^ round0, low1, high0 ^ c3 ^ round1, low0
    return torch.stack(torch.broadcast_tensors(c0, c1, c2, c3), -1)


def uniform_reference(
    seed: int,
    update: int | Tensor,
    place: int,
    first_chain: int,
    chains: int,
    sites: int,
    device: torch.device | str = "cpu",
    first_site: int = 0,
) -> Float32[Tensor, "C S"]:
    """Uniforms of some chains and sites, those with the next numbers from the first ones on, in plain torch.

    Parameters
    ----------
    seed : int
        In [0, 2^64).
    update : int or Tensor
        In [0, 2^32); a Tensor is int64 () on `device`.
    place : int
        In [0, 2^32). Where in the program the noise is used: stream, layer and step, packed by the caller.
    first_chain : int
        Global index of the first chain, so that processes that share the chains out draw what one process would. It
        counts modulo 2^32.
    chains, sites : int
        Rows and columns.
    device : torch.device or str, default "cpu"
        Where to compute; the numbers are the same everywhere.
    first_site : int, default 0
        Number of the first site, a multiple of 64, for processes that share sites out.

    Returns
    -------
    Float32[Tensor, "C S"]
        Every value is an odd multiple of 2^-24.
    """
    # Whole blocks of 64 sites are drawn: 16 counters each, then the four words in turn.
    first_word = first_site // 4 + torch.arange(16 * -(-sites // 64), device=device)
    chain = (first_chain + torch.arange(chains, device=device)) & MASK
    slow = torch.as_tensor(update, device=device), torch.tensor(place, device=device)
    counter = torch.stack(torch.broadcast_tensors(first_word, chain[:, None], *slow), -1)
    key = torch.tensor((seed & MASK, seed >> 32), device=device)
    words = philox4x32(counter, key).view(chains, -1, 16, 4).transpose(2, 3).reshape(chains, -1)[:, :sites]
    return ((words >> 9).to(torch.float32) + 0.5) * 2.0**-23


def uniform_numpy(
    seed: int, update: int, place: int, first_chain: int, chains: int, sites: int, first_site: int = 0
) -> Float32[Tensor, "C S"]:
    """Return what `uniform_reference` does, ten times as fast on a CPU: numpy has unsigned products of 64 bits."""
    counters, word = 16 * -(-sites // 64), np.uint64
    factors = np.array(MULTIPLIERS, word)[:, None, None]
    rounds = np.arange(10, dtype=word)[:, None] * np.array(WEYL, word)
    keys = ((np.array((seed & MASK, seed >> 32), word) + rounds) & word(MASK))[:, :, None, None]
    out = np.empty((chains, counters // 16, 2, 2, 16), np.uint32)
    rows = max(1, AT_ONCE // max(1, counters))
    for part in np.split(out, range(rows, chains, rows)):
        even, odd, products = np.empty((3, 2, len(part), counters), word)  # words 0 and 2, words 1 and 3
        even[0], even[1] = first_site // 4 + np.arange(counters), update
        odd[0], odd[1] = ((first_chain + np.arange(len(part))) & MASK)[:, None], place
        for key in keys:
            np.multiply(even, factors, out=products)
            products = products[::-1]
            np.right_shift(products, word(32), out=even)
            even ^= odd
            even ^= key
            even &= word(MASK)
            odd, products = products, odd  # the upper half of an odd word is cut off with that of the even one
        first_chain += len(part)
        for i, words in enumerate((even, odd)):
            part[:, :, :, i] = words.reshape(2, len(part), counters // 16, 16).transpose(1, 2, 0, 3)
    out >>= np.uint32(9)
    out |= np.float32(1).view(np.uint32)  # 1 + (word div 2^9) / 2^23
    uniforms = out.view(np.float32)
    uniforms -= np.float32(1 - 2**-24)
    return torch.from_numpy(uniforms.reshape(chains, 4 * counters)[:, :sites])
