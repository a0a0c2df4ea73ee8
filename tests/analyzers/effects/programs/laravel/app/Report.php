<?php
namespace App;

use App\Models\Order;

class Report
{
    public function lacking(): array
    {
        $names = [];
        foreach (Order::all() as $order) {
            $names[] = $this->label($order);
        }
        return $names;
    }

    public function loaded()
    {
        return Order::with('customer')->get()->map(fn ($order) => $order->customer->name);
    }

    public function closeAll(array $ids): void
    {
        foreach ($ids as $id) {
            $order = Order::find($id);
            $order->update(['open' => false]);
        }
    }

    public function page()
    {
        return view('orders', ['orders' => Order::all()]);
    }

    private function label(Order $order): string
    {
        return $order->number . ': ' . $order->customer->name;
    }
}
