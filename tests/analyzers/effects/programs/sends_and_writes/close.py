"""Writes and what leaves the process, once per row and once for all."""

from celery import shared_task
from django.core.mail import send_mail

from models import Order


@shared_task
def invoice(pks):
    print(pks)


def one_by_one():
    for order in Order.objects.all():
        order.open = False
        order.save()
        invoice.delay([order.pk])
        send_mail("Your order", order.number, "shop@example.org", ["customer@example.org"])


def at_once():
    orders = list(Order.objects.all())
    Order.objects.filter(open=True).update(open=False)
    invoice.delay([order.pk for order in orders])
