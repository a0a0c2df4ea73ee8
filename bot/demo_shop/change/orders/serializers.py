from rest_framework import serializers

from orders.models import Order


class OrderSerializer(serializers.ModelSerializer):
    ships_from = serializers.CharField(source="warehouse.city")

    class Meta:
        model = Order
        fields = ["number", "total", "placed_at", "ships_from"]
