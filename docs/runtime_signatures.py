"""For mkdocstrings: functions that take options are shown with the signature and docstring that they have at run time.

`takes` adds the options of a settings class to both, which a reader of the source alone does not see.
"""

from __future__ import annotations

import importlib
import inspect
from typing import Any

from griffe import Docstring, Extension, Function, Parameter, ParameterKind, Parameters

KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: ParameterKind.positional_only,
    inspect.Parameter.POSITIONAL_OR_KEYWORD: ParameterKind.positional_or_keyword,
    inspect.Parameter.VAR_POSITIONAL: ParameterKind.var_positional,
    inspect.Parameter.KEYWORD_ONLY: ParameterKind.keyword_only,
    inspect.Parameter.VAR_KEYWORD: ParameterKind.var_keyword,
}


class RuntimeSignatures(Extension):
    """Replaces what `takes` changes."""

    def on_function(self, *, func: Function, **_: Any) -> None:
        if not any("takes" in str(decorator.value) for decorator in func.decorators):
            return
        function = getattr(importlib.import_module(func.module.path), func.name)
        found = inspect.signature(function).parameters.values()
        func.parameters = Parameters(*(parameter(each) for each in found))
        func.docstring = Docstring(inspect.getdoc(function) or "", parent=func, parser="numpy")


def parameter(found: inspect.Parameter) -> Parameter:
    """Return a parameter as griffe has it; its type is in the docstring."""
    default = None if found.default is found.empty else repr(found.default)
    return Parameter(found.name, kind=KINDS[found.kind], default=default)
