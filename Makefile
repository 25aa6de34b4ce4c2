# The front door. `make V=1` shows the commands.
#
#   sudo make run           the live view
#   sudo make demo          the live view on a made-up spammer
#   sudo make test          all tests but those that boot other kernels
#   make fuzz               damaged databases, recordings and complaints, under AddressSanitizer; an hour
#   make build              the release binary, with the Swift runtime inside
#   sudo make bench         speed and memory, against other tools; writes bench/RESULTS.md
#   sudo make test-fuzz-dialogues  10,007 random clients and as many checks against real mail servers, 10 minutes
#   sudo make test-kernels  the kernel tests in 5.10, 6.1, 6.12 and the newest kernel, in virtual machines
#   sudo make test-systemd  the package in a virtual Debian 12 that systemd boots: 5 minutes, and those of `make deb`
#   make lint               the style of Swift, C and scripts
#   sudo make install       PREFIX=/usr/local, DESTDIR=
#   make deb                a Debian package, .build/mailsnoop_VERSION-1_amd64.deb
#   make tarball            for other distributions, .build/mailsnoop-VERSION-linux-MACHINE.tar.gz
#   sudo make try-packages  installs, runs and purges the package in a fresh Debian 12 and a fresh Debian 13
#   make clean
#
# Each installs the Debian packages that it misses, which needs root.

# sudo leaves out of PATH where Swift is often unpacked to.
export PATH := $(PATH):/opt/swift/usr/bin:/usr/local/swift/usr/bin:/usr/share/swift/usr/bin:$(HOME)/.local/share/swiftly/bin
ifdef SUDO_USER
export PATH := $(PATH):$(shell getent passwd "$(SUDO_USER)" | cut -d: -f6)/.local/share/swiftly/bin
endif

SWIFT     ?= swift
# Debian's clang: Swift's own has no BPF target.
BPF_CLANG ?= /usr/bin/clang
PREFIX    ?= /usr/local
ZSH_COMPLETIONS  ?= $(PREFIX)/share/zsh/site-functions
UNITS            ?= $(PREFIX)/lib/systemd/system
FISH_COMPLETIONS ?= $(PREFIX)/share/fish/vendor_completions.d
VERSION   := $(shell sed -n 's/.*let number = "\(.*\)"/\1/p' Sources/mailsnoop/Version.swift)
MACHINE   := $(shell uname -m)
BPF_ARCH  := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(MACHINE)))
Q         := $(if $(V),,@)

BUILD_PACKAGES   := clang libbpf-dev libelf-dev libmd-dev libncurses-dev zlib1g-dev libsqlite3-dev g++ libc6-dev pkg-config
TEST_PACKAGES    := iproute2 netcat-openbsd swaks curl python3 procps util-linux tmux \
                   php-cli php-fpm php-cgi php-curl php-mysql libapache2-mod-php apache2-bin msmtp wordpress \
                   mariadb-server-core debian-archive-keyring openssl perl dnsmasq-base logrotate \
                   python3-html5lib cmark-gfm groff-base zsh fish systemd
BENCH_PACKAGES   := iproute2 python3 php-cli php-fpm apache2-bin apache2-utils bpftrace bpftool tcpdump libbpf-tools
INSTALL_PACKAGES := python3
DEB_PACKAGES     := debhelper dpkg-dev lintian python3
TARBALL_PACKAGES := patchelf binutils python3
TRY_PACKAGES     := debootstrap debian-archive-keyring
SYSTEMD_PACKAGES := debootstrap debian-archive-keyring qemu-system-x86 e2fsprogs
KERNEL_PACKAGES  := php-cli qemu-system-x86 busybox-static cpio debian-archive-keyring iproute2 netcat-openbsd

RELEASE := .build/release/mailsnoop
DEBUG   := .build/debug/mailsnoop

.PHONY: run demo test fuzz build bench test-fuzz-dialogues test-kernels lint install install-files deb tarball try-packages test-systemd clean bpf connector php mail test-build swift

run: build
	$(Q)$(RELEASE)

demo: build
	$(Q)$(RELEASE) demo

test: packages-TEST test-build
	$(Q)$(SWIFT) test --skip-build $(TEST_ARGUMENTS)

test-fuzz-dialogues: packages-TEST test-build
	$(Q)MAILSNOOP_FUZZ_DIALOGUES=10007 $(SWIFT) test --skip-build --filter FuzzedDialogueTests

test-build: bpf connector php mail swift
	$(Q)$(SWIFT) build --build-tests

# A trap ends it with the number of its case. SQLite and the tests leave memory to their end.
fuzz: export ASAN_OPTIONS := detect_leaks=0
fuzz: bpf swift
	$(Q)$(SWIFT) build -c release --sanitize=address --scratch-path .build-asan --product fuzz
	$(Q).build-asan/release/fuzz databases 1000
	$(Q).build-asan/release/fuzz recordings 500000
	$(Q).build-asan/release/fuzz complaints 500000
	$(Q).build-asan/release/fuzz floods 10485760

build: bpf swift
	$(Q)$(SWIFT) build -c release --static-swift-stdlib --product mailsnoop

bench: packages-BENCH build connector
	$(Q)$(SWIFT) build -c release --static-swift-stdlib --product history-load
	$(Q)bench/run --mailsnoop $(RELEASE) --connector .build/connector \
		--history-load .build/release/history-load --output bench/RESULTS.md $(BENCH_ARGUMENTS)

test-kernels: packages-KERNEL test-build
	$(Q)Tests/kernels/run $(KERNEL_ARGUMENTS)

lint: swift
	$(Q)$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests
	$(Q)bash -n .ci/run Tests/kernels/run Tests/debian.bash Tests/php/fetch \
.PHONY: run demo test fuzz build bench test-fuzz-dialogues test-kernels lint install install-files deb tarball try-packages test-systemd clean bpf connector php mail test-build swift

install: packages-INSTALL build
	$(Q)$(MAKE) --no-print-directory install-files
	$(Q)test -n "$(DESTDIR)" || ! test -d /run/systemd/system || systemctl daemon-reload

# The program that was built, and all that belongs to it. The configuration that is there stays.
install-files:
	$(Q)install -D -m 0755 $(RELEASE) $(DESTDIR)$(PREFIX)/sbin/mailsnoop
	$(Q)packaging/manual $(RELEASE) .build/manual
	$(Q)install -d $(DESTDIR)$(PREFIX)/share/man/man8
	$(Q)install -m 0644 .build/manual/*.8 $(DESTDIR)$(PREFIX)/share/man/man8
	$(Q)mkdir -p .build/completions
	$(Q)for shell in bash zsh fish; do $(RELEASE) --generate-completion-script $$shell >.build/completions/$$shell || exit; done
# No script of its own.
	$(Q)sed -i '1{/^#!/d}' .build/completions/bash
	$(Q)install -D -m 0644 .build/completions/bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mailsnoop
	$(Q)install -D -m 0644 .build/completions/zsh $(DESTDIR)$(ZSH_COMPLETIONS)/_mailsnoop
	$(Q)install -D -m 0644 .build/completions/fish $(DESTDIR)$(FISH_COMPLETIONS)/mailsnoop.fish
	$(Q)install -d $(DESTDIR)$(UNITS)
	$(Q)sed 's|^ExecStart=[^ ]*|ExecStart=$(PREFIX)/sbin/mailsnoop|' packaging/mailsnoop.service \
		>$(DESTDIR)$(UNITS)/mailsnoop.service
	$(Q)chmod 0644 $(DESTDIR)$(UNITS)/mailsnoop.service
	$(Q)test -e $(DESTDIR)/etc/mailsnoop.toml || install -D -m 0644 packaging/mailsnoop.toml $(DESTDIR)/etc/mailsnoop.toml

deb: packages-DEB build
	$(Q)packaging/deb $(VERSION)

tarball: packages-TARBALL build
	$(Q)packaging/tarball $(VERSION)

test-systemd: packages-SYSTEMD deb
	$(Q)Tests/systemd/vm .build/mailsnoop_$(VERSION)-1_amd64.deb $(SYSTEMD_ARGUMENTS)

try-packages: packages-TRY deb tarball
	$(Q)packaging/try .build/mailsnoop_$(VERSION)-1_amd64.deb .build/mailsnoop-$(VERSION)-linux-$(MACHINE).tar.gz

clean:
	$(Q)rm -rf .build .build-* bpf/probe.bpf.o

bpf: packages-BUILD bpf/probe.bpf.o

bpf/probe.bpf.o: $(wildcard bpf/*.h bpf/include/*.h) bpf/probe.bpf.c | packages-BUILD
	$(Q)$(BPF_CLANG) -g -O2 -Wall -Wextra -Werror -Wno-unused-parameter -target bpf -D__TARGET_ARCH_$(BPF_ARCH) \
		-idirafter /usr/include/$(MACHINE)-linux-gnu -Ibpf/include -c bpf/probe.bpf.c -o $@
# What embeds the program is not built anew by itself.
	$(Q)touch bpf/object.c

connector: .build/connector .build/talker .build/hang .build/attacker

# PHP of other suites, unpacked for the tests.
php: packages-TEST
	$(Q)Tests/php/fetch

# Mail servers and clients, unpacked for the tests.
mail: packages-TEST
	$(Q)Tests/mail/fetch

# Static, so that it also runs in namespaces and virtual machines that have no libraries.
.build/connector .build/talker .build/hang .build/attacker: .build/%: Tests/connector/%.c | packages-BUILD
	$(Q)mkdir -p .build
	$(Q)gcc -O2 -Wall -Wextra -Werror -static -pthread -o $@ $<

swift:
	$(Q)command -v $(SWIFT) >/dev/null || { \
		echo "Swift 6.2 or later is missing: https://www.swift.org/install/linux/debian/12/" >&2; exit 1; }

# packages-NAME installs what is missing of NAME_PACKAGES.
# A static pattern: make looks for no implicit rule of a phony target.
PACKAGE_SETS := packages-BUILD packages-INSTALL packages-TEST packages-BENCH packages-KERNEL packages-DEB packages-TARBALL packages-TRY packages-SYSTEMD
.PHONY: $(PACKAGE_SETS)
$(PACKAGE_SETS): packages-%:
	$(Q)missing=$$(for package in $($*_PACKAGES); do \
			dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'install ok installed' || echo $$package; \
		done); \
	if [ -n "$$missing" ]; then \
		echo "installing" $$missing; \
		[ "$$(id -u)" = 0 ] || { echo "run this as root once: apt-get install" $$missing >&2; exit 1; }; \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing; \
	fi
