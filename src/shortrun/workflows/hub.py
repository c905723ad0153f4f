"""Runs to the Hugging Face Hub: `Trajectory.push_to_hub`."""

from __future__ import annotations

from typing import Any

from shortrun.errors import ConfigError
from shortrun.phrases import described
from shortrun.scores import Evaluation
from shortrun.store import Trajectory, hub
from shortrun.workflows._runs import age_of


def push_to_hub(
    run: Trajectory,
    name: str,
    *,
    ages: hub.Wanted,
    evaluation: Evaluation | None,
    licence: str | None,
    private: bool | None,
    endpoint: str | None,
    token: str | None,
) -> str:
    """Put a run into a repository, in one commit; see `Trajectory.push_to_hub`."""
    if not isinstance(evaluation, Evaluation | None):
        raise ConfigError("evaluation", f"what sr.evaluate returns expected, got {described(evaluation)}")
    kept = run.ages if ages == "all" else of_tasks(run) if ages == "best" else run.ages[-1:] if ages == "last" else ages
    for age in kept:
        run.at(age)  # whole, and there
    run.log()
    from shortrun.report.card import card

    with hub.talking(name) as library:
        api = library.HfApi(endpoint=endpoint, token=token)
        page = card(run, name, licence=licence, evaluation=evaluation).encode()
        files: dict[str, Any] = {hub.CARD: page} | {
            name: str(path) for name, path in hub.files_of(run.path, kept).items()
        }
        api.create_repo(name, private=private, exist_ok=True)
        old = [each for each in api.list_repo_files(name) if hub.AGE.fullmatch(each) and each not in files]
        operations = [library.CommitOperationAdd(path, content) for path, content in files.items()]
        operations += [library.CommitOperationDelete(path) for path in old]
        return api.create_commit(name, operations, commit_message=f"Run of {run.updates:,} updates").commit_url


def of_tasks(run: Trajectory) -> list[int]:
    """Return the ages that its tasks use by default."""
    return sorted({age_of(run, "best", task) for task in run.tasks})
