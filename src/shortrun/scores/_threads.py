"""One thread for NumPy's algebra: on the small tables of scores several mostly wait for one another, busily."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function during which NumPy's BLAS has one thread; our kernels and torch keep theirs."""

    @wraps(function)
    def alone(*args: P.args, **given: P.kwargs) -> R:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, user_api="blas"):
            return function(*args, **given)

    return alone
