/**
 * Takes away what loggers put in front of a kernel line: printk and dmesg time stamps in any
 * locale, levels, /dev/kmsg heads, syslog and journald host and tag, container time stamps,
 * quotation marks. Elements are taken one after another in whatever order they come, so that their
 * combinations need no table.
 *
 * Every pattern is sticky, anchored where the last one ended, and its repeats are bounded: a
 * megabyte line costs no more than a short one.
 */

/** What one physical line says, and what its prefix told. */
export interface StrippedLine {
  readonly text: string;
  /** White space stood before the text (or after it): a break there swallowed no space. */
  readonly spaceBefore: boolean;
  readonly spaceAfter: boolean;
  /** A stamp, level or tag says that a record begins here; false: perhaps a continuation. */
  readonly starts: boolean;
  /** Another program wrote it, not the kernel. */
  readonly foreign: boolean;
  /** A wall-clock stamp without a tag came first, so the text may begin with a host name. */
  readonly hostPossible: boolean;
  readonly seconds: number | null;
  readonly stamp: string | null;
  /** PRINTK_CALLER, e.g. `T1778` or `C3`. */
  readonly caller: string | null;
  /** /dev/kmsg sequence number. */
  readonly sequence: number | null;
}

/** `↪` is what books print where they wrap a line. */
const QUOTES = /[\s>|\u00a0\u21aa\ufeff]{1,64}/y;
/** `: ` is a mark of quotation, too, where nothing else has begun. */
const COLON_QUOTE = /: /y;
const PRINTK = /\[[ <]{0,12}(?:\d{1,3}-|\+)?(\d{1,12}\.\d{3,9})(?:[ ,@</>][^\]]{0,40})?\] ?/y;
const CALLER = /\[ {0,10}([TC]\d{1,10})\] ?/y;
const BRACKETED_CLOCK = /\[([^[\]]{0,28}\d{1,2}:\d{2}(?::\d{2})?[^[\]]{0,28})\]:? ?/y;
/** A stamp that was made unreadable on purpose: `[xxx.xxxxxx] `. */
const REDACTED = /\[[xX*?#.]{3,24}\] /y;
const LEVEL = /<\d{1,3}>(?:1 (?=\d{4}-))?/y;
const KMSG = /\d{1,3},(\d{1,15}),(\d{1,15}),([^;\n]{0,64});/y;
const NUMERIC_CLOCK =
  /\d{1,4}[-/.]\d{1,2}(?:[-/.]\d{1,4})?[T ,]{1,2}\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))? ?/y;
const BARE_CLOCK = /\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})? /y;
const NAMED_CLOCK =
  /[^\s[\]{}=<>"|:]{1,12} {1,2}(?:[^\s[\]{}=<>"|:]{1,12} {1,2}){0,3}\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?: (?:\d{4}|[A-Z]{2,5}|[+-]\d{4})(?= )){0,2} /y;
/** A mailer may break a line inside its stamp. */
const PRINTK_TAIL = /(\d{1,12}\.\d{6})\] ?/y;
/** Seconds since boot, without the brackets: what tracing tools print, and some editors leave. */
const BARE_SECONDS = /(\d{1,7}\.\d{6}):? /y;
const EPOCH = /\d{9,11}\.\d{3,9}:? /y;
const STREAM = /std(?:out|err) [FP] /y;
const COMPOSE = /[\w.-]{1,64} {1,16}\| /y;
const DECODED =
  /(?:kern|user|daemon|syslog|auth|local\d) *: *(?:emerg|alert|crit|err(?:or)?|warn(?:ing)?|notice|info|debug) *: ?/y;
/** Android prints CPU, command and pid: `[3:  kworker/3:1:  123] `. */
const ANDROID = /[A-Z]?\[ {0,3}\d{1,2}: {0,16}[^[\]]{1,24}: {0,8}\d{1,7}\] ?/y;
/** MediaTek prints `(3)[1234:comm]`, Spreadtrum `c3   1234 (comm) `. */
const MEDIATEK = /-?\(\d\)\[\d{1,7}:[^\]\n]{1,24}\] ?/y;
const SPREADTRUM = /c\d{1,2} {1,6}\d{1,7} \([^()\n]{1,24}\) /y;
const KERNEL_TAG =
  /(?:[^\s[\]]{1,255} {1,4})?(?:[a-z0-9]{2,8}\.[a-z]{2,8} {1,4})?(?:kernel|vmunix|klogd|kmsg)(?:\[[^\]]{0,12}\])?(?:: ?| - - (?:- |(?:\[[^\]]{1,400}\]){1,4} )?)/y;
const FOREIGN_TAG = /(?:[^\s[\]]{1,255} {1,4})?[^\s:[\]]{1,64}\[\d{1,10}\]: /y;
const GREP = /(?:[\w.+/-]{1,200}[:-])?(?:\d{1,9}[:-])?(?=[[<]|[A-Z][a-z]{2} [ \d]\d |\d{4}-\d\d)/y;
const LOGCAT = / {0,6}(?:\d{1,6} {1,6}\d{1,6} )?[VDIWEF] (?:[\w.-]{0,24} {0,10}: )?/y;

/** Colours, as `dmesg --color` and consoles leave them in. */
const ESCAPE = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]{0,20}[A-Za-z]`, 'g');
/** More elements than any chain of loggers was ever seen to add. */
const MAX_ELEMENTS = 14;

const enum Char {
  Tab = 9,
  Space = 32,
  Zero = 48,
  Nine = 57,
  Colon = 58,
  Less = 60,
  Greater = 62,
  Bracket = 91,
  Bar = 124,
}

/** Mutable state while one line is being stripped. */
class Stripper {
  at = 0;
  starts = false;
  foreign = false;
  wallClock = false;
  tagged = false;
  seconds: number | null = null;
  stamp: string | null = null;
  caller: string | null = null;
  sequence: number | null = null;
  match: RegExpExecArray | null = null;

  constructor(readonly line: string) {}

  take(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.line);
    if (match === null || match[0].length === 0) return false;
    this.match = match;
    this.at += match[0].length;
    return true;
  }
}

/** Strips one physical line. */
export function stripPrefix(raw: string): StrippedLine {
  const line = raw.includes('\u001b[') ? raw.replace(ESCAPE, '') : raw;
  const s = new Stripper(line);
  for (let element = 0; element < MAX_ELEMENTS; element++) {
    if (s.at >= line.length || !takeElement(s, line.charCodeAt(s.at))) break;
  }
  const text = line.slice(s.at).trimEnd().replaceAll('\t', ' ');
  return {
    text,
    spaceBefore: spaceBefore(line, s.at),
    spaceAfter: line.charCodeAt(line.length - 1) === Char.Space,
    starts: s.starts,
    foreign: s.foreign,
    hostPossible: s.wallClock && !s.tagged && s.seconds === null,
    seconds: s.seconds,
    stamp: s.stamp,
    caller: s.caller,
    sequence: s.sequence,
  };
}

/** Behind a quotation mark the first space is the mark's own. */
function spaceBefore(line: string, at: number): boolean {
  if (line.charCodeAt(at - 1) !== Char.Space) return false;
  const quoted = line.charCodeAt(0) === Char.Greater;
  return !quoted || line.charCodeAt(at - 2) === Char.Space;
}

/** Takes one element off; false when the text itself begins. */
function takeElement(s: Stripper, first: number): boolean {
  switch (first) {
    case Char.Space:
    case Char.Tab:
    case Char.Greater:
    case Char.Bar:
    case 0xa0:
    case 0x21aa:
    case 0xfeff:
      return s.take(QUOTES);
    case Char.Colon:
      return !s.starts && s.take(COLON_QUOTE);
    case Char.Bracket:
      return takeBracket(s);
    case Char.Less:
      if (!s.take(LEVEL)) return false;
      s.starts = true;
      return true;
    default:
      return first >= Char.Zero && first <= Char.Nine ? takeDigits(s) : takeWord(s);
  }
}

function takeBracket(s: Stripper): boolean {
  if (s.take(PRINTK)) {
    // `[  +0.000123]` is the time since the line before.
    s.seconds = s.match?.[0].includes('+') ? null : Number(s.match?.[1]);
    s.starts = true;
    takeUserspace(s);
    return true;
  }
  if (s.take(CALLER)) {
    s.caller = s.match?.[1] ?? null;
    s.starts = true;
    return true;
  }
  if (s.take(REDACTED)) {
    s.starts = true;
    return true;
  }
  if (s.starts && s.take(ANDROID)) return true;
  if (s.take(BRACKETED_CLOCK)) {
    s.stamp ??= s.match?.[1]?.trim() ?? null;
    s.starts = true;
    takeUserspace(s);
    return true;
  }
  return false;
}

/** Userspace may write into the kernel log: `systemd-journald[648]: …` after the printk stamp. */
function takeUserspace(s: Stripper): void {
  FOREIGN_TAG.lastIndex = s.at;
  if (FOREIGN_TAG.test(s.line)) {
    // With a word before it, it may as well be the kernel speaking of a process.
    const tag = s.line.slice(s.at, FOREIGN_TAG.lastIndex).trimEnd();
    if (!tag.includes(' ')) s.foreign = true;
  }
}

function takeDigits(s: Stripper): boolean {
  if (s.take(KMSG)) {
    s.sequence = Number(s.match?.[1]);
    s.seconds = Number(s.match?.[2]) / 1e6;
    s.caller = /caller=([TC]\d{1,10})/.exec(s.match?.[3] ?? '')?.[1] ?? null;
    s.starts = true;
    takeUserspace(s);
    return true;
  }
  if (s.take(NUMERIC_CLOCK) || s.take(BARE_CLOCK)) {
    s.stamp ??= s.match?.[0].trim() ?? null;
    return takeTag(s);
  }
  if (!s.starts && s.take(PRINTK_TAIL)) {
    s.seconds = Number(s.match?.[1]);
    s.starts = true;
    return true;
  }
  if (!s.starts && s.take(BARE_SECONDS)) {
    s.seconds = Number(s.match?.[1]);
    s.starts = true;
    return true;
  }
  if (s.take(EPOCH)) {
    s.starts = true;
    return true;
  }
  // Months are numbers in some locales: `12月 05 22:20:29`.
  if (!s.starts && s.take(NAMED_CLOCK)) {
    s.stamp ??= s.match?.[0].trim() ?? null;
    return takeTag(s);
  }
  return !s.starts && s.take(GREP);
}

function takeWord(s: Stripper): boolean {
  if (s.take(STREAM) || s.take(DECODED)) {
    s.starts = true;
    return true;
  }
  if (s.starts && (s.take(ANDROID) || s.take(SPREADTRUM) || s.take(MEDIATEK))) return true;
  if (s.tagged) return false;
  if (s.take(KERNEL_TAG)) {
    s.starts = true;
    s.tagged = true;
    return true;
  }
  if (s.starts) return false;
  if (s.take(NAMED_CLOCK)) {
    s.stamp ??= s.match?.[0].trim() ?? null;
    return takeTag(s);
  }
  return s.take(COMPOSE) || s.take(GREP);
}

/** After a wall clock: host and tag, which tell the kernel's lines from other programs'. */
function takeTag(s: Stripper): boolean {
  s.starts = true;
  s.wallClock = true;
  if (s.take(KERNEL_TAG)) {
    s.tagged = true;
    return true;
  }
  FOREIGN_TAG.lastIndex = s.at;
  if (FOREIGN_TAG.test(s.line)) {
    const end = FOREIGN_TAG.lastIndex;
    PRINTK.lastIndex = end;
    // A forwarder may put its own name before a kernel line: the printk stamp gives it away.
    if (PRINTK.test(s.line)) {
      s.at = end;
      s.tagged = true;
    } else {
      s.foreign = true;
    }
    return s.tagged;
  }
  s.take(LOGCAT);
  return true;
}
