/**
 * What an agent, or a git that was killed, can make of a repository that all worktrees share, one row each:
 * gitrepository-layout(5), git-config(1), githooks(5), git-worktree(1), and git's technical/repository-version.
 */
export interface RepositoryState {
  readonly name: string;
  /** The row of docs/reliability.md that decides it. */
  readonly kind: string;
  /** A shell script that makes it, run in the worktree of issue 1; `R` is the repository, `OTHER` the worktree of issue 2. */
  readonly made: string;
  /** What doctor says of it; undefined for what does not matter to anybody else. */
  readonly says?: RegExp;
  /** What doctor says may stay: nothing mends it but the next start. */
  readonly stays?: boolean;
  /** Those of one name are made together. */
  readonly batch?: string;
}

const old = (path: string): string => `mkdir -p "$(dirname "$R/${path}")"; touch -d '1 hour ago' "$R/${path}"`;
const lock = (path: string): RepositoryState => ({
  name: `${path} of a git that was killed`,
  kind: 'locks that a git has left',
  made: old(path),
  says: new RegExp(`lock ${path},`),
  batch: 'locks',
});
const setting = (key: string, value = 'true'): RepositoryState => ({
  name: `${key} = ${value}`,
  kind: key.startsWith('extensions.')
    ? 'format, extensions, or no configuration that git can read'
    : 'settings of the repository',
  made: `git config --file "$R/config" '${key}' '${value}'`,
  says: new RegExp(`config: .*${key}`, 'i'),
  batch: 'settings',
});
/** Settings that hold in every worktree. */
const SETTINGS: readonly RepositoryState[] = [
  setting('extensions.unknown'),
  {
    name: 'extensions.worktreeConfig, with the repository bare in each worktree',
    kind: 'format, extensions, or no configuration that git can read',
    made: 'git config extensions.worktreeConfig true; git config core.bare true; rm -f "$R/config.worktree"',
    says: /config/,
  },
  {
    name: 'another format version',
    kind: 'format, extensions, or no configuration that git can read',
    made: 'git config core.repositoryformatversion 99',
    says: /config.*core.repositoryformatversion/i,
  },
  {
    name: 'an extension that this git does not know',
    kind: 'format, extensions, or no configuration that git can read',
    made: 'git config core.repositoryformatversion 1; git config --file "$R/config" extensions.later true',
    says: /config/,
  },
  { ...setting('extensions.objectFormat', 'sha256'), says: /config/, batch: 'sha256' },
  setting('extensions.refStorage', 'reftable'),
  setting('extensions.relativeWorktrees'),
  setting('extensions.partialClone', 'origin'),
  setting('extensions.preciousObjects'),
  {
    name: 'a broken line',
    kind: 'format, extensions, or no configuration that git can read',
    made: 'echo "[core" >> "$R/config"',
    says: /config/,
  },
  {
    name: 'an empty config',
    kind: 'format, extensions, or no configuration that git can read',
    made: ': > "$R/config"',
    says: /config/,
  },
  {
    name: 'no config',
    kind: 'format, extensions, or no configuration that git can read',
    made: 'rm -f "$R/config"',
    says: /config/,
  },
  {
    name: 'a pipe in place of config',
    kind: 'format, extensions, or no configuration that git can read',
    made: 'rm -f "$R/config"; mkfifo "$R/config"',
    says: /config/,
  },
  {
    name: 'a directory in place of config',
    kind: 'format, extensions, or no configuration that git can read',
    made: 'rm -f "$R/config"; mkdir "$R/config"',
    says: /config/,
  },
  {
    name: 'a broken config.worktree',
    kind: 'format, extensions, or no configuration that git can read',
    made: 'git config extensions.worktreeConfig true; echo "[core" > "$R/config.worktree"',
    says: /config/,
  },
  setting('core.bare', 'false'),
  setting('core.worktree', '/nonexistent'),
  setting('core.sparseCheckout'),
  setting('core.hooksPath', '/nonexistent'),
  setting('core.attributesFile', '/nonexistent'),
  setting('core.excludesFile', '/nonexistent'),
  setting('core.autocrlf'),
  setting('core.fileMode', 'false'),
  setting('core.logAllRefUpdates', 'false'),
  setting('core.sharedRepository', 'group'),
  setting('worktree.useRelativePaths'),
  setting('include.path', '/nonexistent'),
  setting('url.ext::sh.insteadOf', '/'),
  setting('remote.origin.url', '/nonexistent'),
  setting('remote.origin.pushurl', '/nonexistent'),
  setting('remote.origin.push', 'refs/heads/*'),
  setting('remote.origin.mirror'),
  setting('remote.origin.fetch', '+refs/*:refs/*'),
  setting('remote.upstream.url', '/nonexistent'),
  setting('push.default', 'matching'),
  setting('commit.gpgSign'),
  setting('alias.st', 'status'),
  {
    name: 'what git-lfs sets up',
    kind: 'settings of the repository',
    made: 'git config --file "$R/config" filter.lfs.clean "git-lfs clean -- %f"; git config --file "$R/config" filter.lfs.required true',
    batch: 'settings',
  },
  {
    name: 'another identity',
    kind: 'settings of the repository',
    made: 'git config --file "$R/config" user.email evil@localhost',
    says: /user\.email/,
    stays: true,
    batch: 'settings',
  },
  {
    name: 'a sparse checkout',
    kind: 'settings of one worktree',
    made: 'git sparse-checkout set --no-cone /README.md; git config core.sparseCheckout true',
    says: /config/,
  },
  {
    name: "a program among kugetsu's own settings",
    kind: "kugetsu's own git directory changed",
    made: 'git config --file "$R/kugetsu-git/config" core.sshCommand "touch /nonexistent/ran"',
    says: /kugetsu-git\/config/,
  },
  {
    name: 'an upstream of a branch',
    kind: 'settings of the repository',
    made: 'git config --file "$R/config" branch.fix/issue-1.remote origin; git config --file "$R/config" branch.fix/issue-1.merge refs/heads/main',
    batch: 'settings',
  },
];

/** Locks of a git that was killed. */
const LOCKS: readonly RepositoryState[] = [
  {
    name: 'a directory in place of a lock',
    kind: 'locks that a git has left',
    made: 'mkdir -p "$R/refs/heads/fix/issue-9.lock"; touch -d "1 hour ago" "$R/refs/heads/fix/issue-9.lock"',
    says: /lock refs.heads.fix.issue-9.lock/,
    batch: 'locks',
  },
  lock('config.lock'),
  lock('config.worktree.lock'),
  lock('HEAD.lock'),
  lock('packed-refs.lock'),
  { ...lock('packed-refs.new'), made: `${old('packed-refs.lock')}; ${old('packed-refs.new')}` },
  lock('shallow.lock'),
  lock('gc.pid'),
  lock('gc.pid.lock'),
  lock('gc.log.lock'),
  lock('refs/heads/fix.lock'),
  lock('refs/heads/fix/issue-2.lock'),
  lock('refs/heads/fix/issue-3.lock'),
  lock('refs/remotes/origin/main.lock'),
  lock('refs/remotes/origin/HEAD.lock'),
  lock('refs/kugetsu-pushed/forge.test-acme-demo-2.lock'),
  lock('logs/refs/heads/fix/issue-2.lock'),
  lock('info/sparse-checkout.lock'),
  lock('objects/maintenance.lock'),
  lock('objects/schedule.lock'),
  lock('objects/info/alternates.lock'),
  lock('objects/info/commit-graph.lock'),
  lock('objects/info/commit-graphs/commit-graph-chain.lock'),
  lock('objects/pack/multi-pack-index.lock'),
  lock('worktrees/forge.test-acme-demo-2/index.lock'),
  lock('worktrees/forge.test-acme-demo-2/HEAD.lock'),
  lock('worktrees/forge.test-acme-demo-2/config.worktree.lock'),
];

/** Objects and refs that change what others see. */
const OBJECTS: readonly RepositoryState[] = [
  {
    name: 'a replaced commit',
    kind: 'replaced objects',
    made: 'git replace -f HEAD HEAD~1',
    says: /refs\/replace/,
    batch: 'objects',
  },
  {
    name: 'grafts',
    kind: 'files that hold in each worktree',
    made: 'mkdir -p "$R/info"; git rev-parse HEAD > "$R/info/grafts"',
    says: /info\/grafts/,
    batch: 'objects',
  },
  {
    name: 'shallow marks',
    kind: 'shallow marks',
    made: 'git rev-parse HEAD > "$R/shallow"',
    says: /shallow/,
    batch: 'objects',
  },
  { name: 'a shallow fetch', kind: 'shallow marks', made: 'git fetch -q --depth=1 origin main', says: /shallow/ },
  {
    name: 'shallow marks that mean nothing',
    kind: 'shallow marks',
    made: 'echo nonsense > "$R/shallow"',
    says: /shallow/,
  },
  {
    name: 'alternates that are gone',
    kind: 'objects from elsewhere, or left out',
    made: 'mkdir -p "$R/objects/info"; echo /nonexistent > "$R/objects/info/alternates"',
    says: /alternates/,
  },
  {
    name: 'alternates with objects that only they have',
    kind: 'objects from elsewhere, or left out',
    made: 'rm -rf "$R/../../alternate"; git init -q --bare "$R/../../alternate"; mkdir -p "$R/objects/info"; C=$(GIT_OBJECT_DIRECTORY="$R/../../alternate/objects" GIT_ALTERNATE_OBJECT_DIRECTORIES="$R/objects" git commit-tree -p HEAD -m elsewhere HEAD^{tree}); realpath "$R/../../alternate/objects" > "$R/objects/info/alternates"; git update-ref refs/heads/elsewhere "$C"',
    says: /alternates/,
  },
  {
    name: 'http-alternates',
    kind: 'files that hold in each worktree',
    made: 'mkdir -p "$R/objects/info"; echo http://localhost:1 > "$R/objects/info/http-alternates"',
    says: /alternates/,
    batch: 'objects',
  },
  {
    name: 'a broken commit graph',
    kind: 'what matters to nobody else',
    made: 'mkdir -p "$R/objects/info"; rm -f "$R/objects/info/commit-graph"; git commit-graph write --reachable; chmod u+w "$R/objects/info/commit-graph"; printf nonsense > "$R/objects/info/commit-graph"',
  },
  { name: 'objects packed and pruned', kind: 'what matters to nobody else', made: 'git gc -q --prune=now' },
  {
    name: 'an empty ref',
    kind: 'files among the refs that are none',
    made: ': > "$R/refs/heads/empty"',
    says: /refs\/heads\/empty is a broken ref/,
    batch: 'objects',
  },
  {
    name: 'a ref of zeros',
    kind: 'files among the refs that are none',
    made: 'printf "%040d\\n" 0 > "$R/refs/heads/zeros"',
    says: /refs\/heads\/zeros is a broken ref/,
    batch: 'objects',
  },
  {
    name: 'a ref of an object that is gone',
    kind: 'refs of objects that are gone',
    made: 'echo 1234567890123456789012345678901234567890 > "$R/refs/heads/gone"',
    says: /refs\/heads\/gone points to a missing object/,
    batch: 'objects',
  },
  {
    name: "origin's branch of an object that is gone",
    kind: 'refs of objects that are gone',
    made: 'mkdir -p "$R/refs/remotes/origin"; echo 1234567890123456789012345678901234567890 > "$R/refs/remotes/origin/main"',
    says: /refs\/remotes\/origin\/main points to a missing object/,
  },
  {
    name: 'a packed tag of an object that is gone',
    kind: 'refs of objects that are gone',
    made: 'git pack-refs --all; echo "1234567890123456789012345678901234567890 refs/tags/zz-gone" >> "$R/packed-refs"',
    says: /refs\/tags\/zz-gone points to a missing object/,
  },
  {
    name: 'a pipe among the branches',
    kind: 'files among the refs that are none',
    made: 'rm -f "$R/refs/heads/pipe"; mkfifo "$R/refs/heads/pipe"',
    says: /refs\/heads\/pipe is not a regular file/,
  },
  {
    name: 'packed refs with a line that is none',
    kind: 'files among the refs that are none',
    made: 'git pack-refs --all; echo nonsense >> "$R/packed-refs"',
    says: /packed-refs/,
  },
  {
    name: 'directories without the right to write',
    kind: 'directories without the right to write',
    made: 'chmod a-w "$R" "$R/refs/heads" "$R/objects"',
    says: /write/,
  },
  {
    name: 'objects and a record that their owner may not read',
    kind: 'directories without the right to write',
    made: 'chmod 000 "$R/worktrees/forge.test-acme-demo-2/HEAD" "$R/worktrees/forge.test-acme-demo-2" "$R/objects"',
    says: /write/,
  },
];

/** Files of the repository that hold in each worktree. */
const FILES: readonly RepositoryState[] = [
  {
    name: 'a broken HEAD',
    kind: 'files that hold in each worktree',
    made: 'echo nonsense > "$R/HEAD"',
    says: /HEAD/,
    batch: 'files',
  },
  {
    name: 'no directory for refs',
    kind: 'directories of a repository that are gone',
    made: 'git pack-refs --all; rm -rf "$R/refs"',
    says: /directory refs is missing/,
  },
  {
    name: 'no HEAD',
    kind: 'files that hold in each worktree',
    made: 'rm -f "$R/HEAD"',
    says: /HEAD/,
    batch: 'missing files',
  },
  {
    name: 'HEAD at a branch of an issue',
    kind: 'files that hold in each worktree',
    made: 'git --git-dir "$R" symbolic-ref HEAD refs/heads/fix/issue-2',
    says: /HEAD/,
  },
  {
    name: 'hooks',
    kind: 'files that hold in each worktree',
    made: 'mkdir -p "$R/hooks"; for hook in pre-commit post-checkout reference-transaction; do printf "#!/bin/sh\\nexit 1\\n" > "$R/hooks/$hook"; chmod +x "$R/hooks/$hook"; done',
    says: /hooks/,
    batch: 'files',
  },
  {
    name: 'attributes',
    kind: 'files that hold in each worktree',
    made: 'mkdir -p "$R/info"; echo "*.txt filter=x eol=crlf" > "$R/info/attributes"',
    says: /info\/attributes/,
    batch: 'files',
  },
  {
    name: 'files to ignore',
    kind: 'files that hold in each worktree',
    made: 'mkdir -p "$R/info"; echo "*" > "$R/info/exclude"',
    says: /info\/exclude/,
    batch: 'files',
  },
  {
    name: 'a commondir',
    kind: 'files that hold in each worktree',
    made: 'echo /nonexistent > "$R/commondir"',
    says: /commondir/,
    batch: 'files',
  },
  {
    name: 'an index of its own',
    kind: 'what matters to nobody else',
    made: 'echo nonsense > "$R/index"',
    batch: 'files',
  },
  {
    name: "kugetsu's own directory gone",
    kind: 'files that hold in each worktree',
    made: 'rm -rf "$R/kugetsu-git"',
    batch: 'missing files',
  },
];

/** Those that a look at the repository finds, and that are undone before each run. */
export const REPOSITORY_STATES: readonly RepositoryState[] = [...SETTINGS, ...LOCKS, ...OBJECTS, ...FILES];
