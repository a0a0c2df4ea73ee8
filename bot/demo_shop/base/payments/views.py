from django.http import JsonResponse

from payments.models import Payment


def daily(request):
    payments = Payment.objects.order_by("received_at")
    rows = [{"order": payment.order.number, "amount": str(payment.amount)} for payment in payments]
    return JsonResponse({"payments": rows})
