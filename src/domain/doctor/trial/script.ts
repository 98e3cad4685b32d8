import type { ModelStep } from '../../../adapters/scripted-model/scripted-model.ts';

/** What an agent is told in the trial, by what is tried. */
export const TOLD = {
  remember: 'trial: remember periwinkle',
  directory: 'trial: where are you',
  ask: 'trial: do what is asked about',
  question: 'trial: ask a person',
  refused: 'trial: be refused by the model',
  work: 'trial: work for long',
  goOn: 'trial: go on',
} as const;

const DONE: ModelStep = { text: 'Done.' };

const QUESTION = {
  questions: [
    {
      question: 'Which?',
      header: 'Which',
      options: [
        { label: 'This', description: 'this one' },
        { label: 'That', description: 'that one' },
      ],
    },
  ],
};

const STEPS: ReadonlyMap<string, readonly ModelStep[]> = new Map<string, readonly ModelStep[]>([
  [TOLD.directory, [{ command: 'pwd -P > where; echo "$KUGETSU_RUN_ID" >> where' }, DONE]],
  [TOLD.ask, [{ command: 'touch asked' }, DONE]],
  [TOLD.question, [{ tool: 'question', input: QUESTION }, DONE]],
  [TOLD.refused, [{ status: 401 }]],
  [TOLD.work, [{ command: 'sleep 600' }, DONE]],
]);

/** What the model does for a message of the trial. */
export function scriptOf(message: string): readonly ModelStep[] {
  for (const [told, steps] of STEPS) if (message.includes(told)) return steps;
  return [DONE];
}
