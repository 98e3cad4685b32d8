import { wordsOf } from '../../util/errors.ts';
import { oneLine } from '../../util/text.ts';
import { rawText, type Text, told } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../queue/context.ts';
import { SettingsSchema } from '../settings-schema.ts';
import { defaultTempDirectory } from '../settings/unattended-rights.ts';
import { examineSettings, faultOf, isSettingKey } from '../settings/examine-settings.ts';
import { readSettingsSource } from '../settings/list-settings.ts';
import { type CanaryReport, runCanary } from './canary/run-canary.ts';
import { ALL_CHECKS } from './checks/all-checks.ts';
import { modelCheck } from './checks/model.ts';
import { diagnose } from './diagnose.ts';
import type { Finding, ShownFinding } from './check.ts';
import { type FixedPermissions, fixPermissions } from './checks/permissions.ts';
import { surveyHome } from './survey.ts';

interface DoctorRequest {
  readonly fix: boolean;
  readonly fixPermissions: boolean;
  /** Whether the model is asked a word. */
  readonly askModel: boolean;
  /** Whether an agent is run from start to end; undefined for no. */
  readonly canary: Parameters<typeof runCanary>[1] | undefined;
  /** Hears of each repair when it has been tried. */
  readonly onRepair: (repair: ShownRepair) => void;
  /** Hears of each finding as soon as it is found; undefined when something is to be fixed first, and with it findings change. */
  readonly onFinding: ((finding: ShownFinding) => void) | undefined;
}

/** What doctor found, after whatever it did about it. */
export interface Diagnosis {
  readonly findings: readonly ShownFinding[];
  readonly repairs: readonly ShownRepair[];
  readonly permissions: FixedPermissions | null;
  readonly canary: CanaryReport | null;
  /** Whether there is no finding of level `error`. */
  readonly healthy: boolean;
}

/** One repair may reveal the next problem: a damaged file that is set aside leaves an entry behind. */
const MAX_ROUNDS = 5;
const MAX_LINE = 1000;

/** Checks everything and fixes what it is asked to fix. Never throws because of the state of the home. */
export async function runDoctor(given: Context, request: DoctorRequest): Promise<Diagnosis> {
  const context = withLenientSettings(given);
  const { text: clean } = await redactorOf(context);
  const shown = (text: Text): string => oneLine(told(text, clean), MAX_LINE);
  const shownRepair = (repair: AppliedRepair): ShownRepair => ({
    ...repair,
    message: shown(repair.message),
    finding: shown(repair.finding),
  });
  const onRepair = (repair: AppliedRepair): void => request.onRepair(shownRepair(repair));
  const shownFinding = (finding: Finding): ShownFinding => ({ ...finding, message: shown(finding.message) });
  const onFinding = (finding: Finding): void => request.onFinding?.(shownFinding(finding));
  // The canary asks the model too.
  const asked =
    request.askModel && request.canary === undefined
      ? diagnose(context, [modelCheck], (finding) => isAnswer(finding) && onFinding(finding))
      : Promise.resolve([]);
  const { repairs, findings: found } = request.fix
    ? await repairAll(context, onRepair)
    : { repairs: [], findings: undefined };
  const permissions = request.fixPermissions
    ? await fixPermissions({ ...context, survey: await surveyHome(context.home) })
    : null;
  const current = permissions === null ? found : undefined;
  const [known, model] = await Promise.all([current ?? diagnose(context, ALL_CHECKS, onFinding), asked]);
  const flown = request.canary === undefined ? undefined : await runCanary(context, request.canary);
  if (flown !== undefined) onFinding(flown.finding);
  const answered = model.filter(isAnswer);
  const findings = [...known, ...answered, ...(flown === undefined ? [] : [flown.finding])];
  return {
    findings: findings.map(shownFinding),
    repairs: repairs.map(shownRepair),
    permissions,
    canary: flown === undefined ? null : { steps: flown.steps, failed: flown.failed },
    healthy: findings.every(({ level }) => level !== 'error'),
  };
}

/** A home that is not initialised is a finding of the other checks already. */
function isAnswer({ check }: Finding): boolean {
  return check === modelCheck.name;
}

interface Repaired {
  readonly repairs: readonly AppliedRepair[];
  /** The findings after the repairs; undefined when there was no second look. */
  readonly findings: readonly Finding[] | undefined;
}

async function repairAll(context: Context, onRepair: (repair: AppliedRepair) => void): Promise<Repaired> {
  const repairs: AppliedRepair[] = [];
  const inVain = new Set<string>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const findings = await diagnose(context, ALL_CHECKS);
    const fixable = findings.filter(({ repair, message }) => repair !== undefined && !inVain.has(rawText(message)));
    if (fixable.length === 0) return { repairs, findings };
    for (const repair of await applyRepairs(fixable)) {
      if (!repair.fixed) inVain.add(rawText(repair.finding));
      repairs.push(repair);
      onRepair(repair);
    }
  }
  return { repairs, findings: undefined };
}

/** A context in which an invalid setting has its default, so that one mistake in the config hides nothing else. */
export function withLenientSettings<T extends Context>(context: T): T {
  const settings: Context['settings'] = async () => {
    const { given } = examineSettings(await readSettingsSource(context));
    const usable = [...given].filter(([key, { value }]) => isSettingKey(key) && faultOf(key, value) === undefined);
    return SettingsSchema.parse(Object.fromEntries(usable.map(([key, { value }]) => [key, value])));
  };
  const tempDirectory: Context['tempDirectory'] = async () =>
    (await settings()).KUGETSU_TEMP_DIR ?? defaultTempDirectory(context.env);
  return { ...context, settings, tempDirectory };
}

/** What was done about a finding. */
export interface AppliedRepair {
  readonly check: string;
  /** What was found. */
  readonly finding: Text;
  readonly fixed: boolean;
  /** What was done, or why it could not be. */
  readonly message: Text;
}

/** The same as it is shown, without secrets. */
export type ShownRepair = Omit<AppliedRepair, 'finding' | 'message'> & Readonly<Record<'finding' | 'message', string>>;

/** Applies the repairs of the findings, one after the other. Never throws: one that fails stops no other. */
export async function applyRepairs(findings: readonly Finding[]): Promise<AppliedRepair[]> {
  const applied: AppliedRepair[] = [];
  for (const { check, message: finding, repair } of findings) {
    if (repair === undefined) continue;
    try {
      applied.push({ check, finding, fixed: true, message: await repair() });
    } catch (error) {
      applied.push({ check, finding, fixed: false, message: wordsOf(error) });
    }
  }
  return applied;
}
