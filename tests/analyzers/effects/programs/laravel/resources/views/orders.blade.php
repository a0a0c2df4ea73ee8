@foreach ($orders as $order)
    <li>{{ $order->customer->name }}</li>
@endforeach
