@endif
@foreach ($orders)
    {{ $order->total }}
@endforeach
@if ($a)
    @foreach ($b as $c)
        {{ $c }}
@endif
@else
@case(1)
@empty
{{ $x -> }}
@for ($i = 0) {{ $i }} @endfor
@unfinished($a
<x-open :a="$b"
{{ $never
