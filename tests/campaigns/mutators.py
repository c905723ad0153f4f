"""Damage to the content of a file, of many kinds, from a seeded `random.Random`."""

from __future__ import annotations

import re

NUMBERS = [b"0", b"-1", b"255", b"256", b"65536", b"2147483648", b"1e309", b"nan", b"-9" * 9, b"9" * 400, b""]
WIDE = [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\x80\0\0\0", b"\1\0\0\0", b"\xff" * 8, b"\0" * 8]
TOKENS = [
    *(b"\n", b"\r\n", b"\t", b"  ", b"\0", b"\xff", b"\xef\xbb\xbf", b'"', b"'", b"#", b",", b";", b">", b"|", b"/"),
    *(b"//", b"NA", b"nan", b".", b"-", b"*", b"\x1b[2J", "\u2028".encode(), "\u202e".encode(), b"\xed\xa0\x80"),
    *(b"# STOCKHOLM 1.0\n", b"#=GC RF xx", b"#=GS a DE b", b"#=GR a SS b", b"CLUSTAL\n\n", b"##fileformat=VCFv4.2\n"),
    *(b"##contig=<ID=0>\n", b"GT", b"0|1", b"./.", b"<DEL>", b"BCF\2\2", b"MThd", b"MTrk", b"\xff\x2f\0", b"PAR1"),
    *(b"\x93NUMPY", b"'shape': (", b"'descr': '|O'", b"'<U0'", b"(1, -1)", b"PK\3\4", b"PK\1\2", b"\x1f\x8b\x08\0"),
    *(b"\x89PNG\r\n\x1a\n", b"IHDR", b"IDAT", b"GIF89a", b"\xff\xd8\xff", b"II*\0", b"BM", b"\x89HDF\r\n\x1a\n"),
    *(b"TREE", b"SNOD", b"HEAP", b"OHDR", b"id position a0 a1\n", b"#CHROM", b"#IID", b"name,label\n", b"\x6c\x1b\x01"),
]


def mutated(content, random, others=()):
    """Return a content with one to four places damaged.

    Parameters
    ----------
    content : bytes
        A sound file.
    random : random.Random
        What is done, and where.
    others : Sequence[bytes], optional
        Further files, pieces of which may get into this one.
    """
    if random.random() < 0.01:
        return b""
    for _ in range(random.choice([1, 1, 1, 2, 4])):
        content = random.choice(ALL)(content, random, others)
    return content


def place(content, random):
    """Return where damage begins, and ends: most often near the beginning, where headers are, or anywhere."""
    start = (
        random.randrange(len(content) + 1) if random.random() < 0.6 else random.randrange(min(len(content), 200) + 1)
    )
    return start, start + random.randint(1, 8)


def flip(content, random, _):
    """Change bits of up to eight bytes."""
    changed = bytearray(content)
    for _ in range(random.randint(1, 8) if content else 0):
        changed[place(content, random)[0] % len(content)] ^= 1 << random.randrange(8)
    return bytes(changed)


def token(content, random, _):
    """Put in what means something in one format or another, or take its place."""
    start, end = place(content, random)
    return content[:start] + random.choice(TOKENS) + content[end if random.random() < 0.5 else start :]


def size(content, random, _):
    """Change four or eight bytes at once, as those of a size."""
    start, found = place(content, random)[0], random.choice(WIDE)
    return content[:start] + found + content[start + len(found) :]


def number(content, random, _):
    """Change a number that is written out."""
    found = [*re.finditer(rb"[0-9]+", content[:20000])]
    if not found:
        return content
    start, end = random.choice(found).span()
    return content[:start] + random.choice(NUMBERS) + content[end:]


def cut(content, random, _):
    """Leave out the end, or a piece."""
    start, end = place(content, random)
    return content[:start] + (content[end:] if random.random() < 0.7 else b"")


def repeated(content, random, _):
    """Repeat a piece, a few times or many."""
    start = place(content, random)[0]
    piece = content[start : start + random.choice([1, 8, 64, 1000])]
    return content[:start] + piece * random.choice([2, 3, 100]) + content[start:]


def spliced(content, random, others):
    """Put in a piece of this file or of another."""
    other = random.choice([content, *others])
    start, end = place(content, random)
    origin = random.randrange(len(other) + 1)
    return content[:start] + other[origin : origin + random.choice([4, 30, 300])] + content[end:]


ALL = (flip, flip, token, token, size, number, cut, repeated, spliced)
