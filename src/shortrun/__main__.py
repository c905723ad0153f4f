"""`python -m shortrun` is the command `shortrun`."""

import sys

from shortrun.cli import main

sys.exit(main())
