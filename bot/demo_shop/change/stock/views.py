from django.http import JsonResponse

from stock.models import Warehouse


def levels(request):
    warehouses = Warehouse.objects.prefetch_related("items").order_by("city")
    rows = {warehouse.city: {item.sku: item.available for item in warehouse.items.all()} for warehouse in warehouses}
    return JsonResponse({"stock": rows})
