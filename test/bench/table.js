/** Results as people read them: in the terminal, and in the README. */

/** @typedef {import('./goals.js').Result} Result */
/** @typedef {import('./goals.js').Outcome} Outcome */
/** @typedef {import('./goals.js').Unit} Unit */
/** @typedef {import('./results.js').About} About */

/** Two digits tell as much as the figures bear; three from a hundred on. @param {number} value */
function digits(value) {
  if (value === Number.POSITIVE_INFINITY) return '∞';
  if (!Number.isFinite(value)) return '–';
  const rounded = Number(value.toPrecision(Math.abs(value) >= 100 ? 3 : 2));
  return rounded.toLocaleString('en-US', { maximumFractionDigits: 20 });
}

/** @param {number} value @param {Unit} unit */
export function amount(value, unit) {
  if (unit === 'ms' && Math.abs(value) < 0.1) return `${digits(value * 1_000)} µs`;
  if (unit === 'ms' && Math.abs(value) >= 1_000) return `${digits(value / 1_000)} s`;
  return unit === '' ? digits(value) : `${digits(value)} ${unit}`;
}

/** @param {number} value */
const times = (value) => `${digits(value)} ×`;
/** @param {number} count */
const whole = (count) => count.toLocaleString('en-US');

/** @param {Outcome} outcome @param {Unit} unit */
function goal({ of, to, atMost, value, verdict, noise }, unit) {
  const show = (/** @type {number} */ each) => (of === 'ratio' ? times(each) : amount(each, unit));
  const subject = {
    ratio: to === undefined ? '' : `of ${to} `,
    median: '',
    p99: 'p99 ',
    max: unit === '' ? '' : 'each ',
  }[of];
  const verdicts = { met: 'met', missed: 'MISSED', noisy: `too noisy to tell, ${noise}` };
  const most = of === 'ratio' ? `${atMost} ×` : `${atMost} ${unit}`.trim();
  return { aim: `${subject}≤ ${most}`, is: show(value), verdict: verdicts[verdict] };
}

/** One result, with all that it is compared with. @param {Result} result */
export function textOf({ what, entries, processes, rounds, unit, isCounted, hasTail, standings, outcomes }) {
  const width = Math.max(...standings.map(({ name }) => name.length));
  const lines = standings.map(({ name, median, p99, max, ratio }, index) => {
    const line = `  ${name.padEnd(width)}  ${amount(median, unit).padStart(8)}`;
    if (isCounted) return max === median ? line : `${line}  at most ${amount(max, unit)}`;
    const tail = hasTail ? `  p99 ${amount(p99, unit)}, at most ${amount(max, unit)}` : '';
    const spread = `(${digits(ratio.low)} to ${digits(ratio.high)})`;
    const ratios = index === 0 ? '' : `${times(ratio.middle).padStart(8)} ${spread}`;
    return `${line}  ${ratios.padEnd(24)}${tail}`.trimEnd();
  });
  const goals = outcomes.map((outcome) => {
    const { aim, is, verdict } = goal(outcome, unit);
    return `  goal ${aim}: ${is}, ${verdict}`;
  });
  const head = `${what}: ${whole(entries)} entries of ${whole(processes)} processes, ${rounds} rounds`;
  return [head, ...lines, ...goals].join('\n');
}

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
const markdown = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** At how many entries it is told what something takes; else at as many as were measured. */
const usual = 1_000;

/** What has a goal, against the limit and what people use today. @param {readonly Result[]} results */
export function comparison(results) {
  const told = results.filter(({ outcomes, entries }) => outcomes.length > 0 || entries === usual);
  const rows = [...new Set(told.map(({ what }) => what))].map((what) => {
    const same = told.filter((result) => result.what === what);
    const result = /** @type {Result} */ (same.find(({ entries }) => entries === usual) ?? same.at(-1));
    const { entries, unit, isCounted, standings, outcomes } = result;
    const [limit, own, ...others] = standings;
    const which = outcomes[0]?.of === 'max' ? 'max' : 'median';
    const show = (/** @type {typeof limit} */ standing) => amount(standing?.[which] ?? Number.NaN, unit);
    const compare = (/** @type {typeof limit} */ standing) =>
      isCounted ? show(standing) : times(standing?.ratio.middle ?? Number.NaN);
    return [
      entries === usual ? what : `${what} (${whole(entries)} entries)`,
      `${limit?.name}: ${show(limit)}`,
      isCounted ? show(own) : `${show(own)}, ${compare(own)}`,
      others.map((other) => `${other.name}: ${compare(other)}`).join('<br>'),
    ];
  });
  return markdown([`at ${whole(usual)} entries`, 'the limit', 'rollcall', 'what people use today'], rows);
}

/** What rollcall takes by how many entries there are, and the ratio to the limit. @param {readonly Result[]} results */
export function growthTable(results) {
  const sizes = [...new Set(results.map(({ entries }) => entries))].filter((size) => /^10+$/.test(String(size)));
  sizes.sort((a, b) => a - b);
  const rows = [...new Set(results.map(({ what }) => what))].flatMap((what) => {
    const own = sizes.map((size) => {
      const result = results.find((each) => each.what === what && each.entries === size);
      const standing = result?.standings[1];
      if (result === undefined || standing === undefined) return undefined;
      const ratio = result.isCounted ? '' : `, ${times(standing.ratio.middle)}`;
      return { median: standing.median, text: `${amount(standing.median, result.unit)}${ratio}` };
    });
    const [before, last] = own.slice(-2);
    if (own.filter((each) => each !== undefined).length < 2) return [];
    const growth = before && last ? times(last.median / before.median) : '';
    return [[what, ...own.map((each) => each?.text ?? ''), growth]];
  });
  return markdown(['rollcall, by entries', ...sizes.map(whole), 'ten times as many takes'], rows);
}

/** On what and when. @param {readonly About[]} abouts */
export function caption(abouts) {
  const machines = new Set(abouts.map(({ node, cpu, cores, system }) => `Node ${node}, ${system}, ${cores} × ${cpu}`));
  const dates = [...new Set(abouts.map(({ date }) => date))].sort();
  const when = dates.length > 1 ? `${dates[0]} to ${dates.at(-1)}` : dates[0];
  const quick = abouts.some(({ isQuick }) => isQuick) ? '; some of it from a quick run of few rounds' : '';
  return `${[...machines].join('; ')}; ${when}${quick}.`;
}
