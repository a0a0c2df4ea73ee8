"""What runs inside a transaction."""

from django.db import transaction

from models import Order


def close(pk):
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=pk)
        order.open = False
        order.save()


@transaction.atomic
def close_all():
    for order in Order.objects.filter(open=True):
        close(order.pk)
