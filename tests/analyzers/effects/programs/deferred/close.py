"""What runs later: after the commit, in a worker."""

from celery import shared_task
from django.db import transaction

from models import Order


@shared_task
def reindex(pk):
    return Order.objects.get(pk=pk).customer.name


def close(order):
    with transaction.atomic():
        order.save()
        transaction.on_commit(lambda: reindex.delay(order.pk))


def reindex_all():
    for order in Order.objects.all():
        reindex.delay(order.pk)
