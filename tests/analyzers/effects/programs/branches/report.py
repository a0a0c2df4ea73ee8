"""Ways that exclude each other, one of which loads what is read."""

from models import Order


def names(full):
    orders = Order.objects.all()
    if full:
        orders = orders.select_related("customer")
    return [order.customer.name for order in orders]


def one(number):
    if number is None:
        return Order.objects.first()
    try:
        return Order.objects.get(number=number)
    except Order.DoesNotExist:
        return Order.objects.create(number=number)


def either(full):
    return Order.objects.count() if full else len(Order.objects.filter(open=True))
