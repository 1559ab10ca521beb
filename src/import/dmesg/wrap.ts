/**
 * Rejoining what mailers, terminals and pagers broke: whether a line without a prefix continues the
 * record before it, and whether the break swallowed a space.
 *
 * The grammar decides, not the width: a record that is complete is never continued, and a line
 * that begins something known never continues anything.
 */
import type { LineKind } from './kinds.js';

/** A record broken into more pieces than this was not broken by a mailer. */
export const MAX_PIECES = 16;
/** Nor was one that grew longer than this (a zone line has some 500 characters). */
const MAX_JOINED = 8192;
/** Command names are at most this long (TASK_COMM_LEN − 1). */
const MAX_COMM = 15;
/** Mailers break at 72 to 80 columns; rows of a table are shorter than that without a prefix. */
const MIN_WRAP_COLUMN = 60;

/** Whether `bare`, a line of unknown kind and without a prefix, continues `text`. */
export function continues(
  kind: LineKind,
  text: string,
  bare: string,
  brokenAt: number,
  numericColumns: number,
): boolean {
  if (text.length + bare.length > MAX_JOINED) return false;
  switch (kind) {
    case 'row':
      return rowContinues(text, bare, brokenAt, numericColumns);
    case 'columns':
      return !/\sname$/.test(text) && /^[a-z_ ]{1,120}$/.test(bare);
    case 'invoked':
      return !/oom_?(?:kill|score_)?_?adj[=:]-?\d/.test(text);
    case 'cpu':
      return !/\d+\.\d+\S* #/.test(text) && !/ainted \d+\.\d+/.test(text);
    case 'summary':
      return !/,uid=\d+$/.test(text) && /[=,/]|\d$/.test(bare);
    case 'kill':
      return killContinues(text, bare);
    case 'reaper':
      return !/shmem-rss:\d+kB$/.test(text) && bare.length < 200;
    case 'group':
      return !text.endsWith('oom.group set');
    case 'taskIn':
      return !/limit of \/\S*$/.test(text) || brokenAt >= MIN_WRAP_COLUMN;
    case 'usage':
      return !/failcnt \d+$/.test(text) && /\d|limit|failcnt/.test(bare);
    case 'memcgStats':
      return (
        /^[a-z_]{2,40}:\d{1,20}KB/.test(bare) || (!text.endsWith(':') && /:|\dKB|\//.test(bare))
      );
    case 'zone':
    case 'node':
      return /:\s?\d{0,19}[kK]?B?|^\d{0,19}kB|^B\b|unreclaimable|^(?:yes|no)$/.test(bare);
    case 'totals':
      return /^[a-z_]+:\d/.test(bare);
    case 'reserve':
      return /^\d[\d ]*$/.test(bare);
    case 'number':
      return /\d|^pages|RAM|reserved|cache/.test(bare) && text.length < 24;
    case 'buddy':
      return /\*\d+kB|= ?\d*k?B?|^\(|kB/.test(bare);
    case 'cpuset':
      return text.endsWith('mems_allowed=');
    case 'noKillable':
    case 'panic':
      return brokenAt >= MIN_WRAP_COLUMN && bare.length < 80;
    default:
      return false;
  }
}

function rowContinues(text: string, bare: string, brokenAt: number, columns: number): boolean {
  const fields = text
    .slice(text.indexOf(']') + 1)
    .trim()
    .split(/\s+/, 24);
  let numbers = 0;
  while (numbers < fields.length && /^-?\d+$/.test(fields[numbers] ?? '')) numbers++;
  const expected = columns > 0 ? columns : 7;
  if (numbers < expected) return /^-?\d/.test(bare);
  // All numbers are there: the next line can only be the name, or the rest of it.
  const name = fields.slice(expected).join(' ');
  if (name === '') return bare.length <= MAX_COMM;
  return brokenAt >= MIN_WRAP_COLUMN && name.length + bare.length <= MAX_COMM;
}

function killContinues(text: string, bare: string): boolean {
  if (/oom_score_adj:-?\d+$/.test(text)) return false;
  if (/process$|process \d+$|[,:]$|Kill(?:ed)?$|or$|score$|sacrifice$|\)$/.test(text)) {
    return bare.length < 400;
  }
  return /rss|kB|^B\b|UID|pgtables|oom_score|^\(|^score|^child|sacrifice|^\d+\)/.test(bare);
}

/** Lines worth assembling from pieces that say nothing by themselves. */
const ASSEMBLED: ReadonlySet<LineKind> = new Set([
  'invoked',
  'kill',
  'exiting',
  'summary',
  'group',
  'reaper',
  'columns',
  'cpu',
  'usage',
  'taskIn',
  'row',
  'stat',
  'zone',
  'number',
  'noKillable',
  'panic',
]);

/**
 * How two pieces that are both unknown make a known line: the text, or null. `dd invo` + `ked
 * oom-killer: …`, `Memory cgroup out of memory: Killed` + `process 7215 …`.
 */
export function assembled(
  left: string,
  right: string,
  kindOf: (text: string) => LineKind,
): string | null {
  if (left.length > 160 || left.length + right.length > 1024) return null;
  for (const text of [`${left} ${right}`, left + right]) {
    if (ASSEMBLED.has(kindOf(text)) && kindOf(right) === 'unknown') return text;
  }
  return null;
}

/**
 * Joins two pieces of one record. A mailer breaks at a space and swallows it; a terminal breaks
 * anywhere and swallows nothing. `tight`: which of the two is known; null: the tokens must tell.
 */
export function joinPieces(
  kind: LineKind,
  left: string,
  right: string,
  tight: boolean | null,
): string {
  // After the last number of a row comes its name, with a space between them.
  if (kind === 'row' && !/^[\d-]/.test(right) && /\d$/.test(left)) return `${left} ${right}`;
  const closed = tight ?? breaksInsideToken(kind, left, right);
  return closed ? left + right : `${left} ${right}`;
}

const COUNTED = /(?:^|\s)([a-z_()-]{2,24}):\s?(\d{0,19}k?)$/;
const COLUMN_NAMES =
  /^(?:uid|tgid|total_vm|rss|rss_anon|rss_file|rss_shmem|cpu|nr_ptes|nr_pmds|pgtables_bytes|swapents|oom_adj|oom_score_adj|name)$/;

function breaksInsideToken(kind: LineKind, left: string, right: string): boolean {
  // This line has no spaces of its own: `oom_memcg=/build-kernel-tmp` + `fs,task_memcg=`.
  if (kind === 'summary') return !/,task=[^,]{0,15}$/.test(left);
  const tail = left.slice(left.lastIndexOf(' ') + 1);
  if (kind === 'columns') {
    const head = /^\S*/.exec(right)?.[0] ?? '';
    return !COLUMN_NAMES.test(tail) && COLUMN_NAMES.test(tail + head);
  }
  // `file-rss:12704k` + `B,`; `free:39` + `48kB`; `pgtables:` + `5kB`.
  const counted = COUNTED.exec(left.slice(-64));
  if (counted !== null) {
    const digits = counted[2] ?? '';
    if (digits.endsWith('k')) return right.startsWith('B');
    if (/^\d{1,19}kB/.test(right) || (digits !== '' && right.startsWith('kB'))) return true;
  }
  // `s` + `hmem-rss:`, `shme` + `m-rss:`, `sh` + `mem-rss:`.
  if (/^(?:a|an|ano|anon|f|fi|fil|file|s|sh|shm|shme|shmem)$/.test(tail)) {
    if (/^[a-z]{0,6}-rss:/.test(right)) return true;
  }
  return false;
}
