import { describe, expect, test } from 'vitest';
import { MODEL_VERSION } from '../../src/run/model_version.js';
import { complaint, formatTable, parseTable, playTable, readTable, type Table } from './table.js';

test('every shipped workload plays as the table says; if not, it says what to do', async () => {
  expect(complaint(readTable(), await playTable(MODEL_VERSION))).toBeNull();
});

describe('the table', () => {
  const row = {
    workload: 'w',
    policy: '',
    seed: '1',
    fingerprint: '0123/tkarv@9',
    lanes: ['a', 'b'],
  };
  const kept: Table = { modelVersion: '3', rows: [row] };
  const other = { ...row, fingerprint: '4567/tkarv@9', lanes: ['a', 'c'] };

  test('is read back as it was written', () => {
    expect(parseTable(formatTable(kept))).toEqual(kept);
    expect(formatTable(readTable())).toContain(`# model version ${MODEL_VERSION}\n`);
  });

  test('a changed run asks for a new model version and names what changed', () => {
    const text = complaint(kept, { ...kept, rows: [other] });
    expect(text).toMatch(/^1 of 1 golden runs changed, and the model version is still 3:/);
    expect(text).toContain('w --seed 1: kind (0123/tkarv@9 was, 4567/tkarv@9 is)');
    expect(text).toContain('npm run golden -- --update --bump');
  });

  test('with a new model version, and for new workloads, it only wants to be written anew', () => {
    const bumped = complaint(kept, { modelVersion: '4', rows: [other] });
    expect(bumped).toMatch(
      /^the table is of model version 3, this is 4;.*\nnpm run golden -- --up/,
    );
    const more = { ...kept, rows: [row, { ...row, workload: 'new' }] };
    expect(complaint(kept, more)).toContain('new --seed 1 is new');
    expect(complaint(more, kept)).toContain('new --seed 1 is gone');
    expect(complaint(kept, kept)).toBeNull();
  });
});
