"""A list whose serializers read per row."""

from rest_framework import routers, serializers, viewsets

from models import Line, Order


class LineSerializer(serializers.ModelSerializer):
    class Meta:
        model = Line
        fields = ["quantity"]


class OrderSerializer(serializers.ModelSerializer):
    customer_name = serializers.CharField(source="customer.name")
    lines = LineSerializer(many=True)
    weight = serializers.SerializerMethodField()

    class Meta:
        model = Order
        fields = ["number", "customer_name", "lines", "weight"]

    def get_weight(self, order):
        return sum(line.quantity for line in order.lines.all())


class OrderViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = Order.objects.select_related("customer")
    serializer_class = OrderSerializer


router = routers.SimpleRouter()
router.register("orders", OrderViewSet)
urlpatterns = router.urls
