from django.urls import path

from orders import views as orders
from payments import views as payments
from stock import views as stock

urlpatterns = [
    path("orders/", orders.order_list),
    path("api/orders/", orders.OrderList.as_view()),
    path("payments/daily/", payments.daily),
    path("stock/", stock.levels),
]
