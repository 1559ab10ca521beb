/**
 * Physical lines in, logical records out: prefixes off, wrapped lines rejoined, lines of other
 * programs dropped. Holds back one record at most, so a log of any size streams through.
 */
import { kindOf, type LineKind } from './kinds.js';
import { type StrippedLine, stripPrefix } from './prefix.js';
import { continues, joinPieces, MAX_PIECES } from './wrap.js';

/** One logical line of the kernel log. */
export interface LogRecord {
  readonly kind: LineKind;
  readonly text: string;
  /** The pieces as they stood, when the record had been wrapped. */
  readonly pieces: readonly string[] | null;
  readonly first: number;
  readonly last: number;
  readonly seconds: number | null;
  readonly stamp: string | null;
  readonly caller: string | null;
  readonly sequence: number | null;
}

type Pending = { -readonly [Key in keyof LogRecord]: LogRecord[Key] } & { brokenAt: number };

/** Kernel lines do not reach this length; what is longer is not read to its end. */
const MAX_TEXT = 16_384;

/** Turns physical lines into records. */
export class RecordAssembler {
  #pending: Pending | null = null;
  #afterForeign = false;
  #inStats = false;
  /** Numeric columns of the current task table, from its header; 0 while unknown. */
  numericColumns = 0;

  /** Whether a record is held back because the next line may continue it. */
  get holding(): boolean {
    return this.#pending !== null;
  }

  /** Takes one physical line (numbered from 1); appends finished records to `out`. */
  push(raw: string, line: number, out: LogRecord[]): void {
    const stripped = stripPrefix(raw);
    if (stripped.foreign) {
      this.#release(out);
      this.#afterForeign = true;
      return;
    }
    const clipped = stripped.text.length > MAX_TEXT ? stripped.text.slice(0, MAX_TEXT) : null;
    const text = clipped ?? stripped.text;
    if (stripped.starts) {
      this.#afterForeign = false;
      this.#release(out);
      this.#begin(stripped, text, raw.length, line, this.#kind(text));
      return;
    }
    this.#bare(stripped, text, raw.length, line, out);
  }

  /** Releases the record held back, at the end of the input. */
  flush(out: LogRecord[]): void {
    this.#release(out);
  }

  /** A line without any prefix: a record of its own, a continuation, or nobody's. */
  #bare(stripped: StrippedLine, text: string, width: number, line: number, out: LogRecord[]): void {
    if (text === '') {
      this.#release(out);
      return;
    }
    const embedded = embeddedStamp(text);
    if (embedded > 0) {
      this.push(text.slice(embedded), line, out);
      return;
    }
    const kind = this.#kind(text);
    const pending = this.#pending;
    if (pending !== null && kind === 'unknown') {
      const count = pending.pieces?.length ?? 1;
      const empty = pending.text === '';
      if (
        empty ||
        (count < MAX_PIECES &&
          continues(pending.kind, pending.text, text, pending.brokenAt, this.numericColumns))
      ) {
        this.#extend(pending, text, width, line);
        return;
      }
    }
    const statsBegin = pending?.kind === 'memcgStats';
    this.#release(out);
    const settled = statsBegin ? this.#kind(text) : kind;
    if (this.#afterForeign && settled === 'unknown') return;
    this.#begin(stripped, text, width, line, settled);
  }

  #begin(
    stripped: StrippedLine,
    text: string,
    width: number,
    line: number,
    kindOfText: LineKind,
  ): void {
    let kind = kindOfText;
    let body = text;
    if (kind === 'unknown' && stripped.hostPossible) {
      // `Sep 29 08:12:34 host oom_reaper: …`: no tag, so the first word may be the host.
      const rest = text.slice(text.indexOf(' ') + 1);
      const kindOfRest = kindOf(rest);
      if (kindOfRest !== 'unknown') {
        kind = kindOfRest;
        body = rest;
      }
    }
    this.#pending = {
      kind,
      text: body,
      pieces: null,
      first: line,
      last: line,
      seconds: stripped.seconds,
      stamp: stripped.stamp,
      caller: stripped.caller,
      sequence: stripped.sequence,
      brokenAt: width,
    };
  }

  #extend(pending: Pending, text: string, width: number, line: number): void {
    pending.pieces = [...(pending.pieces ?? [pending.text]), text];
    pending.text = pending.text === '' ? text : joinPieces(pending.text, text);
    pending.last = line;
    pending.brokenAt = width;
    if (pending.kind === 'unknown') pending.kind = kindOf(pending.text);
  }

  #kind(text: string): LineKind {
    const kind = kindOf(text);
    // `anon 123` is a statistic only below `Memory cgroup stats for …:`.
    return kind === 'stat' && !this.#inStats ? 'unknown' : kind;
  }

  #release(out: LogRecord[]): void {
    const pending = this.#pending;
    if (pending === null) return;
    this.#pending = null;
    if (pending.kind === 'memcgStats') this.#inStats = true;
    else if (pending.kind !== 'stat' && pending.kind !== 'unknown') this.#inStats = false;
    out.push(pending);
  }
}

const EMBEDDED = /\[ {0,6}\d{1,9}\.\d{6}\] /;

/** Where a printk stamp stands inside a line (a console that two writers shared), or −1. */
function embeddedStamp(text: string): number {
  const at = text.slice(0, 400).search(EMBEDDED);
  return at > 0 ? at : -1;
}
