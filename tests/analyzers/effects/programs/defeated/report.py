"""Rows that were loaded and asked for again, columns that were left out."""

from models import Order


def filtered():
    return [list(order.lines.filter(quantity=1)) for order in Order.objects.prefetch_related("lines")]


def counted():
    return [order.lines.count() for order in Order.objects.prefetch_related("lines")]


def left_out():
    return [order.open for order in Order.objects.only("number")]
