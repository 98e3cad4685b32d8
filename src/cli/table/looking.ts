import { command, USUAL, type Entry } from './entry.ts';
import { flag, json, WIDE } from './kinds.ts';

const BY = ['day', 'issue', 'repo', 'model'] as const;

const FIELDS = ['since', 'by', 'total', 'groups'] as const;

/** What the fleet does, and what runs have come to. */
export const LOOKING: readonly Entry[] = [
  command({
    words: 'watch',
    summary: 'show agents, queue and notifications live, and stop, retry or follow them with a key',
    options: {
      once: flag('--once', 'print what is so now, one line for each thing, and leave'),
      json: json('print an object whenever something has changed, one per line'),
    },
    notes: `Keys: up and down or k and j, page-up, page-down, g and G move; tab goes to the next part; enter shows the log, and
follows it while the agent is at work; d shows the diff; a attaches; s stops the agent; c cancels the task, r retries it; p
pauses the queue or lets it go on; x marks the notifications as read; ? lists the keys; q leaves. Agents go on. Without a
terminal, each change is printed as a line: time, what, which, and how it is now.`,
    examples: ['kugetsu watch', 'kugetsu watch --once --json'],
    exits: { 0: 'left', ...USUAL },
    load: async () => (await import('../commands/watch.ts')).watch,
  }),
  command({
    words: 'web',
    summary: 'show agents, queue and notifications as a page in a browser, with buttons to act on them',
    options: {
      listen: {
        kind: 'value',
        long: '--listen',
        name: 'address',
        about: 'the address to listen on; any but a loopback one can be reached from other machines',
        is: { words: ['127.0.0.1', '0.0.0.0', '::1', '::'] },
        fallback: '127.0.0.1',
      },
      port: {
        kind: 'value',
        long: '--port',
        name: 'n',
        about: 'the port; 0 for any that is free',
        is: 'text',
        fallback: '4170',
      },
      name: {
        kind: 'values',
        long: '--name',
        name: 'host',
        about: 'also answer to this name, of a proxy or of this machine; may be repeated',
      },
      keepToken: flag('--keep-token', 'use the token that the home keeps in web-token, and do not print it'),
      json: json('print the address as an object on one line'),
    },
    people: { why: 'whoever has its address can do all that a person can' },
    notes: `Prints an address with a token, for a browser, and goes on until it is ended (Ctrl-C, SIGTERM). The browser keeps a
cookie in place of the token; without one of them nothing is shown or done. With --keep-token both outlive a restart.`,
    examples: [
      'kugetsu web',
      ['kugetsu web --keep-token', 'as a service: docs/web.md'],
      ['kugetsu web --listen 192.168.1.5 --name build.lan', 'for other machines of a network that you trust'],
    ],
    exits: { 0: 'ended', 1: 'cannot listen there', 2: 'usage', 4: 'the port is taken' },
    load: async () => (await import('../commands/web.ts')).web,
  }),
  command({
    words: 'stats',
    summary: 'show the outcomes, time, tokens and cost of runs',
    options: {
      by: {
        kind: 'value',
        long: '--by',
        name: 'what',
        about: 'a line for each day, issue, repo or model',
        is: { oneOf: BY },
        fallback: 'day',
      },
      since: {
        kind: 'value',
        long: '--since',
        name: 'time',
        about: 'only runs that ended since: 12h (ago), 7d, 14:30, 2026-12-24; 30d by default',
      },
      wide: WIDE,
      json: json('print an object with the figures of each group and of all together', FIELDS),
    },
    notes: `Columns: the group, runs, succeeded, failed, stopped, seconds, tokens, cost. Time is how long agents were at work,
tokens are all tokens, those of the cache too, and the cost is what opencode says it is, in dollars. On a terminal a bar shows the
share of each line. Runs are known for STATS_KEEP_DAYS.`,
    examples: ['kugetsu stats', 'kugetsu stats --by repo --since 7d', 'kugetsu stats --by issue --json'],
    exits: { 0: 'shown', ...USUAL },
    load: async () => (await import('../commands/stats.ts')).stats,
  }),
];
