# What an agent of the chaos run does: leaves work behind in one of many ways, and notes that it has. Its content is written
# nowhere else. $1 is a name of its own, $2 the way, $3 how long it goes on.
notes=$KUGETSU_WORLD/notes
place=$(basename "$PWD")
# Two agents in one worktree at once would each spoil the other's work.
exec 9>"$notes/$place.lock"
flock -n 9 || echo "$place $1" >>"$notes/doubled"
echo "$1" >>"$notes/begun"
content="content-of-$1"
commit() { git add -A && git commit -q -m "$1"; }
case $2 in
  file) echo "$content" >"$1.txt" ;;
  staged) echo "$content" >"$1.txt" && git add "$1.txt" ;;
  commit) echo "$content" >"$1.txt" && commit "$1" ;;
  push) echo "$content" >"$1.txt" && commit "$1" && git push -q origin HEAD ;;
  force) echo "$content" >"$1.txt" && commit "$1" && git push -q --force origin HEAD ;;
  detached) echo "$content" >"$1.txt" && git checkout -q --detach && commit "$1" ;;
  branch) git checkout -q -b "side-$1" && echo "$content" >"$1.txt" && commit "$1" ;;
  nested) git init -q "$1" && cd "$1" && echo "$content" >a.txt && commit "$1" ;;
  worktree) git worktree add -q --detach "$1" && cd "$1" && echo "$content" >a.txt && commit "$1" ;;
  odd) mkdir "it's $1" && echo "$content" >"it's $1/a b.txt" ;;
  nothing) exit 0 ;;
esac && echo "$1" >>"$notes/made"
sleep "$3"
