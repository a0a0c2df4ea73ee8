@foreach ($orders as $order)
  <h2>{{ $order->label }}</h2>
  @foreach ($order->lines as $line)
    {{ $line->price }}
  @endforeach
@endforeach
