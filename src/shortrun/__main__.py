"""`python -m shortrun` is the command `shortrun`."""

from shortrun.cli import main

main()
