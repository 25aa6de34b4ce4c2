<?php
// Connects in all the ways that there are, each once, to 127.0.0.1 port $port. Before each it says into the file $out,
// a line of JSON each, where it is: what debug_backtrace() tells, which is PHP's own word.
namespace Acme\Mail;

[$port, $out] = [(int)($_SERVER['PORT'] ?? $argv[1]), $_SERVER['OUT'] ?? $argv[2]];
$kinds = explode(',', $_SERVER['KINDS'] ?? $argv[3] ?? '');

function say(string $kind, string $via = 'stack'): bool
{
    global $out;
    $trace = debug_backtrace();
    $frame = $trace[1] ?? [];
    $function = $frame['function'] ?? '';
    // These are of the frame that has included the file.
    if (in_array($function, ['include', 'require', 'eval', 'include_once', 'require_once'])) {
        $frame = [];
        $function = '';
    }
    $call = (isset($frame['class']) ? $frame['class'] . '::' : '') . $function;
    $said = ['kind' => $kind, 'via' => $via, 'file' => $trace[0]['file'], 'line' => $trace[0]['line'],
        // class@anonymous goes on with NUL and the file.
        'call' => preg_replace('/\0.*(?=::)/s', '', $call), 'depth' => count($trace), 'pid' => getmypid()];
    file_put_contents($out, json_encode($said, JSON_UNESCAPED_SLASHES) . "\n", FILE_APPEND);
    return true;
}

class Sender
{
    public $kind = '';

    public function send(string $kind)
    {
        global $port;
        switch ($kind) {
            case 'fsockopen': return say($kind) && @fsockopen('127.0.0.1', $port);
            case 'stream': return say($kind) && @stream_socket_client("tcp://127.0.0.1:$port");
            case 'async': return say($kind) && @stream_socket_client("tcp://127.0.0.1:$port", $e, $s, 1, STREAM_CLIENT_ASYNC_CONNECT);
            case 'socket': return say($kind) && @socket_connect(socket_create(AF_INET, SOCK_STREAM, SOL_TCP), '127.0.0.1', $port);
            case 'curl':
                $curl = curl_init("smtp://127.0.0.1:$port");
                return say($kind) && @curl_exec($curl);
            case 'http': return say($kind) && @file_get_contents("http://127.0.0.1:$port/");
            case 'mail': return say($kind, 'origin') && @mail('a@example.org', 'subject', 'text');
            case 'exec': return say($kind, 'origin') && exec("bash -c 'exec 3<>/dev/tcp/127.0.0.1/$port' 2>/dev/null");
            case 'daemon': return say($kind, 'origin') && exec("bash -c '(setsid bash -c \"sleep 0.3; exec 3<>/dev/tcp/127.0.0.1/$port\" &) ; exit' >/dev/null 2>&1");
        }
    }

    public static function statically(string $kind) { return (new self)->send($kind); }

    public function recurse(int $depth) { return $depth > 0 ? $this->recurse($depth - 1) : connect('recursion'); }

    public function __destruct() { $this->kind && say($this->kind) && @fsockopen('127.0.0.1', $GLOBALS['port']); }
}

function connect(string $kind)
{
    return say($kind) && @fsockopen('127.0.0.1', $GLOBALS['port']);
}

function generate()
{
    yield 1;
    yield say('generator') && @fsockopen('127.0.0.1', $GLOBALS['port']);
}

foreach ($kinds as $kind) {
    switch ($kind) {
        case 'main': say($kind) && @fsockopen('127.0.0.1', $port); break;
        case 'eval': eval('\Acme\Mail\say("eval") && @fsockopen("127.0.0.1", $port);'); break;
        case 'closure': (function () { return say('closure') && @fsockopen('127.0.0.1', $GLOBALS['port']); })(); break;
        case 'arrow': (fn() => say('arrow') && @fsockopen('127.0.0.1', $GLOBALS['port']))(); break;
        case 'generator': foreach (generate() as $each); break;
        case 'fiber': (new \Fiber(fn() => connect('fiber')))->start(); break;
        case 'recursion': (new Sender)->recurse(26); break;
        case 'anonymous': (new class { function run() { return say('anonymous') && @fsockopen('127.0.0.1', $GLOBALS['port']); } })->run(); break;
        case 'callback': array_map('Acme\Mail\connect', ['callback']); break;
        case 'static': call_user_func(['Acme\Mail\Sender', 'statically'], 'fsockopen'); break;
        case 'include': include __DIR__ . '/plugin.php'; break;
        case 'destructor': $sender = new Sender; $sender->kind = $kind; $sender = null; break;
        case 'shutdown': register_shutdown_function('Acme\Mail\connect', $kind); break;
        default: (new Sender)->send($kind);
    }
}
