"""Sequences aligned to a hidden Markov model of their family by HMMER (pyhmmer, in the extra `bio`)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortrun.data.core.alphabet import DNA, PROTEIN, RNA, Alphabet
from shortrun.data.core.raw import explained
from shortrun.errors import FormatError, MissingExtraError

if TYPE_CHECKING:
    from shortrun.data.sequences.formats._alignment import Row


AT_ONCE = 1000  # sequences aligned together
NO_LETTERS = dict.fromkeys(map(ord, "-.~*"))  # gaps and stops


class HMM:
    """A model that sequences can be aligned to.

    Parameters
    ----------
    path : Path
        File of one model, as hmmbuild writes it.

    Raises
    ------
    MissingExtraError
        If pyhmmer is not there.
    FormatError
        If the file is missing or does not hold one model.
    """

    def __init__(self, path: Path):
        try:
            from pyhmmer import easel, hmmer, plan7
        except ImportError:
            raise MissingExtraError("pyhmmer", "bio") from None
        self.easel, self.hmmer, self.plan7 = easel, hmmer, plan7
        with explained(path):
            path.open("rb").close()
        models: list[Any] = []
        try:
            with plan7.HMMFile(path) as file:
                models += islice(file, 2)
        except (EOFError, OSError, ValueError) as error:
            raise FormatError(path, None, f"is no HMM file: {str(error).splitlines()[0]}") from None
        if len(models) != 1:
            reason = "one HMM expected, the file holds several: take one with hmmfetch"
            raise FormatError(path, None, reason if models else "is no HMM file: it holds no complete model")
        self.model: Any = models[0]

    @cached_property
    def alphabet(self) -> Alphabet:
        """The alphabet of the model's letters."""
        kind = self.model.alphabet
        return DNA if kind.is_dna() else RNA if kind.is_rna() else PROTEIN

    def aligned(self, path: Path, rows: Callable[[], Iterator[Row]]) -> Iterator[Row]:
        """Yield the sequences of a file on the model's match columns; insertions are left out.

        Sequences that all have the model's length, gaps counted, are taken as aligned already.

        Parameters
        ----------
        path : Path
            Of the file.
        rows : Callable[[], Iterator[Row]]
            Gives its sequences, each time anew.

        Raises
        ------
        FormatError
            For a sequence that is empty or has letters that the model has not; names the line.
        """
        if all(len(row.text) == self.model.M for row in rows()):
            yield from rows()
            return
        waiting = rows()
        while block := list(islice(waiting, AT_ONCE)):
            texts = self._on_matches([self._digital(path, row) for row in block])
            for row, text in zip(block, texts, strict=True):
                yield row._replace(text=text)

    def matched(self, path: Path, rows: Sequence[Row]) -> list[str | None]:
        """Return some sequences on the match columns, None for those that the model finds nothing like itself in.

        Of a sequence as long as the model, gaps counted, nothing is changed.
        """
        texts: list[str | None] = [row.text.upper() if len(row.text) == self.model.M else None for row in rows]
        digital: dict[int, Any] = {}
        for at, row in enumerate(rows):
            with contextlib.suppress(FormatError):
                if texts[at] is None:
                    digital[at] = self._digital(path, row, str(at))
        search = self.plan7.Pipeline(self.model.alphabet, Z=1, domZ=1)
        block = self.easel.DigitalSequenceBlock(self.model.alphabet, digital.values())
        hits = {int(hit.name) for hit in search.search_hmm(self.model, block) if hit.included}
        order = sorted(hits)
        for at, text in zip(order, self._on_matches([digital[at] for at in order]) if order else (), strict=True):
            texts[at] = text
        return texts

    def _on_matches(self, digital: list[Any]) -> list[str]:
        found = self.hmmer.hmmalign(self.model, digital, trim=True)
        matches = [place for place, mark in enumerate(found.reference) if mark == "x"]
        return ["".join(text[place] for place in matches).upper() for text in found.alignment]

    def with_inserts(self, path: Path, row: Row) -> str:
        """Return a sequence as A2M has it: capital letters and '-' on the match columns, small ones between them.

        Raises
        ------
        FormatError
            As for `aligned`.
        """
        found = self.hmmer.hmmalign(self.model, [self._digital(path, row)])
        marks, (text,) = found.reference, found.alignment
        places = zip(text, marks, strict=True)
        return "".join(it.upper() if mark == "x" else it.lower() for it, mark in places).replace(".", "")

    def _digital(self, path: Path, row: Row, name: str = "x") -> Any:
        text = row.text.translate(NO_LETTERS).upper()
        known = self.model.alphabet.symbols + "TU"
        wrong = next((letter for letter in text if letter not in known), None)
        if wrong is not None or not text:
            reason = f"letter '{wrong}' is none of the HMM's" if text else "has no letters"
            raise FormatError(path, row.line, f"'{row.name}': {reason}")
        return self.easel.TextSequence(name=name.encode(), sequence=text).digitize(self.model.alphabet)
