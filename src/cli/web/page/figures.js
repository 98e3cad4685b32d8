import { barChart, rankChart, stepChart } from './charts.js';
import { h } from './dom.js';
import { count, dollars, refParts } from './words.js';

const TOKENS = [{ name: 'tokens', looks: 'bar', of: ({ tokens }) => tokens }];
const COST = [{ name: 'cost', looks: 'bar', of: ({ cost }) => cost }];
const OUTCOMES = [
  { name: 'succeeded', looks: 'good', of: ({ succeeded }) => succeeded },
  { name: 'stopped', looks: 'stopped', of: ({ stopped }) => stopped },
  { name: 'failed', looks: 'bad', of: ({ failed }) => failed },
];

/** What runs have come to: numbers on top, and charts. */
export function figuresView({ total, days, issues, slots }) {
  const hasCost = total.cost > 0;
  const points = days.map((day) => ({ ...day, label: dayOf(day.key) }));
  const charts = [
    barChart({ title: 'Tokens per day', points, series: TOKENS, format: count }),
    hasCost ? barChart({ title: 'Cost per day', points, series: COST, format: money }) : null,
    barChart({
      title: 'Runs per day',
      points,
      series: OUTCOMES,
      format: String,
      whole: true,
    }),
    slotsChart(slots),
    ...(issues.length === 0 ? [] : issueCharts(issues, hasCost)),
  ];
  return [
    h('h2', {}, 'The last 30 days'),
    h('ul', { class: 'totals' }, ...totals(total)),
    h('div', { class: 'charts' }, ...charts.map((chart) => chart && h('div', { class: 'card' }, chart))),
  ];
}

function totals({ runs, succeeded, tokens, cost, ms }) {
  const facts = {
    runs: String(runs),
    succeeded: runs === 0 ? '–' : `${Math.round((100 * succeeded) / runs)} %`,
    tokens: count(tokens),
    cost: money(cost),
    'hours of agents': (ms / 3_600_000).toFixed(1),
  };
  return Object.entries(facts).map(([name, value]) => h('li', {}, h('b', {}, value), h('span', {}, name)));
}

function slotsChart({ limit, steps }) {
  const points = steps.map(({ at, most }) => ({ label: hourOf(at), value: most }));
  const title = `Agents at work in the last 24 hours, of ${limit} slots`;
  return stepChart({ title, points, limit, format: String });
}

function issueCharts(issues, hasCost) {
  const named = issues.map((issue) => ({ ...issue, label: labelOf(issue.key) }));
  const tokens = named.map((issue) => ({ label: issue.label, value: issue.tokens, note: dollars(issue.cost) }));
  const cost = named.map((issue) => ({ label: issue.label, value: issue.cost, note: tokensNote(issue) }));
  return [
    rankChart({ title: 'Tokens per issue', points: byValue(tokens), format: count }),
    hasCost ? rankChart({ title: 'Cost per issue', points: byValue(cost), format: money }) : null,
  ];
}

function labelOf(key) {
  return key.includes('#') ? Object.values(refParts(key)).join(' ') : key;
}

function tokensNote({ tokens }) {
  return tokens === 0 ? '' : `${count(tokens)} tok`;
}

function byValue(points) {
  return points.toSorted((a, b) => b.value - a.value);
}

function money(value) {
  return dollars(value) || '$0';
}

function dayOf(key) {
  const at = new Date(`${key}T12:00:00`);
  return at.toLocaleDateString([], { day: 'numeric', month: 'short' });
}

function hourOf(time) {
  return new Date(time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false });
}
