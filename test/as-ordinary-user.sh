#!/usr/bin/env bash
# Runs a command in this checkout as somebody who is not root: the tests with real files and git (npm run test:user [-- vitest
# filters and options]), or the chaos of commands (npm run chaos:user [-- its options]).
#
# An ordinary user runs it as it is. Root makes a user for it, who gets a copy of this checkout and is gone
# afterwards. The checkout has to be built. KUGETSU_TEST_USER names a user that exists, who is used then and stays.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "$(id -u)" != 0 ]; then exec npx "$@"; fi

user=${KUGETSU_TEST_USER:-}
place=$(mktemp -d /var/tmp/kugetsu-user-XXXXXX)
clean_up() {
  rm -rf "$place"
  if [ -z "${KUGETSU_TEST_USER:-}" ] && [ -n "$user" ]; then userdel "$user"; fi
}
trap clean_up EXIT

if [ -z "$user" ]; then
  name=kugetsu-test-$$
  # With user ids of its own to map: some tests make a machine in a user namespace.
  touch /etc/subuid /etc/subgid
  useradd --home-dir "$place/home" --no-create-home --shell /bin/bash "$name"
  user=$name
fi
mkdir "$place/home"
cp -a --reflink=auto . "$place/checkout"
# A node that lies in root's home is of no use to anybody else.
mkdir "$place/bin"
cp --dereference "$(command -v node)" "$place/bin/node"
# A new owner takes away the bits that make sudo what it is.
special=$(find "$place/checkout" -type f -perm /6000 -printf '%m\t%p\n')
chown -R "$user:" "$place"
while IFS=$'\t' read -r mode path; do [ -z "$path" ] || chmod "$mode" "$path"; done <<<"$special"
chmod 755 "$place"

echo "$* as $user ($(id "$user"))"
cd "$place/checkout"
runuser -u "$user" -- env -i \
  HOME="$place/home" USER="$user" LOGNAME="$user" LANG=C.UTF-8 ${CI:+CI="$CI"} \
  PATH="$place/bin:$place/checkout/node_modules/.bin:/usr/local/bin:/usr/bin:/bin" \
  "$@"
