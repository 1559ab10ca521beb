/** Reading a workload from a file, or a shipped one by its name. The only file here that reads. */

import { createHash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { packageFile } from './package_files.js';
import { FILE_BYTES_MAX, parseWorkload } from './parse.js';
import { InputError, printable } from './problems.js';
import { hint } from './suggest.js';
import type { Workload } from './types.js';

/** A workload and where it came from. */
export interface LoadedWorkload {
  readonly workload: Workload;
  /** The path that was read. */
  readonly path: string;
  /** The file as it was read: the run folder keeps it. */
  readonly text: string;
  /** sha256 of the text. */
  readonly hash: string;
}

const SHIPPED_FOLDER = packageFile('workloads/');

/**
 * Loads a workload file, or a shipped workload by name.
 * @param pathOrName a file is looked for first
 * @throws {InputError} it can't be read, in one line; WorkloadError if it is read and wrong
 */
export function loadWorkload(pathOrName: string): LoadedWorkload {
  const path = resolve(pathOrName);
  return loadedFrom(readText(path, notFound), path);
}

/**
 * A workload that was read already, for instance from standard input.
 * @param path where from, for messages; policy files are looked for beside it
 * @throws {WorkloadError} with every problem found
 */
export function loadedFrom(text: string, path: string): LoadedWorkload {
  return { workload: parseWorkload(text, path), path, text, hash: workloadHash(text) };
}

/** A comment in which a workload file holds the token of one of its runs. */
const TOKEN_LINE = /^# token: (oomsim[0-9]+:\S+)\n/m;

/**
 * sha256 of a workload's text, in hex: what a repro token names the file by. The line with a token
 * does not count, for a file could not hold its own otherwise.
 */
export function workloadHash(text: string): string {
  return createHash('sha256').update(text.replace(TOKEN_LINE, ''), 'utf8').digest('hex');
}

/** The token that a workload file holds, or null. */
export function tokenIn(text: string): string | null {
  return TOKEN_LINE.exec(text)?.[1] ?? null;
}

/** The text of a workload file with a token on its first line; one that it holds is replaced. */
export function withToken(text: string, token: string): string {
  return `# token: ${token}\n${text.replace(TOKEN_LINE, '')}`;
}

/** The shipped workload whose hash begins with that, or null. */
export function shippedByHash(hashStart: string): LoadedWorkload | null {
  for (const name of shippedWorkloads()) {
    const path = join(SHIPPED_FOLDER, `${name}.yaml`);
    const text = readText(path);
    if (workloadHash(text).startsWith(hashStart)) return loadedFrom(text, path);
  }
  return null;
}

/** Names of the shipped workloads, sorted. */
export function shippedWorkloads(): string[] {
  return yamlFiles(SHIPPED_FOLDER).map((file) => file.replace(/\.ya?ml$/, ''));
}

/** A name without folder or ending is that of a shipped workload, unless there is such a file. */
function resolve(pathOrName: string): string {
  const isName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(pathOrName);
  if (!isName || existsSync(pathOrName)) return pathOrName;
  const name = pathOrName.replace(/\.ya?ml$/, '');
  return shippedWorkloads().includes(name) ? join(SHIPPED_FOLDER, `${name}.yaml`) : pathOrName;
}

/**
 * Reads a text file.
 * @param missing what to say when there is none of that name
 * @throws {InputError} with the reason in one line
 */
export function readText(path: string, missing = (_path: string) => 'no such file'): string {
  const shown = path === '' ? '""' : printable(path);
  let bytes: Buffer;
  try {
    bytes = readBytes(path);
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new InputError(`${shown}: ${absent ? missing(path) : reason(error)}`);
  }
  if (bytes.length > FILE_BYTES_MAX) {
    throw new InputError(`${shown}: larger than ${FILE_BYTES_MAX / 1024 / 1024} MiB`);
  }
  if (bytes.length === 0) throw new InputError(`${shown}: an empty file`);
  if (bytes.includes(0))
    throw new InputError(`${shown}: a binary file, not YAML (it has NUL bytes)`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${shown}: not UTF-8 text`);
  }
}

/** At most one byte more than is allowed: the path may be a pipe or a device without an end. */
function readBytes(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    if (fstatSync(file).size > FILE_BYTES_MAX) return Buffer.alloc(FILE_BYTES_MAX + 1);
    const chunks: Buffer[] = [];
    let length = 0;
    while (length <= FILE_BYTES_MAX) {
      const chunk = Buffer.alloc(64 * 1024);
      const count = readSync(file, chunk);
      if (count === 0) break;
      chunks.push(chunk.subarray(0, count));
      length += count;
    }
    return Buffer.concat(chunks);
  } finally {
    closeSync(file);
  }
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EISDIR':
      return 'a directory, not a file';
    case 'EACCES':
    case 'EPERM':
      return 'no permission to read it';
    case 'ENOTDIR':
      return 'no such file: a part of its path is not a directory';
    default:
      return printable(code === undefined ? message : `can't be read (${code})`);
  }
}

function notFound(path: string): string {
  const shipped = shippedWorkloads();
  const neighbours = yamlFiles(dirname(path));
  const suggestion = hint(basename(path), [...neighbours, ...shipped]);
  if (suggestion !== '') return `no such file${suggestion}`;
  return 'no such file; `oomsim list workloads` shows the shipped ones';
}

function yamlFiles(folder: string): string[] {
  const names = readdirOrNothing(folder).filter((name) => /\.ya?ml$/.test(name));
  // By code unit: the same order everywhere, whatever the locale.
  return names.sort((a, b) => (a < b ? -1 : 1));
}

function readdirOrNothing(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
