import skill from '../../../SKILL.md' with { type: 'text' };
import type { Settings } from '../settings-schema.ts';
import instructions from './instructions.md' with { type: 'text' };

interface PmTask {
  readonly message: string;
  readonly verbosity: Settings['KUGETSU_VERBOSITY'];
  /** Why an earlier attempt at the task failed; undefined for the first. */
  readonly earlierFailure: string | undefined;
}

const VERBOSITY: Readonly<Record<Settings['KUGETSU_VERBOSITY'], string>> = {
  verbose: 'Report verbosely: also say what you looked at, and why you decided as you did.',
  default: 'Report briefly.',
  quiet: 'Report only when something went wrong: send no notification for what went as it should.',
};

/** What the PM agent is told for one task: its instructions, what it has to know of kugetsu, and the task. */
export function pmPrompt({ message, verbosity, earlierFailure }: PmTask): string {
  const parts = [
    instructions.trim(),
    VERBOSITY[verbosity],
    withoutDelegate(withoutFrontMatter(skill)).trim(),
    '# The task',
  ];
  if (earlierFailure !== undefined) {
    parts.push(`An earlier attempt at it ended early (${earlierFailure}). Look first at what it has already started.`);
  }
  return `${[...parts, message].join('\n\n')}\n`;
}

/** A PM agent that delegates hands its task to another PM agent, which does the same: it is not shown how. */
function withoutDelegate(text: string): string {
  const withoutExamples = text.replaceAll(/```sh\n(?:(?!```)[\s\S])*?kugetsu delegate[\s\S]*?```\n+/g, '');
  return withoutExamples
    .split('\n')
    .filter((line) => !line.includes('kugetsu delegate'))
    .join('\n');
}

function withoutFrontMatter(text: string): string {
  return text.replace(/^---\n[\s\S]*?\n---\n/, '');
}
