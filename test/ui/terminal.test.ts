import { expect, test } from 'vitest';
import { isColorRefused, whyNoDashboard } from '../../src/ui/terminal.js';

test('only a terminal that knows a cursor, outside of CI, gets the dashboard', () => {
  const terminal = { isTTY: true };
  expect(whyNoDashboard(terminal, { TERM: 'xterm-256color' })).toBeNull();
  expect(whyNoDashboard(terminal, { TERM: 'xterm', CI: 'false' })).toBeNull();
  expect(whyNoDashboard(terminal, { TERM: 'dumb' })).toBe('TERM is dumb');
  expect(whyNoDashboard(terminal, { CI: 'true' })).toBe('CI is set');
  expect(whyNoDashboard({}, { TERM: 'xterm' })).toBe('stdout is not a terminal');
});

test('NO_COLOR counts unless it is empty', () => {
  expect(isColorRefused({ NO_COLOR: '1' })).toBe(true);
  expect(isColorRefused({ NO_COLOR: '' })).toBe(false);
  expect(isColorRefused({})).toBe(false);
});
