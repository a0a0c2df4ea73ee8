from django.db import transaction

from stock.models import StockItem


class OutOfStock(Exception):
    pass


@transaction.atomic
def reserve(quantities):
    """Take quantities, by stock item id, out of stock: all of them or none."""
    items = list(StockItem.objects.select_for_update().filter(pk__in=quantities).order_by("pk"))
    for item in items:
        if item.available < quantities[item.pk]:
            raise OutOfStock(item.sku)
        item.available -= quantities[item.pk]
    StockItem.objects.bulk_update(items, ["available"])
