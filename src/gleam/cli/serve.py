"""``gleam serve``: the map page and the HTTP API over an atlas."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("serve")(serve)


def serve(
    atlas: str = typer.Option(..., "--atlas", help="The atlas to search, see gleam atlas build."),
    encoder: str | None = typer.Option(None, "--encoder", help="Encoder [the one that the atlas names]."),
    host: str = typer.Option("127.0.0.1", "--host", help="Address to listen on; others need a token."),
    port: int = typer.Option(8765, "--port", help="Port to listen on; 0 takes a free one."),
    token_from_environment: bool = typer.Option(
        False, "--token-from-environment", help="Ask every request for the token in GLEAM_TOKEN."
    ),
    open_browser: bool = typer.Option(False, "--open", help="Open the page in the browser."),
    max_upload: float = typer.Option(32.0, "--max-upload", min=0.001, help="Largest request in MiB."),
    max_batch: float = typer.Option(1024.0, "--max-batch", min=0.001, help="Largest batch in MiB."),
    max_pixels: float = typer.Option(60.0, "--max-pixels", min=0.001, help="Largest photo in megapixels."),
    rate: float = typer.Option(
        50.0, "--rate", min=0.001, help="Requests that make work, per second and client."
    ),
    queue: int = typer.Option(64, "--queue", min=1, help="Photos that may wait or be in work."),
    workers: int | None = typer.Option(None, "--workers", min=1, help="Photos located at once [cores]."),
    keep: str | None = typer.Option(
        None, "--keep", metavar="FOLDER", help="Let requests keep photos here, without their metadata."
    ),
    work: str | None = typer.Option(
        None, "--work", metavar="FOLDER", help="Where batches lie until they are done [~/.local/state/gleam]."
    ),
    allow_host: list[str] | None = typer.Option(
        None, "--allow-host", metavar="HOST", help="Fetch photos by URL from this host; repeatable [none]."
    ),
    imagery: list[str] | None = typer.Option(
        None, "--imagery", metavar="PATH", help="Imagery of the atlas, for a sharper map; repeatable."
    ),
    explainer: list[str] | None = typer.Option(
        None, "--explainer", help="Explainers to choose from; repeatable [evidence and student]."
    ),
    lang: str | None = typer.Option(None, "--lang", help="Language of the page, en or zh [the browser's]."),
) -> None:
    """Open a map page and an HTTP API over an atlas. Only this machine can reach it unless told otherwise."""
    from pathlib import Path

    from gleam.web.serving import check_installed
    from gleam.web.settings import Settings
    from gleam.web.settings import token_from_environment as token

    check_installed()
    settings = Settings(
        atlas=Path(atlas),
        encoder=encoder,
        host=host,
        port=port,
        token=token() if token_from_environment else None,
        max_upload_bytes=round(max_upload * 2**20),
        max_batch_bytes=round(max_batch * 2**20),
        max_photo_pixels=round(max_pixels * 1e6),
        rate_per_s=rate,
        queue=queue,
        workers=workers,
        keep=None if keep is None else Path(keep),
        work=None if work is None else Path(work),
        allowed_hosts=tuple(allow_host or ()),
        imagery=tuple(Path(path) for path in imagery or ()),
        explainers=tuple(explainer or ("evidence", "student")),
        language=lang,
    )
    from gleam.web.serving import serve as run

    run(settings, open_browser=open_browser)
