type Environment = Readonly<Record<string, string | undefined>>;

// Every variable of git(1), git-config(1) and the other pages of git's manual is decided here: what the user set to reach a
// server, to be believed by it, or to configure git is honoured; what names another repository, index or format is kept out,
// and so is what would ask, trace or change what git prints. docs/reliability.md has the table.

/** The variables that git gets from the user's environment, or the beginnings of their names. */
const HONOURED: readonly RegExp[] = [
  /^GIT_(?:SSH|SSH_COMMAND|SSH_VARIANT|PROXY_COMMAND)$/,
  /^GIT_SSL_/,
  /^GIT_PROXY_SSL_/,
  /^GIT_HTTP_(?:PROXY_AUTHMETHOD|USER_AGENT|MAX_REQUESTS|MAX_REQUEST_BUFFER|MAX_RETRIES|MAX_RETRY_TIME|RETRY_AFTER)$/,
  /^GIT_HTTP_KEEPALIVE_(?:IDLE|INTERVAL|COUNT)$/,
  /^GIT_(?:CURL_FTP_NO_EPSV|USER_AGENT|ALLOW_PROTOCOL|PROTOCOL_FROM_USER)$/,
  /^GIT_CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM|COUNT|PARAMETERS|KEY_\d+|VALUE_\d+)$/,
  /^GIT_ATTR_NOSYSTEM$/,
  /^GIT_(?:EXEC_PATH|SHELL_PATH)$/,
  /^GIT_INDEX_VERSION$/,
  /^GIT_LFS_/,
];

/** Whether git gets this variable as the user has set it. */
export function isHonoured(variable: string): boolean {
  return !variable.startsWith('GIT_') || HONOURED.some((pattern) => pattern.test(variable));
}

// An empty GIT_ASKPASS also keeps git from core.askPass and SSH_ASKPASS (git-config(1), core.askPass).
const NEVER_ASK: Environment = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: '',
  SSH_ASKPASS: undefined,
  SSH_ASKPASS_REQUIRE: 'never',
  GCM_INTERACTIVE: 'never',
};

// Whatever init.defaultRefFormat says, or feature.experimental in a newer git: kugetsu shares the files of refs/. A git that
// is older than the variable knows no other format.
const FORMATS: Environment = { GIT_DEFAULT_REF_FORMAT: 'files' };

// What an agent has put in place of an object is for whoever asks for it.
const AS_STORED: Environment = { GIT_NO_REPLACE_OBJECTS: '1' };

/** The environment of kugetsu's own git. */
export function gitEnvironment(env: Environment): Environment {
  const kept = Object.entries(env).filter(([key]) => isHonoured(key));
  return { ...Object.fromEntries(kept), ...NEVER_ASK, ...FORMATS, ...AS_STORED, GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' };
}

// The events of githooks(5) at which git itself, and not a porcelain that kugetsu does not call, runs a hook.
const HOOK_EVENTS = [
  'reference-transaction',
  'post-checkout',
  'post-index-change',
  'pre-auto-gc',
  'fsmonitor-watchman',
];

// kugetsu's own git never runs a hook, a file system monitor or a command for a URL, never asks, leaves submodules alone,
// and gives up on a transfer that has stood still for a minute. Its repositories have the formats that kugetsu shares with
// a git directory of its own, whatever the user's settings say for new ones, and absolute paths, which every git reads.
/** Settings that kugetsu's own git has whatever the user's say, as `name=value`. */
export const PINNED_SETTINGS: readonly string[] = [
  'core.hooksPath=/dev/null',
  // A git of 2.54 or newer takes hooks from the configuration, too.
  ...HOOK_EVENTS.map((event) => `hook.${event}.enabled=false`),
  // A lock of an agent's git is waited for.
  'core.filesRefLockTimeout=2000',
  'core.fsmonitor=false',
  'core.splitIndex=false',
  'core.sharedRepository=umask',
  'credential.interactive=false',
  'fetch.pruneTags=false',
  'gc.auto=0',
  'http.lowSpeedLimit=1',
  'http.lowSpeedTime=60',
  'init.defaultSubmodulePathConfig=false',
  'maintenance.auto=false',
  'protocol.ext.allow=never',
  'remote.origin.pruneTags=false',
  'submodule.recurse=false',
  'worktree.useRelativePaths=false',
];
