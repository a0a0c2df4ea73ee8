"""
How the service takes many deliveries at once: `python -m tests.load`.

Deliveries come at a fixed rate, whatever the answers take (an open loop: who is slow is not spared), to a service of
one process on SQLite. Most are talk, some are commands, some open pull requests that are really reviewed meanwhile. A
delivery's time runs from the moment it was due to its answer.
"""

from __future__ import annotations

import argparse
import http.client
import queue
import statistics
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

from tests.doubles import scenario
from tests.doubles.github import GitHub
from tests.doubles.hooks import Delivery
from tests.doubles.scenario import AUTHOR, REVIEWER, STRANGER, WITH_N_PLUS_ONE
from tests.promises.running import Service

SENDERS = 32
OWNERS = 5
"""Accounts that the App is installed at; each may be written to once a second."""


def deliveries(github: GitHub, count: int, commands: int, reviews: int) -> list[Delivery]:
    """So many deliveries that were not sent: talk, and evenly among it commands and opened pull requests."""
    places = [scenario.repository(github, owner=f"owner{number}") for number in range(OWNERS)]
    for made in places:
        github.people.install(made)
        start = made.git.resolve("refs/heads/main")
        made.git.commit("first", {"README.md": "Text.\n"}, "Text", parent=start)
        github.people.open_pull(made, "first", by=AUTHOR)
    github.hooks.deliveries.clear()
    for number in range(count):
        made = places[number // 7 % OWNERS]
        if _is_turn(number, count, reviews):
            branch = f"feature{number}"
            made.git.commit(branch, WITH_N_PLUS_ONE, "Say whose it is", parent=made.git.resolve("refs/heads/main"))
            github.people.open_pull(made, branch, by=AUTHOR)
        elif _is_turn(number, count, commands):
            github.people.comment(made.pulls[1], "/countersign sign all", by=STRANGER)
        else:
            github.people.comment(made.pulls[1], f"Looks good, number {number}.", by=REVIEWER)
    with github.world.lock:
        for pull in github.world.pulls():
            pull.state = "closed"  # until it is told; else the service finds them when it starts
    return [delivery for delivery in github.hooks.deliveries if delivery.event in ("issue_comment", "pull_request")]


def tell(github: GitHub, delivery: Delivery) -> None:
    """Let what a delivery tells of be so."""
    if delivery.event == "pull_request":
        made = github.world.repository(delivery.payload["repository"]["full_name"])
        assert made is not None
        with github.world.lock:
            made.pulls[delivery.payload["number"]].state = "open"


def is_work(delivery: Delivery) -> bool:
    """Whether a delivery has to be kept and handled; talk has not."""
    return delivery.event == "pull_request" or "/countersign" in delivery.payload["comment"]["body"]


def _is_turn(number: int, count: int, times: int) -> bool:
    """Whether something that happens so many times among all happens now."""
    return number * times // count != (number + 1) * times // count


def send(github: GitHub, url: str, waiting: list[Delivery], rate: float) -> tuple[list[float], list[int]]:
    """Send deliveries at a rate; the seconds that each took, and the answers' statuses."""
    due: queue.Queue[tuple[float, Delivery] | None] = queue.Queue()
    seconds: list[float] = []
    statuses: list[int] = []
    address = urllib.parse.urlsplit(url)

    def work() -> None:
        connection = http.client.HTTPConnection(address.hostname or "", address.port or 80, timeout=10)
        while (job := due.get()) is not None:
            at, delivery = job
            connection.request("POST", address.path, delivery.body, delivery.headers)
            with connection.getresponse() as answer:
                answer.read()
            seconds.append(time.perf_counter() - at)
            statuses.append(answer.status)
        connection.close()

    senders = [threading.Thread(target=work) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    began = time.perf_counter()
    for number, delivery in enumerate(waiting):
        at = began + number / rate
        time.sleep(max(at - time.perf_counter(), 0))
        tell(github, delivery)
        due.put((at, delivery))
    for _ in senders:
        due.put(None)
    for sender in senders:
        sender.join()
    return seconds, statuses


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=100, help="deliveries a second")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument(
        "--commands", type=int, default=100, help="how many of them are commands of people without rights"
    )
    parser.add_argument("--reviews", type=int, default=10, help="how many of them open a pull request to review")
    parser.add_argument("--p99", type=float, default=50, help="milliseconds above which this fails")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, GitHub(Path(folder, "github")) as github:
        (Path(folder) / "data").mkdir()
        waiting = deliveries(github, int(wanted.rate * wanted.seconds), wanted.commands, wanted.reviews)
        with Service(github, Path(folder, "data")) as service:
            url = f"{service.url}/webhooks/github"
            send(github, url, waiting[:5], 5)  # a process that just started is no measure
            began = time.perf_counter()
            seconds, statuses = send(github, url, waiting[5:], wanted.rate)
            took = time.perf_counter() - began
            service.rest()
            behind = time.perf_counter() - began - took
            handled = service.handled({delivery.id for delivery in waiting if is_work(delivery)})
            drafted = service.reviews("drafted")
    cuts = statistics.quantiles(seconds, n=1000, method="inclusive")
    rows = [
        ("deliveries", f"{len(waiting)}"),
        ("a second", f"{len(seconds) / took:.0f}"),
        ("answered with 202", f"{5 + statuses.count(202)}"),
        ("handled", f"{handled}"),
        ("reviewed", f"{drafted}"),
        ("p50", f"{cuts[499] * 1000:.1f} ms"),
        ("p95", f"{cuts[949] * 1000:.1f} ms"),
        ("p99", f"{cuts[989] * 1000:.1f} ms"),
        ("longest", f"{max(seconds) * 1000:.1f} ms"),
        ("all work done after", f"{behind:.1f} s more"),
    ]
    for name, value in rows:
        print(f"{name:<22}{value:>12}")
    expected = sum(map(is_work, waiting))
    is_lost = statuses.count(202) != len(statuses) or handled != expected or drafted < wanted.reviews
    sys.exit(is_lost or cuts[989] * 1000 > wanted.p99)


if __name__ == "__main__":
    main()
