<?php
namespace App\Http\Resources;

use Illuminate\Http\Resources\Json\JsonResource;

class OrderResource extends JsonResource
{
    public function toArray($request)
    {
        return ['number' => $this->number, 'customer' => new CustomerResource($this->customer)];
    }
}
