from django.shortcuts import render
from rest_framework.generics import ListAPIView

from orders.models import Order
from orders.serializers import OrderSerializer


def order_list(request):
    orders = Order.objects.select_related("customer").order_by("-placed_at")
    return render(request, "orders/list.html", {"orders": orders})


class OrderList(ListAPIView):
    queryset = Order.objects.order_by("-placed_at")
    serializer_class = OrderSerializer
