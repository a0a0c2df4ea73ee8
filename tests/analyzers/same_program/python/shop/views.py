from django.db import transaction
from django.http import JsonResponse
from django.shortcuts import render

from shop.labels import describe
from shop.models import Order
from shop.serializers import OrderSerializer


def overview(request):
    orders = Order.objects.filter(open=True)
    return render(request, "shop/overview.html", {"orders": orders})


def listing(request):
    orders = Order.objects.prefetch_related("lines").all()
    return JsonResponse(OrderSerializer(orders, many=True).data)


def described(request):
    found = []
    for order in Order.objects.prefetch_related("lines").all():
        for line in order.lines.all():
            found.append(describe(line))
            found.append(line.product.name)
    return JsonResponse(found)


def totals(request):
    return JsonResponse(
        [order.lines.filter(price=0).count() for order in Order.objects.prefetch_related("lines").all()]
    )


def close(request):
    with transaction.atomic():
        for order in Order.objects.filter(open=True):
            order.open = False
            order.save()


def silent(request):
    found = []
    for order in Order.objects.select_related("customer").prefetch_related("lines__product").all():
        found.append(order.label)
        for line in order.lines.all():
            found.append(line.product.name)
    return JsonResponse(found)
