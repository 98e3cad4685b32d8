#!/usr/bin/env bash
# Installs kugetsu for this user, or for everyone when root runs it: the program, its skill for opencode, completions for
# bash, zsh and fish, and the manual page. Works executed (bash scripts/kugetsu-install.sh) and sourced
# (. scripts/kugetsu-install.sh), as often as you like.

# Sourced, a bash of its own does the work: the shell that sources this keeps its options, and goes on when it fails.
if [ -n "${ZSH_VERSION:-}" ]; then
  eval 'bash "${(%):-%x}" "$@"'
  return
elif [ -z "${BASH_VERSION:-}" ]; then
  echo 'kugetsu-install: this needs bash: bash scripts/kugetsu-install.sh' >&2
  # shellcheck disable=SC2317 # it is executed, not sourced, when return fails
  return 2 2>/dev/null || exit 2
elif [ "${BASH_SOURCE[0]}" != "$0" ]; then
  bash "${BASH_SOURCE[0]}" "$@"
  return
fi

usage() {
  cat <<'TEXT'
Usage: kugetsu-install.sh [--binary FILE] [--prefix DIR]
       kugetsu-install.sh --uninstall [--prefix DIR]

Installs kugetsu, or a newer one in its place. Without --binary it is built from this checkout (npm ci, npm run build).

  --binary FILE   install this program instead of building one
  --prefix DIR    where to (default: ~/.local; for root /usr/local)
  --uninstall     remove what was installed there, and nothing else; ~/.kugetsu stays
  -h, --help      show this

Exit codes: 0 done, 1 failed, 2 usage.
TEXT
}

say() { printf '%s\n' "$*"; }

die() {
  local status=$1
  shift
  printf 'kugetsu-install: %s\n' "$1" >&2
  if (($# > 1)); then printf '  %s\n' "$2" >&2; fi
  exit "$status"
}

parse_arguments() {
  binary='' uninstall=no
  if ((EUID == 0)); then prefix=/usr/local; else prefix=${HOME:+$HOME/.local}; fi
  while (($# > 0)); do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --uninstall) uninstall=yes ;;
      --binary | --prefix)
        [[ -n ${2-} ]] || die 2 "$1 needs a path" 'kugetsu-install.sh --help shows how it is called'
        if [[ $1 == --binary ]]; then binary=$2; else prefix=$2; fi
        shift
        ;;
      *) die 2 "not an argument of this: $1" 'kugetsu-install.sh --help shows how it is called' ;;
    esac
    shift
  done
  [[ -n $prefix ]] || die 2 'HOME is not set' 'say where to install it: --prefix DIR'
  [[ $prefix == /* ]] || prefix=$PWD/$prefix
  prefix=${prefix%/}
}

# Builds the program from the checkout that this script is in.
build() {
  [[ -f $source/package.json ]] || die 1 'there is no checkout to build from' 'name a program: --binary FILE'
  command -v npm >/dev/null || die 1 'npm is needed to build kugetsu' 'install Node.js 20 or later, or name a program: --binary FILE'
  (cd "$source" && npm ci && npm run build) >&2 || die 1 'the build failed' 'what it says stands above'
  binary=$source/dist/kugetsu
}

check_binary() {
  [[ -f $binary ]] || die 1 "there is no $binary" 'name the program: --binary FILE'
  # It is tried as a copy, because the file need not be executable where it lies.
  cp "$binary" "$work/kugetsu" && chmod 0755 "$work/kugetsu"
  version=$("$work/kugetsu" --version 2>/dev/null) || version=''
  [[ $version =~ ^[0-9]+\.[0-9]+ ]] ||
    die 1 "$binary is no kugetsu that runs here" 'is it the one for this system and processor?'
}

checksum() { cksum <"$1"; }

# The checksum under which this installer put a file there, if it did.
recorded() {
  [[ ! -f $record ]] || awk -v path="$1" -F '\t' '$2 == path { print $1 }' "$record"
}

# Puts a file in place in one step: a program that is running is not disturbed.
put() {
  local mode=$1 from=$2 to=$3
  if [[ -e $to || -L $to ]] && [[ -z $(recorded "$to") ]] && ! cmp -s "$from" "$to"; then
    [[ ! -d $to || -L $to ]] || die 1 "$to is a directory" 'move it away'
    mv "$to" "$to.before-kugetsu"
    say "$to existed and was not from kugetsu: it has been moved to $to.before-kugetsu"
  fi
  install -d "$(dirname "$to")"
  install -m "$mode" "$from" "$to.kugetsu-new"
  mv -f "$to.kugetsu-new" "$to"
  printf '%s\t%s\n' "$(checksum "$to")" "$to" >>"$work/record"
  say "installed $to"
}

install_all() {
  put 0755 "$work/kugetsu" "$prefix/bin/kugetsu"
  local shell
  for shell in bash zsh fish; do "$work/kugetsu" completion "$shell" >"$work/$shell"; done
  put 0644 "$work/bash" "$prefix/share/bash-completion/completions/kugetsu"
  put 0644 "$work/zsh" "$prefix/share/zsh/site-functions/_kugetsu"
  put 0644 "$work/fish" "$prefix/share/fish/vendor_completions.d/kugetsu.fish"
  local page
  for page in "$(dirname "$binary")/kugetsu.1" "$source/dist/kugetsu.1"; do
    [[ ! -f $page ]] || { put 0644 "$page" "$prefix/share/man/man1/kugetsu.1" && break; }
  done
  if [[ -f $source/SKILL.md ]]; then
    put 0644 "$source/SKILL.md" "${XDG_CONFIG_HOME:-$HOME/.config}/opencode/skills/kugetsu/SKILL.md"
  fi
  install -d "$(dirname "$record")"
  # What an older version put there stays recorded.
  if [[ -f $record ]]; then awk -F '\t' 'NR == FNR { new[$2]; next } !($2 in new)' "$work/record" "$record" >"$work/older"; fi
  [[ ! -f $work/older ]] || cat "$work/older" >>"$work/record"
  mv -f "$work/record" "$record"
}

remove_all() {
  [[ -f $record ]] || die 1 "kugetsu was not installed under $prefix by this" 'name the place: --prefix DIR'
  local sum path
  while IFS=$'\t' read -r sum path; do
    if [[ ! -f $path ]]; then continue; fi
    if [[ $(checksum "$path") != "$sum" ]]; then
      say "$path was changed since: it stays"
      continue
    fi
    rm -f "$path"
    say "removed $path"
    # Only directories of kugetsu's own, and only empty ones.
    case $(dirname "$path") in */kugetsu) rmdir "$(dirname "$path")" 2>/dev/null || true ;; esac
  done <"$record"
  rm -f "$record"
  rmdir "$(dirname "$record")" 2>/dev/null || true
  say "kugetsu's state stays: ~/.kugetsu"
}

tell_the_rest() {
  say "kugetsu $version is installed."
  case :$PATH: in
    *":$prefix/bin:"*) ;;
    *) say "Put it on your PATH: echo 'export PATH=\"$prefix/bin:\$PATH\"' >>~/.profile, and log in again" ;;
  esac
  case ${SHELL##*/} in
    zsh) [[ $prefix == /usr/local ]] || say "For completion, before compinit in ~/.zshrc: fpath+=($prefix/share/zsh/site-functions)" ;;
    bash) [[ -e /usr/share/bash-completion/bash_completion ]] || say "For completion in ~/.bashrc: . $prefix/share/bash-completion/completions/kugetsu" ;;
  esac
  command -v git >/dev/null || say 'git is missing: apt-get install git, dnf install git, or brew install git'
  check_opencode
  if "$prefix/bin/kugetsu" queue-daemon status >/dev/null 2>&1; then
    say 'A queue daemon of the version before is running: kugetsu queue-daemon restart'
  fi
}

check_opencode() {
  local found
  if ! command -v "${KUGETSU_OPENCODE:-opencode}" >/dev/null; then
    say 'opencode is missing: npm install -g opencode-ai@1.18.33'
    return
  fi
  found=$("${KUGETSU_OPENCODE:-opencode}" --version 2>/dev/null | tail -n 1) || found=''
  [[ $found =~ ^(opencode2?\ )?v?([0-9]+)\.([0-9]+) ]] || return 0
  if ((BASH_REMATCH[2] > 1)) || [[ ${BASH_REMATCH[1]} == opencode2* ]]; then
    say "opencode ${found##*[ v]} is experimental: kugetsu doctor --try-opencode tests it; to have 1.18 beside it: npm install --prefix ~/.local/share/opencode-1 opencode-ai@1.18.33"
    say 'and put this into ~/.profile: export KUGETSU_OPENCODE=~/.local/share/opencode-1/node_modules/.bin/opencode'
  elif ((BASH_REMATCH[2] < 1 || BASH_REMATCH[3] < 18)); then
    say "opencode $found is too old: npm install -g opencode-ai@1.18.33"
  fi
}

main() {
  parse_arguments "$@"
  source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
  record=$prefix/share/kugetsu/installed
  if [[ $uninstall == yes ]]; then
    remove_all
    return
  fi
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  umask 022
  [[ -n $binary ]] || build
  check_binary
  install_all
  tell_the_rest
}

set -euo pipefail
main "$@"
