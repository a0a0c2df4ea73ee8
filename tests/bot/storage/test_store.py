"""
What is kept comes back, on SQLite and on PostgreSQL alike.
"""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
import sqlalchemy as sa

from analyzers.findings import Review
from bot.errors import StorageAway, StorageError
from bot.review.drafts import Draft, PullRequest
from bot.review.records import Delivery, Found, Worker
from bot.storage.database import Database
from bot.storage.store import Store
from tests.bot.storage.conftest import Clock
from tests.bot.storage.samples import AT, PULL_REQUEST, decision, draft, drafted, finding


def states(store: Store, pull_request: int) -> list[tuple[int, str]]:
    return [(each.number, each.state) for each in store.drafts.of(pull_request)]


def pushed(head: str, as_of: dt.datetime | None = None) -> PullRequest:
    return msgspec.structs.replace(PULL_REQUEST, head=head, as_of=as_of)


def test_a_delivery_is_new_once(store: Store, clock: Clock) -> None:
    """A delivery that is sent again is not new; its payload goes once it was handled, its id later."""
    delivery = Delivery(id="d1", event="ping", payload=b"\0\xff{}", received_at=AT)
    assert [store.deliveries.record([delivery]) for _ in range(3)] == [{"d1"}, set(), set()]
    later = msgspec.structs.replace(delivery, id="d3", received_at=AT + dt.timedelta(hours=1))
    assert store.deliveries.record([delivery, later, later]) == {"d3"}
    assert store.deliveries.get("d1") == delivery
    assert store.deliveries.get("d2") is None
    assert store.deliveries.unfinished(AT) == ()
    assert store.deliveries.unfinished(AT + dt.timedelta(seconds=1)) == ("d1",)
    store.deliveries.finish("d1", "a pong")
    assert store.deliveries.get("d1") == msgspec.structs.replace(delivery, payload=b"")
    assert store.deliveries.unfinished(clock.pass_(days=1)) == ("d3",)
    assert not store.deliveries.record([delivery])
    assert [store.deliveries.forget(clock.time), store.deliveries.forget(clock.time)] == [1, 0]


def test_a_pull_request_comes_back(store: Store) -> None:
    """It is kept once and gets an id; what no database can keep of its title is replaced."""
    kept = store.pull_requests.save(PULL_REQUEST)
    assert kept == msgspec.structs.replace(PULL_REQUEST, id=kept.id, title="Totals 🧾 \ufffd and ?")
    assert store.pull_requests.save(PULL_REQUEST) == kept
    assert store.pull_requests.get(kept.id) == kept
    assert store.pull_requests.find("Acme/Shop", 12) == kept
    assert store.pull_requests.find("acme/shop", 13) is None
    with pytest.raises(LookupError):
        store.pull_requests.get(kept.id + 1)


def test_a_secret_in_a_title_is_not_kept(store: Store) -> None:
    """Its name is."""
    told = msgspec.structs.replace(PULL_REQUEST, title="Set password=hunter2trustno1 for staging")
    assert store.pull_requests.save(told).title == "Set password=REDACTED for staging"


def test_late_news_are_no_news(store: Store) -> None:
    """What GitHub told earlier does not replace what it told later; what it says of no time always does."""
    second = AT + dt.timedelta(seconds=1)
    store.pull_requests.save(pushed("2" * 40, second))
    assert store.pull_requests.save(pushed("1" * 40, AT)).head == "2" * 40
    assert store.pull_requests.save(pushed("3" * 40, second)).head == "3" * 40
    assert store.pull_requests.save(pushed("4" * 40)).head == "4" * 40
    assert store.pull_requests.save(pushed("1" * 40, AT)).head == "4" * 40


def test_the_summary_comment_stays(store: Store) -> None:
    """News of a pull request, which never name our comment, do not lose it."""
    kept = store.pull_requests.save(PULL_REQUEST)
    store.pull_requests.set_summary_comment(kept.id, 5_000_000_000)
    assert store.pull_requests.save(PULL_REQUEST).summary_comment == 5_000_000_000
    store.pull_requests.set_summary_comment(kept.id, None)
    assert store.pull_requests.get(kept.id).summary_comment is None


def test_repositories_come_and_go(store: Store) -> None:
    """Open pull requests are those of repositories that the App is installed on."""
    store.repositories.save(7, "acme/shop")
    store.repositories.save(7, "acme/till")
    store.repositories.save(8, "else/where")
    kept = store.pull_requests.save(PULL_REQUEST)
    closed = msgspec.structs.replace(PULL_REQUEST, number=13, is_open=False)
    store.pull_requests.save(closed)
    assert store.repositories.all() == ((7, "acme/shop"), (7, "acme/till"), (8, "else/where"))
    assert store.pull_requests.open() == store.pull_requests.open("acme/shop") == (kept,)
    store.repositories.remove(7, ["acme/till"])
    assert store.repositories.all() == ((7, "acme/shop"), (8, "else/where"))
    store.repositories.remove(7)
    assert store.repositories.all() == ((8, "else/where"),)
    assert store.pull_requests.open() == ()


def test_a_renamed_repository_is_the_same(store: Store) -> None:
    """GitHub's id carries pull requests over a new name; another repository may take the old name."""
    kept = store.pull_requests.save(msgspec.structs.replace(PULL_REQUEST, repository_id=501))
    store.repositories.save(7, "acme/store", github=501)
    assert store.pull_requests.get(kept.id).repository == "acme/store"
    other = store.pull_requests.save(msgspec.structs.replace(PULL_REQUEST, repository_id=502))
    assert other.id != kept.id
    store.repositories.save(7, "acme/shop", github=503)
    assert store.repositories.all() == ((7, "acme/shop"), (7, "acme/store"))
    assert store.pull_requests.find("acme/shop", 12) is None, "that one was deleted"


def test_a_head_has_one_review(store: Store) -> None:
    """Asking again for a review gives the same; a push supersedes it; a head that comes back is tried again."""
    kept = store.pull_requests.save(PULL_REQUEST)
    first = store.reviews.queue(kept.id)
    assert store.reviews.queue(kept.id) == first
    assert (first.head, first.status, first.attempt) == (kept.head, "queued", 1)
    assert store.reviews.set_status(first.id, "running")
    store.pull_requests.save(pushed("c" * 40))
    second = store.reviews.queue(kept.id)
    assert [review.status for review in store.reviews.of(kept.id)] == ["superseded", "queued"]
    assert not store.reviews.set_status(first.id, "drafted"), "it comes too late"
    store.pull_requests.save(PULL_REQUEST)
    again = store.reviews.queue(kept.id)
    assert (again.id, again.attempt, again.status) == (first.id, 2, "queued")
    assert not store.reviews.set_status(first.id, "drafted", attempt=1), "an earlier attempt"
    assert store.reviews.set_status(first.id, "drafted", attempt=2)
    assert store.reviews.find(kept.id, "c" * 40) == store.reviews.get(second.id)
    assert store.reviews.counts() == {"drafted": 1, "superseded": 1}


def test_a_rerun_is_one_attempt(store: Store) -> None:
    """Whoever asks for another attempt gets one, however often the same request is handled."""
    kept = store.pull_requests.save(PULL_REQUEST)
    store.reviews.queue(kept.id)
    assert [store.reviews.queue(kept.id, again=cause).attempt for cause in ("d1", "d1", "d2", "")] == [2, 2, 3, 3]


def test_what_was_found_comes_back(store: Store, clock: Clock) -> None:
    """A review keeps its check run, its merge base, its reason and all that the engine found."""
    kept = store.pull_requests.save(PULL_REQUEST)
    review = store.reviews.queue(kept.id)
    assert store.reviews.found(review.id) is None
    reviewed = Review(introduced=(finding("customer"),), failures=("`x` failed",), changed_files=3)
    found = Found(reviewed, posted=(finding("customer").fingerprint,), blobs={"shop/views.py": "e" * 40})
    store.reviews.set_found(review.id, found)
    store.reviews.set_check_run(review.id, 9)
    store.reviews.set_merge_base(review.id, "d" * 40)
    at = clock.pass_(minutes=1)
    store.reviews.set_status(review.id, "dead", "out of memory")
    assert store.reviews.found(review.id) == found
    told = store.reviews.get(review.id)
    assert (told.check_run, told.merge_base, told.reason, told.changed_at) == (9, "d" * 40, "out of memory", at)
    assert store.reviews.counts() == {"dead": 1}


def test_numbers_stay(store: Store, clock: Clock) -> None:
    """A draft keeps its number over pushes, also when its finding goes and returns; new ones count on."""
    kept = store.pull_requests.save(PULL_REQUEST)
    first, _ = drafted(store, "customer", "stock")
    made = {"id": first.id, "pull_request": kept.id, "number": 1, "made_at": clock()}
    assert first == msgspec.structs.replace(draft("customer"), **made)
    clock.pass_(hours=1)
    drafted(store, "stock", "tax")
    assert states(store, kept.id) == [(1, "gone"), (2, "waiting"), (3, "waiting")]
    drafted(store, "rate", "customer")
    assert states(store, kept.id) == [(1, "waiting"), (2, "gone"), (3, "gone"), (4, "waiting")]
    assert store.drafts.of(kept.id)[0].made_at == first.made_at


def test_drafts_of_another_head_are_refused(store: Store) -> None:
    """A review of a head that was pushed over changes no draft."""
    kept = store.pull_requests.save(PULL_REQUEST)
    drafted(store, "customer")
    assert store.drafts.reconcile(kept.id, "f" * 40, lambda known, dismissed: [draft("stock")]) is None
    assert states(store, kept.id) == [(1, "waiting")]


def test_what_was_posted_stays(store: Store) -> None:
    """A push knows nothing of comments; they are not lost by it."""
    (first,) = drafted(store, "customer")
    store.drafts.set_posted(first.id, "inline", comment=5_000_000_000)
    store.drafts.set_posted(first.id, "inline")
    store.drafts.set_resolved(first.id, True)
    (told,) = drafted(store, "customer")
    assert (told.placement, told.comment, told.is_resolved) == ("inline", 5_000_000_000, True)
    assert told.is_posted


def test_the_last_word_counts(store: Store) -> None:
    """Signed, dismissed, signed again, undone: the state follows; every decision is kept."""
    (first,) = drafted(store, "customer")
    made = [
        decision(first, "sign"),
        decision(first, "dismiss", category="false-positive", reason="one row"),
        decision(first, "sign"),
        decision(first, "undo"),
        decision(first, "dismiss"),
        decision(first, "undo"),
    ]
    seen = []
    for each in made:
        store.decisions.record(first.pull_request, [each])
        seen += [state for _, state in states(store, first.pull_request)]
    assert seen == ["signed", "dismissed", "signed", "waiting", "dismissed", "waiting"]
    assert store.decisions.of(first.pull_request) == tuple(made)


def test_an_edit_changes_the_text_alone(store: Store) -> None:
    """What a person wrote is the draft's text; the draft waits as before."""
    (first,) = drafted(store, "customer")
    store.decisions.record(first.pull_request, [decision(first, "edit", reason="Better said.")])
    (told,) = store.drafts.of(first.pull_request)
    assert (told.text, told.state) == ("Better said.", "waiting")


def test_decisions_outlive_the_finding(store: Store) -> None:
    """A draft whose finding goes and returns stands as it was decided."""
    first, second, _ = drafted(store, "customer", "stock", "tax")
    store.decisions.record(first.pull_request, [decision(first, "sign"), decision(second, "dismiss")])
    drafted(store)
    assert states(store, first.pull_request) == [(1, "gone"), (2, "gone"), (3, "gone")]
    drafted(store, "customer", "stock", "tax")
    assert states(store, first.pull_request) == [(1, "signed"), (2, "dismissed"), (3, "waiting")]


def test_a_dismissal_holds_in_the_repository(store: Store) -> None:
    """It silences the fingerprint in other pull requests of that repository, there and later, until it is undone."""
    (first,) = drafted(store, "customer")
    second = msgspec.structs.replace(PULL_REQUEST, number=13)
    elsewhere = msgspec.structs.replace(PULL_REQUEST, repository="acme/till")
    (there,) = drafted(store, "customer", pull_request=second)
    store.decisions.record(first.pull_request, [decision(first, "dismiss", category="accepted", reason="four rows")])
    (other,) = drafted(store, "customer", pull_request=elsewhere)
    (told,) = store.drafts.of(there.pull_request)
    assert (told.state, other.state) == ("dismissed", "waiting")
    (dismissal,) = store.decisions.dismissals(there.pull_request).values()
    assert (dismissal.fingerprint, dismissal.decision.reason) == (first.fingerprint, "four rows")
    assert store.decisions.dismissals(other.pull_request) == {}
    store.decisions.record(there.pull_request, [decision(there, "undo")])
    assert states(store, first.pull_request) == states(store, there.pull_request) == [(1, "waiting")]


def test_reconciling_sees_dismissals(store: Store) -> None:
    """What brings drafts to a new head is told what was dismissed."""
    (first,) = drafted(store, "customer")
    store.decisions.record(first.pull_request, [decision(first, "dismiss")])
    seen: list[object] = []

    def change(known: tuple[Draft, ...], dismissed: object) -> tuple[Draft, ...]:
        seen.append(dismissed)
        return ()

    assert store.drafts.reconcile(first.pull_request, PULL_REQUEST.head, change) == store.drafts.of(first.pull_request)
    assert seen == [store.decisions.dismissals(first.pull_request)]


def test_an_act_is_one_batch(store: Store) -> None:
    """The decisions of one command are published together; the same command again gives the same batch."""
    first, second = drafted(store, "customer", "stock")
    made = (decision(first, "sign"), decision(second, "sign"))
    batch = store.decisions.record(first.pull_request, made, key="comment:1")
    assert batch.decisions == made
    assert store.decisions.record(first.pull_request, [decision(first, "undo")], key="comment:1") == batch
    other = store.decisions.record(first.pull_request, [decision(second, "undo")])
    assert store.decisions.unpublished() == (batch, other)
    store.decisions.mark_published(batch.id)
    assert store.decisions.unpublished() == (other,)
    assert store.decisions.get(batch.id) == msgspec.structs.replace(batch, published=True)
    with pytest.raises(LookupError):
        store.decisions.get(other.id + 1)


def test_a_batch_is_kept_whole_or_not_at_all(store: Store) -> None:
    """A decision on a draft of another pull request is refused, with all that was decided along with it."""
    (first,) = drafted(store, "customer")
    (other,) = drafted(store, "customer", pull_request=msgspec.structs.replace(PULL_REQUEST, number=13))
    with pytest.raises(LookupError):
        store.decisions.record(first.pull_request, [decision(first, "sign"), decision(other, "sign")])
    assert store.decisions.of(first.pull_request) == store.decisions.unpublished() == ()
    assert states(store, first.pull_request) == [(1, "waiting")]


def test_a_command_is_handled_once(store: Store) -> None:
    assert not store.commands.is_handled("comment:1")
    assert [store.commands.mark_handled("comment:1") for _ in range(2)] == [True, False]
    assert store.commands.is_handled("comment:1")


def test_commands_are_counted(store: Store, clock: Clock) -> None:
    """What somebody had carried out is counted from a time on, and forgotten later."""
    began = clock.time
    store.commands.mark_handled("comment:1", "grace")
    later = clock.pass_(minutes=1)
    store.commands.mark_handled("comment:2", "grace")
    store.commands.mark_handled("comment:3", "ada")
    assert [store.commands.count("grace", since) for since in (began, later)] == [2, 1]
    assert store.commands.forget(later) == 1
    assert store.commands.count("grace", began) == 1


def test_one_takes_over_from_a_silent_worker(store: Store, clock: Clock) -> None:
    """Of several that want the work of a dead worker one gets it; one that is alive is left alone."""
    began = clock.time
    store.workers.beat("one")
    store.workers.beat("two")
    later = clock.pass_(seconds=30)
    store.workers.beat("two")
    assert store.workers.all() == (Worker("one", began), Worker("two", later))
    assert not store.workers.claim("two", silent_since=later)
    assert [store.workers.claim("one", silent_since=later) for _ in range(2)] == [True, False]
    store.workers.remove("one")
    assert store.workers.all() == (Worker("two", later),)


def test_a_database_that_is_away_is_told_from_one_that_is_misused(url: str) -> None:
    """Only with the first it makes sense to come again."""
    with pytest.raises(StorageAway):
        Store.open("postgresql://127.0.0.1:1/nowhere")
    with Store.open(url):
        pass
    database = Database(url)
    with pytest.raises(StorageError, match=r"(?i)null") as raised:
        database.write(lambda connection: connection.execute(sa.text("INSERT INTO deliveries (id) VALUES ('1')")))
    assert not isinstance(raised.value, StorageAway)
    database.close()
