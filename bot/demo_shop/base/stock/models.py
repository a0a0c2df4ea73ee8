from django.db import models


class Warehouse(models.Model):
    city = models.CharField(max_length=100)


class StockItem(models.Model):
    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE, related_name="items")
    sku = models.CharField(max_length=40)
    available = models.PositiveIntegerField(default=0)
