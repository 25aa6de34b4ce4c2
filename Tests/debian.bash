# shellcheck shell=bash
# Packages of other Debian suites than the machine's own, without touching it.
# Sourced by what needs them.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The mirror of Debian's main archive that this machine uses.
debian_mirror() {
	# These are for apt, not for the shell.
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(SITE)' 'Created-By: Packages' |
		awk -F '|' '$1 == "Debian" && $2 == "Debian" && !seen++ { print $3 }'
}

# private_apt FOLDER TOOL ARGUMENT...: apt with sources, lists and caches in
# FOLDER, so that the machine's own packages are neither read nor changed. The
# Release file of a suite that is no longer supported is past its date.
private_apt() {
	local folder=$1 tool=$2

	shift 2
	"$tool" -q \
		-o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State="$folder/state" -o Dir::State::lists="$folder/state/lists" \
		-o Dir::State::status="$folder/state/status" -o Dir::Cache="$folder/cache" \
		-o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User=root \
		-o APT::Update::Error-Mode=any -o Acquire::Retries=3 -o Acquire::Languages=none \
		-o Acquire::Check-Valid-Until=false "$@"
}

# private_lists FOLDER SUITE...: the lists of these suites, for private_apt.
private_lists() {
	local folder=$1 mirror

	shift
	mirror=$(debian_mirror)
	if [[ -z $mirror && $EUID -eq 0 ]]; then
		# No lists yet, as in a fresh container.
		apt-get update -q
		mirror=$(debian_mirror)
	fi
	[[ -n $mirror ]] || { echo "apt knows no mirror of Debian's main archive" >&2; return 1; }

	mkdir -p "$folder"/{state/lists,cache/archives}/partial
	touch "$folder/state/status"
	printf "deb [signed-by=$keyring] $mirror %s main\n" "$@" >"$folder/sources.list"
	private_apt "$folder" apt-get update
}
