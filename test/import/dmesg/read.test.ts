import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import {
  type OomReport,
  parseOomReports,
  readOomReports,
} from '../../../src/import/dmesg/index.js';
import { compose, newKill, PREFIXES } from './compose.js';
import { stopwatch } from './cpu_time.js';

// Goal: a log is read as a stream from anywhere, whatever its size and encoding.

const VICTIM = { pid: 77, comm: 'victim', rss: 9000 };
const LINES = compose({
  kernel: '6.1.0',
  layout: 'pgtables_bytes',
  tasks: [VICTIM],
  kills: newKill(VICTIM),
}).map(PREFIXES.dmesg!);
const TEXT = `${LINES.join('\n')}\n`;

function canRead(path: string): boolean {
  try {
    closeSync(openSync(path, 'r'));
    return true;
  } catch {
    return false;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'oomsim-read-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(content: string | Buffer): Promise<OomReport[]> {
  const path = join(folder, 'log');
  writeFileSync(path, content);
  const reports: OomReport[] = [];
  for await (const report of readOomReports(path)) reports.push(report);
  return reports;
}

test('plain, gzip, UTF-16, with byte order mark, without the last newline', async () => {
  for (const content of [
    TEXT,
    gzipSync(TEXT),
    Buffer.from(`\ufeff${TEXT}`, 'utf16le'),
    `\ufeff${TEXT}`,
    TEXT.trimEnd(),
  ]) {
    const [report, ...others] = await read(content);
    expect(others).toEqual([]);
    expect(report).toMatchObject({ kills: [{ pid: 77 }], trigger: { comm: 'asker' } });
  }
});

test('an empty file', async () => {
  expect(await read('')).toEqual([]);
});

test('what cannot be read is refused in one line', async () => {
  const drain = async (path: string): Promise<void> => {
    for await (const _ of readOomReports(path)) void _;
  };
  await expect(drain(join(folder, 'nowhere'))).rejects.toThrow(/nowhere: no such file$/);
  await expect(drain(folder)).rejects.toThrow(/a directory, not a log$/);
  await expect(read(gzipSync(TEXT).subarray(0, 200))).rejects.toThrow(/log: /);
});

test.each([
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'compressed with xz'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'compressed with zstd'],
  [[...Buffer.from('BZh9')], 'compressed with bzip2'],
  [[...Buffer.from('LPKSHHRH')], "systemd's own journal"],
])('what is no text is named: %j', async (magic, message) => {
  const bytes = Buffer.concat([Buffer.from(magic), Buffer.alloc(100, 7)]);
  await expect(read(bytes)).rejects.toThrow(message);
});

test('lines from an async iterable', async () => {
  async function* lines(): AsyncGenerator<string> {
    yield* LINES;
  }
  const found: OomReport[] = [];
  for await (const report of parseOomReports(lines())) found.push(report);
  expect(found).toHaveLength(1);
});

test('standard input', () => {
  const script = `
    import { readOomReports } from './src/import/dmesg/index.ts';
    (async () => { for await (const r of readOomReports('-')) console.log(r.kills[0].comm); })();`;
  const out = execFileSync('npx', ['tsx', '--input-type=module', '-e', script], {
    input: TEXT,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  expect(out.trim()).toBe('victim');
});

test('a long log streams: many reports, flat memory, fast enough', async () => {
  const filler = 'Sep  9 08:12:34 host systemd[1]: Started a unit with a rather ordinary name.\n';
  const block = filler.repeat(2000) + TEXT;
  const path = join(folder, 'long');
  writeFileSync(path, block.repeat(100));
  const before = process.memoryUsage().heapUsed;
  const elapsed = stopwatch();
  let reports = 0;
  let peak = 0;
  for await (const _ of readOomReports(path)) {
    reports++;
    peak = Math.max(peak, process.memoryUsage().heapUsed - before);
  }
  expect(reports).toBe(100);
  expect(peak).toBeLessThan(150e6);
  expect(elapsed()).toBeLessThan(5000); // 16 MB take some 300 ms
});

test('what never becomes text is given up, and what was found before is kept', async () => {
  const path = join(folder, 'zeros');
  const drain = async (): Promise<number> => {
    let reports = 0;
    for await (const _ of readOomReports(path)) reports++;
    return reports;
  };
  // Sparse: nothing is written but the size.
  writeFileSync(path, '');
  truncateSync(path, 1 << 30);
  await expect(drain()).rejects.toThrow(/zeros: not text, and no OOM report in its first \d+ MiB$/);
  writeFileSync(path, TEXT);
  truncateSync(path, 1 << 30);
  expect(await drain()).toBe(1);
});

const KMSG = '/dev/kmsg';

test.skipIf(!canRead(KMSG))("the kernel's own device is read to its end, not beyond", async () => {
  let reports = 0;
  for await (const _ of readOomReports(KMSG)) reports++;
  expect(reports).toBeGreaterThanOrEqual(0);
});

test('a hole of NULs in a log is passed over', async () => {
  expect(
    await read(Buffer.concat([Buffer.alloc(20 << 20), Buffer.from(`\n${TEXT}`)])),
  ).toHaveLength(1);
});

test('a line without end is not gathered', async () => {
  const reports = await read(`${'x'.repeat(8 << 20)}\n${TEXT}`);
  expect(reports).toHaveLength(1);
});
