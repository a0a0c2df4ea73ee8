<?php
class Broken
{
    public function fine() { return $this->id; }

    public function open( { return 1; }

    public function after() { save(); }
}
$x = = 2;
after();
goto end;
