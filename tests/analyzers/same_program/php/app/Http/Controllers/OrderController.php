<?php
namespace App\Http\Controllers;

use App\Http\Resources\OrderResource;
use App\Models\Order;
use App\Services\Labels;
use Illuminate\Support\Facades\DB;

class OrderController extends Controller
{
    public function overview()
    {
        $orders = Order::where('open', true)->get();

        return view('orders.overview', ['orders' => $orders]);
    }

    public function listing()
    {
        $orders = Order::with('lines')->get();

        return OrderResource::collection($orders);
    }

    public function described()
    {
        $found = [];
        foreach (Order::with('lines')->get() as $order) {
            foreach ($order->lines as $line) {
                $found[] = Labels::describe($line);
                $found[] = $line->product->name;
            }
        }

        return response()->json($found);
    }

    public function totals()
    {
        return Order::with('lines')->get()->map(fn ($order) => $order->lines()->where('price', 0)->count());
    }

    public function close()
    {
        DB::transaction(function () {
            foreach (Order::where('open', true)->get() as $order) {
                $order->open = false;
                $order->save();
            }
        });
    }

    public function silent()
    {
        $found = [];
        foreach (Order::with(['customer', 'lines.product'])->get() as $order) {
            $found[] = $order->label;
            foreach ($order->lines as $line) {
                $found[] = $line->product->name;
            }
        }

        return response()->json($found);
    }
}
