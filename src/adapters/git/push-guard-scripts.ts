// What git runs for an agent; POSIX shell, because it is on every machine that has git. githooks(5) says what a hook gets.

/**
 * Hands a hook on to the one that git would have run without kugetsu's `core.hooksPath`, after its own look at a push. The
 * settings of the environment are cut to those before kugetsu's, so that git says which hook that is.
 */
export const HAND_ON = `#!/bin/sh
# kugetsu: checks what an agent pushes, then runs the hook that is there without it.
name=\${0##*/}
next=$(GIT_CONFIG_COUNT=\${KUGETSU_GIT_CONFIG_COUNT:-0} git rev-parse --git-path "hooks/$name" 2>/dev/null)
case $next in
  "" | "\${0%/*}"/*) next= ;;
  /*) ;;
  *) next=./$next ;;
esac
if [ "$name" != pre-push ]; then
  [ -n "$next" ] && [ -x "$next" ] && [ -f "$next" ] && exec "$next" "$@"
  exit 0
fi
pushed=$(cat; echo .)
pushed=\${pushed%.}
printf %s "$pushed" | "$KUGETSU_CHECK_PUSH" "$@" || exit 1
if [ -n "$next" ] && [ -x "$next" ] && [ -f "$next" ]; then
  printf %s "$pushed" | "$next" "$@"
  exit
fi
# git-lfs installs its hook when a file is added, but not where there is another one.
lfs=$(git rev-parse --git-common-dir)/lfs/objects
if [ -n "$(ls -A "$lfs" 2>/dev/null)" ] && command -v git-lfs >/dev/null 2>&1; then
  printf %s "$pushed" | git lfs pre-push "$@"
fi
`;

/**
 * A pre-push hook that refuses what is not the issue's. It looks only at pushes from worktrees of kugetsu's repositories: in
 * a repository of its own an agent may push what it likes.
 */
export const CHECK_PUSH = `#!/bin/sh
# kugetsu: an agent publishes the branch of its issue, and nothing else of a repository that others work in, too.
common=$(git rev-parse --git-common-dir 2>/dev/null) && common=$(cd "$common" 2>/dev/null && pwd -P) || exit 0
repositories=$(cd "$KUGETSU_REPOSITORIES" 2>/dev/null && pwd -P) || exit 0
case $common in
  "$repositories"/*) ;;
  *) exit 0 ;;
esac
here=$(git symbolic-ref -q HEAD)
default=$(git symbolic-ref -q refs/remotes/origin/HEAD)
default=refs/heads/\${default#refs/remotes/origin/}
own=$(cd "$(git rev-parse --git-dir)" && pwd -P)
others=$(
  for head in "$common"/worktrees/*/HEAD "$common"/worktrees/*/rebase-merge/head-name "$common"/worktrees/*/rebase-apply/head-name; do
    case $head in
      "$own"/*) continue ;;
    esac
    [ -f "$head" ] && sed -n 's|^\\(ref: \\)\\{0,1\\}\\(refs/heads/.*\\)|\\2|p' "$head"
  done
)
refuse() {
  echo "kugetsu: not pushed: $1" >&2
  echo "  agents share this repository; push the branch of your issue: git push origin HEAD" >&2
  exit 1
}
newline='
'
while read -r local oid remote _; do
  [ -n "$local" ] || continue
  for ref in "$local" "$remote"; do
    case $ref in
      refs/kugetsu | refs/kugetsu[/-]* | refs/stash | refs/remotes/* | refs/worktree/* | refs/rewritten/* | refs/bisect/* | refs/original/* | refs/replace/*)
        refuse "$ref is for this machine only" ;;
    esac
  done
  branch=$local
  # What is removed has no local ref.
  case $oid in
    *[!0]*) ;;
    *)
      branch=$remote
      [ "$branch" = "$default" ] && refuse "it would remove $branch"
      ;;
  esac
  case $branch in
    "$here" | "refs/heads/$KUGETSU_BRANCH") continue ;;
    refs/heads/*) ;;
    *) continue ;;
  esac
  for prefix in $KUGETSU_BRANCH_PREFIXES; do
    case $branch in
      "refs/heads/$prefix"issue-*) refuse "$branch belongs to another issue" ;;
    esac
  done
  case "$newline$others$newline" in
    *"$newline$branch$newline"*) refuse "$branch is checked out in another worktree" ;;
  esac
done
exit 0
`;
