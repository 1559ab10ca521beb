/**
 * Goal: no text whatsoever makes the parser throw anything but its own errors.
 * Method: break good files in the ways that editors, mailers and adversaries do.
 */

import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { loadWorkload, shippedWorkloads } from '../../src/workload/load.js';
import { parseWorkload } from '../../src/workload/parse.js';
import { InputError } from '../../src/workload/problems.js';
import { workloadToYaml } from '../../src/workload/write.js';
import { workloadFile } from './arbitraries.js';

const shipped = shippedWorkloads().map((name) => loadWorkload(name).text);
const good = fc.oneof(
  fc.constantFrom(...shipped),
  workloadFile.map((file) => workloadToYaml(file)),
);

const token = fc.constantFrom(
  ...['{', '}', '[', ']', ':', ': ', '- ', '? ', ', ', '\n', '\n  ', '\t', '#', '|', '>', '%', '@'],
  ...['&a ', '*a', '<<: ', '!!str ', '!!binary ', '!x ', '---\n', '...\n', '"', "'", '\\', '\0'],
  ...['-1', '1e999', '.nan', '0x7fffffffffffffff', '99999999999999999999', '1.5', '~', 'true'],
  ...[
    '512MB',
    '5s',
    'max',
    '__proto__: ',
    'constructor: ',
    'toString',
    'length: ',
    '\ud800',
    '\u2028',
  ],
  ...['anon: ', 'loop: ', 'uniform: ', 'processes:\n', 'cgroups:\n', 'zones: ', 'at: ', '/a: '],
);

type Edit = (text: string) => string;
const position = fc.double({ min: 0, max: 1, noNaN: true });
const at = (text: string, where: number) => Math.floor(where * text.length);
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(position, token).map(
    ([where, word]): Edit =>
      (text) =>
        text.slice(0, at(text, where)) + word + text.slice(at(text, where)),
  ),
  fc.tuple(position, fc.nat(30)).map(
    ([where, length]): Edit =>
      (text) =>
        text.slice(0, at(text, where)) + text.slice(at(text, where) + length),
  ),
  fc.tuple(position, position, fc.nat(60)).map(
    ([from, to, length]): Edit =>
      (text) =>
        text.slice(0, at(text, to)) +
        text.slice(at(text, from), at(text, from) + length) +
        text.slice(at(text, to)),
  ),
);

function mustNotCrash(text: string): void {
  try {
    parseWorkload(text, 'fuzz.yaml');
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
}

describe('the parser survives', () => {
  it('files with edits', () => {
    fc.assert(
      fc.property(good, fc.array(edit, { minLength: 1, maxLength: 6 }), (text, edits) => {
        mustNotCrash(edits.reduce((broken, change) => change(broken), text));
      }),
      { numRuns: 800 },
    );
  });

  it('any JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        mustNotCrash(text);
        mustNotCrash(`{ "machine": { "memory": "1GiB" }, "processes": [ ${text} ] }`);
      }),
      { numRuns: 200 },
    );
  });

  it('any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), mustNotCrash), {
      numRuns: 200,
    });
  });
});
