names = a.b.c, a().b[0].c(1)(2)
calls = f(x, *args, key=1, **options), f(x for x in y), f()
numbers = 1, -2, 1_000, 0xFF, 0b11, 1.5e3, 2j, 10**30, 123456789012345678901234567890, True, None, ...
slices = rows[1:], rows[:-1], rows[::2], rows[a:b, c], rows[...]
chains = a + b + c - d * e % f, a or b or c and d, not a, -a, ~a, a @ b
compared = a == b, a < b <= c, a is not b, a not in b, a in b
choice = then if test else other
walrus = (n := len(a))
makes = [1, 2], (), (1,), {1, 2}, {"a": 1, **more, b: 2}, [*a, *b]
loops = [x for x in xs if x if y for y in x], {x for x in xs}, {k: v for k, v in pairs}, (x async for x in xs)
functions = lambda: 0, lambda x, *args, y=1, **kw: x + y
text = "one" 'two' "three", r"\d", b"\xff", "tab\t\x41\u00e9\N{BULLET}\ud800\
joined", """long
text"""
template = f"{{literal}} {order.total!r:>{width}} {x=}" f"{y}" "tail", t"select {x}", f"plain"


async def waits():
    value = await (await session.get(url)).json()
    received = yield value
    yield from other()
    yield
    chain = (
        Order.objects  # all of them
        .filter(paid=True)
        # the newest
        .order_by("-created")
    )
    größe = "ü" + größe; after = 1
