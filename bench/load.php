<?php
// Connects argv[2] times to 127.0.0.1, port argv[1], argv[3] calls deep, and prints the median time of that in ns; with
// `mail` for the port, the mails that it sends in a second.
function deep(int $depth, callable $what) { return $depth > 1 ? deep($depth - 1, $what) : $what(); }

[, $what, $count, $depth] = $argv;
if ($what === 'mail') {
    $start = hrtime(true);
    for ($i = 0; $i < $count; $i++) mail('a@example.org', 'subject', 'text');
    printf("%.1f\n", $count / (hrtime(true) - $start) * 1e9);
    exit;
}
$times = [];
$connect = function () use ($what) {
    $start = hrtime(true);
    @fsockopen('127.0.0.1', (int)$what);
    return hrtime(true) - $start;
};
for ($i = 0; $i < $count; $i++) $times[] = deep($depth - 2, $connect);
sort($times);
echo $times[intdiv($count, 2)], "\n";
