"""Loops in all the ways of writing them, long and short."""

from models import Customer, Order


def names():
    return {order.number: order.customer.name for order in Order.objects.all()}


def sizes():
    result = []
    for customer in Customer.objects.all():
        for order in customer.orders.all():
            result.append(order.lines.count())
    return result


def known(numbers):
    for number in numbers:
        Order.objects.get(number=number)
    for number in ("A1", "A2"):
        Order.objects.get(number=number)


def first_of(numbers):
    for number in numbers:
        if Order.objects.filter(number=number).exists():
            return number
    return None
