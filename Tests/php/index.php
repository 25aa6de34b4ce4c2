<?php
// A front controller: all requests come here, and a plugin's nested method connects. The answer is what PHP says of it.
require __DIR__ . '/plugins/newsletter/newsletter.php';
echo json_encode((new Acme\Newsletter)->dispatch() + ['host' => $_SERVER['HTTP_HOST'] ?? '', 'uri' => $_SERVER['REQUEST_URI'] ?? '',
    'client' => $_SERVER['REMOTE_ADDR'] ?? '', 'method' => $_SERVER['REQUEST_METHOD'] ?? '', 'pid' => getmypid()], JSON_UNESCAPED_SLASHES);
