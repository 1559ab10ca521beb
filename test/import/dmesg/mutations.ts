/**
 * Good logs and ways to spoil them, for the tests and for `npm run logs:spoil`: cut, shuffle, double,
 * soil, inflate, wrap and mix.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { importedYaml } from '../../../src/cli/imported_yaml.js';
import {
  importObstacle,
  judgeReport,
  linkReports,
  parseOomReports,
  reportToWorkload,
} from '../../../src/import/dmesg/index.js';
import type { ImportedWorkload } from '../../../src/import/imported.js';
import { decide } from '../../../src/run/decide/decide.js';
import { InputError } from '../../../src/workload/problems.js';
import type { Workload } from '../../../src/workload/types.js';
import { compose, hardWrap, newKill, oldKill, PREFIXES, wordWrap } from './compose.js';
import { loadCorpus } from './corpus.js';

export const VICTIM = { pid: 3117, comm: 'cache main', rss: 150_000, uid: 1000, pgt: 300 };
const MEMCG = { path: '/a/b', limitKb: 700_000 };
/** Good logs. */
export const SEEDS: readonly (readonly string[])[] = [
  compose({ kernel: '5.10.0', layout: 'pgtables_bytes', tasks: [VICTIM], kills: newKill(VICTIM) }),
  compose({
    kernel: '6.8.0',
    layout: 'rss_split',
    tasks: [VICTIM, { ...VICTIM, pid: 5 }],
    kills: newKill(VICTIM, '/a/b'),
    memcg: MEMCG,
  }),
  compose({ kernel: '4.9.0', layout: 'nr_pmds', tasks: [VICTIM], kills: oldKill(VICTIM, 577) }),
  compose({ kernel: '2.6.32', layout: 'oom_adj', tasks: [VICTIM], kills: oldKill(VICTIM, 577) }),
  ...madeUp(),
  ...(loadCorpus() ?? []).map((log) => log.lines),
];

function madeUp(): string[][] {
  const folder = fileURLToPath(new URL('reports/', import.meta.url));
  const names = readdirSync(folder).toSorted((a, b) => (a < b ? -1 : 1));
  return names.map((name) => readFileSync(`${folder}${name}`, 'utf8').split('\n'));
}

/** null: numbers that cannot be are refused, in words. */
function accepted(made: ImportedWorkload): Workload | null {
  try {
    return importedYaml(made, 'mutated.log').workload;
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** Everything that is done with a log, to the decision on one report; throws if any of it does. */
export function digest(lines: readonly string[], alsoDecide: boolean): void {
  let decided = !alsoDecide;
  for (const report of linkReports(parseOomReports(lines))) {
    judgeReport(report);
    if (importObstacle(report) !== null) continue;
    const made = reportToWorkload(report);
    if (decided || report.tasks!.rows.length > ROWS_DECIDED) continue;
    decided = true;
    const workload = accepted(made);
    if (workload === null) continue;
    decide(workload, { memcg: null, triggerPid: null, atNs: null }, { policy: 'cgroup' });
  }
}

export type Mutation = (lines: readonly string[], random: (below: number) => number) => string[];

const MB = 1 << 20;
/** Larger tables are only imported: their decision takes its time rightly. */
const ROWS_DECIDED = 2000;
const JUNK = [
  '\u0000\u0001\u0002\ufffd',
  ']',
  '[',
  '[[[[',
  '((((',
  '=',
  '\u001b[31m',
  '9'.repeat(400),
];

/** Ways to spoil a log. */
export const MUTATIONS: readonly Mutation[] = [
  (lines, random) => lines.slice(random(lines.length)),
  (lines, random) => lines.slice(0, random(lines.length)),
  (lines, random) => lines.filter(() => random(4) > 0),
  (lines, random) => [...lines, ...lines.slice(random(lines.length))],
  (lines) => lines.flatMap((line) => [line, line]),
  (lines) => lines.toReversed(),
  (lines, random) => lines.map((_, i) => lines[(i * 7 + random(3)) % lines.length] ?? ''),
  (lines, random) => lines.map((line) => line.slice(0, random(line.length + 1))),
  (lines, random) => lines.map((line) => line.slice(random(line.length + 1))),
  (lines, random) =>
    lines.map((line) => {
      const at = random(line.length + 1);
      return line.slice(0, at) + (JUNK[random(JUNK.length)] ?? '') + line.slice(at);
    }),
  (lines, random) => lines.map((line) => line.replaceAll(/\d+/g, (n) => n.repeat(1 + random(9)))),
  (lines) => lines.map((line) => line.replaceAll(/\d+/g, '18446744073709551615')),
  (lines) => lines.map((line) => line.replaceAll(/\d+/g, '-1')),
  (lines) => lines.map((line) => line.replaceAll(/\d+/g, '0')),
  (lines) => lines.map((line) => line.replaceAll(' ', '')),
  (lines, random) => lines.flatMap((line) => hardWrap(line, 20 + random(80))),
  (lines, random) => lines.flatMap((line) => wordWrap(line, 20 + random(80))),
  (lines) => [lines.join('#012')],
  (lines) => [lines.join(' ')],
  // One line of a megabyte.
  (lines, random) => {
    const at = random(lines.length);
    const line = lines[at] ?? '';
    const long = line.repeat(Math.min(MB, Math.ceil(MB / Math.max(1, line.length))));
    return lines.map((known, index) => (index === at ? long.slice(0, MB) : known));
  },
  // Binary.
  (lines, random) =>
    lines.map((line) =>
      random(5) > 0
        ? line
        : Buffer.from(
            Array.from({ length: Math.min(line.length, 4096) }, () => random(256)),
          ).toString(),
    ),
  // Another log in between.
  (lines, random) => {
    const other = SEEDS[random(SEEDS.length)] ?? [];
    return lines.flatMap((line, i) => [line, other[i] ?? '']);
  },
  (lines) => [lines.join('\\n')],
  (lines) => lines.map((line) => JSON.stringify({ log: `${line}\n` })),
  (lines, random) => {
    const prefixes = Object.values(PREFIXES);
    return lines.map((line, i) => prefixes[random(prefixes.length)]?.(line, i) ?? line);
  },
];
