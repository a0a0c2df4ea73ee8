<?php
namespace App\Models;

use Illuminate\Database\Eloquent\Model;

class Order extends Model
{
    public function customer()
    {
        return $this->belongsTo(Customer::class);
    }

    public function lines()
    {
        return $this->hasMany(Line::class);
    }

    public function getLabelAttribute()
    {
        return $this->customer->name;
    }
}
