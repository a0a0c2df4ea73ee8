"""
Small repositories with a pull request, ready to be reviewed.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from tests.doubles.git import Content
from tests.doubles.github import GitHub
from tests.doubles.world import Installation, PullRequest, Repository

OWNER, AUTHOR, REVIEWER, STRANGER = "acme", "ada", "grace", "mallory"
"""The organization; who opens pull requests; who may write; who may not."""


def _text(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


ORDER_SERVICE: Mapping[str, Content] = {
    ".github/CODEOWNERS": "* @grace\n",
    "manage.py": "",
    "orders/__init__.py": "",
    "orders/models.py": _text("""
        from django.db import models


        class Customer(models.Model):
            name = models.CharField(max_length=100)


        class Order(models.Model):
            number = models.CharField(max_length=20)
            customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    """),
    "orders/labels.py": _text("""
        def label(order):
            return order.number
    """),
    "orders/views.py": _text("""
        from django.http import JsonResponse

        from orders.labels import label
        from orders.models import Order


        def index(request):
            orders = Order.objects.order_by("number")
            return JsonResponse({"orders": [label(order) for order in orders]})
    """),
    "orders/urls.py": _text("""
        from django.urls import path

        from orders import views

        urlpatterns = [path("orders/", views.index)]
    """),
}
"""A Django service that lists orders with one query."""

WITH_N_PLUS_ONE: Mapping[str, Content] = {
    "orders/labels.py": _text("""
        def label(order):
            return f"{order.number} {order.customer.name}"
    """),
}
"""The label now reads the customer: a query for each order, in a file that the view's author did not touch."""

FIXED: Mapping[str, Content] = {
    "orders/views.py": str(ORDER_SERVICE["orders/views.py"]).replace(
        'Order.objects.order_by("number")', 'Order.objects.select_related("customer").order_by("number")'
    ),
}
"""The view loads the customers with the orders."""

SHIFTED: Mapping[str, Content] = {
    "orders/labels.py": '"""How orders are called."""\n\n\n' + str(WITH_N_PLUS_ONE["orders/labels.py"]),
}
"""The defect again, three lines further down."""


@dataclass(frozen=True)
class Scene:
    """A repository that has the App, and a pull request in it."""

    repository: Repository
    installation: Installation
    pull: PullRequest


def repository(
    github: GitHub,
    files: Mapping[str, Content] = ORDER_SERVICE,
    *,
    name: str = "orders",
    owner: str = OWNER,
    private: bool = False,
) -> Repository:
    """An organization's repository with these files on `main`, and two people who may write."""
    with github.world.lock:
        account = github.world.account(owner, "Organization")
        made = github.world.add_repository(account, name, private=private)
        made.git.commit("main", files, "The service as it stands")
    for login in (AUTHOR, REVIEWER):
        github.people.set_permission(made, login, "write")
    github.world.account(STRANGER)
    return made


def fork(github: GitHub, parent: Repository, *, by: str = STRANGER) -> Repository:
    """A copy of a repository that belongs to somebody else; the App is not installed there."""
    with github.world.lock:
        made = github.world.add_repository(github.world.account(by), parent.name, parent=parent)
        head = parent.git.resolve("refs/heads/main")
        made.git.fetch(parent.git, head)
        made.git.point("refs/heads/main", head)
    return made


def scene(
    github: GitHub,
    *,
    before: Mapping[str, Content] = ORDER_SERVICE,
    after: Mapping[str, Content] = WITH_N_PLUS_ONE,
    name: str = "orders",
    branch: str = "feature",
    title: str = "Say whose order it is",
    draft: bool = False,
) -> Scene:
    """A repository, the App installed in it, and a pull request that changes `before` by `after`."""
    made = repository(github, before, name=name)
    installation = github.people.install(made)
    made.git.commit(branch, after, "Say whose order it is", parent=made.git.resolve("refs/heads/main"))
    pull = github.people.open_pull(made, branch, by=AUTHOR, title=title, draft=draft)
    return Scene(made, installation, pull)


def fork_scene(github: GitHub, *, after: Mapping[str, Content] = WITH_N_PLUS_ONE) -> Scene:
    """The same from a stranger's fork."""
    made = repository(github)
    installation = github.people.install(made)
    copy = fork(github, made)
    copy.git.commit("feature", after, "Say whose order it is", parent=copy.git.resolve("refs/heads/main"))
    pull = github.people.open_pull(made, "feature", by=STRANGER, head_repository=copy)
    return Scene(made, installation, pull)
