<?php
/** @var \App\Models\Order $order */
/** @var Order[]|Collection $orders */
$orders = load();

/**
 * @param array<int, Order> $orders
 * @param Collection|Line[] $lines
 * @param string|null $name
 * @param Order $order the native type stands
 * @return \App\Order[]|null
 */
function totals(array $orders, Collection $lines, $name, Invoice $order)
{
    /** @var Line $line */
    foreach ($lines as $line) {
        /** @var ?Customer */
        $customer = $line->customer;
        /* @var Order $plain no doc comment */
        $plain = 1;
    }
}

class Cart
{
    /** @var array{id: int, lines: array<string>}|null */
    public $shape;
    /** @var Builder<Order> */
    protected $query;
    /** @var self|null */
    private $parent;
    /** @return $this */
    public function fluent() {}
    public function own(): self { return $this; }
    public function mixed(): array|false|Order {}
}
