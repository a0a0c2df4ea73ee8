"""Helpers that read what their callers loaded, or did not."""


def label(order):
    return f"{order.number}: {holder(order)}"


def holder(order):
    return order.customer.name
