"""What comes with the rows: by a join, by a second query, by the way the rows came."""

from django.db.models import Prefetch

from models import Customer, Line, Order


def lines():
    orders = Order.objects.select_related("customer").prefetch_related("lines")
    return [(order.customer.name, [line.quantity for line in order.lines.all()]) for order in orders]


def back():
    return [order.customer.name for customer in Customer.objects.all() for order in customer.orders.all()]


def narrower():
    big = Prefetch("lines", queryset=Line.objects.filter(quantity__gt=5), to_attr="big")
    return [line.order.number for order in Order.objects.prefetch_related(big) for line in order.big]
