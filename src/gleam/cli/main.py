"""The ``gleam`` command: finds the verb, turns errors into one sentence and an exit code.

Only the module of the verb that was asked for is imported, and verb modules import what is heavy
inside their functions; so help is instant and a broken extra never breaks another verb.

Exit codes: 0 fine, 1 a bug in GLEAM, 2 the call or its input is wrong, 3 some inputs failed, 4 none
could be located, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

import gleam
from gleam.errors import GleamError

VERBS = (
    "demo",
    "city",
    "places",
    "train",
    "encoder",
    "eval",
    "calibrate",
    "atlas",
    "locate",
    "explain",
    "bench",
    "tune",
    "serve",
    "doctor",
)
"""The verbs in the order of the help page; each is a module of this package."""

INTERRUPTED = (
    "Stopped. Everything finished so far is kept; files in progress were discarded. "
    "Run the same command again to go on."
)


class _Group(TyperGroup):
    """The top command: the one place where exceptions become sentences and exit codes."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb."""
        try:
            return super().invoke(ctx)
        except GleamError as error:
            code, message = 2, f"Error: {error}"
        except KeyboardInterrupt:
            code, message = 130, INTERRUPTED
        except MemoryError:
            code, message = 2, "Error: not enough memory. Use a smaller batch, area or image."
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            code, message = _explain_os_error(error)
        print(message, file=sys.stderr, flush=True)
        raise typer.Exit(code)


def build_app(arguments: Sequence[str]) -> typer.Typer:
    """Return the command line with the verb that ``arguments`` ask for, or with all of them for help."""
    app = typer.Typer(
        cls=_Group,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        # Not rich markup, which would swallow what help texts say in [brackets].
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Find where a picture was taken, and say why.",
        epilog="Start with: gleam demo. Every verb has its own --help.",
    )
    app.callback()(_options)
    wanted = next((word for word in arguments if not word.startswith("-")), None)
    if wanted is None and "--version" in arguments:
        return app
    for verb in (wanted,) if wanted in VERBS else VERBS:
        import_module(f"gleam.cli.{verb}").register(app)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code.

    Args:
        arguments: The words after ``gleam``; those of the process when left out.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        build_app(words)(args=words, prog_name="gleam")
    except KeyboardInterrupt:  # before or after the verb itself
        print(INTERRUPTED, file=sys.stderr, flush=True)
        sys.exit(130)
    except Exception:
        traceback.print_exc()
        print(
            "This is a bug in GLEAM. Please report it with the lines above and the output of "
            "'gleam doctor --markdown'.",
            file=sys.stderr,
        )
        sys.exit(1)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"gleam {gleam.__version__}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version and leave."
    ),
) -> None:
    """Find where a picture was taken, and say why."""


def _explain_os_error(error: OSError) -> tuple[int, str]:
    """Return the exit code and sentence for an error of the operating system, or raise it again."""
    name = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return 2, f"Error: the disk is full{name}. Nothing half-written was kept; free space and run again."
    if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError | NotADirectoryError):
        return 2, f"Error: {error.strerror or error}{name}."
    raise error


if __name__ == "__main__":
    main()
