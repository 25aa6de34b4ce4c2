<?php
// The main code of a file that another one includes.
\Acme\Mail\say('include') && @fsockopen('127.0.0.1', $GLOBALS['port']);
