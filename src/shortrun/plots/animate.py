"""Noise turning into samples, as an animation."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shortrun.data import Dataset
from shortrun.errors import DataError, FormatError, MissingExtraError
from shortrun.files import atomic
from shortrun.plots.figure import new_figure, palette, styled
from shortrun.plots.sample_grid import draw_mosaic, image_shape, mosaic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOVIES = (".gif", ".webp", ".mp4")
MILLISECONDS, LAST = 120, 2000  # duration of a frame, and of the last one
DPI = 120


@styled
def animate(frames: Sequence[Dataset], times: Sequence[int], path: Path | str) -> None:
    """Write samples at increasing sampling times as an animation, completely or not at all.

    Images form a grid; other data are a table of samples by sites with a colour for each letter.

    Parameters
    ----------
    frames : Sequence[Dataset]
        The same samples after each of `times` sweeps.
    times : Sequence[int]
        Numbers of sweeps, 0 for the initial noise.
    path : Path or str
        File with the suffix .gif, .webp or .mp4; the last needs the program ffmpeg.

    Raises
    ------
    DataError
        If there are no frames, or their number differs from that of the times.
    FormatError
        If the suffix is another.
    MissingExtraError
        If Pillow is not installed.
    StoreError
        If the file cannot be written.

    Examples
    --------
    >>> data = Dataset.from_arrays([[0, 1, 1], [1, 0, 0]])
    >>> animate([data, data], [0, 10], "samples.gif")
    """
    path = Path(path)
    check_movie(path)
    if not frames or len(frames) != len(times) or len({it.values.shape for it in frames}) > 1:
        raise DataError(f"the same samples at each time expected, got {len(frames)} frames for {len(times)} times")
    figure, image = canvas(frames[0])
    write = write_with_ffmpeg if path.suffix.lower() == ".mp4" else write_with_pillow
    with atomic(path) as temporary:
        write(figure, image, frames, times, temporary, path.suffix[1:].upper())


def check_movie(path: Path | str) -> None:
    """Check that an animation can be written under this name, on this machine.

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


def canvas(data: Dataset) -> tuple[Figure, Any]:
    """Return a figure of the first frame, and its image, of which only the values change."""
    if data.kind.image.shape is not None:
        height, width = image_shape(data)
        side = int(np.ceil(np.sqrt(len(data))))
        figure = new_figure(4.0, 4.0 * height / width * -(-len(data) // side) / side + 0.35)
        axis = figure.subplots()
        draw_mosaic(axis, frame_values(data), "gray_r", (0, 1 if data.colours is None else data.colours - 1))
    else:
        figure = new_figure(6.0, min(6.0, 1.1 + 0.12 * len(data)))
        axis = figure.subplots()
        colours, highest = colourmap(data)
        axis.imshow(frame_values(data), cmap=colours, vmin=0, vmax=highest, aspect="auto", interpolation="nearest")
        axis.images[0].set_extent((0.5, data.sites + 0.5, len(data) + 0.5, 0.5))  # numbered from 1
        axis.set(xlabel="site", ylabel="sample")
        axis.locator_params(integer=True)
    axis.set_title(" ")
    return figure, axis.images[0]


def colourmap(data: Dataset) -> tuple[Any, float]:
    """Return a colour for each letter (white for the gap) and the largest code; a colour scale for numbers."""
    from matplotlib.colors import ListedColormap

    if data.continuous:
        return "viridis", float(np.max(data.values)) or 1.0
    colours = data.colours or max(column.colours for column in data.columns or ())
    if colours == 2:
        return "gray_r", 1
    white = data.alphabet is not None and data.alphabet.letters[0] == "-"
    return ListedColormap(["white", *palette(colours - 1)] if white else palette(colours)), colours - 1


def frame_values(data: Dataset) -> np.ndarray:
    """Return the values of a frame: a mosaic of images, or the codes."""
    if data.kind.image.shape is None:
        return data.values
    side = int(np.ceil(np.sqrt(len(data))))
    rows = [[*data.values[first : first + side]] for first in range(0, len(data), side)]
    return np.ma.masked_invalid(mosaic(rows, side, image_shape(data)))


def set_frame(image: Any, data: Dataset, time: int) -> None:
    """Replace the image by another frame."""
    image.set_data(frame_values(data))
    image.axes.set_title("noise" if time == 0 else f"after {time:,} sweep{'s' if time > 1 else ''}")


def write_with_pillow(
    figure: Figure, image: Any, frames: Sequence[Dataset], times: Sequence[int], path: Path, kind: str
) -> None:
    """Write a .gif or .webp."""
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError("pillow", "plots") from None
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(DPI)
    drawer, pictures = FigureCanvasAgg(figure), []
    for data, time in zip(frames, times, strict=True):
        set_frame(image, data, time)
        drawer.draw()
        pictures.append(Image.fromarray(np.asarray(drawer.buffer_rgba())[..., :3].copy()))
    duration = [MILLISECONDS] * (len(pictures) - 1) + [LAST]
    first, *others = pictures
    options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    with path.open("wb") as file:
        first.save(file, format=kind, save_all=True, append_images=others, duration=duration, loop=0, **options)


def write_with_ffmpeg(
    figure: Figure, image: Any, frames: Sequence[Dataset], times: Sequence[int], path: Path, kind: str
) -> None:
    """Write a .mp4."""
    from matplotlib.animation import FFMpegWriter

    writer = FFMpegWriter(
        fps=1000 // MILLISECONDS, codec="h264", extra_args=["-f", kind.lower(), "-pix_fmt", "yuv420p"]
    )
    with writer.saving(figure, str(path), DPI):
        for data, time in [*zip(frames, times, strict=True), *[(frames[-1], times[-1])] * (LAST // MILLISECONDS)]:
            set_frame(image, data, time)
            writer.grab_frame()
