import { parse } from 'yaml';
import { shippedExperiments } from '../batch/experiment/load.js';
import { METRICS, type MetricDefinition } from '../batch/metrics/definitions.js';
import { POLICIES } from '../kernel/policy/index.js';
import { PROFILES, SWITCHES, type Switch } from '../kernel/profile.js';
import { shippedPolicies } from '../run/policy/load.js';
import { killerOptions } from '../workload/jsonSchema.js';
import { readText, shippedWorkloads } from '../workload/load.js';
import { packageFile } from '../workload/package_files.js';
import { EXIT } from './exit_codes.js';
import { LISTS, type ListName } from './list_names.js';
import { printJson, printResult } from './output.js';

interface Entry {
  readonly name: string;
  readonly doc: string;
  /** What else there is to say, for those who ask for this list alone. */
  readonly details?: readonly string[];
}

const COLUMNS = 80;

const TITLES: Readonly<Record<ListName, string>> = {
  workloads: 'Workloads (oomsim run NAME)',
  experiments: 'Experiments (oomsim batch NAME)',
  metrics: 'Metrics (in an experiment: "metrics: [ NAME ]"; formulas: list metrics)',
  kernels: 'Kernels (--kernel NAME)',
  policies: 'Policies (--policy NAME, or a file of your own: docs/policies.md)',
  killers: 'Userspace killers (in a workload: "killers: [ NAME ]"; options: list killers)',
  switches: 'Kernel switches (--set NAME=VALUE; values and sources: list switches)',
};

const ENTRIES: Readonly<Record<ListName, () => Entry[]>> = {
  workloads: () => shippedWorkloads().map((name) => ({ name, doc: docOf(name) })),
  experiments: () =>
    shippedExperiments().map((name) => ({ name, doc: docOf(`experiments/${name}`) })),
  metrics: () => METRICS.map(aboutMetric),
  kernels: () => PROFILES.map(({ name, doc }) => ({ name, doc })),
  policies: () => [
    ...POLICIES.map(({ name, doc }) => ({ name, doc })),
    ...shippedPolicies().map((name) => ({ name, doc: firstComment(name) })),
  ],
  killers: () =>
    killerOptions().map(({ options, ...killer }) => ({
      ...killer,
      options,
      details: options.map(({ name, value, doc }) =>
        `${name}${value === null ? '' : ` (${value})`}: ${doc}`.replace(/\.$/, ''),
      ),
    })),
  switches: () => SWITCHES.map((entry) => ({ ...entry, details: aboutSwitch(entry) })),
};

/** `oomsim list [WHAT]`: what may be named on the command line and in workload files. */
export function runList(what: ListName | undefined, options: { json?: boolean }): number {
  const names = what === undefined ? LISTS : [what];
  const lists = names.map((name) => [name, ENTRIES[name]()] as const);
  if (options.json)
    printJson(Object.fromEntries(lists.map(([name, all]) => [name, all.map(facts)])));
  else {
    const detailed = what !== undefined;
    printResult(lists.map(([name, all]) => formatList(name, all, detailed)).join('\n'));
  }
  return EXIT.ok;
}

/** Details repeat in words what the other fields say. */
function facts({ details: _, ...rest }: Entry): Omit<Entry, 'details'> {
  return rest;
}

function formatList(name: ListName, entries: readonly Entry[], detailed: boolean): string {
  const width = Math.max(...entries.map((entry) => entry.name.length)) + 4;
  const blocks = entries.map((entry) => {
    const details = detailed ? (entry.details ?? []) : [];
    const lines = [
      ...hanging(`  ${entry.name}`.padEnd(width), entry.doc, width),
      ...details.flatMap((detail) => hanging(' '.repeat(6), detail, 8)),
    ];
    return lines.map((line) => `${line}\n`).join('');
  });
  return `${TITLES[name]}\n${blocks.join('')}`;
}

/** Words after a beginning, in lines of 80 columns that are indented from the second on. */
function hanging(start: string, text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = start;
  for (const word of text.split(' ')) {
    const space = /\s$/.test(line) ? '' : ' ';
    if (line.length + space.length + word.length > COLUMNS && line.trim() !== '') {
      lines.push(line.trimEnd());
      line = ' '.repeat(indent) + word;
    } else line += space + word;
  }
  return [...lines, line.trimEnd()];
}

function aboutMetric({ id, perContainer, unit, title, formula, source }: MetricDefinition): Entry {
  const name = perContainer ? `${id}[CONTAINER]` : id;
  const doc = unit === '' ? title : `${title}, in ${unit}`;
  return { name, doc, details: [formula, source] };
}

/** `true, from 4.17 false` and where it was seen. */
function aboutSwitch({ history, values, source }: Switch): string[] {
  const [first, ...later] = history;
  const changes = later.map(({ preset, value }) => `from ${preset} ${value}`);
  const others = values.filter((value) => !history.some((entry) => entry.value === value));
  const may = others.map((value) => `or ${value}`);
  return [[first!.value, ...changes, ...may].join(', '), source];
}

/** What a shipped policy says of itself, in its first line. */
function firstComment(name: string): string {
  const path = packageFile(`workloads/policies/${name}`);
  return /^\/\/ (.*)/.exec(readText(path))?.[1] ?? '';
}

/** What a shipped workload or experiment says of itself, in its `doc`. */
function docOf(name: string): string {
  const path = packageFile(`workloads/${name}.yaml`);
  const { doc } = parse(readText(path)) as { doc?: string };
  return doc ?? '';
}
