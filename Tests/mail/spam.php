<?php
// Sends one mail to HOST PORT by a raw socket, as a script on a compromised site does: the spam of the bounce that
// mailsnoop was written for.
[, $host, $port] = $argv;
$server = fsockopen($host, (int)$port, $error, $reason, 10) ?: exit("$reason\n");

$say = function (?string $command) use ($server): void {
    if ($command !== null) fwrite($server, "$command\r\n");
    // Of a reply of several lines, the last has a blank.
    do $line = fgets($server); while ($line !== false && substr($line, 3, 1) === '-');
    if ((int)$line < 200 || (int)$line >= 400) exit("$command: $line\n");
};

$say(null);
$say('EHLO mail.com');
$say('MAIL FROM:<posteitaliane@test123.it>');
foreach (['anna', 'bruno', 'carla'] as $name) $say("RCPT TO:<$name@iol.example>");
$say('DATA');
$say(implode("\r\n", [
    'From: "Servizi online - Poste Italiane" <posteitaliane@test123.it>',
    'Subject: Abbiamo ricevuto una segnalazione di accredito',
    'Date: Mon, 12 Feb 2018 11:32:03 -0500',
    '',
    'Gentile cliente,',
    '.',
]));
$say('QUIT');
