/**
 * `npm run mutation [-- --only TEXT] [--kind presets|places|rules] [--write]`
 *
 * Disturbs every switch and every rule of the tables of KERNEL.md 1.3, 1.6, 4.9 and 4.10, one at a
 * time, and prints the first test that notices; SURVIVED if there is none, and then exits with 1.
 * `--write` puts the lists into test/mutation/results.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Judged, Mutant } from './mutant.js';
import { preset_mutants } from './presets.js';
import { RULE_MUTANTS } from './rules.js';
import { Sandbox } from './sandbox.js';
import { place_mutants } from './switches.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    kind: { type: 'string', multiple: true, default: ['presets', 'rules', 'places'] },
    write: { type: 'boolean', default: false },
  },
});

const TITLES: Readonly<Record<string, string>> = {
  presets: 'Each switch in each preset',
  places: 'Each place in the model that asks a switch',
  rules: 'Rows of the tables, and how cgroups are chosen',
};

const asked = ({ rule, change }: { rule: string; change: string }): boolean =>
  `${rule} ${change}`.includes(options.only);

function judge(kind: string): Judged[] {
  switch (kind) {
    case 'presets':
      return preset_mutants().filter(asked).map(printed);
    case 'places':
      return judge_in_copy(place_mutants);
    case 'rules':
      return judge_in_copy(() => RULE_MUTANTS);
    default:
      throw new Error(`no kind "${kind}": ${Object.keys(TITLES).join(', ')}`);
  }
}

function judge_in_copy(mutants: (folder: string) => readonly Mutant[]): Judged[] {
  const sandbox = new Sandbox(ROOT);
  try {
    return mutants(sandbox.folder)
      .filter(asked)
      .map(({ rule, change, ...rest }) =>
        printed({ rule, change, noticed: sandbox.judge({ rule, change, ...rest }) }),
      );
  } finally {
    sandbox.remove();
  }
}

function printed(judged: Judged): Judged {
  console.log(`${judged.rule} (${judged.change})\n    ${judged.noticed ?? 'SURVIVED'}`);
  return judged;
}

const survivors = (judged: readonly Judged[]): number =>
  judged.filter(({ noticed }) => noticed === null).length;

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** Neighbours that concern one rule and fail in one test, as one. */
function merged(list: readonly Judged[]): Judged[] {
  const rows: Judged[] = [];
  for (const judged of list) {
    const last = rows.at(-1);
    const { rule, change, noticed } = judged;
    if (last?.rule !== rule || last.noticed !== noticed) rows.push(judged);
    else rows[rows.length - 1] = { ...last, change: `${last.change}; ${change}` };
  }
  return rows;
}

function written(kind: string, judged: readonly Judged[], commit: string): string {
  const rows = merged(judged).map(
    ({ rule, change, noticed }) =>
      `| ${cell(rule)} | ${cell(change)} | ${cell(noticed ?? '**SURVIVED**')} |\n`,
  );
  return `# ${TITLES[kind]}

\`npm run mutation -- --kind ${kind} --write\`, ${new Date().toISOString().slice(0, 10)}, commit ${commit}:
${judged.length} mutants, ${survivors(judged)} survived.

| rule | change | first test that fails |
| --- | --- | --- |
${rows.join('')}`;
}

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT });
let survived = 0;
for (const kind of options.kind) {
  const judged = judge(kind);
  survived += survivors(judged);
  console.log(`${kind}: ${judged.length} mutants, ${survivors(judged)} survived`);
  if (!options.write) continue;
  const path = fileURLToPath(new URL(`results/${kind}.md`, import.meta.url));
  writeFileSync(path, written(kind, judged, commit.toString().trim()));
}
process.exitCode = survived > 0 ? 1 : 0;
