"""
`countersign serve`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli import service
from bot.cli.service import SettingsOption


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=0, max=65535)] = 8000,
    settings_file: SettingsOption = None,
) -> None:
    """
    Run the service: take pull requests from GitHub, review them, publish what a person signs.

    Settings come from the environment (COUNTERSIGN_…) and from a file.
    """
    import uvicorn

    from bot import app, logs

    logs.configure()
    settings = service.read(settings_file)
    web = app.create(settings)
    app.prepare(settings)  # what is wrong with the host is one sentence, which the server would bury in a traceback
    uvicorn.run(web, host=host, port=port, log_config=None, access_log=False)
