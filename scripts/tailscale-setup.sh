#!/usr/bin/env bash
# Joins a container or a machine to your Tailscale network, so that `ssh <user>@<device-name>` reaches it from anywhere
# without a public address or port forwarding. sshd-setup.sh makes the user first.

usage() {
  cat <<'TEXT'
Usage: tailscale-setup.sh [--dry-run] <user> [device-name]

Run as root on Debian, Ubuntu or Fedora with systemd. Installs Tailscale, starts its daemon, logs in, and gives the
device its name (the host's name unless told). The user may then use the tailscale command without sudo.
Running it again changes nothing that is already correct.

The auth key comes from the variable TS_AUTHKEY, or is asked for on a terminal. Without one, Tailscale prints an address
to log in with a browser. It is never part of a command line: sudo --preserve-env=TS_AUTHKEY hands the variable on.

  --dry-run    say what would be done, and do nothing
  -h, --help   show this

Exit codes: 0 done, 1 failed and undone, 2 usage, 3 not ready (not root, no systemd, no such user, another system).
TEXT
}

say() { printf '%s\n' "$*"; }

complain() { printf 'tailscale-setup: %s\n' "$*" >&2; }

die() {
  local status=$1
  shift
  complain "$1"
  if (($# > 1)); then printf '  %s\n' "$2" >&2; fi
  exit "$status"
}

parse_arguments() {
  local words=()
  dry_run=no
  while (($# > 0)); do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --dry-run) dry_run=yes ;;
      -*) die 2 "unknown option: $1" 'tailscale-setup.sh --help shows the options' ;;
      *) words+=("$1") ;;
    esac
    shift
  done
  ((${#words[@]} == 1 || ${#words[@]} == 2)) ||
    die 2 'a user and a device name are needed' 'tailscale-setup.sh <user> [device-name]'
  user=${words[0]}
  device=${words[1]-$(hostname | cut -d. -f1 | tr '[:upper:]' '[:lower:]')}
  [[ $user =~ ^[a-z_][a-z0-9_-]{0,31}$ ]] ||
    die 2 "not a user name: $(printf %q "$user")" 'small letters, digits, - and _, beginning with a letter, 32 at most'
  [[ $user != root ]] || die 2 'root is not a user for this' 'name the user that sshd-setup.sh made'
  [[ $device =~ ^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$ ]] ||
    die 2 "not a device name: $(printf %q "$device")" 'small letters, digits and -, neither first nor last a -, 63 at most'
}

check_machine() {
  ((EUID == 0)) || die 3 'this needs root' "sudo --preserve-env=TS_AUTHKEY bash $0 $user $device"
  if [[ ! -d /run/systemd/system ]] || ! command -v systemctl >/dev/null; then
    [[ $dry_run == yes ]] ||
      die 3 'systemd is not running here' 'start the container with systemd as its first process: see docs/kugetsu-setup.md'
    complain 'systemd is not running here, and without it this would end; what follows is for a machine that has it'
  fi
  getent passwd "$user" >/dev/null || die 3 "there is no user $user" "sshd-setup.sh $user makes one"
  [[ -c /dev/net/tun ]] ||
    complain 'there is no /dev/net/tun: start the container with --device /dev/net/tun --cap-add NET_ADMIN'
}

# Runs a command, or says it.
run() {
  if [[ $dry_run == yes ]]; then
    say "would run: $*"
  else
    "$@"
  fi
}

# Remembers a command that is run when a later step fails.
on_failure() {
  local words
  printf -v words '%q ' "$@"
  undo+=("$words")
}

finish() {
  local status=$? step
  trap - EXIT INT TERM HUP
  if ((status != 0 && ${#undo[@]} > 0)); then
    complain 'undoing what was done'
    for ((step = ${#undo[@]} - 1; step >= 0; step -= 1)); do
      eval "${undo[step]}" || complain "could not undo: ${undo[step]}"
    done
  fi
  rm -rf "$work"
  exit "$status"
}

# Fetches a file of Tailscale's package repository; it is removed again when a later step fails.
fetch() {
  local address="https://pkgs.tailscale.com/stable/$1" path=$2
  [[ ! -s $path ]] || return 0
  if [[ $dry_run == yes ]]; then
    say "would fetch $address to $path"
    return
  fi
  curl -fsSL --proto '=https' --tlsv1.2 --output "$work/fetched" "$address" ||
    die 1 "cannot fetch $address" 'is the network there, and does Tailscale have packages for this release?'
  on_failure rm -f "$path"
  install -D -m 0644 "$work/fetched" "$path"
}

# What /etc/os-release says of a key, such as ID.
release() {
  sed -n "s/^$1=\"\\{0,1\\}\\([^\"]*\\)\"\\{0,1\\}\$/\\1/p" /etc/os-release
}

install_tailscale() {
  if command -v tailscale >/dev/null && command -v tailscaled >/dev/null; then
    say 'Tailscale is installed already'
    return
  fi
  local system codename
  system=$(release ID) codename=$(release VERSION_CODENAME)
  case $system in
    debian | ubuntu)
      [[ -n $codename ]] || die 3 'this release has no code name in /etc/os-release' 'install tailscale by hand, and run this again'
      command -v curl >/dev/null || run env DEBIAN_FRONTEND=noninteractive apt-get install -y curl ca-certificates
      fetch "$system/$codename.noarmor.gpg" /usr/share/keyrings/tailscale-archive-keyring.gpg
      fetch "$system/$codename.tailscale-keyring.list" /etc/apt/sources.list.d/tailscale.list
      run apt-get update
      run env DEBIAN_FRONTEND=noninteractive apt-get install -y tailscale
      ;;
    fedora)
      command -v curl >/dev/null || run dnf install -y curl
      fetch fedora/tailscale.repo /etc/yum.repos.d/tailscale.repo
      run dnf install -y tailscale
      ;;
    *) die 3 "no way to install Tailscale on ${system:-this system}" 'install tailscale by hand, and run this again' ;;
  esac
}

start_daemon() {
  if [[ $dry_run == no ]] && ! systemctl is-enabled --quiet tailscaled 2>/dev/null; then
    on_failure systemctl disable --now tailscaled
  fi
  run systemctl enable --now tailscaled
}

ask_for_key() {
  [[ -z $auth_key && -t 0 && $dry_run == no ]] || return 0
  read -rsp 'Tailscale auth key (empty: log in with a browser): ' auth_key
  printf '\n'
}

log_in() {
  if [[ $dry_run == no ]] && tailscale status >/dev/null 2>&1; then
    say 'logged in to Tailscale already'
    tailscale set --hostname="$device" --operator="$user"
    return
  fi
  ask_for_key
  local how=()
  if [[ -n $auth_key ]]; then
    (umask 077 && printf '%s\n' "$auth_key" >"$work/auth-key")
    auth_key=''
    how=("--auth-key=file:$work/auth-key")
  else
    say 'No auth key: open the address that Tailscale prints, and log in.'
  fi
  run tailscale up ${how[@]+"${how[@]}"} --hostname="$device" --operator="$user"
  rm -f "$work/auth-key"
}

main() {
  parse_arguments "$@"
  # No child of this script is to have it in its environment.
  auth_key=${TS_AUTHKEY-}
  unset TS_AUTHKEY
  check_machine
  undo=()
  work=$(mktemp -d)
  trap finish EXIT
  trap 'exit 130' INT TERM HUP
  umask 022
  install_tailscale
  start_daemon
  log_in
  if [[ $dry_run == yes ]]; then
    say 'Nothing was changed.'
  else
    say "Done. From any device of your Tailscale network: ssh $user@$device"
  fi
}

set -euo pipefail
main "$@"
