// These come as text, whatever they export in a browser.
/* oxlint-disable import/default */
import type { PageFile } from './site.ts';
import style from './page/app.css' with { type: 'text' };
import app from './page/app.js' with { type: 'text' };
import charts from './page/charts.js' with { type: 'text' };
import detail from './page/detail.js' with { type: 'text' };
import dom from './page/dom.js' with { type: 'text' };
import figures from './page/figures.js' with { type: 'text' };
import index from './page/index.html' with { type: 'text' };
import lists from './page/lists.js' with { type: 'text' };
import log from './page/log.js' with { type: 'text' };
import looks from './page/looks.js' with { type: 'text' };
import server from './page/server.js' with { type: 'text' };
import state from './page/state.js' with { type: 'text' };
import words from './page/words.js' with { type: 'text' };

const scripts = { app, charts, detail, dom, figures, lists, log, looks, server, state, words };

/** The files of the page, by their names below its address; the page itself is ''. */
export const PAGE_FILES: ReadonlyMap<string, PageFile> = new Map([
  ['', { type: 'text/html; charset=utf-8', text: index }],
  ['app.css', { type: 'text/css; charset=utf-8', text: style }],
  ...Object.entries(scripts).map(([name, text]): [string, PageFile] => [
    `${name}.js`,
    { type: 'text/javascript; charset=utf-8', text },
  ]),
]);
