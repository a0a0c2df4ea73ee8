"""
`countersign serve`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli import output
from bot.cli.commands import app


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=0, max=65535)] = 8000,
) -> None:
    """
    Run the service: take pull requests from GitHub, review them, publish what a person signs.

    Settings come from the environment (COUNTERSIGN_…) and from the file that COUNTERSIGN_SETTINGS names.
    """
    import uvicorn

    from bot import app as service
    from bot import logs

    logs.configure()
    uvicorn.run(service.create(output.settings()), host=host, port=port, log_config=None, access_log=False)
