from customers.models import Customer


def get_customer(customer_id):
    """Return a customer as staff may see it: without the name of one who asked to be forgotten."""
    customer = Customer.objects.get(pk=customer_id)
    if customer.forgotten:
        customer.name = "(forgotten)"
    return customer
