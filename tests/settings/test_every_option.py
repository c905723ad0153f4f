"""Every setting is one field, one flag, one keyword and one row of docs/settings.md; verbs have functions."""

from __future__ import annotations

import inspect
import re
import runpy
from pathlib import Path

import pytest
from typer.main import get_command

import shortrun as sr
from shortrun.cli._app import VERBS, app
from shortrun.cli._lazy import command_of
from shortrun.errors import ConfigError, DataError, worded_in_flags
from shortrun.settings import OUTPUT, Config, Reading, Settings, option, options, takes

ROOT = Path(__file__).parents[2]
COMMANDS = {
    f"{verb} {name}".strip(): command
    for verb in VERBS
    for name, command in getattr(command_of(verb), "commands", {"": command_of(verb)}).items()
}
FUNCTIONS_OF = {  # else one of the verb's name
    "train": ["fit"],
    "studio": ["studio", "fit"],
    "likelihood": ["likelihood", "likelihood_by_age"],
    "import": ["import_model"],
    "export": ["export_model"],
}
IN_COMMAND_ONLY = {"phases": {"kappa"}}  # of a diagram without a run
WITHOUT_FUNCTION = ("info", "plot", "data")  # what they print comes from several functions


def kinds(callback):
    return getattr(callback, "kinds", {})


CLASSES = {kind for command in COMMANDS.values() for kind in kinds(command.callback).values()}
FUNCTIONS = {name: getattr(sr, name) for name in sr.__all__ if hasattr(getattr(sr, name), "kinds")}


def test_commands_and_functions_take_settings():
    assert {Config, Reading} <= CLASSES
    assert {"fit", "generate", "predict", "mixing"} <= FUNCTIONS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_one_flag_with_its_sentence(name):
    command = COMMANDS[name]
    flags = {each.name: each for each in command.params}
    assert len(flags) == len(command.params)
    spellings = [word for each in command.params for word in (*each.opts, *each.secondary_opts)]
    assert len(set(spellings)) == len(spellings)
    for kind in kinds(command.callback).values():
        for each in options(kind):
            flag = flags[each.keyword]
            assert set(flag.opts) == {spelling.partition("/")[0] for spelling in each.flags}
            assert flag.help.startswith(each.help)
            assert flag.default is None, "what was given can be told from defaults"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_option_of_a_function_is_one_keyword_with_its_sentence(name):
    function = FUNCTIONS[name]
    parameters = inspect.signature(function).parameters
    for kind in function.kinds.values():
        for each in options(kind):
            assert each.keyword in parameters
            if parameters[each.keyword].annotation == each.type:  # else the function has a parameter of its own
                assert parameters[each.keyword].default == each.default
                assert function.__doc__.count(f"\n{each.keyword} : ") == 1
                assert f"    {each.help}" in function.__doc__


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in WITHOUT_FUNCTION])
def test_every_verb_is_a_function_with_the_same_options(verb):
    functions = [getattr(sr, name) for name in FUNCTIONS_OF.get(verb, [verb.replace("-", "_")])]
    classes = {*kinds(COMMANDS[verb].callback).values()}
    found = {each.keyword for kind in classes - {Reading} for each in options(kind) if each.panel != OUTPUT}
    keywords = {name for function in functions for name in inspect.signature(function).parameters}
    assert found - keywords <= IN_COMMAND_ONLY.get(verb, set())
    flags = {each.keyword for kind in classes for each in options(kind)}
    taken = {each.keyword for function in functions for kind in function.kinds.values() for each in options(kind)}
    assert taken <= flags


def test_every_field_is_one_row_of_the_page():
    page = (ROOT / "docs" / "settings.md").read_text()
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    rows = {name: re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) for name, text in sections.items()}
    for kind in CLASSES:
        found = [keyword for each in owners(kind) for keyword in rows.get(each.__name__, ())]
        for each in options(kind):
            assert each.keyword in found
    assert all(len(set(names)) == len(names) for names in rows.values())


def owners(kind):
    """Return the classes whose fields a class has: its bases, and its sections."""
    sections = [field.annotation for field in kind.model_fields.values() if inspect.isclass(field.annotation)]
    return [each for part in (kind, *sections) for each in part.__mro__ if issubclass(each, Settings)]


def test_what_is_made_from_the_settings_is_up_to_date(capsys):
    main = runpy.run_path(str(ROOT / "docs" / "generate.py"))["main"]
    assert (main(["--check"]), capsys.readouterr().out) == (0, ""), "make docs"


def test_the_help_names_every_verb_and_how_it_begins():
    group = get_command(app)
    assert list(group.commands) == list(VERBS)
    for verb in VERBS:
        assert group.commands[verb].help.strip()
        assert command_of(verb).help.startswith(group.commands[verb].help)


def test_a_function_takes_options_by_keyword_and_names_the_nearest():
    class Walk(Settings):
        steps: int = option(3, "Steps to go.")

    class Pause(Settings):
        rest: int = option(1, "Steps to rest.")

    @takes(Walk, pauses=Pause)
    def walk(start, *, settings, pauses):
        """Walk."""
        return start + settings.steps, dict(pauses)

    assert walk(1) == (4, {})
    assert walk(1, steps=5, rest=1) == (6, {"rest": 1})
    assert walk(1, settings=Walk(steps=7), rest=2) == (8, {"rest": 2})
    with pytest.raises(ConfigError, match="did you mean 'steps'"):
        walk(1, stps=2)
    with pytest.raises(ConfigError, match="settings: a value of Walk expected, got a dict"):
        walk(1, settings={"steps": 2})
    with pytest.raises(ConfigError, match="steps: give it within `settings`"):
        walk(1, steps=2, settings=Walk())


@pytest.mark.parametrize(
    ("flags", "keywords"),
    [
        ("--max-unpacked raises it", "max_unpacked raises it"),
        ("'--missing category' makes it one", "'missing=\"category\"' makes it one"),
        ("--unknown gap reads it", 'unknown="gap" reads it'),
        ("--resume goes on, --no-diagonal leaves it", "resume=True goes on, diagonal=False leaves it"),
        ("x/--resume/y, a--resume and --no-such-option", "x/--resume/y, a--resume and --no-such-option"),
    ],
)
def test_advice_names_keywords_in_python_and_flags_on_the_command_line(flags, keywords):
    assert str(DataError(flags)) == keywords
    with worded_in_flags():
        assert str(DataError(flags)) == flags
    assert str(DataError(flags)) == keywords
