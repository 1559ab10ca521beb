/**
 * Physical lines in, logical records out: prefixes off, wrapped lines rejoined, lines of other
 * programs dropped. Holds back one record at most, so a log of any size streams through.
 */
import { kindOf, type LineKind } from './kinds.js';
import { LearntPrefix } from './learnt_prefix.js';
import { type StrippedLine, stripPrefix } from './prefix.js';
import { WrapWidths } from './widths.js';
import { assembled, continues, joinPieces, MAX_PIECES } from './wrap.js';

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

type Pending = { -readonly [Key in keyof LogRecord]: LogRecord[Key] } & {
  /** Length of its last physical line, and whether that ended in a space. */
  brokenAt: number;
  spaceAfter: boolean;
};

/** Kernel lines do not reach this length; what is longer is not read to its end. */
const MAX_TEXT = 16_384;

/** Turns physical lines into records. */
export class RecordAssembler {
  #pending: Pending | null = null;
  #afterForeign = false;
  #inStats = false;
  #text = '';
  #textKind: LineKind = kindOf('');
  readonly #widths = new WrapWidths();
  readonly #learnt = new LearntPrefix();
  /** Numeric columns of the current task table, from its header; 0 while unknown. */
  numericColumns = 0;

  /** Whether a record is held back because the next line may continue it. */
  get holding(): boolean {
    return this.#pending !== null;
  }

  /** Takes one physical line (numbered from 1); appends finished records to `out`. */
  push(raw: string, line: number, out: LogRecord[]): void {
    const dropped = raw.includes(' printk messages dropped ') ? DROPPED.exec(raw) : null;
    if (dropped !== null) {
      this.push(raw.slice(0, dropped.index) + dropped[0].trimEnd(), line, out);
      this.push(
        raw.slice(0, dropped.index) + raw.slice(dropped.index + dropped[0].length),
        line,
        out,
      );
      return;
    }
    const stripped = this.#stripped(raw);
    this.#widths.see(raw.length);
    if (stripped.foreign) {
      this.#foreign(stripped, line, out);
      return;
    }
    const clipped = stripped.text.length > MAX_TEXT ? stripped.text.slice(0, MAX_TEXT) : null;
    const text = clipped ?? stripped.text;
    if (stripped.starts) {
      const inner = stripped.seconds === null ? embeddedStamp(text) : -1;
      if (inner > 0) {
        // A forwarder's own prefix: `In(05) vcpu-5 - Guest: <6>[39291577.009360] …`.
        this.push(text.slice(inner), line, out);
        return;
      }
      this.#afterForeign = false;
      this.#release(out);
      this.#begin(stripped, text, raw.length, line, this.#kind(text));
      return;
    }
    this.#bare(stripped, text, raw.length, line, out);
  }

  /** The line without its prefix, a known one or one that this log has taught. */
  #stripped(raw: string): StrippedLine {
    const stripped = stripPrefix(raw);
    if (stripped.foreign) return stripped;
    const kind = this.#kindOf(stripped.text);
    if (kind !== 'unknown' && kind !== 'invoked') return stripped;
    if (embeddedStamp(stripped.text) > 0) return stripped;
    const rest = this.#learnt.strip(stripped.text);
    if (rest === null) return stripped;
    const inner = stripPrefix(rest);
    const seconds = inner.seconds ?? stripped.seconds;
    const caller = inner.caller ?? stripped.caller;
    return { ...inner, seconds, caller, stamp: inner.stamp ?? stripped.stamp, starts: true };
  }

  /** Releases the record held back, at the end of the input. */
  flush(out: LogRecord[]): void {
    this.#release(out);
  }

  /** Another program's line. journald reports there what it could not read from the kernel. */
  #foreign(stripped: StrippedLine, line: number, out: LogRecord[]): void {
    this.#release(out);
    this.#afterForeign = true;
    if (!stripped.text.includes('kernel messages')) return;
    this.#begin(stripped, stripped.text.slice(0, 400), 0, line, 'lost');
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
    if (pending !== null && this.#joins(pending, kind, stripped, text, width, line)) return;
    const statsBegin = pending?.kind === 'memcgStats';
    this.#release(out);
    const settled = statsBegin ? this.#kind(text) : kind;
    if (this.#afterForeign && settled === 'unknown') return;
    this.#begin(stripped, text, width, line, settled);
  }

  /** Adds a bare line to the record before it, if it belongs there. */
  #joins(
    pending: Pending,
    kind: LineKind,
    stripped: StrippedLine,
    text: string,
    width: number,
    line: number,
  ): boolean {
    if (kind === 'kill' && pending.kind === 'unknown' && KILL_MESSAGE.test(pending.text)) {
      this.#extend(pending, `${pending.text} ${text}`, text, stripped, width, line);
      return true;
    }
    if (
      (kind !== 'unknown' && !taints(pending, text)) ||
      (pending.pieces?.length ?? 1) >= MAX_PIECES
    )
      return false;
    if (pending.text === '') {
      this.#extend(pending, text, text, stripped, width, line);
      return true;
    }
    if (pending.kind === 'unknown') {
      const joined = assembled(pending.text, text, (whole) => this.#kind(whole));
      if (joined !== null) this.#extend(pending, joined, text, stripped, width, line);
      return joined !== null;
    }
    if (!continues(pending.kind, pending.text, text, pending.brokenAt, this.numericColumns)) {
      return false;
    }
    const space = pending.spaceAfter || stripped.spaceBefore;
    this.#widths.add(pending.brokenAt, space);
    const tight = this.#widths.hardAt(pending.brokenAt) ? !space : null;
    const joined = joinPieces(pending.kind, pending.text, text, tight);
    this.#extend(pending, joined, text, stripped, width, line);
    return true;
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
      const rest = text.slice(text.indexOf(' ') + 1).trimStart();
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
      spaceAfter: stripped.spaceAfter,
    };
  }

  #extend(
    pending: Pending,
    joined: string,
    piece: string,
    stripped: StrippedLine,
    width: number,
    line: number,
  ): void {
    pending.pieces = [...(pending.pieces ?? [pending.text]), piece];
    pending.text = joined;
    pending.last = line;
    pending.brokenAt = width;
    pending.spaceAfter = stripped.spaceAfter;
    if (pending.kind === 'unknown') pending.kind = this.#kind(joined);
  }

  /** Every line is asked for twice: with what may be a prefix, and without. */
  #kindOf(text: string): LineKind {
    if (text !== this.#text) {
      this.#text = text;
      this.#textKind = kindOf(text);
    }
    return this.#textKind;
  }

  #kind(text: string): LineKind {
    const kind = this.#kindOf(text);
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

/** What consoles up to 4.14 put before the message that they print next, in one line with it. */
const DROPPED = /\*\* \d{1,9} printk messages dropped \*\* (?=\S)/;

/** What may stand before `Killed process`, cut at any word. */
const KILL_MESSAGE =
  /^(?:Memory(?: cgroup)?(?: out(?: of(?: memory)?)?)?|Out(?: of(?: memory)?)?)(?: \([a-z_]{1,40}\))?:?$/i;

/** `Tainted: …` is a line of its own, too; without a release above it, it is the rest of that. */
function taints(pending: Pending, text: string): boolean {
  return pending.kind === 'cpu' && /^(?:Not t|T)ainted/.test(text);
}

const EMBEDDED = /\[ {0,6}\d{1,9}\.\d{6}\](?: |\[)/;

/** Where a printk stamp stands inside a line (a console that two writers shared), or −1. */
function embeddedStamp(text: string): number {
  const at = text.slice(0, 400).search(EMBEDDED);
  return at > 0 ? at : -1;
}
