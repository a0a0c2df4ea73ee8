"""The same helper with rows that have what it reads, and with rows that lack it."""

from labels import label
from models import Order


def lacking():
    return [label(order) for order in Order.objects.all()]


def loaded():
    return [label(order) for order in Order.objects.select_related("customer")]


def one(pk):
    return label(Order.objects.get(pk=pk))
