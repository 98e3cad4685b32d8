// Slow: each test has a browser, and several agents one after the other.
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { faintTexts, look, openPage } from '../support/browser.ts';
import { issue, REF, succeeded, verdictOf } from '../support/fake-world.ts';
import { enqueue, give, noted, notesPath, queueWorld, startDaemon, tasks } from '../support/queue-world.ts';
import { startWeb } from '../support/web-page.ts';
import { until, type World } from '../support/world.ts';

/** What an agent does: it commits something, says so in the file `begun`, and waits for the file `go`. */
function work(world: World): string {
  const steps = [
    'echo one > new.txt; git add new.txt; git commit -qm Work',
    `echo begun >> ${notesPath(world, 'begun')}`,
    `until [ -e ${notesPath(world, 'go')} ]; do sleep 0.05; done`,
  ];
  return `fake: sh ${steps.join('; ')}`;
}

const begun = async (world: World): Promise<void> => {
  await until('the agent has begun', () => noted(world, 'begun').length > 0);
};

test.each([
  { looks: 'wide and light', width: 1280, scheme: 'light' },
  { looks: 'narrow and dark', width: 360, scheme: 'dark' },
] as const)('delegate, watch it work, read the diff, continue: $looks', async ({ looks, width, scheme }) => {
  const world = await queueWorld();
  await startDaemon(world);
  const page = await openPage(await startWeb(world), { width, scheme });
  const picture = async (name: string): Promise<void> => look(page, `${looks.replaceAll(' ', '-')}-${name}`);
  await picture('0-empty');
  await page.getByLabel('Delegate to the PM agent').fill(`fake: sh kugetsu start '${REF}' '${work(world)}'`);
  await page.getByRole('button', { name: 'Delegate', exact: true }).click();
  // It goes to the task, whose log comes as soon as the PM agent has it.
  await page.getByRole('log').getByText('at work: ').waitFor();
  await picture('1-delegated');
  await page.getByRole('link', { name: 'Fleet', exact: true }).click();
  await page.locator('#agents .name').getByText('#1').click();
  await begun(world);
  await page.locator('.doing-now').getByText('until [ -e').waitFor();
  await picture('2-at-work');
  give(world, 'go');
  await page.locator('.detail .badge').getByText('succeeded').waitFor();
  await page.getByText('The run has ended.').waitFor();
  await picture('3-done');
  await page.getByRole('link', { name: 'Diff', exact: true }).click();
  await page.locator('.diff').getByText('+one').waitFor();
  expect(await page.locator('.commits li').allTextContents()).toEqual([expect.stringMatching(/^[0-9a-f]+ Work$/)]);
  await picture('4-diff');
  await page.getByRole('link', { name: 'Receipt', exact: true }).click();
  await page.locator('.receipt').getByText('1 commit ahead').waitFor();
  await picture('5-receipt');
  await page.getByLabel('Continue with another message').fill('fake: reply I have gone on');
  // What was typed is still there in another view.
  await page.getByRole('link', { name: 'Log', exact: true }).click();
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await page.getByRole('log').getByText('I have gone on', { exact: true }).waitFor();
  await picture('6-continued');
  await page.getByRole('link', { name: 'Figures', exact: true }).click();
  await page.getByText('Tokens per day').waitFor();
  await picture('7-figures');
  await until('the task is completed', async () => (await tasks(world)).every(({ state }) => state === 'completed'));
});

/** Goes on with Tab until this is focused, and what is focused can be seen on the way. */
async function tabTo(page: Page, wanted: string): Promise<void> {
  const seen: string[] = [];
  for (let count = 0; count < 60; count += 1) {
    await page.keyboard.press('Tab');
    const focused: unknown = await page.evaluate(`(() => {
      const element = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const isSeen = element === document.body || (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2);
      return { name: (element.labels?.[0] ?? element).textContent.trim(), isSeen };
    })()`);
    const { name, isSeen } = focused as { readonly name: string; readonly isSeen: boolean };
    expect({ name, isSeen }).toEqual({ name, isSeen: true });
    if (name === wanted) return;
    seen.push(name);
  }
  throw new Error(`Tab does not come to ${wanted}, but to ${seen.join(', ')}`);
}

test('by keyboard alone: delegate, look, continue, stop when one agrees, and nothing holds the focus', async () => {
  const world = await queueWorld();
  succeeded(await world.kugetsu('start', REF, 'fake: reply hello', '--follow'));
  const page = await openPage(await startWeb(world), { width: 1280 });
  const { keyboard } = page;
  await tabTo(page, 'Delegate to the PM agent');
  await keyboard.type('a task');
  await keyboard.press('Control+Enter');
  await page.locator('.detail').getByText('No agent has had it yet.').waitFor();
  await tabTo(page, 'Cancel task');
  await keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  // Whoever answers in haste leaves it.
  await keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  expect((await tasks(world)).map(({ state }) => state)).toEqual(['pending']);
  await page.goto(`${page.url().split('#')[0] ?? ''}#/on/${encodeURIComponent(REF)}/log`);
  await page.getByRole('log').getByText('hello', { exact: true }).waitFor();
  await tabTo(page, 'Diff');
  await keyboard.press('Enter');
  await page.getByText('nothing is changed').waitFor();
  // The next view is one step away.
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  await page.locator('.receipt').waitFor();
  await tabTo(page, 'Continue with another message');
  await keyboard.type(work(world));
  await tabTo(page, 'Continue');
  await keyboard.press('Space');
  await begun(world);
  await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
  await tabTo(page, 'Stop');
  await keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  await page.locator('.detail .badge').getByText('stopped').waitFor();
  expect(await verdictOf(world)).toMatchObject({ outcome: 'stopped' });
});

const EVIL = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';

test('what a hostile agent names, says, prints and commits is text', async () => {
  const world = await queueWorld();
  const name = `"$(printf '<img src=x onerror=window.pwned=1>.txt')"`;
  const long = 'w'.repeat(3000);
  const steps = [
    `printf '%s' '${EVIL}' > ${name}`,
    `printf '\\033[2J\\033]0;title\\007 \\342\\200\\256 gnp ${long}' > long.txt`,
    `git add .; git commit -qm '${EVIL}'`,
    `kugetsu notify send '${EVIL} ${long}'`,
    `printf '${EVIL} ${long} \\033[31m'; exit 3`,
  ];
  succeeded(await world.kugetsu('start', REF, `fake: sh ${steps.join('; ')}`, '--follow'));
  succeeded(
    await world.kugetsu('continue', REF, `fake: reply </textarea></script>${EVIL} javascript:alert(1)`, '--follow'),
  );
  await enqueue(world, `${EVIL} ${long}`, issue(2));
  for (const width of [1280, 360]) {
    const page = await openPage(await startWeb(world), { width });
    await page.locator('#notes').getByText('window.pwned').first().waitFor();
    await look(page, `hostile-${width}-fleet`);
    for (const view of ['log', 'diff', 'receipt']) {
      await page.goto(`${page.url().split('#')[0] ?? ''}#/on/${encodeURIComponent(REF)}/${view}`);
      await page.locator('.detail .body').getByText('<script>window.pwned=1</script>').first().waitFor();
      await look(page, `hostile-${width}-${view}`);
    }
    await page.goto(`${page.url().split('#')[0] ?? ''}#/on/${encodeURIComponent(EVIL)}/diff`);
    await page.getByRole('alert').waitFor();
    expect(await page.evaluate('[window.pwned, document.images.length, document.scripts.length]')).toEqual([
      undefined,
      0,
      1,
    ]);
  }
});

test.each(['light', 'dark'] as const)('every text can be read: %s', async (scheme) => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '2' });
  succeeded(await world.kugetsu('start', REF, 'fake: sh echo one > a.txt; git add .; git commit -qm Work', '--follow'));
  await world.kugetsu('start', issue(2), 'fake: error-status 401', '--follow');
  succeeded(await world.kugetsu('start', issue(3), work(world)));
  await begun(world);
  await enqueue(world, 'later', issue(4));
  const page = await openPage(await startWeb(world), { width: 1280, scheme });
  const on = (view: string, ref: string = REF): string => `#/on/${encodeURIComponent(ref)}/${view}`;
  for (const hash of ['#/', on('log'), on('diff'), on('receipt'), on('log', issue(3)), '#/figures']) {
    await page.goto(`${page.url().split('#')[0] ?? ''}${hash}`);
    await page.locator('main :is(li, dl, details):visible').first().waitFor();
    await until('it is all there', async () => (await page.getByText('Looking …').count()) === 0);
    expect({ hash, faint: await faintTexts(page) }).toEqual({ hash, faint: [] });
  }
  give(world, 'go');
  await verdictOf(world, issue(3));
});
