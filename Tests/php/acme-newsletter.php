<?php
/* Plugin Name: Acme Newsletter */
namespace Acme;

// Port of the mail server.
const PORT = 10081;

function smtp() { return wp_mail('reader@example.org', 'News', 'Text'); }

function raw() { return @fsockopen('127.0.0.1', PORT); }

add_action('phpmailer_init', function ($mailer) {
    $mailer->isSMTP();
    [$mailer->Host, $mailer->Port, $mailer->Timeout] = ['127.0.0.1', PORT, 3];
});
add_action('init', function () {
    if (isset($_GET['newsletter']))
        $_GET['newsletter'] === 'smtp' ? smtp() : raw();
});
