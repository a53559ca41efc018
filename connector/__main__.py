"""`coltiva` and `python -m connector`."""

from __future__ import annotations


def main() -> None:
    """Run the command that the arguments name."""
    from connector.cli import app

    app(prog_name="coltiva")


if __name__ == "__main__":
    main()
