import { expect, test } from 'vitest';
import type { UiState } from '../../src/ui/state/state.js';
import { ASCII } from '../../src/ui/text/glyphs.js';
import { render, screenOf } from './render_screen.js';
import { scenario } from './scenario.js';

const MS = 1_000_000;

/** Compares with a file that people read: what the terminal shows, row by row. */
async function expectGolden(frame: readonly string[], name: string): Promise<void> {
  await expect(`${frame.join('\n')}\n`).toMatchFileSnapshot(`golden/${name}.txt`);
}

const SCREENS: readonly [string, number, number, Partial<UiState>][] = [
  ['start-80x24', 80, 24, { isPlaying: true, timeNs: 300 * MS }],
  ['kill-80x24', 80, 24, { timeNs: 1201 * MS }],
  ['kill-focused-80x24', 80, 24, { timeNs: 1250 * MS, pane: 'detail' }],
  ['cgroup-80x24', 80, 24, { selected: '/many/web', detail: 'cgroup', pane: 'tree' }],
  ['filter-80x24', 80, 24, { filter: 'db', prompt: { kind: 'filter', text: 'db' } }],
  ['help-80x24', 80, 24, { isHelp: true }],
  ['end-120x40', 120, 40, {}],
  ['end-200x60', 200, 60, {}],
  ['cgroup-250x80', 250, 80, { selected: '/', detail: 'cgroup' }],
];

test.each(SCREENS)('%s', async (name, columns, rows, state) => {
  const frame = await render(screenOf(scenario(), state, { columns, rows }));
  await expectGolden(frame, name);
  expect(frame).toHaveLength(rows);
  for (const row of frame) expect(row.length).toBeLessThanOrEqual(columns);
});

test('with ASCII only', async () => {
  const frame = await render(screenOf(scenario(), {}, { glyphs: ASCII }));
  await expectGolden(frame, 'ascii-80x24');
  expect(frame.join('\n')).toMatch(/^[\x20-\x7e\n]*$/);
});

test.each([
  [79, 24],
  [80, 23],
  [20, 3],
  [1, 1],
])('%i×%i is too small, and says so', async (columns, rows) => {
  const frame = await render(screenOf(scenario(), {}, { columns, rows }));
  expect(frame.length).toBeLessThanOrEqual(rows);
  for (const row of frame) expect(row.length).toBeLessThanOrEqual(columns);
  if (columns > 30) expect(frame[0]).toBe('The dashboard needs 80×24,');
});
