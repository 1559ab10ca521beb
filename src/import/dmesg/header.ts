/** The lines that say who asked, on which kernel, and what the kernel decided. */
import { count, countOrNull } from './numbers.js';
import type { SummaryLine } from './types.js';

/** What an `invoked oom-killer` line says. */
export interface InvokedLine {
  readonly comm: string;
  readonly gfpMask: string | null;
  readonly order: number | null;
  readonly oomScoreAdj: number | null;
  readonly oomAdj: number | null;
  readonly nodemask: string | null;
  readonly oomPolicy: string | null;
}

/** `comm invoked oom-killer: gfp_mask=…, [nodemask=…,] order=…, oom_score_adj=…`, any age. */
export function parseInvoked(text: string): InvokedLine {
  const at = text.search(/\s{0,4}invoked\b/);
  const rest = text.slice(Math.max(0, at));
  // Mailers break inside the mask's flag list; its own text has no spaces.
  const mask = /gfp_mask=(0x[0-9a-fA-F]{1,16}(?: ?\([^)]{0,400}\))?)/.exec(rest)?.[1] ?? null;
  return {
    comm: commOf(text.slice(0, Math.max(0, at))),
    gfpMask: mask === null ? null : mask.replaceAll(/\s/g, ''),
    order: signed(/order=(-?\d{1,10})/.exec(rest)?.[1]),
    oomScoreAdj: signed(/oom_score_adj=(-?\d{1,6})/.exec(rest)?.[1]),
    oomAdj: signed(/(?:oom_adj|oomkilladj)=(-?\d{1,6})/.exec(rest)?.[1]),
    nodemask: /nodemask=(\(null\)|[\d,-]{1,200})/.exec(rest)?.[1]?.replace(/,$/, '') ?? null,
    oomPolicy: /oom_policy=([^\s,]{1,64})/.exec(rest)?.[1] ?? null,
  };
}

/** No name is longer than 15 bytes: before one that is, somebody has put words of his own. */
function commOf(text: string): string {
  return text.length <= COMM_MAX ? text : text.replace(/^.*[\]:>|-] /, '');
}

const COMM_MAX = 15;

function signed(digits: string | undefined): number | null {
  return countOrNull(digits);
}

/** What a `CPU: 0 PID: 754 Comm: … Not tainted 5.10.0 #1` line says. */
export interface CpuLine {
  readonly cpu: number | null;
  readonly pid: number | null;
  readonly comm: string | null;
  readonly kernel: string | null;
}

/** Both forms: `CPU: … PID: … Comm: …` and the older `Pid: …, comm: …`. */
export function parseCpu(text: string): CpuLine {
  const comm = /[Cc]omm: (.{1,64}?)(?: Kdump:|,? Not tainted|,? Tainted| G {2})/.exec(text);
  return {
    cpu: countOrNull(/^CPU: ?(\d{1,6}) /.exec(text)?.[1]),
    pid: countOrNull(/(?:PID|Pid): ?(\d{1,10})/.exec(text)?.[1]),
    comm: comm?.[1] ?? null,
    kernel: kernelIn(text),
  };
}

/** The release stands before ` #build`; without it, the first word that looks like one. */
function kernelIn(text: string): string | null {
  const from = text.lastIndexOf('ainted');
  if (from < 0) return null;
  const words = text.slice(from).split(/\s+/, 40);
  const build = words.findIndex((word) => word.startsWith('#'));
  const named = build > 0 ? words[build - 1] : undefined;
  if (named !== undefined && RELEASE.test(named)) return named;
  return words.find((word) => RELEASE.test(word)) ?? null;
}

const RELEASE = /^\d{1,3}\.\d{1,3}(?:[.\-+_]|$)/;

/** `Linux version 5.10.0-10-amd64 (…)`. */
export function parseLinuxVersion(text: string): string | null {
  const word = /^Linux version (\S{1,128})/.exec(text)?.[1];
  return word !== undefined && RELEASE.test(word) ? word : null;
}

/** `… cpuset=/ mems_allowed=0-1` of kernels up to 4.20. */
export function parseCpuset(text: string): { cpuset: string | null; memsAllowed: string | null } {
  return {
    cpuset: /cpuset=(\S{1,4096})/.exec(text)?.[1] ?? null,
    memsAllowed: /mems_allowed=([\d,-]{1,400})/.exec(text)?.[1] ?? null,
  };
}

/** Members of the summary line, in the order the kernel prints them. */
const SUMMARY_KEYS = [
  'constraint',
  'nodemask',
  'cpuset',
  'mems_allowed',
  'global_oom',
  'oom_memcg',
  'task_memcg',
  'task',
  'pid',
  'uid',
];

/**
 * `oom-kill:constraint=…,nodemask=…,cpuset=…,…,task=…,pid=…,uid=…`. Values may hold commas (paths,
 * node lists, command names), so each runs to the next key that the kernel can print there.
 */
export function parseSummary(text: string, line: number): SummaryLine {
  // People who quote this line put spaces into it, and dots for what they leave out.
  const body = text
    .slice('oom-kill:'.length)
    .trimStart()
    .replace(/,? ?(?:\.\.\.|…)$/, '')
    .replaceAll(/,? ?(?:\.\.\.|…)(?:,? |,)(?=\S)|, /g, ',');
  const values = new Map<string, string>();
  let at = 0;
  let key = keyAt(body, 0, 0);
  while (key !== null) {
    const from = at + key.length;
    const next = nextKey(body, from, SUMMARY_KEYS.indexOf(key.name) + 1);
    values.set(key.name, body.slice(from, next === null ? undefined : next.comma));
    if (next === null) break;
    at = next.comma + 1;
    key = next.key;
  }
  return {
    constraint: /^[^,]+/.exec(values.get('constraint') ?? '')?.[0] ?? null,
    nodemask: values.get('nodemask') ?? null,
    cpuset: values.get('cpuset') ?? null,
    memsAllowed: values.get('mems_allowed') ?? null,
    globalOom: values.has('global_oom'),
    oomMemcg: values.get('oom_memcg') ?? null,
    taskMemcg: values.get('task_memcg') ?? null,
    comm: values.get('task') ?? null,
    pid: digitsOrNull(values.get('pid')),
    uid: digitsOrNull(values.get('uid')),
    line,
  };
}

interface Key {
  readonly name: string;
  readonly length: number;
}

function keyAt(body: string, at: number, from: number): Key | null {
  for (let index = from; index < SUMMARY_KEYS.length; index++) {
    const name = SUMMARY_KEYS[index] ?? '';
    if (!body.startsWith(name, at)) continue;
    const after = body[at + name.length];
    if (after === '=') return { name, length: name.length + 1 };
    if (name === 'global_oom' && (after === ',' || after === undefined)) {
      return { name, length: name.length };
    }
  }
  return null;
}

function nextKey(body: string, from: number, index: number): { comma: number; key: Key } | null {
  for (let comma = body.indexOf(',', from); comma >= 0; comma = body.indexOf(',', comma + 1)) {
    const key = keyAt(body, comma + 1, index);
    if (key !== null) return { comma, key };
  }
  return null;
}

function digitsOrNull(value: string | undefined): number | null {
  const digits = /^\d{1,10}/.exec(value ?? '')?.[0];
  return digits === undefined ? null : count(digits);
}
