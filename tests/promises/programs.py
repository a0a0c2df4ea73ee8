"""
Variations on the order service for the promises' tests.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.doubles.git import Content
from tests.doubles.scenario import ORDER_SERVICE, WITH_N_PLUS_ONE

CHANGE = str(WITH_N_PLUS_ONE["orders/labels.py"])


def defects(count: int, *, files: int = 1) -> Mapping[str, Content]:
    """Views that each list orders with a query for each of them: so many findings, spread over some files."""
    head = "from django.http import JsonResponse\n\nfrom orders.models import Order\n"
    view = (
        "\n\ndef index{n}(request):\n"
        '    orders = Order.objects.filter(number="{n}")\n'
        '    return JsonResponse({{"names": [order.customer.name for order in orders]}})\n'
    )
    route = '    path("more/{n}/", more{file}.index{n}),\n'
    texts = [head] * files
    routes = ""
    for n in range(count):
        texts[n % files] += view.format(n=n)
        routes += route.format(n=n, file=n % files)
    imports = "".join(f"from orders import more{file}\n" for file in range(files))
    urls = f"from django.urls import path\n\n{imports}\nurlpatterns = [\n{routes}]\n"
    return {"orders/urls.py": urls, **{f"orders/more{file}.py": text for file, text in enumerate(texts)}}


def configured(text: str) -> Mapping[str, Content]:
    """The order service with a configuration."""
    return {**ORDER_SERVICE, ".countersign.toml": text}
