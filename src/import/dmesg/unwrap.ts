/**
 * Containers around a log line that are not prefixes: JSON objects of docker, journald and cloud
 * loggers, control characters that syslog daemons spell out, quoted-printable mail, HTML entities.
 * One physical line may hold a whole report.
 */

/** JSON members that hold the message, in order of preference. */
const MESSAGE_KEYS = ['MESSAGE', 'log', 'message', 'msg', 'textPayload', 'text', 'line'];
/** Objects that loggers nest the message in. */
const NESTED_KEYS = ['jsonPayload', '_source', 'fields', 'data', 'event'];
/** A JSON line longer than this is not a log line. */
const MAX_JSON = 1 << 20;
/** A logger's own prefix before a JSON object. */
const MAX_BEFORE_JSON = 256;

/** Undoes the containers of one line; most lines come back as they are. */
export class LineUnwrapper {
  #quotedPrintable = false;
  #soft = '';
  /** A field of a journal entry has been seen. */
  #journal = false;

  /** The log lines that one physical line holds: at least one, unless a soft break was joined. */
  unwrap(raw: string): readonly string[] {
    let line = raw.endsWith('\r') ? raw.replace(/\r+$/, '') : raw;
    if (this.#quotedPrintable || line.includes('=3D') || line.includes('quoted-printable')) {
      const decoded = this.#decodeMail(line);
      if (decoded === null) return [];
      line = decoded;
    }
    if (line.includes('\u00a0')) line = line.replaceAll('\u00a0', ' ');
    line = jsonInside(line) ?? this.#journalField(line) ?? logfmtMessage(line) ?? line;
    line = undecorated(line);
    if (line.includes('&')) line = decodeEntities(line);
    const lines = hasEscapes(line) ? spelledOut(line).split(/\r*\n/) : [line];
    if (line.includes('sacrifice child ')) return lines.flatMap((text) => text.split(TWO_KILLS));
    return lines.some(runsOn) ? lines.flatMap(stampedPieces) : lines;
  }

  /**
   * journald's own formats take many lines for one entry: `-o export` and `-o verbose` write
   * `MESSAGE=text`, `-o json-pretty` `"MESSAGE" : "text",`. The other fields are nobody's text.
   */
  #journalField(line: string): string | null {
    const field =
      /^\s{0,16}(?:"([A-Z_][A-Z0-9_]{1,63})" : (.*?),?|([A-Z_][A-Z0-9_]{1,63})=(.*))$/.exec(line);
    const name = field?.[1] ?? field?.[3];
    if (field === null || name === undefined) {
      return this.#journal && /^\s*[{}],?$/.test(line) ? '' : null;
    }
    if (name === 'MESSAGE') {
      this.#journal = true;
      const text = field[4] ?? unquoted(field[2] ?? '');
      return text === null ? line : `kernel: ${text}`;
    }
    return this.#journal ? '' : null;
  }

  /** Quoted-printable is believed only once it has been seen where kernel text needs an `=`. */
  #decodeMail(line: string): string | null {
    if (/^content-transfer-encoding:\s{0,8}quoted-printable/i.test(line)) {
      this.#quotedPrintable = true;
      return line;
    }
    if (/(?:gfp_mask|order|mems_allowed|cpuset|constraint)=3D/.test(line)) {
      this.#quotedPrintable = true;
    }
    if (!this.#quotedPrintable) return line;
    const whole = this.#soft + line;
    if (whole.endsWith('=') && whole.length < 8192) {
      this.#soft = whole.slice(0, -1);
      return null;
    }
    this.#soft = '';
    return whole.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
}

/** Events of Kubernetes have the selection and the kill in one message. */
const TWO_KILLS = /(?<=or sacrifice child) (?=Killed process )/;
const TWO_STAMPS = /\[ {0,6}\d{1,9}\.\d{6}\] .{8,400}?\[ {0,6}\d{1,9}\.\d{6}\] /;
const BEFORE_STAMP = /(?=\[ {0,6}\d{1,9}\.\d{6}\] )/;

/** Whether a web page, or two writers to one console, have put several records on this line. */
function runsOn(line: string): boolean {
  return line.length > 60 && TWO_STAMPS.test(line.slice(0, 1024));
}

/** One line a stamp. What a logger put before the first stamp is before all others, too. */
function stampedPieces(line: string): string[] {
  if (!runsOn(line)) return [line];
  const [before = '', ...pieces] = line.split(BEFORE_STAMP);
  if (before.startsWith('[')) return [before, ...pieces];
  const form = before
    .trim()
    .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\d+/g, '\\d+');
  const repeated = form === '' ? null : new RegExp(`\\s${form}\\s*$`);
  return pieces.map((piece) => (repeated === null ? piece : piece.replace(repeated, '')));
}

/** The message of a JSON object that ends the line, whatever a logger has put before it. */
function jsonInside(line: string): string | null {
  const from = line.indexOf('{"');
  if (from < 0) return line.charCodeAt(0) === 123 ? messageOfJson(line) : null;
  if (from > MAX_BEFORE_JSON || !/\}[\s,\]]*$/.test(line.slice(-16))) return null;
  return messageOfJson(line.slice(from, line.lastIndexOf('}') + 1));
}

/** `time=… level=… msg="text"`, as Go programs log. */
function logfmtMessage(line: string): string | null {
  if (!line.includes('msg="') && !line.includes('message="')) return null;
  const quoted = /(?:^|\s)(?:msg|message)=("(?:[^"\\]|\\.){0,8192}")/.exec(line)?.[1];
  return quoted === undefined ? null : unquoted(quoted);
}

function unquoted(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}

function messageOfJson(line: string): string | null {
  if (line.length > MAX_JSON) return null;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null; // cut in the middle: read it as plain text
  }
  return messageOf(value, 2);
}

function messageOf(value: unknown, depth: number): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const members = new Map(Object.entries(value));
  for (const key of MESSAGE_KEYS) {
    const message = members.get(key);
    if (typeof message === 'string') return withTag(message, members);
    // journald prints a message that is not UTF-8 as an array of bytes.
    if (Array.isArray(message)) return String.fromCharCode(...message.slice(0, 65_536).map(Number));
  }
  if (depth === 0) return null;
  for (const key of NESTED_KEYS) {
    const nested = messageOf(members.get(key), depth - 1);
    if (nested !== null) return nested;
  }
  return null;
}

/** journald names the program: what is not from the kernel must not look as if it were. */
function withTag(message: string, members: ReadonlyMap<string, unknown>): string {
  const identifier = members.get('SYSLOG_IDENTIFIER');
  if (typeof identifier !== 'string') return message.replace(/\n$/, '');
  const tag = identifier === 'kernel' ? 'kernel: ' : `Jan  1 00:00:00 ${identifier}[0]: `;
  return tag + message.replace(/\n$/, '');
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&amp;', '&'],
  ['&quot;', '"'],
  ['&#39;', "'"],
  ['&nbsp;', ' '],
]);

function decodeEntities(line: string): string {
  return line.replaceAll(/&(?:lt|gt|amp|quot|#39|nbsp);/g, (entity) => ENTITIES.get(entity) ?? '');
}

/** HTML's own; `<TASK>` and `<4>` are the kernel's. */
const TAGS =
  /<\/?(?:a|b|blockquote|br|code|div|em|font|i|li|p|pre|span|strong|td|tr|tt|ul)(?: [^<>]{0,200})?\/?>/g;
/** Markdown as converters write it has a backslash before whatever could be a mark. */
const MARKDOWN = /\\[[\]_|#]/;
const ESCAPED = /\\([[\]_|#*<>()~.-])/g;
/** How a line ends that has anything of this at its end; `l` is of ` - kernel`. */
const DECORATION_ENDS: readonly string[] = ['"', "'", '`', '|', ',', ';', ' ', 'l'];
/** One kind of quotation mark around the line, as in source code. */
const QUOTED = /^\s{0,64}(["'`])(.*)\1[,;]?\s*$/;

/** What web pages, source code, tables and switches put around a line, at its end, too. */
function undecorated(line: string): string {
  const marked = line.includes('\\') && MARKDOWN.test(line);
  const escaped = marked ? line.replaceAll(ESCAPED, '$1') : line;
  const plain = escaped.includes('<') ? escaped.replaceAll(TAGS, '') : escaped;
  if (!DECORATION_ENDS.includes(plain.at(-1) ?? '')) return plain;
  const quoted = QUOTED.exec(plain)?.[2];
  // A row of CSV: the message is its last field.
  if (quoted !== undefined) return quoted.slice(quoted.lastIndexOf('","') + 1).replace(/^,"/, '');
  if (/^\s{0,64}\|/.test(plain)) return plain.replace(/\s*\|\s*$/, '');
  return plain.includes('%KERN-') ? plain.replace(/ - kernel$/, '') : plain;
}

function hasEscapes(line: string): boolean {
  return (
    line.includes('#012') || line.includes('\\x0a') || line.includes('\\n') || line.includes('\n')
  );
}

/** rsyslog writes a newline as `#012`, syslog-ng and kmsg as `\x0a`, JSON by hand as `\n`. */
function spelledOut(line: string): string {
  return line.replaceAll(/#01[12]|\\x0[ad]|\\x09|\\n/g, (code) =>
    code === '#011' || code === '\\x09' ? '\t' : '\n',
  );
}
