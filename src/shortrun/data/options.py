"""What a user can say about a file; a format uses what concerns it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shortrun.data.alphabet import Alphabet
from shortrun.errors import ConfigError, nearest


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of reading; None means that the file decides.

    Parameters
    ----------
    label_column : column (or array) that holds the class labels
    group : column (or array) that says which samples belong together
    threshold : share of full scale above which a grey value is 1
    keys : names of the arrays of an .npz file: x, y, group, names, weights, classes
    alphabet : an `Alphabet`, the name of one, its letters, "codes" or "continuous"
    part : "train" or "test": which part of a file that holds both is read
    unknown : what to do with a letter outside the alphabet: refuse the file, make it a gap, or drop its
        sequence

    Raises
    ------
    ConfigError : if `part` or `unknown` is not one of those.
    """

    label_column: str | None = None
    group: str | None = None
    threshold: float | None = None
    keys: Mapping[str, str] | None = None
    alphabet: Alphabet | str | None = None
    part: str | None = None
    unknown: str = "error"

    def __post_init__(self):
        choose("part", self.part, (None, "train", "test"))
        choose("unknown", self.unknown, ("error", "gap", "drop"))


def choose(key: str, value: str | None, known: tuple[str | None, ...]) -> None:
    """Raise ConfigError unless a setting has one of its known values."""
    names = [name for name in known if name is not None]
    if value not in known:
        raise ConfigError(key, f"one of {', '.join(names)} expected, got '{value}'", nearest(str(value), names))
