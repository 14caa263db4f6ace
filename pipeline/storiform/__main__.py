"""`python -m storiform`."""

from storiform.cli.main import main

if __name__ == "__main__":
    main()
