// Slow: every command of the tour on the real opencode.
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startScriptedModel } from '../support/scripted-model.ts';
import { BINARY, makeWorld, processesOf, REAL_OPENCODE, run } from '../support/world.ts';

const README = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');

/** The shell blocks of the tour, in their order. */
function tour(): string {
  const [, section = ''] = README.split(/^## A five-minute tour$/m);
  const blocks = [...(section.split(/^## /m)[0] ?? '').matchAll(/^```sh\n([^]*?)^```$/gm)];
  return blocks.map(([, block = '']) => block).join('\n');
}

const commit = (file: string, text: string): string =>
  `echo '${text}' > ${file} && git add ${file} && git commit -q -m 'Add ${file}' && git push -q origin HEAD`;

test('the tour of README.md does what it says, run as it is written', async () => {
  const model = await startScriptedModel();
  model.on(/Fix the spelling/, [{ bash: commit('greeting.txt', 'Hello, world.') }, { text: 'Fixed and pushed.' }]);
  model.on(/Add a test of the greeting/, [
    { bash: commit('check.sh', 'grep -q Hello greeting.txt') },
    { text: 'Tested.' },
  ]);
  model.on(/# The task\s+Get issue 2/, [
    { bash: "kugetsu start 'me/greeter#2' 'write the farewell'" },
    { text: 'An agent is at work on issue 2.' },
  ]);
  model.on(/^write the farewell/m, [{ bash: commit('farewell.txt', 'Goodbye.') }, { text: 'Written and pushed.' }]);
  const world = makeWorld({ opencode: REAL_OPENCODE, modelPort: model.port });
  try {
    const bin = join(world.root, 'bin');
    mkdirSync(bin);
    symlinkSync(BINARY[0] ?? '', join(bin, 'kugetsu'));
    const env = { ...world.env, PATH: `${bin}:${world.env['PATH']}` };
    const blocks = tour();
    expect(blocks).toContain('kugetsu delegate');
    const { code, stdout, stderr } = await run(['bash', '--norc', '-euo', 'pipefail', '-c', blocks], {
      cwd: world.project,
      env,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
    expect(stdout).toMatch(/^ok$/m);
    expect(stdout).toMatch(/^Hello, world\.$/m);
    expect(stdout).toMatch(/^q_\S+\tcompleted\t/m);
    expect(stdout).toMatch(/\ttask_completed\t/);
    expect(stdout).toMatch(/^Goodbye\.$/m);
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^\(pm-agent\)\t/);
    expect(processesOf(world.root)).toEqual([]);
  } finally {
    const left = await world.destroy();
    await model.close();
    expect(left).toEqual([]);
  }
});
