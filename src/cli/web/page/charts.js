import { h, s } from './dom.js';

// Each chart has its numbers as a table, too, for who does not see it.

const HEIGHT = 180;
const LEFT = 56;
const BOTTOM = 22;
const TOP = 8;

/** How wide a chart is in its own units: about as wide as it is shown, so that its words can be read. */
function widthNow() {
  return innerWidth < 600 ? 320 : 640;
}

/** Bars for the days of a month. `series` are stacked, from the axis upwards. */
export function barChart({ title, points, series, format, whole = false }) {
  const sums = points.map((point) => series.reduce((sum, { of }) => sum + of(point), 0));
  const top = whole ? Math.max(...sums, 1) : roundUp(Math.max(...sums, 0));
  const width = widthNow();
  const step = (width - LEFT) / Math.max(1, points.length);
  const scale = (HEIGHT - BOTTOM - TOP) / top;
  const bars = points.flatMap((point, index) => {
    let base = HEIGHT - BOTTOM;
    const x = LEFT + index * step + step * 0.12;
    return series.map(({ of, name, looks }) => {
      const height = of(point) * scale;
      base -= height;
      if (height === 0) return null;
      const text = `${point.label}: ${format(of(point))}${series.length > 1 ? ` ${name}` : ''}`;
      return s('rect', { class: looks, x, y: base, width: step * 0.76, height, rx: 1 }, s('title', {}, text));
    });
  });
  return chart(
    { title, top, format, points, step, whole, width, legend: series },
    bars,
    tableOf(points, series, format),
  );
}

/** A line of steps, with the limit above it. */
export function stepChart({ title, points, limit, format }) {
  const top = Math.max(limit, ...points.map(({ value }) => value), 1);
  const width = widthNow();
  const step = (width - LEFT) / Math.max(1, points.length);
  const y = (value) => HEIGHT - BOTTOM - (value * (HEIGHT - BOTTOM - TOP)) / top;
  const path = points.map(
    ({ value }, index) => `${index === 0 ? 'M' : 'L'}${LEFT + index * step} ${y(value)}H${LEFT + (index + 1) * step}`,
  );
  const area = `${path.join('')}V${y(0)}H${LEFT}Z`;
  const shapes = [
    s('path', { class: 'area', d: area }),
    s('path', { class: 'stroke', d: path.join('') }),
    s('line', { class: 'limit', x1: LEFT, x2: width, y1: y(limit), y2: y(limit) }),
  ];
  const series = [{ name: 'agents', of: ({ value }) => value }];
  return chart({ title, top, format, points, step, whole: true, width }, shapes, tableOf(points, series, format));
}

/** A bar for each of some names, the longest first. */
export function rankChart({ title, points, format }) {
  const top = Math.max(...points.map(({ value }) => value), 1e-9);
  return h(
    'figure',
    {},
    h('figcaption', {}, title),
    h(
      'ol',
      { class: 'rank' },
      ...points.map(({ label, value, note }) =>
        h(
          'li',
          {},
          h('span', { class: 'label', title: label }, label),
          h('span', { class: 'number' }, format(value), note === '' ? '' : ` · ${note}`),
          s(
            'svg',
            { viewBox: '0 0 100 4', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
            s('rect', { class: 'track', width: 100, height: 4 }),
            s('rect', { class: 'bar', width: (100 * value) / top, height: 4 }),
          ),
        ),
      ),
    ),
  );
}

function chart({ title, top, format, points, step, whole, width, legend = [] }, shapes, table) {
  const lines = ticksOf(top, whole).flatMap((value) => {
    const y = HEIGHT - BOTTOM - (value * (HEIGHT - BOTTOM - TOP)) / top;
    return [
      s('line', { class: 'grid', x1: LEFT, x2: width, y1: y, y2: y }),
      s('text', { class: 'tick', x: LEFT - 6, y: y + 4, 'text-anchor': 'end' }, format(value)),
    ];
  });
  const every = Math.max(1, Math.ceil(points.length / (width / 100)));
  const labels = points.flatMap(({ label }, index) => {
    if (index % every !== 0 || LEFT + index * step > width - 40) return [];
    return [s('text', { class: 'tick', x: LEFT + index * step, y: HEIGHT - 6 }, label)];
  });
  return h(
    'figure',
    {},
    h('figcaption', {}, title),
    legend.length > 1 ? h('p', { class: 'legend' }, ...legend.map(legendOf)) : null,
    s('svg', { viewBox: `0 0 ${width} ${HEIGHT}`, role: 'img', 'aria-label': title }, ...lines, ...labels, ...shapes),
    h('details', { class: 'numbers' }, h('summary', {}, 'As a table'), table),
  );
}

function legendOf({ name, looks }) {
  const mark = s(
    'svg',
    { viewBox: '0 0 10 10', 'aria-hidden': 'true' },
    s('rect', { class: looks, width: 10, height: 10, rx: 2 }),
  );
  return h('span', {}, mark, name);
}

function tableOf(points, series, format) {
  return h(
    'div',
    { class: 'scroll', tabindex: '0' },
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, h('th', {}, 'When'), ...series.map(({ name }) => h('th', {}, name)))),
      h(
        'tbody',
        {},
        ...points
          .filter((point) => series.some(({ of }) => of(point) > 0))
          .map((point) =>
            h('tr', {}, h('td', {}, point.label), ...series.map(({ of }) => h('td', {}, format(of(point))))),
          ),
      ),
    ),
  );
}

function ticksOf(top, whole) {
  const step = whole ? Math.ceil(top / 4) : top / 4;
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => index * step);
}

/** The next of 1, 2, 4, 5 and 10 times a power of ten: its quarters can be read. */
function roundUp(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 8, 10].find((each) => each * power >= value) ?? 10) * power;
}
