import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatLogLine, KernelLog } from '../../src/record/kernel_log.js';
import { FakeTrace } from './fake_trace.js';
import { tempDir } from './temp_dir.js';

test('time stamps are those of dmesg: microseconds cut off, seconds five wide', () => {
  expect(formatLogLine(1_128_000_999, 'x')).toBe('[    1.128000] x');
  expect(formatLogLine(123_456_000_001_000, 'x')).toBe('[123456.000001] x');
});

test('the log holds the token of the run and the printk lines, nothing else', () => {
  const path = join(tempDir(), 'kernel.log');
  const log = new KernelLog(path, 'oomsim1:1:0123abcd:1:1');
  const fake = new FakeTrace();
  log.attach(fake.trace);
  fake.at(1_000_000_000).hit('oomsim:printk', { line: 'Killed process 7 (big)' });
  fake.at(1_000_001_000).hit('oom:mark_victim', { pid: 7 });
  log.close();
  expect(readFileSync(path, 'utf8')).toBe(
    '[    0.000000] oomsim: oomsim1:1:0123abcd:1:1\n[    1.000000] Killed process 7 (big)\n',
  );
});
