"""`shortrun lyapunov`: whether a chaotic network is chaotic, at every age, and untrained at every gain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortrun.cli import _options, _output, _tables
from shortrun.cli._verb import verb
from shortrun.settings.regimes import LyapunovSettings

if TYPE_CHECKING:
    import pandas as pd

CERTAIN = 2  # standard errors beyond which a sign is believed


@verb(settings=LyapunovSettings)
def lyapunov(
    run: _options.RunFolder,
    settings: LyapunovSettings,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Measure the largest Lyapunov exponent of a chaotic network: against age, and untrained against the gain.

    Examples
    --------
    # Whether a chaotic network is chaotic, age by age
    shortrun lyapunov run
    # The untrained network against the gain
    shortrun lyapunov run --untrained
    # At some gains, for a longer time
    shortrun lyapunov run --untrained --gains 0.5,1,1.5,2.25 --time 1000
    """
    from shortrun import workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    critical = workflows.critical_gain_of(trained)
    table = workflows.lyapunov(
        trained,
        settings=settings,
        progress=lambda done, every: _output.say(f"network {done} of {every}", aside=True),
    )
    table = table.assign(verdict=[verdict(row) for row in table.to_dict("records")])
    if json:
        return _output.emit({"run": str(run), "critical_gain": critical, "exponents": _tables.records(table)})
    show(table)
    _output.say(
        f"lambda tau of one draw of random couplings; a large untrained network becomes chaotic at g {critical:.3g}"
    )
    if bool(table["mean_field"].notna().any()):
        sizes = " and ".join(f"{layer.sites:,}" for layer in trained.spec.layers)
        _output.say(
            f"infinite: mean-field theory of infinitely many units; those of {sizes} differ with size and draw, "
            "most near the critical gain, where small networks may rest or cycle"
        )


def show(table: pd.DataFrame) -> None:
    """Print the exponents."""
    lines = [
        (
            row["network"],
            str(row["age"]),
            f"{row['gain']:g}",
            f"{row['exponent']:.4f}",
            f"{row['error']:.4f}",
            "-" if row["mean_field"] != row["mean_field"] else f"{row['mean_field']:.4f}",
            row["verdict"],
        )
        for row in table.to_dict("records")
    ]
    _output.rows(("network", "age", "gain", "lambda tau", "error", "infinite", "verdict"), lines)


def verdict(row: dict[str, Any]) -> str:
    """Return what an exponent says: its sign, where that is beyond two standard errors."""
    if not abs(row["exponent"]) > CERTAIN * row["error"]:
        return "undecided"
    return "chaotic" if row["exponent"] > 0 else "stable"
