import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AppendFile, type FileCalls } from '../../src/record/append_file.js';
import { tempDir } from './temp_dir.js';

/** A disk that takes `roomBytes`, at most `atOnceBytes` with each call, and then is full. */
function smallDisk(roomBytes: number, atOnceBytes: number): FileCalls & { content: number[] } {
  const content: number[] = [];
  return {
    content,
    open: () => 3,
    write(_fd, bytes, offset) {
      const room = Math.min(roomBytes - content.length, atOnceBytes, bytes.length - offset);
      if (room <= 0) throw Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC' });
      content.push(...bytes.subarray(offset, offset + room));
      return room;
    },
    truncate(_fd, lengthBytes) {
      content.length = lengthBytes;
    },
    close: () => {},
  };
}

test('chunks are written in full when the disk takes only parts of them at once', () => {
  const disk = smallDisk(100, 3);
  const file = new AppendFile('x.csv', disk);
  file.append('one,two\n');
  file.append('drei,vier\n');
  expect(Buffer.from(disk.content).toString()).toBe('one,two\ndrei,vier\n');
});

test('a full disk is named, and the file keeps exactly the chunks before', () => {
  const disk = smallDisk(12, 5);
  const file = new AppendFile('x.csv', disk);
  file.append('one,two\n');
  expect(() => file.append('three,four\n')).toThrow(
    expect.objectContaining({
      message: 'cannot write x.csv: no space left on the device',
      hint: 'its first 8 bytes are complete',
    }),
  );
  expect(Buffer.from(disk.content).toString()).toBe('one,two\n');
  file.append('a\n'); // would fit, but rows are missing before it
  expect(Buffer.from(disk.content).toString()).toBe('one,two\n');
});

test('a real file is emptied first, and closing twice is harmless', () => {
  const path = join(tempDir(), 'a.log');
  for (const text of ['first\n', 'second\n']) {
    const file = new AppendFile(path);
    file.append(text);
    file.close();
    file.close();
  }
  expect(readFileSync(path, 'utf8')).toBe('second\n');
});

test('a file that cannot be created says why', () => {
  const path = join(tempDir(), 'missing', 'a.log');
  expect(() => new AppendFile(path)).toThrow(`cannot create ${path}: no such file or folder`);
});
