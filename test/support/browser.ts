import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import type { WebPage } from './web-page.ts';

const PICTURES = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'kugetsu-web');
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Where the browser is that the tests use. @throws when there is none, with how to get one */
function findChromium(): string {
  const given = process.env['KUGETSU_TEST_CHROMIUM'];
  if (given !== undefined) return given;
  const places = (process.env['PATH'] ?? '').split(':').flatMap((place) => NAMES.map((name) => join(place, name)));
  const found = places.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new Error('there is no Chromium here: apt-get install chromium, or name one in KUGETSU_TEST_CHROMIUM');
}

interface Looks {
  readonly width: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
}

/** A browser, for the running test. */
export async function browser(): Promise<Browser> {
  // Chromium's sandbox refuses to be root's.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const launched = await chromium.launch({ executablePath: findChromium(), args });
  onTestFinished(async () => launched.close());
  return launched;
}

/**
 * The page of kugetsu as a person has it. When the test ends, it must not have run a script of anybody else's, asked anybody else for
 * anything, or met an error.
 */
export async function openPage(
  { url, port }: WebPage,
  { width, height = 900, scheme = 'light' }: Looks,
): Promise<Page> {
  const context = await (
    await browser()
  ).newContext({
    viewport: { width, height },
    colorScheme: scheme,
    hasTouch: width < 600,
  });
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('console', (message) => {
    // An order that is refused is an answer.
    const isAnswer = message.location().url.includes('/api/');
    if (message.type() === 'error' && !isAnswer) wrong.push(message.text());
  });
  page.on('pageerror', (error) => void wrong.push(error.message));
  page.on('dialog', (dialog) => {
    wrong.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const to = new URL(request.url());
    if (to.protocol !== 'data:' && to.host !== `127.0.0.1:${port}`) wrong.push(`a request to ${to.href}`);
  });
  onTestFinished(() => expect(wrong).toEqual([]));
  page.setDefaultTimeout(60_000);
  await page.goto(url);
  await page.waitForSelector('#facts li');
  return page;
}

/** Keeps a picture of the page, for whoever wants to look at it; and nothing in it is wider than its place. */
export async function look(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
  const beyond = await page.evaluate(`[document.documentElement, ...document.querySelectorAll('.card, .detail .body')]
    .filter((element) => element.scrollWidth > element.clientWidth)
    .map((element) => element.id || element.className)`);
  expect({ name, beyond }).toEqual({ name, beyond: [] });
}

/** Texts that are hard to read: their contrast is below 4.5 (WCAG 2.1, 1.4.3). */
export async function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(FAINT);
}

// It runs in the page, whose names this program does not know.
const FAINT = `(() => {
  const channels = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const light = (colour) => {
    const [r, g, b] = channels(colour).map((value) => {
      const part = value / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let each = element; each !== null; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      const [, , , alpha = 1] = channels(colour);
      if (alpha === 1) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = new Set();
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    if (node.data.trim() === '' || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const own = element instanceof SVGElement ? style.fill : style.color;
    const [one, other] = [light(own), light(ground(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) faint.add(contrast.toFixed(2) + ' ' + element.className + ' ' + node.data.trim().slice(0, 40));
  }
  return [...faint];
})()`;
