"""``python -m gleam`` is the ``gleam`` command."""

from gleam.cli.main import main

if __name__ == "__main__":
    main()
