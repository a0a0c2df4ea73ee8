from django.shortcuts import render
from rest_framework.generics import ListAPIView

from orders.models import Order
from orders.overview import with_customers
from orders.serializers import OrderSerializer


def order_list(request):
    orders = with_customers(Order.objects.order_by("-placed_at"))
    return render(request, "orders/list.html", {"orders": orders})


class OrderList(ListAPIView):
    queryset = Order.objects.order_by("-placed_at")
    serializer_class = OrderSerializer
