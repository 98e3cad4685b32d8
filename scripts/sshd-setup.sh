#!/usr/bin/env bash
# Makes a container or a machine reachable over SSH, for kugetsu from afar: a user without password, keys only, sudo
# without password. Nothing takes effect before sshd and sudo have accepted it, and what fails is undone.
# docs/kugetsu-setup.md has the rest of the way: port forwarding, firewall, keys.

usage() {
  cat <<'TEXT'
Usage: sshd-setup.sh [--dry-run] [--key FILE] [user]

Run as root on a machine with systemd. Creates the user (kugetsu unless told), lets it log in with an SSH key only,
gives it sudo without password, and starts sshd. Root and passwords are refused over SSH afterwards, for every user.
Running it again changes nothing that is already correct.

  --key FILE   a public key that may log in; without it, add one to ~/.ssh/authorized_keys of the user yourself
  --dry-run    say what would be done, and do nothing
  -h, --help   show this

Exit codes: 0 done, 1 failed and undone, 2 usage, 3 not ready (not root, no systemd, an sshd that is broken already).
TEXT
}

say() { printf '%s\n' "$*"; }

complain() { printf 'sshd-setup: %s\n' "$*" >&2; }

die() {
  local status=$1
  shift
  complain "$1"
  if (($# > 1)); then printf '  %s\n' "$2" >&2; fi
  exit "$status"
}

parse_arguments() {
  user='' key='' dry_run=no
  while (($# > 0)); do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --dry-run) dry_run=yes ;;
      --key)
        (($# > 1)) || die 2 '--key needs a file' 'sshd-setup.sh --help shows how it is called'
        key=$2
        shift
        ;;
      -*) die 2 "unknown option: $1" 'sshd-setup.sh --help shows the options' ;;
      *)
        [[ -z $user ]] || die 2 "one user at a time: $user, $1" 'sshd-setup.sh [user]'
        [[ -n $1 ]] || die 2 'the user name is empty' 'leave it out for the user kugetsu'
        user=$1
        ;;
    esac
    shift
  done
  user=${user:-kugetsu}
  # useradd's own rule; it also keeps the name harmless in sudoers and in file names.
  [[ $user =~ ^[a-z_][a-z0-9_-]{0,31}$ ]] ||
    die 2 "not a user name: $(printf %q "$user")" 'small letters, digits, - and _, beginning with a letter, 32 at most'
  [[ $user != root ]] || die 2 'root is not a user for this' 'name another user: it is given sudo'
  [[ -z $key || -r $key ]] || die 2 "cannot read the key file $key" 'give the public key, such as ~/.ssh/id_ed25519.pub'
}

check_machine() {
  ((EUID == 0)) || die 3 'this needs root' "sudo bash $0 $user"
  if [[ ! -d /run/systemd/system ]] || ! command -v systemctl >/dev/null; then
    [[ $dry_run == yes ]] ||
      die 3 'systemd is not running here' 'start the container with systemd as its first process: see docs/kugetsu-setup.md'
    complain 'systemd is not running here, and without it this would end; what follows is for a machine that has it'
  fi
  local entry shell
  entry=$(getent passwd "$user") || return 0
  (($(cut -d: -f3 <<<"$entry") >= 1000)) || die 2 "$user is a system account" 'name a user of its own'
  shell=$(cut -d: -f7 <<<"$entry")
  case $shell in
    */nologin | */false) die 2 "$user may not log in: its shell is $shell" "chsh -s /bin/bash $user, or name another user" ;;
  esac
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
  [[ -z ${work:-} ]] || rm -rf "$work"
  exit "$status"
}

# Puts back what a file was, or removes it when it was not.
restore() {
  local path=$1 saved=$2
  if [[ -e $saved ]]; then cp -p "$saved" "$path.kugetsu-old" && mv "$path.kugetsu-old" "$path"; else rm -f "$path"; fi
}

# Puts the file `new` at `path` in one step, with root as its owner; undone when a later step fails.
replace() {
  local path=$1 mode=$2 new=$3
  local saved="$work/saved-${path//\//-}"
  if [[ $dry_run == yes ]]; then
    say "would write $path (mode $mode):"
    sed 's/^/  | /' "$new"
    return
  fi
  [[ ! -e $path ]] || cp -p "$path" "$saved"
  on_failure restore "$path" "$saved"
  install -m "$mode" "$new" "$path.kugetsu-new"
  mv "$path.kugetsu-new" "$path"
  say "wrote $path"
}

install_packages() {
  local missing=()
  PATH=$PATH:/usr/sbin:/sbin
  command -v sshd >/dev/null || missing+=(openssh-server)
  command -v visudo >/dev/null || missing+=(sudo)
  ((${#missing[@]} > 0)) || return 0
  if command -v apt-get >/dev/null; then
    run apt-get update
    run env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
  elif command -v dnf >/dev/null; then
    run dnf install -y "${missing[@]}"
  else
    die 3 "missing: ${missing[*]}" 'install that with the package manager of this machine, and run this again'
  fi
}

# sshd's own check needs what its service makes at each start.
prepare_sshd() {
  [[ -d /run/sshd ]] || run install -d -m 0755 /run/sshd
  compgen -G '/etc/ssh/ssh_host_*_key' >/dev/null || run ssh-keygen -q -A
  [[ $dry_run == no ]] || ((can_check == 1)) || return 0
  local answer
  answer=$(sshd -t 2>&1) ||
    die 3 "sshd rejects the configuration that is there already: $(tail -n 1 <<<"$answer")" 'nothing was changed; to see what to fix, run: sshd -t'
}

create_user() {
  if getent passwd "$user" >/dev/null; then
    say "user $user already exists"
    return
  fi
  # A password field of * fits no password; unlike !, it does not make sshd without PAM refuse the key as well.
  run useradd --create-home --shell /bin/bash --password '*' "$user"
  [[ $dry_run == yes ]] || on_failure userdel --remove "$user"
}

read_key() {
  key_line=''
  [[ -n $key ]] || return 0
  key_line=$(grep -m 1 -v '^[[:space:]]*\(#\|$\)' "$key") || key_line=''
  ssh-keygen -l -f - <<<"$key_line" >/dev/null 2>&1 || die 2 "not a public key: $key" 'give the file that ends in .pub'
}

# All of it as the user: nothing that the user put into the home can lead root astray.
authorise_key() {
  if [[ $dry_run == yes ]]; then
    say "would make ~$user/.ssh (0700) and authorized_keys (0600)${key:+, with the key of $key}"
    return
  fi
  # shellcheck disable=SC2016 # the shell of the user expands it
  runuser -u "$user" -- env -u BASH_ENV HOME="$(getent passwd "$user" | cut -d: -f6)" bash -c '
    set -eu
    umask 077
    mkdir -p "$HOME/.ssh"
    chmod 0700 "$HOME/.ssh"
    touch "$HOME/.ssh/authorized_keys"
    chmod 0600 "$HOME/.ssh/authorized_keys"
    if [ -n "$1" ] && ! grep -qxF -- "$1" "$HOME/.ssh/authorized_keys"; then
      [ -z "$(tail -c 1 "$HOME/.ssh/authorized_keys")" ] || echo >>"$HOME/.ssh/authorized_keys"
      printf "%s\n" "$1" >>"$HOME/.ssh/authorized_keys"
    fi' bash "$key_line"
}

allow_sudo() {
  local path="/etc/sudoers.d/kugetsu-$user" new="$work/sudoers"
  printf '# Written by sshd-setup.sh of kugetsu.\n%s ALL=(ALL:ALL) NOPASSWD: ALL\n' "$user" >"$new"
  if [[ -f $path ]] && cmp -s "$new" "$path" && [[ $(stat -c %a "$path") == 440 ]]; then
    say "$path is as it should be"
    return
  fi
  if command -v visudo >/dev/null; then
    visudo -cqf "$new" || die 1 'visudo rejects the sudoers file' 'nothing of it took effect'
  fi
  replace "$path" 0440 "$new"
  [[ $dry_run == no ]] || return 0
  visudo -cq || die 1 'visudo rejects the whole of sudoers' 'see: visudo -c'
  sudo -n -l -U "$user" 2>/dev/null | grep -q 'NOPASSWD: ALL' ||
    die 1 'sudo does not read /etc/sudoers.d' 'add this line to /etc/sudoers, with visudo: @includedir /etc/sudoers.d'
}

# The first value that sshd reads is the one it keeps: the name sorts early, and a block stands at the top.
sshd_settings() {
  cat <<'TEXT'
# Written by sshd-setup.sh of kugetsu: keys only, and nobody as root.
PubkeyAuthentication yes
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitEmptyPasswords no
PermitRootLogin no
TEXT
}

BLOCK_BEGIN='# BEGIN kugetsu'
BLOCK_END='# END kugetsu'

configure_sshd() {
  local main=/etc/ssh/sshd_config path new="$work/sshd"
  # Before the package is there, which only a dry run sees, its own file is meant: that has the Include.
  if [[ ! -e $main ]] || grep -Eiq '^[[:space:]]*Include[[:space:]]+"?/etc/ssh/sshd_config\.d/\*\.conf' "$main"; then
    path=/etc/ssh/sshd_config.d/00-kugetsu.conf
    sshd_settings >"$new"
  else
    path=$main
    { echo "$BLOCK_BEGIN" && sshd_settings && echo "$BLOCK_END" && sed "/^$BLOCK_BEGIN\$/,/^$BLOCK_END\$/d" "$main"; } >"$new"
  fi
  changed=no
  if [[ -f $path ]] && cmp -s "$new" "$path"; then
    say "$path is as it should be"
  else
    check_candidate "$path" "$new" "$main"
    # What is undone last: sshd reads again what was put back.
    [[ $dry_run == yes ]] || on_failure systemctl try-reload-or-restart "$unit"
    replace "$path" 0644 "$new"
    changed=yes
  fi
  [[ $dry_run == no ]] || return 0
  local answer
  answer=$(sshd -t 2>&1) || die 1 "sshd rejects the new configuration: $(tail -n 1 <<<"$answer")"
  check_effect root
  check_effect "$user"
}

# sshd's opinion of the configuration as it would be, before any of it is in place.
check_candidate() {
  local path=$1 new=$2 main=$3 candidate="$work/candidate" answer
  ((can_check == 1)) || return 0
  if [[ $path == "$main" ]]; then cp "$new" "$candidate"; else cat "$new" "$main" >"$candidate"; fi
  answer=$(sshd -t -f "$candidate" 2>&1) ||
    die 1 "sshd rejects the new configuration: $(tail -n 1 <<<"$answer")" 'nothing of it took effect'
}

# A Match block, or a file that is read earlier, may say otherwise: what counts is what sshd makes of it all.
check_effect() {
  local effect wanted
  effect=$(sshd -T -C "user=$1,host=localhost,addr=127.0.0.1") || die 1 'sshd cannot tell its settings' 'see: sshd -T'
  for wanted in 'pubkeyauthentication yes' 'passwordauthentication no' 'kbdinteractiveauthentication no' 'permitrootlogin no'; do
    grep -qx "$wanted" <<<"$effect" ||
      die 1 "another part of sshd's configuration overrides this for $1: $wanted" 'see: grep -rn Match /etc/ssh, and the files before 00-kugetsu.conf'
  done
  if [[ $1 == "$user" ]] && grep -q '^allowusers ' <<<"$effect" && ! grep -qx "allowusers $user" <<<"$effect"; then
    complain "sshd_config has AllowUsers without $user: add it, or $user cannot log in"
  fi
}

start_sshd() {
  run systemctl enable --now "$unit"
  [[ $changed == yes ]] || return 0
  run systemctl reload-or-restart "$unit"
  [[ $dry_run == yes ]] || systemctl is-active --quiet "$unit" || die 1 "$unit did not start" "see: journalctl -u $unit"
}

tell_the_rest() {
  local home
  home=$(getent passwd "$user" | cut -d: -f6)
  say "Done: $user can log in with a key; root and passwords are refused."
  if ! grep -qs '^[^#]' "$home/.ssh/authorized_keys"; then
    say "No key may log in yet. Before you close this session: sshd-setup.sh --key KEY.pub $user, or edit $home/.ssh/authorized_keys"
  fi
  say "From another machine: ssh $user@HOST, or ssh -p 2222 $user@HOST when the host forwards port 2222 to this container."
}

main() {
  parse_arguments "$@"
  check_machine
  undo=()
  trap finish EXIT
  trap 'exit 130' INT TERM HUP
  umask 022
  work=$(mktemp -d)
  install_packages
  can_check=0
  if command -v sshd >/dev/null && { [[ $dry_run == no ]] || [[ -d /run/sshd ]]; }; then can_check=1; fi
  unit=sshd
  if systemctl cat ssh.service >/dev/null 2>&1; then unit=ssh; fi
  read_key
  prepare_sshd
  create_user
  authorise_key
  allow_sudo
  configure_sshd
  start_sshd
  if [[ $dry_run == yes ]]; then say 'Nothing was changed.'; else tell_the_rest; fi
}

set -euo pipefail
main "$@"
