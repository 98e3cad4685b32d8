import type { Context } from '../../context.ts';
import { shortHash } from '../../issues/sanitised-name.ts';
import { carriedVariables, ENVIRONMENT_FILE_VARIABLE } from './service-environment.ts';

/** The queue daemon of one home as a service of its user. */
export interface Service {
  /** Names the unit, the job or the block; two homes never have the same one. */
  readonly name: string;
  readonly home: string;
  readonly userHome: string;
  /** The absolute command line of kugetsu itself, without arguments. */
  readonly kugetsu: readonly string[];
  /** What stands in the service's definition: what its process needs to find its way; no secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** What the daemon and its agents need besides, by `carriedVariables`; kept in a private file. */
  readonly carried: Readonly<Record<string, string>>;
  /** That file. */
  readonly carriedFile: string;
}

/** What a service of this user is told to do where it is managed. */
export interface ServiceManager {
  readonly kind: ServiceKind;
  /** Whether services of this kind can be started here and now. */
  available(): Promise<boolean>;
  /** The steps that make the service run, now and after every login or reboot. */
  planInstall(service: Service): Promise<readonly Step[]>;
  /** The steps that take away what {@link planInstall} put there; none when nothing is there. */
  planUninstall(service: Service): Promise<readonly Step[]>;
}

export type ServiceKind = 'systemd' | 'launchd' | 'cron';

/** One change to the user's machine. */
export type Step =
  | { readonly type: 'write'; readonly path: string; readonly content: string }
  /** What is in the file is shown to nobody, and it is the user's alone. */
  | { readonly type: 'keep'; readonly path: string; readonly variables: Readonly<Record<string, string>> }
  | { readonly type: 'remove'; readonly path: string }
  | { readonly type: 'crontab'; readonly content: string }
  /** `needed` false: that it fails is no failure. */
  | { readonly type: 'run'; readonly command: readonly string[]; readonly needed: boolean };

/** Marks the files that kugetsu wrote, and may replace and remove. */
export const MARKER = 'Written by kugetsu queue-daemon install.';

const INHERITED = ['PATH', 'KUGETSU_OPENCODE'];

/** The service of this home, run by this very program. */
export function serviceOf({ home, env, self }: Pick<Context, 'home' | 'env' | 'self'>): Service {
  const userHome = env['HOME'] ?? '/';
  const usual = home.root === `${userHome}/.kugetsu`;
  const inherited = INHERITED.map((key) => [key, env[key] ?? ''] as const).filter(([, value]) => value !== '');
  const carried = carriedVariables(env);
  return {
    name: `kugetsu-queue-daemon${usual ? '' : `-${shortHash(home.root)}`}`,
    home: home.root,
    userHome,
    kugetsu: [self.executable, ...self.prefix],
    environment: {
      KUGETSU_DIR: home.root,
      ...Object.fromEntries(inherited),
      ...(Object.keys(carried).length === 0 ? {} : { [ENVIRONMENT_FILE_VARIABLE]: home.serviceEnvironment }),
    },
    carried,
    carriedFile: home.serviceEnvironment,
  };
}
