import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadWorkload, shippedWorkloads, workloadHash } from '../../src/workload/load.js';
import { InputError } from '../../src/workload/problems.js';

const folder = mkdtempSync(join(tmpdir(), 'oomsim-load-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function messageOf(path: string): string {
  try {
    loadWorkload(path);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('this file was accepted');
}

/** Root reads everything, whatever the mode says. */
function canRead(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

describe('loading', () => {
  it('reads a file, and keeps the text as it was', () => {
    const text = '# mine\nmachine: { memory: 1GiB }\n';
    const path = file('mine.yaml', text);
    const loaded = loadWorkload(path);
    expect(loaded.workload.name).toBe('mine');
    expect(loaded).toMatchObject({ path, text, hash: workloadHash(text) });
  });

  it('takes a byte order mark and CRLF in its stride', () => {
    const path = file('windows.yaml', '\ufeffmachine:\r\n  memory: 1GiB\r\n');
    expect(loadWorkload(path).workload.machine.memoryBytes).toBe(2 ** 30);
  });

  it('finds a shipped workload by name', () => {
    expect(shippedWorkloads()).toContain('small-vs-large');
    expect(loadWorkload('small-vs-large').workload.name).toBe('small-vs-large');
    expect(loadWorkload('small-vs-large.yaml').workload.name).toBe('small-vs-large');
  });

  it('hashes the text', () => {
    expect(workloadHash('')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });
});

describe('what cannot be loaded gets one line:', () => {
  it('a missing file, with a name close by', () => {
    file('near.yaml', 'machine: { memory: 1GiB }');
    const path = join(folder, 'naer.yaml');
    expect(messageOf(path)).toBe(`${path}: no such file, did you mean "near.yaml"?`);
    expect(messageOf('small-vs-lagre')).toBe(
      'small-vs-lagre: no such file, did you mean "small-vs-large"?',
    );
  });

  it('a missing file with nothing close by', () => {
    expect(messageOf('/nowhere/at/all')).toBe(
      '/nowhere/at/all: no such file; `oomsim list workloads` shows the shipped ones',
    );
  });

  it('a directory', () => {
    expect(messageOf(folder)).toBe(`${folder}: a directory, not a file`);
  });

  it('a binary file', () => {
    const path = file('binary.yaml', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2]));
    expect(messageOf(path)).toBe(`${path}: a binary file, not YAML (it has NUL bytes)`);
  });

  it('a file in another encoding', () => {
    const path = file('latin1.yaml', new Uint8Array([0x61, 0x3a, 0x20, 0xe4, 0x0a]));
    expect(messageOf(path)).toBe(`${path}: not UTF-8 text`);
  });

  it('an empty file', () => {
    const path = file('empty.yaml', '');
    expect(messageOf(path)).toBe(`${path}: an empty file`);
  });

  it('a file below something that is not a directory', () => {
    const path = join(file('plain', 'x'), 'w.yaml');
    expect(messageOf(path)).toBe(`${path}: no such file: a part of its path is not a directory`);
  });

  it('an unreadable file', (context) => {
    const path = file('secret.yaml', 'machine: { memory: 1GiB }');
    chmodSync(path, 0o000);
    if (canRead(path)) context.skip('this user, probably root, can read a file of mode 000');
    expect(messageOf(path)).toBe(`${path}: no permission to read it`);
  });

  it('a file that never ends', (context) => {
    if (process.platform !== 'linux') context.skip('needs /dev/zero');
    expect(messageOf('/dev/zero')).toBe('/dev/zero: larger than 8 MiB');
  });

  it('an empty or impossible name', () => {
    expect(messageOf('')).toContain('"": no such file');
    expect(messageOf('a\0b')).toBe("a·b: can't be read (ERR_INVALID_ARG_VALUE)");
  });
});
