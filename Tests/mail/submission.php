<?php
// Submits one mail to HOST PORT by WordPress's own mailer, as a plugin for SMTP has it do; with AUTH where USER is given.
[, $host, $port] = $argv;
foreach (['Exception', 'PHPMailer', 'SMTP'] as $class) require "/usr/share/wordpress/wp-includes/PHPMailer/$class.php";

$mail = new PHPMailer\PHPMailer\PHPMailer(true);
$mail->isSMTP();
$mail->Host = $host;
$mail->Port = (int)$port;
$mail->Helo = 'client.example';
$mail->SMTPAuth = isset($argv[3]);
$mail->Username = $argv[3] ?? '';
$mail->Password = 'secret';
$mail->setFrom('shop@client.example');
$mail->addAddress('anna@iol.example');
$mail->Subject = 'Your order';
$mail->Body = 'Thank you.';
$mail->send();
