"""The same door as the installed ``modbot`` command."""

import sys

from modbot.cli import main

if __name__ == "__main__":
    sys.exit(main())
