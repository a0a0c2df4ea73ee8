<?php
foreach ($orders as $id => $order): echo $id, $order; endforeach;
foreach ($pairs as [$a, 'k' => $b]) print $a;
foreach ($rows as &$row) { $row->save(); }
foreach ($pairs as $key => list(, $second)) {}
for ($i = 0, $j = 9; $i < 3, $j > 3; $i++, --$j) { if ($i) continue; else break; }
for (;;) { break; }
while ($line = next_line()) { read($line); }
do { $page++; } while ($page < 3);
if ($a) one(); elseif ($b) { two(); } else if ($c) three(); else four();
if ($a): one(); elseif ($b): two(); else: three(); endif;
switch ($kind) {
    case 1:
    case 2:
        either();
        break;
    case 3:
        falls();
    case 4:
        lands();
        return;
    default:
        other();
}
foreach ($xs as $x) {
    switch ($x) {
        case 1:
            continue 2;
        case 2:
            break 2;
        case 3:
            if ($x) break;
    }
    foreach ($x as $y) { continue 2; }
}
try {
    risky();
} catch (NotFound | \App\Gone $e) {
    report($e);
} catch (Exception) {
} finally {
    done();
}
[$first, [, $second]] = ['x' => $third] = list($fourth) = pairs();
$a = $b = 1;
$a .= 'x';
$list[] = $item;
$order->lines[] = $line;
$count++;
$x = &$y;
unset($a[1], $b->c);
static $cache = [], $empty;
global $db;
const VERSION = 2;
throw new Failed('no');
exit(1);
die('x');
declare(ticks=1) { tick(); }
if ($html): ?>
<p><?= $total ?></p>
<?php endif; ?>
<b>text</b>
<?php echo $a, $b ?>
