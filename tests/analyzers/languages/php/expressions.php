<?php
[$this->id, self::LIMIT, static::$cache, parent::boot(), $class::make(), Order::class, \App\Order::find(1)];
[$user?->profile?->name(), $row->$name, $row->{$name . 'x'}, $row->$method(), Order::{$name}(), Order::$$name];
[new Order($id), new \App\Order, new $class(1), new static, new class(1) { public $x; }];
[strlen(...), $order->total(...), Order::find(...), namespace\helper(), Models\Order::find($id)];
[$a[1], $a['x']['y'], $text[0], "literal"[1]];
["plain \x41\u{1F600}\101\n\$", 'it\'s \n', "Hi {$user->name}, $count of $a[0] and $b->c ${d} {$x['y']}", `ls $dir`];
$sql = <<<SQL
    select *
      from {$table}
    where id = $id
    SQL;
$raw = <<<'SQL'
    select $1
    SQL;
[1_000, 0x1F, 0b11, 017, 1.5e3, 99999999999999999999, TRUE, false, NULL];
[[], [1, 2], ['a' => 1, 'b' => [2]], ['x', 'k' => 'y', 7 => 'z', 'w'], [...$a, 'b' => 1, ...$c], array(1, &$ref)];
[$a . $b . 'c', $a + $b - $c, $a && $b || ! $c, $a and $b, $a === 1, $a <> 2, $a <=> $b, $a ?? $b ?? $c, $a instanceof Order];
[$a ? $b : $c, $a ?: $b, -$a, (int) $id, (float) $x, (string) $y, (array) $z, clone $query, @$file];
match (true) { $a > 1, $b => 'x', default => throw new Error('y') };
$kind = match ($status) { Status::Open => 1, Status::Closed, 3 => 2 };
[isset($a, $b['c']), empty($d), print 'x', $i++, --$j, $x = 1, $y .= 'z', $m ??= [], $value |> trim(...)];
array_map(fn (Order $order): int => $order->total * $rate, $orders);
$each = function (Order $order, int $key = 0) use (&$sum): void { $sum += $order->total; };
call(name: 1, other: $x, ...$rest);
$orders->each->save();
throw_unless($ok, fn () => throw new Failed);
[compact('order', 'lines'), compact($names)];
