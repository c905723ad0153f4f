"""What is asked of a format: the options of reading, and the kind of data to read alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ConfigDict, SkipValidation

from shortrun.data.core.alphabet import Alphabet
from shortrun.data.core.columns import Column
from shortrun.data.core.kind import Kind
from shortrun.errors import ConfigError, nearest
from shortrun.settings import Reading


class Request(Reading):
    """Options of reading, and `like`: the kind that a file is read as, None where the file decides.

    Those in `asked` somebody asks for now: they are neither left as they are nor remembered from other data.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    like: SkipValidation[Kind | None] = None
    asked: frozenset[str] = frozenset()

    @classmethod
    def made(cls, reading: Reading, like: Kind | None = None, asked: Collection[str] | None = None) -> Request:
        """Return the request of options, the alphabet as a value where it was stored as a mapping."""
        given = reading.given
        known = Reading() if like is None else like.reading
        differing = {name for name, it in given.items() if it not in (getattr(known, name), getattr(Reading(), name))}
        if like is not None:
            differing -= {"alphabet"}  # which is that of the other data
        if isinstance(reading.alphabet, Mapping):
            given["alphabet"] = Alphabet(**reading.alphabet)
        return cls.model_construct(**given, like=like, asked=frozenset(differing if asked is None else asked))

    @property
    def columns(self) -> tuple[Column, ...] | None:
        """The columns of a table to read, with the values they have; None to learn them."""
        return None if self.like is None else self.like.columns

    @property
    def variants(self) -> tuple[str, ...] | None:
        """The sites of genotypes to read, in this order; None to choose them by region, maf and thin."""
        return (self.like and self.like.genotypes.variants) or None

    def but(self, **changes: Any) -> Request:
        """Return the request with some options changed."""
        return self.model_copy(update=changes)


def choose(key: str, value: str | None, known: tuple[str | None, ...]) -> None:
    """Raise ConfigError unless an option has one of the values that a format knows."""
    names = [name for name in known if name is not None]
    if value not in known:
        raise ConfigError(key, f"one of {', '.join(names)} expected, got '{value}'", nearest(str(value), names))
