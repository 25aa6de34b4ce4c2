"""The recorder's life as a service, run as root under a systemd that is nobody else's: by `machine` in namespaces, by `vm` in a
virtual machine, there with the package (guest.py PACKAGE).

Prints a line that begins with `ok` or `NOT OK` for each check. The last line is `N passed, N failed`.
"""
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

package = sys.argv[1] if len(sys.argv) > 1 else None
passed = failed = 0
start = time.monotonic()


def say(text):
    print(f"[{time.monotonic() - start:6.1f}] {text}", flush=True)


def check(name, good, detail=""):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
    say(f"ok {name}" if good else f"NOT OK {name}: {detail}")
    return good


def sh(command, seconds=120):
    result = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=seconds)
    return result.returncode, (result.stdout + result.stderr).strip()


def prop(name, unit="mailsnoop"):
    return sh(f"systemctl show -p {name} --value {unit}")[1]


def wait(condition, seconds=60):
    """A limit that is only reached when something is wrong."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def unit(name, text):
    with open(f"/etc/systemd/system/{name}", "w") as file:
        file.write(text)


def runs(old=None):
    return prop("ActiveState") == "active" and prop("MainPID") not in ("0", str(old))


# -- A mail host behind a veth, and users
SINK = r"""
import socket, threading
def serve(client):
    client.sendall(b"220 mx.example.net ESMTP\r\n")
    for line in client.makefile("rb"):
        client.sendall(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n")
    client.close()
listener = socket.create_server(("", 25), backlog=64)
print("listening", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""
status, text = sh(
    """set -e; ip netns add mx; ip link set lo up; ip link add mail0 type veth peer name mail1 netns mx
    ip addr add 198.51.100.1/24 dev mail0; ip link set mail0 up; ip -n mx addr add 198.51.100.25/24 dev mail1
    ip -n mx link set mail1 up; ip -n mx link set lo up; useradd -m -d /home/alice alice; useradd -m -d /home/bob bob"""
)
check("a network and users", status == 0, text)
sink = subprocess.Popen(
    ["ip", "netns", "exec", "mx", "python3", "-c", SINK], stdout=subprocess.PIPE, text=True
)
check("a mail host", sink.stdout.readline() == "listening\n")

# What sends. The last line keeps the process for a moment: the tracer waits 20 ms for a script, and emulation is slow.
PHP = """<?php $s = fsockopen("198.51.100.25", 25); fgets($s);
foreach (["EHLO mail.example", "MAIL FROM:<NAME@x.example>", "QUIT"] as $line) { fwrite($s, "$line\\r\\n"); fgets($s); }
fclose($s); usleep(MOMENT);
"""
PERL = """use IO::Socket::INET; my $s = IO::Socket::INET->new(PeerAddr => "198.51.100.25:25") or die; <$s>;
for ("EHLO mail.example", "MAIL FROM:<NAME\\@x.example>", "QUIT") { print $s "$_\\r\\n"; <$s>; }
close $s; select undef, undef, undef, MOMENT / 1e6;
"""
senders = {}


class Sender:
    def __init__(self, name, path, command, body=PHP, owner="root", place=None, moment=300_000):
        """`path` is what the process calls its script; `place` is where it is written."""
        self.path = path
        self.command = command.replace("PATH", path)
        text = body.replace("NAME", name).replace("MOMENT", str(moment))
        self.hash = hashlib.sha256(text.encode()).hexdigest()
        self.owner = owner
        place = place or path
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w") as file:
            file.write(text)
        shutil.chown(place, owner, owner)
        senders[name] = self

    def start(self):
        return subprocess.Popen(self.command, shell=True)


def service(name, path, settings, place):
    """A service that writes its script to where only itself sees it, and runs it as a child."""
    unit(
        f"{name}.service",
        f"""[Service]
        Type=oneshot
        {settings}
        ExecStart=/bin/sh -c 'cat {place} >{path}; chmod 644 {path}; php {path}; exit $?'
        """.replace("        ", ""),
    )
    return f"systemctl start {name}"


def send(names):
    """Returns when all of them have sent."""
    for name, process in [(name, senders[name].start()) for name in names]:
        check(f"{name} sends", process.wait() == 0, process.returncode)


def records():
    """The latest record of each sender, by the name in MAIL FROM."""
    found = {}
    for line in sh("mailsnoop export --format json --since '2h ago'")[1].split("\n"):
        if line.startswith("{"):
            record = json.loads(line)
            found[record.get("smtp", {}).get("mail_from", "").split("@")[0]] = record
    return found


def is_late(record):
    if not record:
        return True
    return "hash" not in record.get("file", {}) and record["mailsnoop"].get("script", {}).get("obstacle") == "timed-out"


def compare(names, send):
    """Has each sender send, again where the tracer had no time for its script, and compares what was recorded."""
    late, kept = [names], {}
    for _ in range(10):
        known = {name: kept.get(name, {}).get("@timestamp") for group in late for name in group}
        for group in late:
            send(group)
        wait(
            lambda: kept.update(records())
            or all(kept.get(name, {}).get("@timestamp") not in (None, time) for name, time in known.items()),
            30,
        )
        # Alone, and so that nothing is remembered.
        late = [[name] for name in names if is_late(kept.get(name))]
        if not late:
            break
        time.sleep(1.1)
    for name in names:
        sender, record = senders[name], kept.get(name, {})
        file = record.get("file", {})
        check(
            f"{name}: path, owner and hash of {sender.path}",
            (file.get("path"), file.get("owner"), file.get("hash", {}).get("sha256"))
            == (sender.path, sender.owner, sender.hash),
            json.dumps([file, record.get("mailsnoop", {}).get("script")]),
        )


# -- Installation
if package:
    status, text = sh(f"dpkg -i {package}", 300)
    check("dpkg -i", status == 0, text)
    check("not enabled by it", sh("systemctl is-enabled mailsnoop")[1] == "disabled")
    check("not started by it", prop("ActiveState") == "inactive", prop("ActiveState"))
status, text = sh("systemd-analyze verify --man=no mailsnoop.service")
check("systemd-analyze verify", status == 0 and not text, text)

# -- A start that nothing can heal holds nobody up, and is not tried again
shutil.copy("/etc/mailsnoop.toml", "/etc/mailsnoop.toml.good")
with open("/etc/mailsnoop.toml", "a") as file:
    file.write("\nnonsense = = 1\n")
unit("nginx.service", "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n")
sh("systemctl daemon-reload; systemctl start mailsnoop nginx")
check("a wrong configuration ends it", prop("Result") == "exit-code" and prop("ExecMainStatus") == "78", prop("Result"))
check("it is not tried again", prop("NRestarts") == "0", prop("NRestarts"))
check("a web server starts all the same", prop("ActiveState", "nginx") == "active", prop("ActiveState", "nginx"))
sh("systemctl stop nginx")
os.replace("/etc/mailsnoop.toml.good", "/etc/mailsnoop.toml")

# -- Start, with what sends after it
for name in ["nginx", "php8.2-fpm", "postfix@-", "cron"]:
    unit(f"{name}.service", "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n")
sh("systemctl daemon-reload")
status, text = sh("systemctl enable mailsnoop && systemctl start mailsnoop nginx php8.2-fpm postfix@- cron")
check("enable and start", status == 0, text)
check("it runs", runs(), prop("SubState"))
for name in ["nginx", "php8.2-fpm", "postfix@-", "cron"]:
    check(
        f"{name} starts when it is ready",
        0 < int(prop("ActiveEnterTimestampMonotonic")) <= int(prop("ExecMainStartTimestampMonotonic", name)),
        prop("ExecMainStartTimestampMonotonic", name),
    )
check("Type=notify, watchdog", prop("Type") == "notify" and prop("WatchdogUSec") == "30s", prop("WatchdogUSec"))
check("it tells its state", wait(lambda: "connections written" in prop("StatusText")), prop("StatusText"))
check("status", sh("mailsnoop status")[0] == 0, sh("mailsnoop status")[1])
for setting, value in [
    ("LimitCORE", "0"), ("MemoryMax", str(512 << 20)), ("TasksMax", "256"), ("OOMScoreAdjust", "-500"),
    ("ProtectControlGroups", "yes"), ("RestrictSUIDSGID", "yes"), ("StartLimitIntervalUSec", "0"),
]:
    check(f"{setting}={value}", prop(setting) == value, prop(setting))
pid = int(prop("MainPID"))
process = open(f"/proc/{pid}/status").read()
check("capabilities only", re.search(r"CapEff:\s*(\w+)", process)[1] != re.search(r"CapEff:\s*(\w+)", open("/proc/1/status").read())[1])
check("seccomp, no new privileges", re.search(r"Seccomp:\s*2", process) and re.search(r"NoNewPrivs:\s*1", process), process)
check("no core", re.search(r"Max core file size\s+0\s+0", open(f"/proc/{pid}/limits").read()))
mode = os.stat("/var/lib/mailsnoop").st_mode
check("/var/lib/mailsnoop is for root only", mode & 0o777 == 0o700, oct(mode))

# -- Where scripts lie
run = "runuser -u USER -- php PATH"
Sender("web", "/var/www/html/wp-content/uploads/a.php", run.replace("USER", "www-data"), owner="www-data")
Sender("home", "/home/alice/public_html/h.php", run.replace("USER", "alice"), owner="alice")
Sender("closed", "/home/bob/site/b.php", run.replace("USER", "bob"), owner="bob")
sh("chown bob: /home/bob/site; chmod 700 /home/bob /home/bob/site; chmod 600 /home/bob/site/b.php; chown alice: /home/alice/public_html")
Sender("tmp", "/tmp/t.php", run.replace("USER", "www-data"), owner="www-data")
Sender("vartmp", "/var/tmp/.x/t.php", run.replace("USER", "www-data"), owner="www-data")
sh("chown www-data /var/tmp/.x; chmod 700 /var/tmp/.x")
Sender("shm", "/dev/shm/s.php", run.replace("USER", "www-data"), owner="www-data")
Sender("run", "/run/u/u.php", run.replace("USER", "www-data"), owner="www-data")
Sender("root", "/root/r.php", "php PATH")
Sender("perl", "/tmp/t.pl", "runuser -u www-data -- perl PATH", PERL, "www-data")
os.makedirs("/srv/a")
Sender("dots", "/srv/a/../b/d.pl", "perl PATH", PERL, place="/srv/b/d.pl")
os.symlink("b", "/srv/link")
Sender("link", "/srv/link/l.pl", "perl PATH", PERL, place="/srv/b/l.pl")
# Run by a PHP of the user's own.
for name, folder, user in [("ownphp", "/home/alice", "alice"), ("tmpphp", "/tmp", "www-data")]:
    shutil.copy(os.path.realpath("/usr/bin/php"), f"{folder}/php-own")
    Sender(name, f"{folder}/{name}.php", f"runuser -u {user} -- {folder}/php-own PATH", owner=user)
# In a /tmp and a home of its own, as Debian's php-fpm and apache2 have it.
Sender(
    "private", "/tmp/p.php", service("private", "/tmp/p.php", "PrivateTmp=yes\nUser=www-data", "/opt/private.php"),
    owner="www-data", place="/opt/private.php",
)
Sender(
    "emptyhome", "/root/e.php", service("emptyhome", "/root/e.php", "ProtectHome=tmpfs", "/opt/emptyhome.php"),
    place="/opt/emptyhome.php",
)
# In a jail: another root, with bind mounts.
os.makedirs("/srv/jail/site")
sh("for d in usr etc proc tmp dev; do mkdir -p /srv/jail/$d; mount --bind /$d /srv/jail/$d; done; ln -s usr/lib usr/lib64 usr/bin /srv/jail")
Sender("jail", "/site/j.php", "chroot --userspec=33:33 /srv/jail /usr/bin/php PATH", owner="www-data", place="/srv/jail/site/j.php")
# In a mount namespace of its own, on a file system that nobody else sees.
Sender(
    "namespace", "/mnt/n.php",
    "unshare -m sh -c 'mount -t tmpfs tmpfs /mnt && cp /opt/n.php PATH && setpriv --reuid 33 --clear-groups php PATH'",
    place="/opt/n.php",
)
compare(list(senders), send)

# -- Processes that have gone before their script is looked at
before = set(senders)
Sender("gone", "/tmp/g.php", run.replace("USER", "www-data"), owner="www-data", moment=0)
Sender("goneperl", "/home/alice/g.pl", "runuser -u alice -- perl PATH", PERL, "alice", moment=0)
Sender("gonejail", "/site/g.php", "chroot --userspec=33:33 /srv/jail /usr/bin/php PATH", owner="www-data", place="/srv/jail/site/g.php", moment=0)
# Its parent lives on, in the same namespace.
unit(
    "goneprivate.service",
    "[Service]\nType=notify\nNotifyAccess=all\nPrivateTmp=yes\n"
    "ExecStart=/bin/sh -c 'cat /opt/goneprivate.php >/tmp/q.php; php /tmp/q.php; systemd-notify --ready; exec sleep 300'\n",
)
Sender("goneprivate", "/tmp/q.php", "systemctl restart goneprivate", place="/opt/goneprivate.php", moment=0)
sh("systemctl daemon-reload")


def send_unseen(names):
    os.kill(pid, signal.SIGSTOP)
    send(names)
    os.kill(pid, signal.SIGCONT)


compare([name for name in senders if name not in before], send_unseen)
sh("systemctl stop goneprivate")

# -- Reload
with open("/etc/mailsnoop.toml", "a") as file:
    file.write("\nfan_out_limit = 11\n")
status, text = sh("systemctl reload mailsnoop")
check("reload", status == 0 and wait(lambda: prop("ActiveState") == "active") and prop("MainPID") == str(pid), text)
with open("/etc/mailsnoop.toml", "a") as file:
    file.write("\nnonsense = = 1\n")
sh("systemctl reload mailsnoop")
check("a wrong configuration is told", wait(lambda: "previous configuration" in prop("StatusText")), prop("StatusText"))
check("and does not end it", prop("ActiveState") == "active" and prop("MainPID") == str(pid), prop("Result"))
sh("sed -i /nonsense/d /etc/mailsnoop.toml; systemctl reload mailsnoop")
check("a right one is taken", wait(lambda: "previous configuration" not in prop("StatusText")), prop("StatusText"))

# -- Killed, more often than systemd would have it by itself
for _ in range(6):
    pid = int(prop("MainPID"))
    os.kill(pid, signal.SIGKILL)
    if not wait(lambda: runs(pid)):
        break
check("kill -9, six times: it runs", runs(pid) and int(prop("NRestarts")) >= 6, prop("NRestarts"))
count = "mailsnoop export --format csv | grep -c ',tmp@x.example'"
number = int(sh(count)[1])
send(["tmp"])
check(
    "it records after that",
    wait(lambda: sh(count)[1] == str(number + 1)),
    sh("mailsnoop status")[1],
)

# -- One that hangs
if not package:
    os.makedirs("/etc/systemd/system/mailsnoop.service.d", exist_ok=True)
    unit("mailsnoop.service.d/watchdog.conf", "[Service]\nWatchdogSec=8\n")
    sh("systemctl daemon-reload; systemctl restart mailsnoop")
pid = int(prop("MainPID"))
for _ in range(3):
    told = prop("WatchdogTimestampMonotonic")
    check("one that runs tells so", wait(lambda: prop("WatchdogTimestampMonotonic") != told), told)
check("and is left alone", prop("MainPID") == str(pid), prop("MainPID"))
os.kill(pid, signal.SIGSTOP)
check("one that hangs is started again", wait(lambda: runs(pid), 150), sh("systemctl status mailsnoop --no-pager")[1])

say("systemd-analyze security: " + sh("systemd-analyze security mailsnoop --no-pager | tail -n 1")[1])
sh("systemctl stop mailsnoop")
check("stop", prop("Result") == "success" and prop("ActiveState") == "inactive", prop("Result"))
check("status says that it does not run", sh("mailsnoop status")[0] == 1, sh("mailsnoop status")[1])

# -- Upgrade, removal, purge
if package:
    sh("systemctl start mailsnoop")
    before = prop("MainPID")
    status, text = sh(f"dpkg -i {package}", 300)
    check("upgrade: started again", status == 0 and runs(before), text)
    check("upgrade: still enabled", sh("systemctl is-enabled mailsnoop")[1] == "enabled")
    number = len(records())
    check("upgrade: what was recorded stays", number >= len(senders), number)
    status, text = sh("dpkg -r mailsnoop", 300)
    check("removal: it ends", status == 0 and sh("pgrep -x mailsnoop")[0] == 1, text)
    check("removal: records and configuration stay", os.path.exists("/var/lib/mailsnoop") and os.path.exists("/etc/mailsnoop.toml"))
    status, text = sh("dpkg -P mailsnoop", 300)
    left = sh("ls -d /var/lib/mailsnoop /etc/mailsnoop.toml /usr/sbin/mailsnoop /lib/systemd/system/mailsnoop.service "
              "/etc/systemd/system/*.wants/mailsnoop* 2>/dev/null")[1]
    check("purge: nothing is left", status == 0 and not left, text + left)

sink.kill()
print(f"{passed} passed, {failed} failed", flush=True)
