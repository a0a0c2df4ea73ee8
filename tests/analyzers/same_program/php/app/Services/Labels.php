<?php
namespace App\Services;

use App\Models\Product;

class Labels
{
    public static function describe($line)
    {
        return Product::find($line->product_id)->name;
    }
}
