"""Rows that are known by a name only, or not at all."""


def by_name(orders):
    return [order.customer.name for order in orders]


def unknown(things):
    return [thing.customer.name for thing in things]
