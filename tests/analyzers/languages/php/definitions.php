<?php

declare(strict_types=1);

namespace App\Models;

use Illuminate\Database\Eloquent\{Collection, Model as Eloquent, Relations\HasMany};
use Illuminate\Database\Eloquent\Builder;
use function App\money;

#[Observed(by: OrderObserver::class), Searchable]
final class Order extends Eloquent implements Priced, \Countable
{
    use HasFactory, SoftDeletes {
        SoftDeletes::restore as undelete;
    }

    public const int LIMIT = 10, PAGE = 25;

    protected $with = ['customer', 'lines.product'];
    protected array $casts = ['paid' => 'bool', 3 => 'x', 'last'], $hidden;

    /** @var Collection<int, Line> */
    public Collection $cached;

    public string $label {
        get => $this->number . '!';
        set(string $value) { $this->number = $value; }
    }

    public function __construct(private readonly ?Clock $clock = new Clock(), protected int $retries = 3)
    {
        parent::__construct();
    }

    /** @return HasMany<Line, $this> */
    public function lines(): HasMany
    {
        return $this->hasMany(Line::class);
    }

    public static function open(self|null $after, Builder &$query, int ...$ids): static
    {
        return static::query()->where(status: self::LIMIT, ...$ids);
    }

    public function each(): iterable
    {
        yield 'first' => $this->lines;
        yield from $this->rest();
    }

    abstract protected function total(): int|float;
}

interface Priced extends HasPrice, HasTax
{
    public static function make(): static;
}

trait Tagged
{
    public static array $tags = [];
}

enum Status: string implements Labelled
{
    case Open = 'open';
    case Closed = 'closed';
    const DEFAULT = self::Open;

    public function label(): string
    {
        return ucfirst($this->value);
    }
}

if (! function_exists('shop')) {
    function shop(?string $name = null): Shop
    {
        function inner() { return fn () => 1; }
        class Local {}
        return app(Shop::class);
    }
}

return new class extends Migration {
    public function up(): void
    {
        Schema::create('orders', function (Blueprint $table) {
            $table->id();
        });
    }
};
