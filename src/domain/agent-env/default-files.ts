import { changeTextFile } from '../../adapters/store/text-file.ts';
import type { Context } from '../context.ts';
import { DEFAULT_AGENT } from './agents.ts';
import { envFilePath } from './env-file.ts';

const SYNTAX = [
  '# KEY=VALUE in shell syntax, parsed and never executed. kugetsu env set KEY - < FILE sets a secret without leaving it in',
  "# the shell's history; kugetsu env show masks secrets.",
];

const TEXTS: Readonly<Record<string, readonly string[]>> = {
  [DEFAULT_AGENT]: [
    "# Environment variables of every agent. pm-agent.env and dev-agent.env beside this file are one agent's own, and win.",
    ...SYNTAX,
    '#',
    '# NODE_ENV=test',
  ],
  'pm-agent': [
    '# Environment variables of the PM agent, over those of default.env. Development agents do not get them.',
    ...SYNTAX,
    '#',
    '# GITEA_TOKEN=',
  ],
};

/** Makes the env files that explain themselves, where they are missing. */
export async function makeEnvFiles(context: Pick<Context, 'home'>): Promise<void> {
  for (const [agent, lines] of Object.entries(TEXTS)) {
    const text = `${lines.join('\n')}\n`;
    await changeTextFile(envFilePath(context, agent), (existing) => (existing === undefined ? text : undefined));
  }
}
