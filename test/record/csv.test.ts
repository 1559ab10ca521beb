import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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

test('the header is there before the first row, and rows from the thousandth on', () => {
  const path = join(tempDir(), 'a.csv');
  const csv = new CsvWriter(path, ['n']);
  expect(readFileSync(path, 'utf8')).toBe('n\n');
  for (let n = 0; n < 1500; n++) csv.row([n]);
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(1 + 1000 + 1);
  csv.flush();
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(1 + 1500 + 1);
  csv.close();
});

test('a row of another width is a mistake of the program', () => {
  const csv = new CsvWriter(join(tempDir(), 'a.csv'), ['a', 'b']);
  expect(() => csv.row([1])).toThrow('1 cells, 2 columns');
  csv.close();
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
