import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCsv } from '../../src/record/csv_reader.js';
import { CsvWriter } from '../../src/record/csv_writer.js';
import { tempDir } from './temp_dir.js';

test('booleans are 0 and 1, no limit and nothing are empty', () => {
  const path = join(tempDir(), 'a.csv');
  const csv = new CsvWriter(path, ['a', 'b', 'c', 'd', 'e']);
  csv.row([true, false, null, Infinity, -1]);
  csv.close();
  expect(readFileSync(path, 'utf8')).toBe('a,b,c,d,e\n1,0,,,-1\n');
});

test('the header is there before the first row, and rows once there are 64 KiB of them', () => {
  const path = join(tempDir(), 'a.csv');
  const csv = new CsvWriter(path, ['n']);
  expect(readFileSync(path, 'utf8')).toBe('n\n');
  const rows = (): number => readFileSync(path, 'utf8').split('\n').length - 2;
  for (let n = 0; n < 9362; n++) csv.row([100_000 + n]); // 7 bytes each
  expect(rows()).toBe(0);
  csv.row([0]);
  csv.row([0]);
  expect(rows()).toBe(9363);
  csv.flush();
  expect(rows()).toBe(9364);
  csv.close();
});

test('a row of another width is a mistake of the program, and not written', () => {
  const path = join(tempDir(), 'a.csv');
  const csv = new CsvWriter(path, ['a', 'b']);
  expect(() => csv.row([1])).toThrow('1 cells, 2 columns');
  csv.row([2, 3]);
  csv.close();
  expect(readFileSync(path, 'utf8')).toBe('a,b\n2,3\n');
});

test('every row is written as csv-stringify writes it', () => {
  const path = join(tempDir(), 'a.csv');
  const cell = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'ä', '='), maxLength: 8 }),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 20 }), (rows) => {
      const csv = new CsvWriter(path, ['left', 'right']);
      for (const row of rows) csv.row(row);
      csv.close();
      const expected = Buffer.from(stringify([['left', 'right'], ...rows]));
      expect(readFileSync(path).equals(expected)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('whatever text is written is read back', () => {
  const path = join(tempDir(), 'a.csv');
  const text = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', ' ', 'ä', '=') });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 20 }), (rows) => {
      const csv = new CsvWriter(path, ['left', 'right']);
      for (const row of rows) csv.row(row);
      csv.close();
      const read = parseCsv(readFileSync(path, 'utf8'));
      expect(read).toEqual(rows.map(([left, right]) => ({ left, right })));
    }),
    { numRuns: 100 },
  );
});

test('a torn last row does not count, wherever it is torn', () => {
  const whole = 'a,b\n1,"x, y"\n2,"z"\n';
  const rows = [
    { a: '1', b: 'x, y' },
    { a: '2', b: 'z' },
  ];
  expect(parseCsv(whole)).toEqual(rows);
  for (let length = 'a,b\n1,"x, y"\n'.length; length < whole.length; length++) {
    expect(parseCsv(whole.slice(0, length))).toEqual(rows.slice(0, 1));
  }
});
