"""`python -m shortrun` is the command `shortrun`."""

from shortrun.cli import program

program()
