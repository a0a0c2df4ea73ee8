"""
`countersign demo --web` and `review --web`: the desk on one's own machine.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).parents[3]


class Local:
    """A command that shows pages, and who opened its link."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "COUNTERSIGN_DATA_DIR": str(folder / "data")}
        self.process = subprocess.Popen(
            (sys.executable, "-m", "bot", *arguments), env=environment, stderr=subprocess.PIPE, text=True, cwd=folder
        )
        assert self.process.stderr is not None
        found = next(filter(None, (re.search(r"(http://\S+)/enter/(\S+)", line) for line in self.process.stderr)))
        self.url, self.key = found[1], found[2]

    def end(self) -> str:
        """Ctrl-C; what else it said."""
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=30)[1]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Local]:
    running = Local(tmp_path, "demo", "--keep", str(tmp_path / "shop"), "--web")
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.communicate()


def test_from_the_change_to_posted(demo: Local) -> None:
    """Its link lets in; a signature posts the comment to a GitHub that is only played. Ctrl-C ends it without noise."""
    browser = requests.Session()
    text = browser.get(f"{demo.url}/enter/{demo.key}").text
    fields = dict(re.findall(r'<input type="hidden" name="(form|head|act)" value="([^"]*)">', text))
    page = f"{demo.url}/reviews/local/shop/1"
    text = browser.post(f"{page}/decisions", data={**fields, "draft": "1", "action": "sign"}).text
    assert "posted on this line" in text
    assert requests.get(f"{demo.url}/enter/guessed").status_code == 403
    assert requests.get(page).status_code == 401
    assert "Traceback" not in demo.end()
    assert demo.process.returncode == 128 + signal.SIGINT
