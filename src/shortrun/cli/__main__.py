"""`python -m shortrun.cli` is `shortrun`."""

import sys

from shortrun.cli import main

if __name__ == "__main__":
    sys.exit(main())
