import type { Joined } from '../../domain/fleet/join-fleet.ts';
import type { Taken } from '../../domain/fleet/share-base.ts';
import type { UnpushedWork } from '../../domain/fleet/unpushed-work.ts';
import { AppError, usageError, wordsOf } from '../../util/errors.ts';
import { plural } from '../../util/text.ts';
import { told } from '../../util/words.ts';
import type { Call } from '../call.ts';
import { printResult } from '../print-result.ts';
import { versionText } from '../version.ts';

/** Makes this home a host of a fleet. */
export async function join(
  { context }: Call,
  { url: given, name, json }: { readonly url: string; readonly name: string | undefined; readonly json: boolean },
): Promise<void> {
  const { requireNoDaemon } = await import('../../domain/daemon/find-daemon.ts');
  const { joinFleet } = await import('../../domain/fleet/join-fleet.ts');
  await requireNoDaemon(context);
  const url = given === '-' ? (await context.terminal.readInput()).trim() : given;
  if (url === '')
    throw usageError('no URL on standard input', 'write it as postgres://USER:PASSWORD@HOST:5432/DATABASE');
  const joined = await joinFleet(context, { url, name, version: versionText() });
  if (json) return printResult(context, { json, value: await joinedValue(context, joined) });
  return tellOfJoined(context, joined);
}

async function joinedValue(context: Call['context'], joined: Joined): Promise<unknown> {
  const { redactorOf } = await import('../../domain/agent-env/redactor.ts');
  const { text } = await redactorOf(context);
  const { host, server, tasks, elsewhere, left, base, differing } = joined;
  const failed = base instanceof AppError;
  return {
    host,
    server,
    tasks,
    elsewhere,
    unpushed: left.map(({ issue_ref: ref, what }) => ({ issue_ref: ref, what: told(what, text) })),
    base:
      failed || base === undefined
        ? null
        : { version: base.version, by_host: base.by_host, session_id: base.base, replaced: base.replaced },
    base_error: failed ? told(wordsOf(base), text) : null,
    differing: differing.map((each) => ({ ...each, what: told(each.what, text) })),
  };
}

async function tellOfJoined(context: Call['context'], joined: Joined): Promise<void> {
  const { host, server, tasks, elsewhere, left } = joined;
  const { terminal } = context;
  terminal.err(`this home is host ${host} of the fleet at ${server}; ${plural(tasks, 'task')} handed over`);
  for (const { issue_ref: ref, host: other } of elsewhere) {
    terminal.err(`${ref} belongs to host ${other}, where its tasks go; its session and worktree here stay as they are`);
  }
  await tellOfLeft(context, 'only this host has, and no other could go on with it:', left);
  await tellOfOthers(context, joined);
  terminal.err('  run: kugetsu queue-daemon start');
}

/** What the other hosts have, and this one has or does not. */
async function tellOfOthers(context: Call['context'], { base, differing }: Joined): Promise<void> {
  const { redactorOf } = await import('../../domain/agent-env/redactor.ts');
  const { differingHint, differingWords } = await import('../../domain/fleet/compare-hosts.ts');
  const { text } = await redactorOf(context);
  const { terminal } = context;
  for (const hint of new Set(differing.map(differingHint))) {
    const alike = differing.filter((each) => differingHint(each) === hint);
    for (const each of alike) terminal.err(told(differingWords(each), text));
    terminal.err(`  ${hint}`);
  }
  if (base instanceof AppError) {
    terminal.err(`the base of the fleet could not be taken: ${told(wordsOf(base), text)}`);
    terminal.err('  run: kugetsu fleet base pull');
  } else if (base !== undefined) tellOfBase(terminal, base);
}

function tellOfBase(terminal: Call['context']['terminal'], { version, by_host: host, base, replaced }: Taken): void {
  terminal.err(`base ${version} of the fleet, from host ${host}, is this home's base session now: ${base}`);
  terminal.err(`the previous base session, ${replaced}, is no longer used; opencode still has it`);
}

/** Makes this home's base session that of all hosts, or takes theirs. */
export async function shareBase({ context }: Call, { what }: { readonly what: 'push' | 'pull' }): Promise<void> {
  if (what === 'pull') {
    const { pullBase } = await import('../../domain/fleet/share-base.ts');
    return tellOfBase(context.terminal, await pullBase(context));
  }
  const { pushBase } = await import('../../domain/fleet/share-base.ts');
  const version = await pushBase(context);
  context.terminal.err(`this home's base session is base ${version} of the fleet; the daemons of the hosts take it`);
}

/** Takes this home out of its fleet. */
export async function leave({ context }: Call, { json }: { readonly json: boolean }): Promise<void> {
  const { requireNoDaemon } = await import('../../domain/daemon/find-daemon.ts');
  const { leaveFleet } = await import('../../domain/fleet/leave-fleet.ts');
  await requireNoDaemon(context);
  const { host, tasks, left } = await leaveFleet(context);
  if (json) {
    const { redactorOf } = await import('../../domain/agent-env/redactor.ts');
    const { text } = await redactorOf(context);
    const unpushed = left.map(({ issue_ref: ref, what }) => ({ issue_ref: ref, what: told(what, text) }));
    return printResult(context, { json, value: { host, tasks, unpushed } });
  }
  context.terminal.err(`this home is no longer host ${host} of the fleet; ${plural(tasks, 'task')} came along`);
  await tellOfLeft(context, 'only this home has, and no host of the fleet could go on with it:', left);
}

/** What is on no remote, issue by issue; nothing when there is none. */
async function tellOfLeft(context: Call['context'], heading: string, left: readonly UnpushedWork[]): Promise<void> {
  if (left.length === 0) return;
  const { redactorOf } = await import('../../domain/agent-env/redactor.ts');
  const { text } = await redactorOf(context);
  context.terminal.err(heading);
  for (const { issue_ref: ref, what } of left) context.terminal.err(`  ${ref}: ${told(what, text)}`);
}

/** Prints the hosts. */
export async function status({ context }: Call, { json }: { readonly json: boolean }): Promise<void> {
  const { fleetStatus } = await import('../../domain/fleet/fleet-status.ts');
  const value = await fleetStatus(context);
  await printResult(context, {
    json,
    value: {
      ...value,
      hosts: value.hosts.map(({ silentMs, ...host }) => ({ ...host, silent_seconds: Math.round(silentMs / 1000) })),
    },
    text: async (style) => (await import('../views/hosts.ts')).renderFleet(value, style),
  });
}

/** Has a host take no new tasks, or take them again. */
export async function drain(
  { context }: Call,
  { host, undo }: { readonly host: string | undefined; readonly undo: boolean },
): Promise<void> {
  const { drainHost } = await import('../../domain/fleet/fleet-status.ts');
  const { host: name, left } = await drainHost(context, { name: host, undo });
  const { terminal } = context;
  if (undo) return terminal.err(`host ${name} takes tasks again`);
  terminal.err(`host ${name} takes no new tasks; agents at work go on`);
  await tellOfLeft(context, 'only this host has:', left);
}

/** Counts a host as gone. */
export async function forget({ context }: Call, { host }: { readonly host: string }): Promise<void> {
  const { forgetHost } = await import('../../domain/fleet/fleet-status.ts');
  const name = await forgetHost(context, host);
  context.terminal.err(`host ${name} is forgotten; its issues go on elsewhere, from what was pushed`);
}

/** Has an issue go on at another host. */
export async function move(
  { context }: Call,
  { ref: text, to }: { readonly ref: string; readonly to: string | undefined },
): Promise<void> {
  const { resolveIssueRef } = await import('../../domain/sessions/resolve-issue-ref.ts');
  const { formatIssueRef } = await import('../../domain/issues/issue-ref.ts');
  const { moveIssue } = await import('../../domain/fleet/fleet-status.ts');
  const ref = formatIssueRef(await resolveIssueRef(context, text));
  await moveIssue(context, ref, to ?? null);
  context.terminal.err(
    `${ref} goes on at ${to === undefined ? 'whichever host takes it first' : `host ${to}`}, from what was pushed`,
  );
}
