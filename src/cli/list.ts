import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { POLICIES } from '../kernel/policy/index.js';
import { PROFILES, SWITCHES } from '../kernel/profile.js';
import { shippedPolicies } from '../run/policy/load.js';
import { alignColumns } from '../run/text_table.js';
import { readText, shippedWorkloads } from '../workload/load.js';
import { EXIT } from './exit_codes.js';
import { LISTS, type ListName } from './list_names.js';
import { printJson, printResult } from './output.js';

interface Entry {
  readonly name: string;
  readonly doc: string;
}

const TITLES: Readonly<Record<ListName, string>> = {
  workloads: 'Workloads (oomsim run NAME)',
  kernels: 'Kernels (--kernel NAME)',
  policies: 'Policies (--policy NAME, or a file of your own: docs/policies.md)',
  switches: 'Kernel switches (--set NAME=VALUE)',
};

const ENTRIES: Readonly<Record<ListName, () => Entry[]>> = {
  workloads: () => shippedWorkloads().map((name) => ({ name, doc: docOf(name) })),
  kernels: () => PROFILES.map(({ name, doc }) => ({ name, doc })),
  policies: () => [
    ...POLICIES.map(({ name, doc }) => ({ name, doc })),
    ...shippedPolicies().map((name) => ({ name, doc: firstComment(name) })),
  ],
  switches: () => SWITCHES.map(({ name, values }) => ({ name, doc: values.join(' | ') })),
};

/** `oomsim list [WHAT]`: what may be named on the command line and in workload files. */
export function runList(what: ListName | undefined, options: { json?: boolean }): number {
  const names = what === undefined ? LISTS : [what];
  const lists = names.map((name) => [name, ENTRIES[name]()] as const);
  if (options.json) printJson(Object.fromEntries(lists));
  else printResult(lists.map(([name, entries]) => formatList(name, entries)).join('\n'));
  return EXIT.ok;
}

function formatList(name: ListName, entries: readonly Entry[]): string {
  const rows = entries.map((entry) => [entry.name, entry.doc]);
  const lines = alignColumns(rows, ['left', 'left']).map((line) => `  ${line}\n`);
  return `${TITLES[name]}\n${lines.join('')}`;
}

/** What a shipped policy says of itself, in its first line. */
function firstComment(name: string): string {
  const path = fileURLToPath(new URL(`../../workloads/policies/${name}`, import.meta.url));
  return /^\/\/ (.*)/.exec(readText(path))?.[1] ?? '';
}

/** What a shipped workload says of itself, in its `doc`. */
function docOf(name: string): string {
  const path = fileURLToPath(new URL(`../../workloads/${name}.yaml`, import.meta.url));
  const { doc } = parse(readText(path)) as { doc?: string };
  return doc ?? '';
}
