<?php
// Installs WordPress in the folder argv[1] into the database at the socket argv[2], and activates the plugin.
error_reporting(E_ALL & ~E_DEPRECATED & ~E_WARNING);
(new mysqli('localhost', 'root', '', '', 0, $argv[2]))->query('CREATE DATABASE wordpress');
define('WP_INSTALLING', true);
$_SERVER += ['HTTP_HOST' => 'blog.example', 'SERVER_PROTOCOL' => 'HTTP/1.1', 'REQUEST_METHOD' => 'GET'];
require $argv[1] . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
// No mail of its own.
function wp_new_blog_notification() {}
wp_install('Blog', 'admin', 'admin@example.org', true, '', 'password');
require_once ABSPATH . 'wp-admin/includes/plugin.php';
$failed = activate_plugin('acme-newsletter/acme-newsletter.php');
echo is_wp_error($failed) ? $failed->get_error_message() : 'installed';
