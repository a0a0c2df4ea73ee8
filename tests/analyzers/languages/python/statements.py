def run(order, rows):
    total: Decimal = order.price * 2
    total += order.tax
    total //= 2
    count: int
    first, *rest = a = b, (c, d) = rows
    self.cache[order.id] = [x, y] = 1, 2
    if total > 10 and not order.paid:
        order.pay()
    elif total is not None:
        order.skip()
    elif total not in rows:
        pass
    else:
        return
    for index, row in enumerate(rows):
        if row: continue
        break
    else:
        nothing()
    async for row in Order.objects.filter(paid=True):
        print(row)
    while total := next(rows):
        total -= 1
    else:
        done()
    try:
        order.save()
    except (ValueError, KeyError) as error:
        raise Problem("no") from error
    except* OSError:
        raise
    except:
        log()
    else:
        good()
    finally:
        close()
    with transaction.atomic(), open(path) as file, lock as (a, b):
        write(file)
    async with (session.begin() as s, other):
        pass
    assert user.is_staff, "staff only"
    del order.cache, rows[0]
    global state
    save(order), notify(order)
    ...
    "a text"
    return order, *rest


def choose(order):
    match order:
        case None | 0 | -1:
            return 1
        case Order(Point(x), owner=Customer(name=name)) as found if found.paid:
            return 2
        case [first, *rest, last]:
            return 3
        case {"id": id, **others}:
            return 4
        case Status.PAID | "paid":
            return 5
        case (only):
            return 6
    match load(order), 2:
        case (1, _):
            one()
        case other:
            two(other)


if __name__ == "__main__":
    run(None, [])
