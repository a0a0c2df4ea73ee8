"""
How this installation is set up: read once from the environment, then passed down.

Nothing else reads the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """What the command line needs to know of its surroundings."""

    data_dir: Path
    """`COUNTERSIGN_DATA_DIR`: where the index is kept; by default the user's cache folder."""
    plain: bool = False
    """`NO_COLOR`, set to anything but nothing: no colours (https://no-color.org)."""

    @property
    def index_file(self) -> Path:
        """The one SQLite file that keeps IR by blob id."""
        return self.data_dir / "index.sqlite3"


def read(environment: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables; an empty variable counts as unset."""
    return Settings(
        data_dir=_data_dir(environment.get("COUNTERSIGN_DATA_DIR", "")),
        plain=bool(environment.get("NO_COLOR")),
    )


def _data_dir(named: str) -> Path:
    if named:
        return Path(named).expanduser().absolute()
    import platformdirs  # on first use: `--version` has no need of it

    return platformdirs.user_cache_path("countersign", appauthor=False)
