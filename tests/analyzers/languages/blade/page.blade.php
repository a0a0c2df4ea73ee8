@extends('layouts.app')
@use('App\Models\Order') @use('App\Models\Line', 'Row')
@props(['order', 'open' => false])
@inject('prices', 'App\Services\Prices')
{{-- not read: {{ $nothing }} @if --}}
@section('title', "Hé {$shop->name}")
@section('content')
    é {{ $order->customer->name ?? 'nobody' }} {!! $html !!} @{{ escaped }} someone@example.com {{ }} <?= $short ?>
    @foreach ($orders->where('a as b', [1]) as $id => $order)
        @include('orders.row', ['order' => $order, 'last' => $loop->last])
        @if ($order->paid) {{ $order->paid }} @elseif ($order->late()) {{ $order->due }} @else - @endif
        @continue($order->hidden) @break
    @endforeach
    @forelse ($lines as [$name, 'price' => $price]) {{ $name }} @empty {{ $none }} @endforelse
    @for ($i = 0, $j = 1; $i < 3; $i++) {{ $i }} @endfor @while ($next) {{ $next }} @endwhile
    @can('update', $order) {{ $a }} @elsecan('view', $order) {{ $b }} @endcan
    @unless ($x) {{ $x }} @endunless @isset($a, $b) {{ $a }} @endisset @empty($c) {{ $c }} @endempty @auth {{ $d }} @endauth
    @role('admin') {{ $admin }} @endrole
    @switch($kind) @case(1) {{ $one }} @break @case(2) {{ $two }} @break @default {{ $rest }} @endswitch
    @php $total = $order->total; foreach ($order->lines as $line) { $total += $line->sum; } @endphp @php($n = 1)
    <?php echo $total ?>
    @verbatim {{ vue }} @if @endverbatim
@endsection
<x-order-row :order="$order" title="A {{ $b->c }} d" :line-count="$order->lines->count()" :$prices wire:model="x" @click="go('x')" :closable=false disabled {{ $attributes->merge(['a' => $u]) }}>
    <x-slot name="head" :class="$css">{{ $inner }}</x-slot>
</x-order-row>
<x-shop::card /> <x-dynamic-component :component="$name" /> <livewire:cart :id="$id" />
@each('row', $rows, 'row', 'none') @each('row', $rows)
@includeWhen($a, 'b', compact('c')) @includeUnless($a, 'b', array_merge($data, ['d' => 1])) @includeFirst(['x', 'y'])
@component('alert', ['level' => $level]) @slot('title') {{ $title }} @endslot @endcomponent
@json($x, 15) @datetime($order->at) @lang('x', ['n' => $y]) @csrf
<style>@media (max-width: 10px) { a { color: red } } @keyframes x {}</style>
@push('js') {{ $one }} @endpush @push('js') {{ $two }} @endpush @pushIf($a, 'js') {{ $three }} @endpushIf
@push('classes', e($classes)) @section($dynamic) {{ $inline }} @stop
@yield('foot', $default->text) @stack('js') @livewire('cart', ['id' => $id])
