"""A page whose template reads per row."""

from django.shortcuts import render
from django.urls import path

from models import Order


def order_list(request):
    return render(request, "orders.html", {"orders": Order.objects.all()})


urlpatterns = [path("orders/", order_list)]
