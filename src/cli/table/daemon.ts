import { command, USUAL, type Entry } from './entry.ts';
import { DRY_RUN, flag, json } from './kinds.ts';

const ELSEWHERE = { 4: 'it is running in another container or on another machine' } as const;
const FOR_OTHERS = { why: 'the queue works for others, too' } as const;
const MACHINE = { why: 'it changes what starts with this machine' } as const;

/** The queue daemon. */
export const DAEMON: readonly Entry[] = [
  {
    words: 'queue-daemon',
    summary: 'start, stop and watch the daemon that works through the queue',
    examples: ['kugetsu queue-daemon start', 'kugetsu queue-daemon status', 'kugetsu queue-daemon logs 100'],
    exits: { 0: 'done', ...USUAL, 3: 'not ready or not running', 4: 'another daemon is running' },
  },
  command({
    words: 'queue-daemon start',
    summary: 'start it in the background, unless it is already running',
    examples: ['kugetsu queue-daemon start'],
    exits: { 0: 'it is running', 1: 'it did not start', 2: 'usage', ...ELSEWHERE },
    load: async () => (await import('../commands/queue-daemon.ts')).start,
  }),
  command({
    words: 'queue-daemon stop',
    summary: 'stop it; running agents continue',
    examples: ['kugetsu queue-daemon stop'],
    exits: { 0: 'it is not running any more', ...USUAL, ...ELSEWHERE },
    people: FOR_OTHERS,
    load: async () => (await import('../commands/queue-daemon.ts')).stop,
  }),
  command({
    words: 'queue-daemon restart',
    summary: 'stop it and start it again; running agents continue',
    examples: ['kugetsu queue-daemon restart'],
    exits: { 0: 'it is running', 1: 'it did not start', 2: 'usage', ...ELSEWHERE },
    people: FOR_OTHERS,
    load: async () => (await import('../commands/queue-daemon.ts')).restart,
  }),
  command({
    words: 'queue-daemon status',
    summary: 'say whether it is running',
    options: { json: json('print an object') },
    examples: ['kugetsu queue-daemon status --json'],
    exits: { 0: 'running', 2: 'usage', 3: 'not running' },
    load: async () => (await import('../commands/queue-daemon.ts')).daemonStatus,
  }),
  command({
    words: 'queue-daemon run',
    summary: 'run the daemon in the foreground: for systemd, cron and containers',
    options: {
      once: flag('--once', 'check the queue once, start what can start, and exit'),
      background: flag('--background', 'log to the file only'),
    },
    examples: [
      ['kugetsu queue-daemon run', 'for systemd and containers'],
      ['kugetsu queue-daemon run --once', 'for cron'],
    ],
    exits: { 0: 'ended', ...USUAL, 4: 'another daemon is running' },
    plain: ['background'],
    load: async () => (await import('../commands/queue-daemon.ts')).runInForeground,
  }),
  command({
    words: 'queue-daemon logs',
    summary: 'show the last lines of its log',
    takes: { count: { kind: 'optional', name: 'n', about: 'how many lines (default: 50)' } },
    examples: ['kugetsu queue-daemon logs 100'],
    exits: { 0: 'shown', ...USUAL },
    load: async () => (await import('../commands/queue-daemon.ts')).daemonLogs,
  }),
  command({
    words: 'queue-daemon install',
    summary: 'install it as a service that also starts after a reboot',
    options: {
      systemd: flag('--systemd', 'as a user unit of systemd'),
      launchd: flag('--launchd', 'as a launch agent of macOS'),
      cron: flag('--cron', 'from the crontab, which checks on it every 5 minutes'),
      dryRun: DRY_RUN,
    },
    notes: `For the current user and this home, with this very program; run it again when kugetsu has moved. Without a choice, the
first of the three that works here is used. The daemon keeps OPENCODE_*, XDG_* and proxy variables as they are now, in a
private file. A daemon that is already running makes room; running agents continue. On a server, let services run
without a login: loginctl enable-linger.`,
    examples: ['kugetsu queue-daemon install', 'kugetsu queue-daemon install --cron --dry-run'],
    exits: { 0: 'installed', ...USUAL, 3: 'nothing here can run it' },
    people: MACHINE,
    load: async () => (await import('../commands/queue-daemon.ts')).installDaemon,
  }),
  command({
    words: 'queue-daemon uninstall',
    summary: 'undo install; running agents continue',
    options: { dryRun: DRY_RUN },
    examples: ['kugetsu queue-daemon uninstall'],
    exits: { 0: 'nothing is installed any more', ...USUAL },
    people: MACHINE,
    load: async () => (await import('../commands/queue-daemon.ts')).uninstallDaemon,
  }),
];
