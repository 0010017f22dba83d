"""The command line as `python -m wordspot`."""

from wordspot.cli import main

if __name__ == "__main__":
    main()
