"""`python -m shortrun.cli` is `shortrun`."""

from shortrun.cli import program

if __name__ == "__main__":
    program()
