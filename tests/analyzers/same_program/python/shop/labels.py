from shop.models import Product


def describe(line):
    return Product.objects.get(pk=line.product_id).name
