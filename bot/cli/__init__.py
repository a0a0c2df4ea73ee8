"""
The command line's door: `countersign`, and `python -m bot`.

Exit status 0: nothing at the threshold; 1: findings; 2: it could not be done, with one sentence on standard error.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading

from bot import __version__

FAILED = 2
"""Exit status when what was asked for could not be done."""


def run() -> None:
    """
    Run the command line as a process of its own, which ends as soon as there is an answer.

    To take apart what a review built costs a tenth of its time, and the system does it for nothing.
    """
    gc.set_threshold(100_000, 50, 100)  # a review throws little away: to look for cycles costs it a twentieth
    try:
        main()
    except SystemExit as leaving:
        if not isinstance(leaving.code, int) or threading.active_count() > 1:
            raise
        atexit._run_exitfuncs()
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except OSError:  # nobody reads it any more; Python says so in its own way
            raise leaving from None
        os._exit(leaving.code)


def main() -> None:
    """Run the command line; always leaves by `SystemExit`."""
    if sys.argv[1:] == ["--version"]:  # answered before anything is imported: 20 ms instead of 120
        sys.stdout.write(f"countersign {__version__}\n")
        sys.exit(0)
    from analyzers.errors import AnalyzerError
    from bot.cli.commands import app
    from bot.errors import CountersignError

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except (AnalyzerError, CountersignError) as exc:
        sys.stderr.write(f"countersign: {exc}\n")
        sys.exit(FAILED)
    except Exception:  # noqa: BLE001  # a crash must not leave with 1, which says "findings"
        import traceback

        traceback.print_exc()
        sys.exit(FAILED)
