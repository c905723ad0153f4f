"""Moving pictures: a figure, how it looks in each frame, and how it is written."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shortrun.errors import DataError, FormatError, MissingExtraError
from shortrun.files import atomic
from shortrun.phrases import described
from shortrun.plots.figure import shown, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

MOVIES = (".gif", ".webp", ".mp4")
MILLISECONDS, LAST = 150, 2000  # duration of a frame, and of the last one
DPI = 100
COLOURS, SEEN = 128, 4  # of a .gif, and the frames that they are taken from


@dataclass(frozen=True, eq=False)
class Movie:
    """A figure that moves.

    Parameters
    ----------
    axis : Axes
        Where the title of each frame is written; its figure is what is drawn.
    show : Callable[[int], None]
        Makes the figure that of a frame.
    titles : tuple[str, ...]
        One for each frame.
    still : Figure, optional
        A figure that says the same without moving; by default the last frame.

    Examples
    --------
    >>> from shortrun.plots.figure import new_figure
    >>> axis = new_figure(1, 1).subplots()
    >>> len(Movie(axis, lambda frame: None, ("one", "two")))
    2
    """

    axis: Axes
    show: Callable[[int], None]
    titles: tuple[str, ...]
    still: Figure | None = None

    def __post_init__(self) -> None:
        self.axis.set_title(" ")  # leaves room for those of the frames

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.titles)

    def frame(self, place: int) -> Figure:
        """Return the figure as it looks in a frame."""
        self.show(place)
        self.axis.set_title(self.titles[place])
        figure = self.axis.get_figure(root=True)
        assert figure is not None
        return shown(figure)

    def at_rest(self) -> Figure:
        """Return a figure that says the same without moving."""
        return self.frame(len(self) - 1) if self.still is None else self.still


def save_movie(movie: Movie, path: Path | str) -> None:
    """Write a moving picture, completely or not at all; the same one gives the same bytes as .gif and .webp.

    Parameters
    ----------
    movie : Movie
        What a function of this room returned.
    path : Path or str
        File with the suffix .gif, .webp or .mp4; the last needs the program ffmpeg.

    Raises
    ------
    DataError
        If it is none.
    FormatError
        If the suffix is another.
    MissingExtraError
        If Pillow is not installed.
    StoreError
        If the file cannot be written.

    Examples
    --------
    >>> from shortrun.data import Dataset
    >>> from shortrun.plots import samples_movie
    >>> data = Dataset.from_arrays([[0, 1, 1], [1, 0, 0]])
    >>> save_movie(samples_movie([data, data], [0, 10]), "samples.gif")
    """
    if not isinstance(movie, Movie):
        raise DataError(f"plots.save_movie: movie: a moving picture of plots expected, got {described(movie)}")
    path = Path(path)
    check_movie(path)
    kind = path.suffix[1:].lower()
    with atomic(path) as temporary:
        if kind == "mp4":
            write_with_ffmpeg(movie, temporary)
        else:
            temporary.write_bytes(encoded(movie, kind))


def check_movie(path: Path | str) -> None:
    """Check that a moving picture can be written under this name, on this machine.

    Parameters
    ----------
    path : Path or str
        File to write.

    Raises
    ------
    FormatError
        If the suffix is none of .gif, .webp and .mp4, or .mp4 without ffmpeg.

    Examples
    --------
    >>> check_movie("samples.gif")
    """
    path = Path(path)
    if path.suffix.lower() not in MOVIES:
        raise FormatError(path, None, f"moving pictures are written as {', '.join(MOVIES)}, got '{path.suffix}'")
    if path.suffix.lower() == ".mp4" and shutil.which("ffmpeg") is None:
        raise FormatError(path, None, ".mp4 needs the program ffmpeg, which is not installed: choose .gif or .webp")


def encoded(movie: Movie, kind: str) -> bytes:
    """Return the bytes of a "gif" or "webp".

    Raises
    ------
    MissingExtraError
        If Pillow is not installed.
    """
    pictures = [*images(movie)]
    options: dict[str, Any] = {"lossless": True}
    if kind == "gif":
        pictures, options = with_one_palette(pictures), {}
    first, *others = pictures
    duration = [MILLISECONDS] * len(others) + [LAST]
    file = io.BytesIO()
    first.save(file, format=kind.upper(), save_all=True, append_images=others, duration=duration, loop=0, **options)
    return file.getvalue()


def with_one_palette(pictures: list[Image]) -> list[Image]:
    """Return images with the same few colours, rare ones too, as a legend has: then a .gif has only what changes."""
    from PIL import Image

    some = [pictures[place] for place in np.linspace(0, len(pictures) - 1, SEEN).astype(int)]
    width, height = some[0].size
    together = Image.new("RGB", (width, height * SEEN))
    for place, each in enumerate(some):
        together.paste(each, (0, place * height))
    palette = together.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    return [each.quantize(palette=palette, dither=Image.Dither.NONE) for each in pictures]


def images(movie: Movie) -> Iterator[Image]:
    """Yield the frames as images.

    Raises
    ------
    MissingExtraError
        If Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError("pillow", "plots") from None
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    for place in range(len(movie)):
        with style():
            figure = movie.frame(place)
            figure.set_dpi(DPI)
            drawer = FigureCanvasAgg(figure)
            drawer.draw()
            figure.set_layout_engine("none")  # that of the first frame stays
        yield Image.fromarray(np.asarray(drawer.buffer_rgba())[..., :3].copy())


def write_with_ffmpeg(movie: Movie, path: Path) -> None:
    """Write a .mp4."""
    from matplotlib.animation import FFMpegWriter

    last = len(movie) - 1
    writer = FFMpegWriter(fps=1000 // MILLISECONDS, codec="h264", extra_args=["-f", "mp4", "-pix_fmt", "yuv420p"])
    with style(), writer.saving(movie.frame(0), str(path), DPI):
        for place in [*range(len(movie)), *[last] * (LAST // MILLISECONDS)]:
            movie.frame(place)
            writer.grab_frame()
