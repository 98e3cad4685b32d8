import { command, USUAL, type Entry } from './entry.ts';
import { flag, ISSUE_REF, json } from './kinds.ts';

const SERVER = { 3: 'the server refused, or wants a later kugetsu', 4: 'the server cannot be reached' } as const;
const WHY = { why: 'the queue is that of other hosts, too' } as const;

/** Several hosts with one queue. */
export const FLEET: readonly Entry[] = [
  {
    words: 'fleet',
    summary: 'share one queue with other hosts, on a PostgreSQL server',
    notes: 'docs/fleet.md says when that is worth it, how to set it up, and who can then do what.',
    examples: ['kugetsu fleet join postgres://kugetsu:PASSWORD@db.example/kugetsu', 'kugetsu fleet status'],
    exits: { 0: 'done', ...USUAL, ...SERVER },
  },
  command({
    words: 'fleet join',
    summary: 'make this home a host of the fleet whose queue is on a server; its own waiting tasks go there',
    takes: {
      url: {
        kind: 'required',
        name: 'url',
        about: 'postgres://USER:PASSWORD@HOST:5432/DATABASE; - reads it from standard input',
        is: 'text',
      },
    },
    options: {
      name: {
        kind: 'value',
        long: '--name',
        name: 'name',
        about: "this host's name in the fleet; that of the machine without",
      },
      json: json('print an object'),
    },
    notes: `Parts of the URL after a ?: sslmode (disable, require, verify-ca or verify-full), sslrootcert, sslcert, sslkey, host and
port (host a directory, for a socket), and schema (kugetsu without). A server on another machine is asked for TLS with a
certificate that holds (verify-full), unless sslmode says otherwise. A password may be in PGPASSWORD instead.`,
    examples: ['kugetsu fleet join - < url', 'kugetsu fleet join postgres://kugetsu@db.example/kugetsu --name a'],
    exits: {
      0: 'joined',
      ...USUAL,
      3: SERVER[3],
      4: 'an agent or the daemon is at work, the name is taken, or no connection',
    },
    people: WHY,
    load: async () => (await import('../commands/fleet.ts')).join,
  }),
  command({
    words: 'fleet leave',
    summary: 'take this home out of the fleet; the waiting tasks of its issues come along',
    options: { json: json('print an object') },
    notes: `Names the issues of this home whose commits were not pushed, or that had uncommitted files when their last run ended: the
fleet cannot go on with those as they are.`,
    examples: ['kugetsu fleet leave', 'kugetsu fleet leave --json'],
    exits: { 0: 'left', ...USUAL, 3: SERVER[3], 4: 'an agent or the daemon is at work, or no connection' },
    people: WHY,
    load: async () => (await import('../commands/fleet.ts')).leave,
  }),
  command({
    words: 'fleet status',
    isDefault: true,
    summary: 'list the hosts of the fleet',
    options: { json: json('print an object') },
    notes: `Columns: host, state, agents at work and slots, tasks of its issues that wait, version of the fleet's base (- is a base of its
own), last heard of, version of kugetsu.`,
    examples: ['kugetsu fleet status', 'kugetsu fleet status --json'],
    exits: { 0: 'shown', 1: 'this home is in no fleet', 2: 'usage', ...SERVER },
    load: async () => (await import('../commands/fleet.ts')).status,
  }),
  command({
    words: 'fleet drain',
    summary: 'have a host take no new tasks; agents at work go on',
    takes: { host: { kind: 'optional', name: 'host', about: 'this one by default', is: 'text' } },
    options: { undo: flag('--undo', 'let it take tasks again') },
    notes:
      'Names the issues of that host whose commits were not pushed, or that had uncommitted files when their last run ended.',
    examples: ['kugetsu fleet drain', 'kugetsu fleet drain --undo', 'kugetsu fleet drain b'],
    exits: { 0: 'done', 1: 'no such host', 2: 'usage', ...SERVER },
    people: WHY,
    load: async () => (await import('../commands/fleet.ts')).drain,
  }),
  command({
    words: 'fleet move',
    summary: 'have an issue go on at another host, from what was pushed',
    takes: { ref: ISSUE_REF },
    options: {
      to: { kind: 'value', long: '--to', name: 'host', about: 'that host; whichever takes a task of it first without' },
    },
    notes:
      'What was not pushed stays on the host that has it now, in its worktree; a notification (work_unpushed) says what that is.',
    examples: [
      'kugetsu fleet move github.com/shoko/kugetsu#14',
      'kugetsu fleet move github.com/shoko/kugetsu#14 --to b',
    ],
    exits: {
      0: 'moved',
      1: 'no such host',
      2: 'usage',
      3: SERVER[3],
      4: 'an agent is at work on it, or no connection',
    },
    people: WHY,
    load: async () => (await import('../commands/fleet.ts')).move,
  }),
  command({
    words: 'fleet base',
    summary: "make this home's base session that of all hosts (push), or take theirs (pull)",
    takes: { what: { kind: 'required', name: 'push|pull', is: { oneOf: ['push', 'pull'] } } },
    notes: `push stores what the base session knows in the database, without the secrets that kugetsu knows: whoever can read the
database can read it. At most 32 MB compressed. pull makes the newest one this home's base session, with a PM agent that knows
it. The daemon pulls by itself when a newer one is pushed, and so does "fleet join". Agents at work go on with what they know,
and opencode keeps the previous base session.`,
    examples: ['kugetsu fleet base push', 'kugetsu fleet base pull'],
    exits: {
      0: 'done',
      1: 'this home is in no fleet, no host has pushed a base, or the session is too large',
      2: 'usage',
      3: 'there is no base session, another opencode made the base, or the server refused',
      4: 'the base session was replaced meanwhile, or the server cannot be reached',
    },
    people: WHY,
    load: async () => (await import('../commands/fleet.ts')).shareBase,
  }),
  command({
    words: 'fleet forget',
    summary: 'say that a host is gone for ever: its tasks and issues go on elsewhere, from what was pushed',
    takes: { host: { kind: 'required', name: 'host', is: 'text' } },
    notes: 'For each issue of which only that host had something, a notification (work_unpushed) says what.',
    examples: ['kugetsu fleet forget b'],
    exits: { 0: 'forgotten', 1: 'no such host', 2: 'usage', ...SERVER },
    people: WHY,
    load: async () => (await import('../commands/fleet.ts')).forget,
  }),
];
