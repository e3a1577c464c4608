"""`python -m evisynth`: the same as the command `evisynth`."""

from evisynth.cli import main

if __name__ == "__main__":
    main()
