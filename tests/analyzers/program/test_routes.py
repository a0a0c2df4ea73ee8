"""
What callers know entry points as, in small programs.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from analyzers import frameworks
from analyzers.engine import review
from analyzers.findings import Review
from analyzers.index import Index
from analyzers.options import Options
from analyzers.program import urls
from analyzers.program.entries import Entries
from analyzers.program.program import Program
from tests.trees import MemoryTree, change


def labels(files: Mapping[str, str]) -> dict[str, str]:
    """The labels of all functions and of all methods that a library calls, by id."""
    tree = MemoryTree("tree", files)
    with Index.open(None) as index:
        index.prepare(tree, tree.entries)
        program = Program(index.snapshot(tree.entries), frameworks.assemble(()))
        entries = Entries(program)
        roots = []
        for path in program.snapshot.paths:
            module = program.module(path)
            assert module is not None
            roots += [root for symbol in module.every_class() for root in entries.of_class(symbol)]
            roots += [entries.of_function(function) for function in module.every_function()]
        return {root.id: root.label for root in roots}


def label(files: Mapping[str, str], root: str) -> str:
    return labels(files)[root]


VIEWS = """
from django.views import View

def orders(request):
    return Order.objects.all()

class Detail(View):
    def get(self, request, pk):
        return None
    def post(self, request, pk):
        return None
"""


@pytest.mark.parametrize(
    ("urlpatterns", "orders", "detail"),
    [
        ('[path("orders/", views.orders)]', "GET /orders/", "Detail.get"),
        ('[path("orders/<int:pk>/", views.Detail.as_view(), name="detail")]', "orders", "GET /orders/{pk}/"),
        (r'[re_path(r"^orders/(?P<pk>\d+)/$", views.Detail.as_view())]', "orders", "GET /orders/{pk}/"),
        ('[url(r"^orders/$", login_required(views.orders))]', "GET /orders/", "Detail.get"),
        ('[path("x/", cache_page(60)(views.Detail.as_view()))]', "orders", "GET /x/"),
        ('[path("z/", views.orders), path("a/", views.orders)]', "GET /a/", "Detail.get"),
        ('[path(route="", view=views.orders)]', "GET /", "Detail.get"),
        ('[path("api/", include([path("orders/", views.orders)]))]', "GET /api/orders/", "Detail.get"),
        ('i18n_patterns(path("orders/", views.orders))', "GET /orders/", "Detail.get"),
        ('[*[path("orders/", views.orders)]] + [path("d/", views.Detail.as_view())]', "GET /orders/", "GET /d/"),
        ('[path(PREFIX + "orders/", views.orders)]', "GET …/orders/", "Detail.get"),
        ('[url(r"^orders/$", "shop.views.orders")]', "GET /orders/", "Detail.get"),
    ],
)
def test_django_urls(urlpatterns: str, orders: str, detail: str) -> None:
    """A URL configuration says where a function or a class is called, whatever decorates it there."""
    files = {"shop/views.py": VIEWS, "shop/urls.py": f"from shop import views\nurlpatterns = {urlpatterns}\n"}
    found = labels(files)
    assert found["shop/views.py::orders"] == orders
    assert found["shop/views.py::Detail.get"] == detail
    assert found["shop/views.py::Detail.post"] == detail.replace("GET", "POST").replace(".get", ".post")


def test_prefixes_are_followed_upward() -> None:
    """Each `include` adds its path, by a module's name or by the module, with or without a namespace."""
    files = {
        "site/urls.py": 'urlpatterns = [path("v1/", include(("api.urls", "api"), namespace="v1"))]',
        "api/urls.py": 'from shop import urls as shop\nurlpatterns = []\nurlpatterns += [path("shop/", include(shop))]',
        "shop/urls.py": 'from . import views\nmine = [path("orders/", views.orders)]\n'
        'urlpatterns = [path("<slug:tenant>/", include(mine))]',
        "shop/views.py": VIEWS,
    }
    assert label(files, "shop/views.py::orders") == "GET /v1/shop/{tenant}/orders/"


def test_configurations_that_include_one_another() -> None:
    """A cycle ends, with a label all the same."""
    files = {
        "a/urls.py": 'from a import views\nurlpatterns = [path("a/", include("b.urls")), path("x/", views.orders)]',
        "b/urls.py": 'urlpatterns = [path("b/", include("a.urls"))]',
        "a/views.py": VIEWS,
    }
    assert label(files, "a/views.py::orders") == "GET /b/x/"


def test_many_ways_up() -> None:
    """Ten lists that each mount the one before twice have a thousand ways up; a few of them are enough."""
    lists = "".join(f'l{n} = [path("a/", include(l{n - 1})), path("b/", include(l{n - 1}))]\n' for n in range(1, 11))
    text = f"from shop.views import orders\nl0 = [path('x/', orders)]\n{lists}urlpatterns = l10 + []\n"
    assert label({"shop/views.py": VIEWS, "shop/urls.py": text}, "shop/views.py::orders") == f"GET /{'a/' * 10}x/"


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("@require_POST\ndef pay(request): ...", "POST /pay/"),
        ('@require_http_methods(["POST", "GET"])\ndef pay(request): ...', "GET|POST /pay/"),
        ('@api_view(["DELETE"])\ndef pay(request): ...', "DELETE /pay/"),
        ("def pay(request):\n    if request.method == 'POST':\n        charge()", "/pay/"),
        ("def pay(request):\n    return render(request, 'pay.html')", "GET /pay/"),
    ],
)
def test_verbs_of_functions(view: str, expected: str) -> None:
    """Decorators say which verbs a function answers; one that looks at the verb itself is told without."""
    files = {"shop/views.py": view, "shop/urls.py": 'from .views import pay\nurlpatterns = [path("pay/", pay)]'}
    assert label(files, "shop/views.py::pay") == expected


VIEW_SET = """
from rest_framework import viewsets
from rest_framework.decorators import action

class OrderViewSet(viewsets.ModelViewSet):
    def list(self, request): ...
    def create(self, request): ...
    def retrieve(self, request, pk): ...
    def update(self, request, pk): ...
    def partial_update(self, request, pk): ...
    def destroy(self, request, pk): ...
    @action(detail=True, methods=["post"])
    def ship(self, request, pk): ...
    @action(detail=False, url_path="by-day")
    def by_day(self, request): ...
    def total(self): ...
"""


def test_routers() -> None:
    """A router gives each action of a view set its verb and URL, below where the router's URLs are included."""
    files = {
        "api/views.py": VIEW_SET,
        "api/urls.py": "from api.views import OrderViewSet\nrouter = DefaultRouter()\n"
        'router.register(r"orders", OrderViewSet, basename="order")\n'
        'urlpatterns = [path("api/", include(router.urls))]\n',
    }
    found = {name.rpartition(".")[2]: text for name, text in labels(files).items()}
    assert found == {
        "list": "GET /api/orders/",
        "create": "POST /api/orders/",
        "retrieve": "GET /api/orders/{id}/",
        "update": "PUT /api/orders/{id}/",
        "partial_update": "PATCH /api/orders/{id}/",
        "destroy": "DELETE /api/orders/{id}/",
        "ship": "POST /api/orders/{id}/ship/",
        "by_day": "GET /api/orders/by-day/",
        "total": "OrderViewSet.total",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('r = SimpleRouter(trailing_slash=False)\nr.register("o", V)\nurlpatterns = r.urls', "GET /o/{id}"),
        ('r = SimpleRouter()\nr.register("", V)\nurlpatterns = [path("o/", include(r.urls))]', "GET /o/{id}/"),
        ('urlpatterns = [path("o/<int:pk>", V.as_view({"get": "retrieve", "put": "update"}))]', "GET /o/{pk}"),
        ('one = V.as_view({"get": "retrieve"})\nurlpatterns = [path("o/<int:pk>", one)]', "GET /o/{pk}"),
        (
            """
r = SimpleRouter()
n = NestedSimpleRouter(r, "shops", lookup="shop")
n.register("o", V)
urlpatterns = [path("api/", include(r.urls)), path("api/", include(n.urls))]
""",
            "GET /api/o/{id}/",
        ),
    ],
)
def test_other_routing_of_view_sets(text: str, expected: str) -> None:
    """Routers without slashes and without a prefix, and view sets whose actions are mapped by hand."""
    files = {"api/views.py": VIEW_SET, "api/urls.py": f"from api.views import OrderViewSet as V\n{text}\n"}
    assert label(files, "api/views.py::OrderViewSet.retrieve") == expected


@pytest.mark.parametrize(
    ("router", "app", "expected"),
    [
        ('APIRouter(prefix="/orders")', 'app.include_router(orders.router, prefix="/api")', "GET /api/orders/{id}"),
        ("APIRouter()", "app.include_router(orders.router)", "GET /{id}"),
        ("APIRouter()", "app.include_router(orders.router, prefix=settings.API)", "GET …/{id}"),
        (
            "APIRouter()",
            'v1 = APIRouter(prefix="/v1")\nv1.include_router(orders.router)\napp.include_router(v1)',
            "GET /v1/{id}",
        ),
        (
            "APIRouter()",
            "def create(app):\n    from shop import orders as o\n    app.include_router(o.router, prefix='/in')",
            "GET /in/{id}",
        ),
        ('Blueprint("o", __name__, url_prefix="/o")', "app.register_blueprint(orders.router)", "GET /o/{id}"),
        (
            'Blueprint("o", __name__, url_prefix="/o")',
            'app.register_blueprint(orders.router, url_prefix="/x")',
            "GET /x/{id}",
        ),
    ],
)
def test_prefixes_of_decorated_functions(router: str, app: str, expected: str) -> None:
    """The router's own prefix follows the one it is included with; with Flask the latter takes its place."""
    files = {
        "shop/orders.py": f'router = {router}\n@router.get("/{{id:int}}")\ndef order(id): ...\n',
        "shop/app.py": f"from shop import orders\napp = FastAPI()\n{app}\n",
    }
    assert label(files, "shop/orders.py::order") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('@app.route("/orders/<int:id>")\ndef view(id): ...', "GET /orders/{id}"),
        ('@app.route("/orders", methods=["POST", "PUT"])\ndef view(): ...', "POST|PUT /orders"),
        ('@app.websocket("/live")\nasync def view(socket): ...', "WEBSOCKET /live"),
        ('def view(request): ...\nroutes = [Mount("/api", routes=[Route("/o/{id:int}", view)])]', "GET /api/o/{id}"),
        ('def view(request): ...\nparts = [Route("/o", view)]\nroutes = [Mount("/api", routes=parts)]', "GET /api/o"),
        ('def view(): ...\napp.add_url_rule("/o", view_func=view, methods=["POST"])', "POST /o"),
        ('def view(): ...\napp.add_api_route("/o", view)', "GET /o"),
        ('@cache.get("orders")\ndef view(): ...', "view"),
    ],
)
def test_applications(text: str, expected: str) -> None:
    """Flask, FastAPI and Starlette applications in one file."""
    assert label({"app.py": text}, "app.py::view") == expected


def test_other_entry_points() -> None:
    """Tasks, commands, admin lists and resolvers are told as what they are, the rest by its name."""
    files = {
        "shop/tasks.py": "@shared_task\ndef send_invoices(): ...\ndef helper(): ...",
        "shop/management/commands/reindex.py": "from django.core.management import BaseCommand\n"
        "class Command(BaseCommand):\n    def handle(self): ...",
        "shop/admin.py": "from django.contrib import admin\nclass OrderAdmin(admin.ModelAdmin): ...",
    }
    assert set(labels(files).values()) == {"task send_invoices", "helper", "command reindex", "admin list Order"}


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        (r"^orders/(?P<slug>[-\w()]+)/$", "orders/{slug}/"),
        (r"^a(?:/b)?/(\d+)/(?P<x>(a|b))$", "a/{}/{x}"),
        (r"^feed\.xml/?$", "feed.xml/"),
        (r"^(?:x|y)/\d+$", "x|y/…+"),
        (r"^open(", "open{}"),
        ("(?:" * 2000, "…"),
        ("", ""),
    ],
)
def test_regular_expressions(pattern: str, path: str) -> None:
    """A regular expression is told as a path with its parameters."""
    assert urls.plain(pattern) == path


BASE = {
    "shop/models.py": "from django.db import models\nclass Customer(models.Model): ...\n"
    "class Order(models.Model):\n    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)\n",
    "shop/urls.py": 'from shop import views\nurlpatterns = [path("orders/", views.orders)]\n',
    "shop/views.py": "from shop.models import Order\ndef orders(request):\n    return list(Order.objects.all())\n",
}
HEAD = {
    "shop/views.py": "from shop.models import Order\ndef orders(request):\n"
    "    return [order.customer for order in Order.objects.all()]\n",
}


def reviewed(files: Mapping[str, str]) -> Review:
    with Index.open(None) as index:
        return review(change(files, {**files, **HEAD}), index, lambda path: Options())


def test_in_a_review() -> None:
    """A function that a URL leads to has a consequence under that URL; its finding's fingerprint does not hold it."""
    with_url = reviewed(BASE)
    elsewhere = reviewed({**BASE, "shop/urls.py": BASE["shop/urls.py"].replace("orders/", "sales/")})
    without = reviewed({**BASE, "shop/urls.py": ""})
    (consequence,) = with_url.consequences
    assert (consequence.entry, consequence.kind) == ("GET /orders/", "route")
    assert (str(consequence.before), str(consequence.after)) == ("1", "1 + 1 per order")
    assert [entry.entry for entry in elsewhere.consequences] == ["GET /sales/"]
    assert without.consequences == ()
    assert [f.entry for r in (with_url, elsewhere, without) for f in r.introduced] == [
        "GET /orders/",
        "GET /sales/",
        "orders",
    ]
    assert len({f.fingerprint for r in (with_url, elsewhere, without) for f in r.introduced}) == 1


CONTROLLER = """<?php
namespace App\\Http\\Controllers;

class OrderController extends Controller
{
    public function index() {}
    public function show($order) {}
    public function ship($order) {}
    public function __invoke() {}
    private function helper() {}
}
"""


@pytest.mark.parametrize(
    ("path", "routes", "method", "expected"),
    [
        ("web", "Route::get('/orders', [OrderController::class, 'index'])->name('orders');", "index", "GET /orders"),
        ("api", "Route::post('orders/{order}/ship', 'OrderController@ship');", "ship", "POST /api/orders/{order}/ship"),
        ("web", "Route::resource('orders', OrderController::class)->only('show');", "show", "GET /orders/{order}"),
        (
            "web",
            "Route::apiResources(['shops.orders' => OrderController::class]);",
            "index",
            "GET /shops/{shop}/orders",
        ),
        (
            "web",
            (
                "Route::middleware('auth')->prefix('admin')->group(function () {"
                " Route::controller(OrderController::class)->group(fn () => Route::put('{order}/ship', 'ship')); });"
            ),
            "ship",
            "PUT /admin/{order}/ship",
        ),
        (
            "web",
            (
                "Route::group(['prefix' => 'old', 'namespace' => 'App\\\\Http\\\\Controllers'], function () {"
                " Route::any('orders', ['uses' => 'OrderController@index']); });"
            ),
            "index",
            "ANY /old/orders",
        ),
        ("web", "Route::get('orders', OrderController::class);", "__invoke", "GET /orders"),
        ("web", "Route::get('orders', OrderController::class);", "helper", "OrderController.helper"),
    ],
)
def test_laravel(path: str, routes: str, method: str, expected: str) -> None:
    """Laravel's controllers are known by verb and URL, through groups, resources and the file's own prefix."""
    files = {
        "app/Http/Controllers/OrderController.php": CONTROLLER,
        f"routes/{path}.php": f"<?php\nuse App\\Http\\Controllers\\OrderController;\n{routes}\n",
    }
    assert label(files, f"app/Http/Controllers/OrderController.php::OrderController.{method}") == expected


def test_livewire() -> None:
    """A Livewire component, which is mounted and rendered by a method of the library, is known by its class."""
    files = {
        "app/Livewire/OrderList.php": "<?php\nnamespace App\\Livewire;\nuse Livewire\\Component;\n"
        "class OrderList extends Component { public function render() {} }\n"
    }
    assert "component App.Livewire.OrderList" in labels(files).values()
