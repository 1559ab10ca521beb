/**
 * The task table. Its columns changed six times between 2.6.32 and 6.18; the header names them, and
 * where it was cut or lost, the rows tell.
 */
import { columnsOf, completed, layoutOf } from './layout.js';
import { count } from './numbers.js';
import type { TaskRow, TaskTable } from './types.js';

/** pid_max cannot exceed 2^22. */
const MAX_ROWS = 1 << 22;
/** A row has at most so many numbers; more belong to the name. */
const MAX_NUMBERS = 16;
/** What pagers put where they cut a line, perhaps inside a number. */
const CUT = /^\S{0,20}(?:\.\.\.|…|>)$/;
/** 64 TiB of memory in pages of 4 KiB, 128 PiB of addresses, and page tables to match. */
const LIMITS: readonly (readonly [string, number])[] = [
  ['total_vm', 2 ** 45],
  ['rss', 2 ** 34],
  ['rss_anon', 2 ** 34],
  ['rss_file', 2 ** 34],
  ['rss_shmem', 2 ** 34],
  ['swapents', 2 ** 34],
  ['nr_ptes', 2 ** 34],
  ['nr_pmds', 2 ** 34],
  ['pgtables_bytes', 2 ** 46],
];
/** Columns that hold numbers; what a vendor has added may hold words: `state`, or `s`. */
const NUMERIC: ReadonlySet<string> = new Set([
  ...LIMITS.map(([name]) => name),
  ...['uid', 'tgid', 'cpu', 'nr_puds', 'oom_adj', 'oom_score_adj'],
]);
/** pid_max, and the ends of oom_score_adj. */
const TGID_MAX = 1 << 22;
const ADJ_MAX = 1000;
/** Per-thread counters let RSS and total_vm disagree a little. */
const RSS_SLACK_PAGES = 1024;
/** TASK_COMM_LEN without its end. */
const COMM_MAX = 15;
/** Below this, a row says too little to be one. */
const MIN_NUMBERS = 5;

interface RawRow {
  readonly pid: number;
  /** NaN: a word, in a column of the vendor's. */
  readonly numbers: readonly number[];
  /** What follows the numbers: the name. */
  readonly rest: string;
  readonly line: number;
}

/** Gathers the header and rows of one report. */
export class TableBuilder {
  #columns: readonly string[] | null = null;
  #widePid: boolean | null = null;
  #damaged = 0;
  #repeated = 0;
  readonly #rows: RawRow[] = [];
  readonly #seen = new Map<number, RawRow>();

  /** Whether a header or a row came. */
  get seen(): boolean {
    return this.#columns !== null || this.#rows.length > 0;
  }

  /** Whether there is a row for this process. */
  has(pid: number): boolean {
    return this.#seen.has(pid);
  }

  /** Numeric columns that the header announces; 0 while it has not said. */
  get numericColumns(): number {
    return this.#columns?.length ?? 0;
  }

  /** `[  pid  ]   uid  tgid total_vm …`; blank or cut headers are settled by the rows. */
  header(text: string): void {
    if (this.#columns !== null) return;
    this.#widePid = / {2}uid/.test(text) ? /\[ {2}pid/.test(text) : null;
    const names = text.replace(/^\[[^\]]{0,12}\]/, ' ').match(/[a-z_-]{1,24}/g) ?? [];
    const columns = names.filter((name) => name !== 'pid' && name !== 'name').slice(0, MAX_NUMBERS);
    if (names.at(-1) === 'name') this.#columns = columns;
    else this.#columns = completed(columns);
  }

  /** One row; `pieces` when it had been wrapped. */
  row(text: string, pieces: readonly string[] | null, line: number): void {
    if (this.#rows.length >= MAX_ROWS) return;
    const row = this.#read(text, line);
    const whole = row !== null && pieces !== null ? this.#rejoined(row, pieces, line) : row;
    if (whole === null) {
      this.#damaged++;
      return;
    }
    const known = this.#seen.get(whole.pid);
    if (known !== undefined && known.numbers.join() === whole.numbers.join()) {
      this.#repeated++;
      return;
    }
    this.#seen.set(whole.pid, whole);
    this.#rows.push(whole);
  }

  /** The table; null when there was none. */
  finish(): TaskTable | null {
    if (!this.seen) return null;
    const fromHeader = this.#columns;
    const columns = fromHeader ?? columnsOf(this.#rows);
    const rows: TaskRow[] = [];
    let damaged = this.#damaged;
    const index = new Map(columns.map((name, at) => [name, at]));
    for (const raw of this.#rows) {
      // Where the columns themselves are guessed, a row cannot be held against them.
      const garbled = fromHeader !== null && isGarbled(raw, index);
      const row = garbled ? null : taskRow(raw, columns, index);
      if (row === null) damaged++;
      else rows.push(row);
    }
    return {
      layout: layoutOf(columns),
      columns,
      columnsFrom: fromHeader === null ? 'rows' : 'header',
      widePid: this.#widePid,
      rows,
      damagedRows: damaged,
      repeatedRows: this.#repeated,
    };
  }

  /** Hand-written because rows outnumber all other lines of a report together. */
  #read(text: string, line: number): RawRow | null {
    const close = text.indexOf(']');
    const pid = count(text.slice(1, close));
    const limit = this.#columns?.length ?? MAX_NUMBERS;
    const numbers: number[] = [];
    let at = skipSpace(text, close + 1);
    while (numbers.length < limit) {
      let end = endOfInteger(text, at);
      if (end >= 0) numbers.push(integerAt(text, at, end));
      else {
        end = this.#endOfVendorWord(text, at, numbers.length);
        if (end < 0) break;
        numbers.push(Number.NaN);
      }
      at = skipSpace(text, end);
    }
    if (numbers.length < MIN_NUMBERS) return null;
    return { pid, numbers, rest: text.slice(at).trimEnd(), line };
  }

  /** End of the word at `from` if it may stand in that column; −1 when it may not. */
  #endOfVendorWord(text: string, from: number, column: number): number {
    const name = this.#columns?.[column];
    if (name === undefined || NUMERIC.has(name)) return -1;
    const word = /^\S{1,24}(?= )/.exec(text.slice(from, from + 25))?.[0];
    return word === undefined || CUT.test(word) ? -1 : from + word.length;
  }

  /** A terminal may have broken the row inside a number: then the pieces join without a space. */
  #rejoined(row: RawRow, pieces: readonly string[], line: number): RawRow {
    if (this.#columns === null || !/^\d+ /.test(`${row.rest} `)) return row;
    const tight = this.#read(pieces.join(''), line);
    const better = tight !== null && tight.numbers.length === this.#columns.length;
    return better && /^[^\d\s]/.test(tight.rest) ? tight : row;
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9) at++;
  return at;
}

/** End of the integer that is the whole word at `from`; −1 when the word is none. */
function endOfInteger(text: string, from: number): number {
  let at = text.charCodeAt(from) === 45 ? from + 1 : from;
  const digits = at;
  let code = text.charCodeAt(at);
  while (code >= 48 && code <= 57) code = text.charCodeAt(++at);
  if (at === digits || at - digits > 20) return -1;
  return at === text.length || code === 32 || code === 9 ? at : -1;
}

/** The integer between two positions, clamped as count() clamps. */
function integerAt(text: string, from: number, end: number): number {
  if (end - from > 15) return count(text.slice(from, end));
  const negative = text.charCodeAt(from) === 45;
  let value = 0;
  for (let at = negative ? from + 1 : from; at < end; at++) {
    value = value * 10 + text.charCodeAt(at) - 48;
  }
  return negative ? -value : value;
}

/** No machine has so much: the row was garbled. */
function isAbsurd(raw: RawRow, index: ReadonlyMap<string, number>): boolean {
  return LIMITS.some(([name, most]) => (raw.numbers[index.get(name) ?? -1] ?? 0) > most);
}

/** No kernel prints such a row: a piece of it was lost and the rest moved up, or joined another. */
function isGarbled(raw: RawRow, index: ReadonlyMap<string, number>): boolean {
  const value = (name: string): number => raw.numbers[index.get(name) ?? -1] ?? 0;
  if (value('tgid') > TGID_MAX || Math.abs(value('oom_score_adj')) > ADJ_MAX) return true;
  if (value('rss') > value('total_vm') + RSS_SLACK_PAGES) return true;
  const parts = value('rss_anon') + value('rss_file') + value('rss_shmem');
  if (index.has('rss_anon') && Math.abs(value('rss') - parts) > RSS_SLACK_PAGES) return true;
  return raw.rest.length > COMM_MAX && /^-?\d+\s/.test(raw.rest);
}

/** 4.15 had a column for the third level for a while. */
function upperTables(pmds: number | null, puds: number | null): number | null {
  return pmds === null && puds === null ? null : (pmds ?? 0) + (puds ?? 0);
}

function taskRow(
  raw: RawRow,
  columns: readonly string[],
  index: ReadonlyMap<string, number>,
): TaskRow | null {
  const value = (name: string): number | null => {
    const at = index.get(name);
    return at === undefined ? null : (raw.numbers[at] ?? null);
  };
  const tgid = value('tgid');
  const totalVmPages = value('total_vm');
  const rssPages = value('rss');
  if (tgid === null || totalVmPages === null || rssPages === null) return null;
  if (isAbsurd(raw, index)) return null;
  const isCut = raw.numbers.length < columns.length;
  if (isCut && !CUT.test(raw.rest)) return null;
  const surplus = raw.numbers.length - columns.length;
  const named = isCut ? '' : raw.rest;
  const name = surplus > 0 ? [...raw.numbers.slice(columns.length), raw.rest].join(' ') : named;
  return {
    pid: raw.pid,
    uid: value('uid') ?? 0,
    tgid,
    totalVmPages: Math.max(0, totalVmPages),
    rssPages: Math.max(0, rssPages),
    rssAnonPages: value('rss_anon'),
    rssFilePages: value('rss_file'),
    rssShmemPages: value('rss_shmem'),
    nrPtes: value('nr_ptes'),
    nrPmds: upperTables(value('nr_pmds'), value('nr_puds')),
    pgtablesBytes: value('pgtables_bytes'),
    swapents: value('swapents'),
    oomAdj: value('oom_adj'),
    oomScoreAdj: value('oom_score_adj'),
    comm: name.trim(),
    cut: isCut,
    line: raw.line,
  };
}
