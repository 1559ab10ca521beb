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
      return !/shmem-rss:\d+kB$/.test(text) && /rss|kB|^\(|^now|^reaped|^process/.test(bare);
    case 'group':
      return !text.endsWith('oom.group set');
    case 'taskIn':
      return !/limit of \/?\S*$/.test(text) || text.endsWith('limit of');
    case 'usage':
      return !/failcnt \d+$/.test(text) && /\d/.test(bare);
    case 'memcgStats':
      return !text.endsWith(':') && /:|\dKB/.test(bare);
    case 'zone':
    case 'node':
      return /:\s?\d{1,19}[kK]?B|^\d{1,19}kB|unreclaimable|^(?:yes|no)$/.test(bare);
    case 'totals':
      return /^[a-z_]+:\d/.test(bare);
    case 'buddy':
      return /\*\d+kB|= ?\d*k?B?|^\(|kB/.test(bare);
    case 'cpuset':
      return text.endsWith('mems_allowed=');
    case 'panic':
      return text.endsWith('syncing:') || text.endsWith('syncing');
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
  if (numbers < expected || fields.length <= expected) {
    // The table's own width: more numbers than it has columns belong to another line.
    return /^-?\d/.test(bare) ? true : numbers >= expected && bare.length <= MAX_COMM + 1;
  }
  // A name with a space in it may itself have been broken.
  const name = fields.slice(expected).join(' ');
  return brokenAt >= MIN_WRAP_COLUMN && name.length + 1 + bare.length <= MAX_COMM;
}

function killContinues(text: string, bare: string): boolean {
  if (/oom_score_adj:-?\d+$/.test(text)) return false;
  if (/process$|process \d+$|,$|or$|sacrifice$|\)$/.test(text)) return bare.length < 400;
  return /rss|kB|^B\b|UID|pgtables|oom_score|^\(|^score|^child|sacrifice|^\d+\)/.test(bare);
}

/**
 * Joins two pieces of one record. A mailer breaks at a space and swallows it; a terminal breaks
 * anywhere and swallows nothing.
 */
export function joinPieces(left: string, right: string): string {
  return breaksInsideToken(left, right) ? left + right : `${left} ${right}`;
}

const COUNTED = /(?:^|\s)([a-z_()-]{2,24}):\s?(\d{0,19}k?)$/;

function breaksInsideToken(left: string, right: string): boolean {
  // `file-rss:12704k` + `B,`; `free:39` + `48kB`; `pgtables:` + `5kB`.
  const counted = COUNTED.exec(left.slice(-64));
  if (counted !== null) {
    const digits = counted[2] ?? '';
    if (digits.endsWith('k')) return right.startsWith('B');
    if (/^\d{1,19}kB/.test(right) || (digits !== '' && right.startsWith('kB'))) return true;
  }
  // `s` + `hmem-rss:`, `shme` + `m-rss:`, `sh` + `mem-rss:`.
  if (/(?:^|\s)(?:a|an|ano|anon|f|fi|fil|file|s|sh|shm|shme|shmem)$/.test(left.slice(-8))) {
    if (/^[a-z]{0,6}-rss:/.test(right)) return true;
  }
  // `oom_memcg=/build-kernel-tmp` + `fs,task_memcg=`: this line has no spaces of its own.
  if (left.startsWith('oom-kill:') && !/task=[^,]*$/.test(left)) return true;
  return false;
}
