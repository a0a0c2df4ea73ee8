from django.db import models


class Customer(models.Model):
    name = models.TextField()


class Product(models.Model):
    name = models.TextField()


class Order(models.Model):
    number = models.TextField()
    open = models.BooleanField()
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="orders")

    @property
    def label(self):
        return self.customer.name


class Line(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.CASCADE)
    price = models.IntegerField()
