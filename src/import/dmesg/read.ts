/** Where reports come from: any iterable of lines, a file, standard input. */
import { constants, createReadStream, openSync, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InputError, printable } from '../../workload/problems.js';
import { refuseOtherFormats, TextCheck } from './not_text.js';
import { type Direction, OomReportParser } from './report.js';
import type { OomReport } from './types.js';

/** A longer line is no log line: the rest of it is skipped, not gathered. */
const MAX_LINE_CHARS = 1 << 20;
const CHUNK_BYTES = 1 << 18;
/** Characters of a log that runs backwards: it cannot be read as a stream. */
const MAX_BACKWARDS = 64 << 20;

/** Every OOM report in `lines` (without their newlines), in the order of the log. */
export function parseOomReports(lines: Iterable<string>): Generator<OomReport>;
export function parseOomReports(lines: AsyncIterable<string>): AsyncGenerator<OomReport>;
export function parseOomReports(
  lines: Iterable<string> | AsyncIterable<string>,
): Generator<OomReport> | AsyncGenerator<OomReport> {
  return Symbol.iterator in lines ? parseSync(lines) : parseAsync(lines);
}

function* parseSync(lines: Iterable<string>): Generator<OomReport> {
  const parser = new OomReportParser();
  const held: OomReport[] = [];
  for (const line of lines) {
    held.push(...parser.push(line));
    if (parser.direction === 'backward' && Array.isArray(lines)) {
      yield* parseBackwards(lines);
      return;
    }
    if (parser.direction !== 'unknown' && held.length > 0) yield* held.splice(0);
  }
  yield* held;
  yield* parser.end();
}

/** A log that was printed last line first, as `journalctl -r` does. */
function* parseBackwards(lines: readonly string[]): Generator<OomReport> {
  const parser = new OomReportParser(lines.length);
  for (let at = lines.length - 1; at >= 0; at--) yield* parser.push(lines[at] ?? '');
  yield* parser.end();
}

async function* parseAsync(lines: AsyncIterable<string>): AsyncGenerator<OomReport> {
  const parser = new OomReportParser();
  for await (const line of lines) yield* parser.push(line);
  yield* parser.end();
}

/**
 * Every OOM report of a file, or of standard input for `-`, read as a stream: memory does not grow
 * with the log. gzip and UTF-16 are recognised, and logs that were printed last line first.
 *
 * @throws {InputError} in one line, when the file cannot be read
 */
export async function* readOomReports(path: string): AsyncGenerator<OomReport> {
  const stdin = path === '-';
  // What cannot be read twice is kept until it is certain that it runs forward.
  const spool = new Spool();
  const parser = new OomReportParser();
  const runs = (): Direction => parser.direction;
  const out: OomReport[] = [];
  let found = false;
  const splitter = new LineSplitter((line) => {
    for (const report of parser.push(line)) out.push(report);
    found ||= out.length > 0;
  });
  const check = new TextCheck();
  let over = false;
  try {
    for await (const text of decoded(stdin ? process.stdin : opened(path))) {
      over = check.over(text);
      if (over) break;
      if (stdin && runs() !== 'forward') spool.add(text);
      if (runs() === 'backward') continue;
      splitter.push(text);
      if (runs() === 'backward' && !stdin) break;
      if (runs() === 'forward') {
        spool.drop();
        yield* out.splice(0);
      }
    }
    if (runs() === 'backward') {
      if (!stdin) for await (const text of decoded(opened(path))) spool.add(text);
      yield* parseBackwards(spool.lines());
      return;
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  splitter.end();
  const last = [...out, ...parser.end()];
  if (over && !found && last.length === 0) {
    throw new InputError(`${stdin ? 'standard input' : printable(path)}: ${check.why}`);
  }
  yield* last;
}

function opened(path: string): AsyncIterable<unknown> {
  const options = { highWaterMark: CHUNK_BYTES };
  const isDevice = statSync(path, { throwIfNoEntry: false })?.isCharacterDevice() === true;
  if (!isDevice) return createReadStream(path, options);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return soFar(createReadStream(path, { ...options, fd }));
}

/** What a device has by now: /dev/kmsg would wait for the kernel's next message. */
async function* soFar(device: Readable): AsyncGenerator<unknown> {
  try {
    yield* device;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
}

/** A log that runs backwards has to be read to its end before it can be read at all. */
class Spool {
  #chunks: string[] = [];
  #length = 0;

  add(text: string): void {
    this.#length += text.length;
    if (this.#length > MAX_BACKWARDS) this.#chunks = [];
    else this.#chunks.push(text);
  }

  drop(): void {
    this.#chunks = [];
    this.#length = 0;
  }

  /** @throws {InputError} when it was too much to keep */
  lines(): string[] {
    if (this.#length > MAX_BACKWARDS) {
      const most = `${MAX_BACKWARDS >> 20} MiB`;
      throw new InputError(`the log runs backwards and is larger than ${most}: turn it with tac`);
    }
    return this.#chunks.join('').split('\n');
  }
}

function unreadable(path: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string') return error;
  const why = new Map([
    ['ENOENT', 'no such file'],
    ['EISDIR', 'a directory, not a log'],
    ['EACCES', 'no permission to read it'],
  ]).get(code);
  return new InputError(`${printable(path)}: ${why ?? message}`);
}

/** Chunks as text, whatever the bytes were. */
async function* decoded(source: AsyncIterable<unknown>): AsyncGenerator<string> {
  const iterator = source[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) return;
  const head = Buffer.isBuffer(first.value) ? first.value : Buffer.from(String(first.value));
  const rest = async function* (): AsyncGenerator<Buffer> {
    yield head;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      yield Buffer.isBuffer(next.value) ? next.value : Buffer.from(String(next.value));
    }
  };
  refuseOtherFormats(head);
  const chunks = head[0] === 0x1f && head[1] === 0x8b ? gunzipped(rest()) : rest();
  const wide = head[0] === 0xff && head[1] === 0xfe;
  const decoder = new TextDecoder(wide ? 'utf-16le' : 'utf-8');
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

async function* gunzipped(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  const feeding = feed(chunks, gunzip);
  for await (const chunk of gunzip) yield chunk as Buffer;
  await feeding;
}

async function feed(
  chunks: AsyncIterable<Buffer>,
  gunzip: ReturnType<typeof createGunzip>,
): Promise<void> {
  try {
    for await (const chunk of chunks) {
      if (!gunzip.write(chunk)) await new Promise((resolve) => gunzip.once('drain', resolve));
    }
    gunzip.end();
  } catch (error) {
    gunzip.destroy(error as Error);
  }
}

/** Cuts text into lines; a line that never ends does not fill the memory. */
class LineSplitter {
  #partial = '';
  #skipping = false;

  constructor(private readonly each: (line: string) => void) {}

  push(text: string): void {
    let from = 0;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      const piece = text.slice(from, at);
      this.each(this.#partial === '' ? piece : this.#partial + piece);
      this.#partial = '';
      this.#skipping = false;
      from = at + 1;
    }
    if (this.#skipping || from === text.length) return;
    this.#partial += text.slice(from);
    this.#skipping = this.#partial.length > MAX_LINE_CHARS;
  }

  end(): void {
    if (this.#partial !== '') this.each(this.#partial);
  }
}
