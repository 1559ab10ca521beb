/**
 * Which lines belong together. A report begins at its `invoked oom-killer` line, or, when that was
 * lost, at the first line that only a report prints; it ends when the next begins. A kill line for
 * which there is no open report makes one of its own: the kernel rate-limits the header and the
 * table, never the kill.
 */
import { ReportBuilder } from './build.js';
import { parseCpu, parseLinuxVersion, parseSummary } from './header.js';
import { parseKill, parseReaper } from './kill.js';
import { mayMatter } from './kinds.js';
import { type LogRecord, RecordAssembler } from './lines.js';
import type { EarlierVictim, KernelInfo, MachineHint, OomReport } from './types.js';
import { LineUnwrapper } from './unwrap.js';

/** A report that says nothing for so many records has ended, whatever it lacks. */
const MAX_SILENCE = 20_000;
/** Victims remembered for telling later tables' rows that are already dead. */
const MAX_VICTIMS = 4096;
const NONE: readonly OomReport[] = [];

/** How a log runs: `journalctl -r` prints the last line first. */
export type Direction = 'unknown' | 'forward' | 'backward';

/** Reads a log line by line and gives every report as soon as its end is certain. */
export class OomReportParser {
  readonly #assembler = new RecordAssembler();
  readonly #unwrapper = new LineUnwrapper();
  readonly #records: LogRecord[] = [];
  #line: number;
  readonly #step: 1 | -1;
  #direction: Direction = 'unknown';
  #lastKind: LogRecord['kind'] = 'unknown';
  #open: ReportBuilder | null = null;
  #closing: ReportBuilder | null = null;
  #done: OomReport[] = [];
  #silence = 0;
  #otherDump = false;
  #kernel: KernelInfo | null = null;
  #hint: MachineHint | null = null;
  #lastSeconds: number | null = null;
  readonly #victims = new Map<number, EarlierVictim>();

  /** @param backwards how many lines there are, when they come last one first */
  constructor(backwards: number | null = null) {
    this.#line = backwards === null ? 0 : backwards + 1;
    this.#step = backwards === null ? 1 : -1;
  }

  /** As told by the first table whose header stands beside its rows, or by a kill and its summary. */
  get direction(): Direction {
    return this.#direction;
  }

  /** Takes the next line, without its newline; returns the reports that it ended. */
  push(raw: string): readonly OomReport[] {
    this.#line += this.#step;
    if (!this.#listening && !mayMatter(raw)) return this.#take();
    for (const line of this.#unwrapper.unwrap(raw)) {
      this.#assembler.push(line, this.#line, this.#records);
    }
    this.#drain();
    return this.#take();
  }

  /** The input has ended; returns the reports that were still open. */
  end(): readonly OomReport[] {
    this.#assembler.flush(this.#records);
    this.#drain();
    this.#finish(this.#closing);
    this.#finish(this.#open);
    this.#closing = null;
    this.#open = null;
    return this.#take();
  }

  /** Outside a report, and after its kill, only lines that could matter are looked at. */
  get #listening(): boolean {
    return this.#assembler.holding || (this.#open !== null && !this.#open.killed);
  }

  #take(): readonly OomReport[] {
    if (this.#done.length === 0) return NONE;
    const done = this.#done;
    this.#done = [];
    return done;
  }

  #drain(): void {
    for (const record of this.#records) this.#accept(record);
    this.#records.length = 0;
  }

  #accept(record: LogRecord): void {
    const known = record.kind !== 'unknown' && record.kind !== 'stack';
    if (known) this.#orient(record);
    this.#silence = known ? 0 : this.#silence + 1;
    if (this.#silence > MAX_SILENCE) this.#close();
    switch (record.kind) {
      case 'unknown':
        return;
      case 'version':
        this.#boot(record);
        return;
      case 'invoked':
        this.#begin(record);
        return;
      case 'allocFailure':
        // Its Mem-Info looks like an OOM report's; it is not one.
        this.#otherDump = this.#open === null || this.#open.killed;
        return;
      case 'summary':
      case 'kill':
      case 'group':
      case 'exiting':
      case 'noKillable':
        this.#verdict(record);
        return;
      case 'panic':
        this.#panic(record);
        return;
      case 'reaper':
        this.#reaper(record);
        return;
      default:
        this.#body(record);
        return;
    }
  }

  #orient({ kind, text, first }: LogRecord): void {
    if (this.#direction === 'unknown') {
      if (this.#lastKind === 'columns' && kind === 'row') this.#direction = 'forward';
      else if (this.#lastKind === 'row' && kind === 'columns') this.#direction = 'backward';
      else if (this.#lastKind === 'kill' && kind === 'summary') {
        // The summary names whom the next line kills; a kill of the same one before it is that line.
        const { pid } = parseSummary(text, first);
        if (pid !== null && this.#open?.kills(pid) === true) this.#direction = 'backward';
      }
    }
    this.#lastKind = kind;
  }

  #boot(record: LogRecord): void {
    const text = parseLinuxVersion(record.text);
    if (text === null) return;
    this.#close();
    this.#newBoot();
    this.#kernel = { text, from: 'log', line: record.first };
  }

  #newBoot(): void {
    this.#finish(this.#closing);
    this.#closing = null;
    this.#victims.clear();
    this.#hint = null;
    this.#lastSeconds = null;
  }

  #begin(record: LogRecord): void {
    const open = this.#open;
    // One that has only its header so far is the same one, printed to two consoles.
    if (open?.repeatsHeader(record) === true) return;
    this.#close();
    this.#otherDump = false;
    this.#clock(record);
    this.#open = new ReportBuilder(record);
    this.#open.accept(record);
  }

  /** Printk stamps that run backwards mean another boot (or another log pasted behind). */
  #clock(record: LogRecord): void {
    if (record.seconds === null) return;
    if (this.#lastSeconds !== null && record.seconds < this.#lastSeconds - 1) this.#newBoot();
    this.#lastSeconds = record.seconds;
  }

  #body(record: LogRecord): void {
    if (this.#open === null || this.#open.killed) {
      if (this.#otherDump && record.kind !== 'columns' && record.kind !== 'row') return;
      if (!OPENERS.has(record.kind)) return;
      this.#close();
      this.#clock(record);
      this.#open = new ReportBuilder(record);
    }
    this.#open.accept(record);
    if (record.kind === 'columns') this.#assembler.numericColumns = this.#open.numericColumns;
    if (record.kind === 'cpu') this.#learnKernel(record);
  }

  #learnKernel(record: LogRecord): void {
    const text = parseCpu(record.text).kernel;
    if (text !== null) this.#kernel = { text, from: 'log', line: record.first };
  }

  #verdict(record: LogRecord): void {
    const kill = record.kind === 'kill' ? parseKill(record.text, record.first) : null;
    if (record.kind === 'kill' && kill === null) return;
    const waiting = this.#closing;
    // Old kernels let two cgroups report at once: the table tells whose kill it is.
    if (kill !== null && waiting?.killed === false && waiting.lists(kill.pid)) {
      if (this.#open?.lists(kill.pid) !== true) {
        waiting.accept(record);
        return;
      }
    }
    if (this.#open === null || !this.#open.takes(record)) {
      this.#close();
      this.#clock(record);
      this.#open = new ReportBuilder(record);
    }
    this.#open.accept(record);
  }

  #panic(record: LogRecord): void {
    if (!/emory/.test(record.text) || this.#open?.panicked === true) return;
    if (this.#open === null || this.#open.killed) {
      // The report before it got as far as a kill: this is the next one's.
      this.#close();
      this.#clock(record);
      this.#open = new ReportBuilder(record);
    }
    this.#open.accept(record);
  }

  #reaper(record: LogRecord): void {
    const reaper = parseReaper(record.text, record.first);
    if (reaper === null) return;
    const victim = this.#victims.get(reaper.pid);
    if (this.#open?.reaps(reaper.pid) === true) this.#open.accept(record);
    else if (this.#closing?.reaps(reaper.pid) === true) this.#closing.accept(record);
    else if (victim !== undefined) this.#victims.set(reaper.pid, { ...victim, reaped: reaper.ok });
    else if (this.#open?.killedNamed(reaper.comm) === true) this.#open.accept(record);
    else if (this.#open !== null && !this.#open.killed) this.#open.accept(record);
    else {
      // The kill line was lost, but what was reaped had been killed.
      this.#close();
      this.#open = new ReportBuilder(record);
      this.#open.accept(record);
    }
  }

  /** The open report ends; it waits for its reaper line while the next one is read. */
  #close(): void {
    this.#finish(this.#closing);
    this.#closing = this.#open;
    this.#open = null;
    this.#silence = 0;
    this.#assembler.numericColumns = 0;
  }

  #finish(builder: ReportBuilder | null): void {
    const report = builder?.finish(this.#kernel, this.#hint, this.#victims) ?? null;
    if (report === null) return;
    this.#remember(report);
    this.#done.push(report);
  }

  #remember(report: OomReport): void {
    const memory = report.memory;
    if (memory !== null && memory.totalSwapKb !== null) {
      this.#hint = {
        totalSwapKb: memory.totalSwapKb,
        ramPages: memory.ramPages,
        reservedPages: memory.reservedPages,
        line: memory.lineOf.get('Total') ?? report.lines.first,
      };
    }
    const reaped = new Map(report.reaped.map((reaper) => [reaper.pid, reaper.ok]));
    // Of some only the reaper speaks: their kill is not in the log. Who was selected may live on, when
    // a child died instead; and up to 4.7 sharers of the memory got a signal, but no mark.
    const dead = [...report.reaped, ...report.kills.filter((kill) => kill.verb === 'kill')];
    for (const { pid, comm, line } of dead) {
      if (this.#victims.size >= MAX_VICTIMS) continue;
      this.#victims.set(pid, { pid, comm, reaped: reaped.get(pid) ?? false, line });
    }
  }
}

/** Lines that only an OOM report prints, and its Mem-Info, which may have lost its beginning. */
const OPENERS: ReadonlySet<string> = new Set([
  'columns',
  'row',
  'usage',
  'taskIn',
  'memcgStats',
  'memInfo',
  'totals',
  'node',
  'zone',
  'number',
]);
