import { REPOSITORY_STATES, type RepositoryState } from './repository-states.ts';

const setAside = 'git -C "$OTHER" checkout -q --detach 2>&- || true; git branch -q -D fix/issue-2 2>&- || true;';

/** Branches and worktrees: one name stands in another's way, or a branch is in use elsewhere. */
const NAMES: readonly RepositoryState[] = [
  {
    name: 'a branch renamed to fix',
    kind: "names in the way of an issue's branch",
    made: `${setAside} git branch -q -m fix`,
    says: /branch fix blocks the names/,
  },
  {
    name: 'a branch named fix, packed',
    kind: "names in the way of an issue's branch",
    made: `${setAside} git branch -q -m fix; git pack-refs --all`,
    says: /branch fix blocks the names/,
  },
  {
    name: 'a branch below that of another issue',
    kind: "names in the way of an issue's branch",
    made: `${setAside} git branch -q fix/issue-2/more`,
    says: /fix\/issue-2\/more blocks the names/,
  },
  {
    name: "another issue's branch checked out",
    kind: "an issue's branch checked out elsewhere",
    made: 'git -C "$OTHER" checkout -q --detach; git checkout -q fix/issue-2',
  },
  {
    name: "another issue's branch in a worktree elsewhere",
    kind: "an issue's branch checked out elsewhere",
    made: 'git -C "$OTHER" checkout -q --detach; rm -rf "$R/../../elsewhere"; git worktree add -q -f "$R/../../elsewhere" fix/issue-2',
  },
  {
    name: "another issue's worktree moved",
    kind: 'a worktree that is locked, moved or damaged',
    made: 'if [ -d "$OTHER" ]; then rm -rf "$R/../../moved"; git worktree move -f -f "$OTHER" "$R/../../moved"; fi',
  },
  {
    name: "another issue's branch a name for another branch",
    kind: 'refs that are names for other refs',
    made: `${setAside} git branch -q -f kept; git symbolic-ref refs/heads/fix/issue-2 refs/heads/kept`,
    says: /fix\/issue-2, a symbolic ref/,
  },
  { name: "another issue's branch deleted", kind: "an issue's branch checked out elsewhere", made: setAside },
  {
    name: "origin's branch a name for a local one",
    kind: 'refs that are names for other refs',
    made: 'git branch -q -f kept; git symbolic-ref refs/remotes/origin/main refs/heads/kept',
    says: /origin\/main, a symbolic ref/,
  },
  {
    name: 'a ref in place of those of origin',
    kind: "names in the way of an issue's branch",
    made: 'git pack-refs --all; rm -rf "$R/refs/remotes"; mkdir -p "$R/refs/remotes"; git rev-parse HEAD > "$R/refs/remotes/origin"; sed -i /refs.remotes.origin/d "$R/packed-refs"',
    says: /refs\/remotes\/origin blocks the names/,
  },
  {
    name: 'a file that is no ref in place of branches',
    kind: 'files among the refs that are none',
    made: 'git branch -q -M other; rm -rf "$R/refs/heads/fix"; git pack-refs --all; sed -i /refs.heads.fix/d "$R/packed-refs"; rm -rf "$R/refs/heads/fix"; echo nonsense > "$R/refs/heads/fix"',
    says: /refs\/heads\/fix is a broken ref/,
  },
  {
    name: 'a reflog in place of those of branches',
    kind: "names in the way of an issue's branch",
    made: 'git branch -q -M other; rm -rf "$R/logs/refs/heads/fix"; mkdir -p "$R/logs/refs/heads"; echo x > "$R/logs/refs/heads/fix"',
    says: /logs\/refs\/heads\/fix blocks the reflogs/,
  },
  {
    name: 'a worktree that is locked',
    kind: 'a worktree that is locked, moved or damaged',
    made: 'git worktree lock --reason mine . || true; git worktree lock "$OTHER" || true',
  },
  {
    name: 'what is known of a worktree gone',
    kind: 'a worktree that is locked, moved or damaged',
    made: 'rm -rf "$(git rev-parse --git-dir)"',
  },
  {
    name: "the .git of another issue's worktree gone",
    kind: 'a worktree that is locked, moved or damaged',
    made: 'rm -f "$OTHER/.git"',
  },
  {
    name: "another issue's branch of an object that is gone",
    kind: 'refs of objects that are gone',
    made: 'git -C "$OTHER" checkout -q --detach; mkdir -p "$R/refs/heads/fix"; echo 1234567890123456789012345678901234567890 > "$R/refs/heads/fix/issue-2"',
    says: /refs\/heads\/fix\/issue-2 points to a missing object/,
  },
  {
    name: 'no objects',
    kind: 'directories of a repository that are gone',
    made: 'rm -rf "$R/objects"',
    says: /directory objects is missing/,
  },
  {
    name: 'a file in place of objects',
    kind: 'directories of a repository that are gone',
    made: 'rm -rf "$R/objects"; echo nonsense > "$R/objects"',
    says: /objects is not a directory/,
  },
  ...['worktrees', 'logs', 'objects/pack', 'objects/info'].map((path) => ({
    name: `a file in place of ${path}`,
    kind: 'directories of a repository that are gone',
    made: `rm -rf "$R/${path}"; echo nonsense > "$R/${path}"`,
    says: new RegExp(`${path} is not a directory`),
    batch: 'directories',
  })),
  {
    name: "kugetsu's own directory damaged",
    kind: "kugetsu's own git directory changed",
    made: 'rm "$R/kugetsu-git/objects"; echo nonsense > "$R/kugetsu-git/config"; mkdir -p "$R/kugetsu-git/hooks"',
    says: /kugetsu-git\/config/,
  },
  {
    name: "a file in place of kugetsu's own directory",
    kind: "kugetsu's own git directory changed",
    made: 'rm -rf "$R/kugetsu-git"; echo nonsense > "$R/kugetsu-git"',
    says: /kugetsu-git was not made by kugetsu/,
  },
  {
    name: 'a fetch without files',
    kind: 'objects from elsewhere, or left out',
    made: [
      'U=$(git remote get-url origin); git -C "$U" config uploadpack.allowFilter true; rm -rf "$R/../../clone"',
      'git clone -q "$U" "$R/../../clone"; date +%N > "$R/../../clone/new"; git -C "$R/../../clone" add new',
      'git -C "$R/../../clone" commit -q -m New; git -C "$R/../../clone" push -q -f origin HEAD:refs/heads/side',
      'git fetch -q --filter=blob:none origin; git config --unset extensions.partialClone || true; git config --remove-section remote.origin || true',
    ].join('\n'),
    says: /packs from a partial fetch/,
  },
];

/** Those that are in the way of an issue's own branch or worktree, and some of each other kind. */
export const STATES_IN_THE_WAY: readonly RepositoryState[] = [
  ...NAMES,
  ...REPOSITORY_STATES.filter(({ batch }) => batch === 'locks' || batch === 'files'),
];
