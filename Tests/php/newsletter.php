<?php
namespace Acme;

class Newsletter
{
    public function dispatch(): array { return $this->deliver(); }

    private function deliver(): array
    {
        $port = (int)$_SERVER['PORT'];
        $said = ['file' => __FILE__, 'line' => __LINE__, 'call' => __METHOD__]; @fsockopen('127.0.0.1', $port);
        return $said;
    }
}
