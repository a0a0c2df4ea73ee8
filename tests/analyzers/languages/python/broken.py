import os

class Order(models.Model:
    number = models.TextField()

    def total(self):
        return sum(line.price for line in self.lines.all())

def view(request):
    orders = Order.objects.filter(
    return render(request, orders)

def after():
    x = foo(1, , 2)
    y = = 3
    return bar(x
