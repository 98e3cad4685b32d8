import { listDirectory } from '../../adapters/store/directory.ts';
import { messageOf } from '../../util/errors.ts';
import { SHAPES_ONLY } from '../../util/redaction.ts';
import { beginsLikeSecret, isSecretKey, REDACTED } from '../../util/secret-shapes.ts';
import type { Context } from '../context.ts';
import { agentOfFile } from './agents.ts';
import { envFilePath, readEnvFile } from './env-file.ts';

type Needs = Pick<Context, 'home' | 'env'>;

/** An env file by what is in it. */
export interface ListedEnvFile {
  readonly agent: string;
  readonly path: string;
  readonly variables: number;
}

/** The env files that there are, and why the others could not be read. */
interface EnvFiles {
  readonly files: readonly ListedEnvFile[];
  readonly broken: readonly string[];
}

/** The env files of the home. */
export async function listEnvFiles(context: Needs): Promise<EnvFiles> {
  const files: ListedEnvFile[] = [];
  const broken: string[] = [];
  for (const name of (await listDirectory(context.home.agentEnv)).toSorted()) {
    const agent = agentOfFile(name);
    if (agent === undefined) continue;
    try {
      const variables = await readEnvFile(context, agent);
      if (variables !== undefined) files.push({ agent, path: envFilePath(context, agent), variables: variables.size });
    } catch (error) {
      broken.push(messageOf(error));
    }
  }
  return { files, broken };
}

/** A variable as it may be shown. */
export interface MaskedVariable {
  readonly key: string;
  readonly value: string;
  /** Whether something of the value is hidden. */
  readonly masked: boolean;
}

/**
 * The variables of an agent's own file with all that looks secret hidden; undefined when there is no such file.
 *
 * @throws AppError usage (exit code 2) for a bad name, `bad_env_file`
 */
export async function showVariables(context: Needs, agent: string): Promise<MaskedVariable[] | undefined> {
  const variables = await readEnvFile(context, agent);
  return variables === undefined ? undefined : [...variables].map(([key, value]) => masked(key, value));
}

/** Whether a variable is secret, by its name or by the form of its value. */
export function isSecret(key: string, value: string): boolean {
  return masked(key, value).masked;
}

function masked(key: string, value: string): MaskedVariable {
  const hidden = value !== '' && (isSecretKey(key) || beginsLikeSecret(value));
  const shown = hidden ? REDACTED : SHAPES_ONLY.text(value);
  return { key, value: shown, masked: shown !== value };
}
