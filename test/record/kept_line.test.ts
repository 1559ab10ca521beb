import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeptLine } from '../../src/record/kept_line.js';

test('a line is the text of its fields, whatever they were before', () => {
  const labels = ['', ',', ' key='].map((label) => Buffer.from(label));
  const number = fc.oneof(fc.integer({ min: -3, max: 120 }), fc.maxSafeInteger(), fc.double());
  const text = fc.string({ unit: fc.constantFrom('a', '7', '-'), maxLength: 200 });
  const field = fc.oneof(number, fc.nat(99_999_999_999), text);
  const lines = fc.array(fc.array(field, { minLength: 1, maxLength: 6 }), { maxLength: 12 });
  fc.assert(
    fc.property(lines, (fieldsOfLines) => {
      const line = new KeptLine();
      for (const fields of fieldsOfLines) {
        for (const [i, value] of fields.entries()) {
          const label = labels[i % labels.length]!;
          if (typeof value === 'number') line.setNumber(i, label, value);
          else line.setText(i, label, Buffer.from(value));
        }
        line.cut(fields.length);
        const expected = fields.map((value, i) => `${labels[i % labels.length]}${value}`).join('');
        expect(Buffer.from(line.bytes).toString('utf8', 0, line.length)).toBe(expected);
      }
    }),
    { examples: [[[[-0.0000012345678901234567, 0]]]] }, // no number is longer
  );
});
