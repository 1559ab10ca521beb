import type { Key } from 'ink';
import { expect, test } from 'vitest';
import { commandOf } from '../../src/ui/state/command.js';
import { reduce, tick } from '../../src/ui/state/reduce.js';
import { parseDestination } from '../../src/ui/state/seek_text.js';
import { initialState, type UiState } from '../../src/ui/state/state.js';
import { formatSpeed, SPEEDS } from '../../src/ui/text/speed.js';
import { treeRows } from '../../src/ui/tree_rows.js';
import { viewOf } from '../../src/ui/view.js';
import { scenario } from './scenario.js';

const TRACK = scenario();
const MS = 1_000_000;

const NAMED: Readonly<Record<string, Partial<Key>>> = {
  Enter: { return: true },
  Esc: { escape: true },
  Tab: { tab: true },
  ShiftTab: { tab: true, shift: true },
  Up: { upArrow: true },
  Down: { downArrow: true },
  Left: { leftArrow: true },
  Right: { rightArrow: true },
  PageDown: { pageDown: true },
  End: { end: true },
  Backspace: { backspace: true },
};

/** The state after some keys, and what the last of them asked for beyond it. */
function press(keys: string, before: Partial<UiState> = {}, canCompare = true) {
  let state = initialState(1, { timeNs: TRACK.frontNs, isPlaying: false, ...before });
  let effect = null;
  for (const name of keys.split(' ')) {
    const key = (NAMED[name] ?? {}) as Key;
    const input = name === 'Space' ? ' ' : NAMED[name] === undefined ? name : '';
    const scene = { view: viewOf(TRACK, state), pageRows: 5, canCompare };
    ({ state, effect } = reduce(state, commandOf(input, key, state), scene));
  }
  return { state, effect };
}

const rowsOf = (state: UiState): string[] =>
  treeRows(viewOf(TRACK, state).frame, state).map(({ cgroup }) => cgroup.path);

test('Space pauses and plays; at the end it plays from the start again', () => {
  expect(press('Space', { isPlaying: true, timeNs: 5 * MS }).state.isPlaying).toBe(false);
  expect(press('Space', { timeNs: 5 * MS }).state).toMatchObject({
    isPlaying: true,
    timeNs: 5 * MS,
  });
  expect(press('Space').state).toMatchObject({ isPlaying: true, timeNs: 0 });
});

test('speeds go from a thousandth of real time to as fast as it goes', () => {
  const slower = press(Array(40).fill('-').join(' ')).state.speed;
  expect(slower).toBe(0.001);
  const faster = press(Array(40).fill('+').join(' ')).state.speed;
  expect(faster).toBe(Infinity);
  expect(press('+').state.speed).toBe(2);
  expect(press('+', { speed: 0.03 }).state.speed).toBe(0.05);
  expect(SPEEDS.map((speed) => formatSpeed(speed, '×')).join(' ')).toMatch(
    /^×1\/1000 .* ×1 .* max$/,
  );
});

test('time goes by as fast as it shall, up to what is known of the run', () => {
  const view = viewOf(TRACK, { timeNs: 0, seq: null });
  const playing = initialState(0.5);
  expect(tick(playing, 100, view, true).timeNs).toBe(50 * MS);
  expect(tick(playing, 10_000, view, true)).toMatchObject({ timeNs: 1500 * MS, isPlaying: false });
  expect(tick(playing, 10_000, view, false)).toMatchObject({ timeNs: 1500 * MS, isPlaying: true });
  const live = initialState(Infinity);
  expect(tick(live, 1, view, false).timeNs).toBe(1500 * MS);
  const paused = initialState(1, { isPlaying: false });
  expect(tick(paused, 100, view, true)).toBe(paused);
});

test('[ and ] go from kill to kill, and say when there is no other', () => {
  expect(press(']', { timeNs: 0 }).state).toMatchObject({
    timeNs: 1200 * MS,
    seq: 1200,
    kill: 0,
    detail: 'kill',
    isPlaying: false,
  });
  expect(press('] ]', { timeNs: 0 }).state).toMatchObject({ timeNs: 1400 * MS, kill: 1 });
  expect(press('] ] ]', { timeNs: 0 }).state).toMatchObject({
    kill: 1,
    message: 'there is no kill after this one',
  });
  expect(press('[').state).toMatchObject({ kill: 1 });
  expect(press('[ [').state).toMatchObject({ kill: 0 });
  expect(press('[ [ [').state.message).toBe('there is no kill before this moment');
});

test('a cgroup is chosen, folded and found', () => {
  expect(press('Down').state).toMatchObject({ selected: '/', detail: 'cgroup' });
  expect(press('j j j').state.selected).toBe('/many');
  expect(press('j G').state.selected).toBe('/many/db');
  const folded = press('j j j Enter').state;
  expect(rowsOf(folded)).toEqual(['/', '/few', '/many']);
  expect(rowsOf(press('Enter', folded).state)).toHaveLength(5);
  expect(rowsOf(press('z').state)).toEqual(['/', '/few', '/many']);
  expect(press('Enter').state.message).toContain('choose a cgroup');
});

test('the filter works while it is typed, and keys are letters then', () => {
  const typing = press('/ d b').state;
  expect(typing).toMatchObject({ filter: 'db', prompt: { kind: 'filter', text: 'db' } });
  expect(rowsOf(typing)).toEqual(['/', '/many', '/many/db']);
  expect(press('/ d b Backspace').state.filter).toBe('d');
  expect(press('/ q').effect).toBeNull();
  expect(press('/ d b Enter n').state.selected).toBe('/many/db');
  expect(press('/ d b Esc').state).toMatchObject({ filter: '', prompt: null });
});

test('cgroups are sorted', () => {
  expect(rowsOf(press('s').state)).toEqual(['/', '/many', '/many/web', '/many/db', '/few']);
  expect(press('s s s').state.message).toBe('cgroups by kills');
  expect(press('s s s s s').state.sort).toBe('tree');
});

test('the log scrolls within its bounds, and is searched', () => {
  expect(press('3 Up').state.logScroll).toBe(0); // all of it is there
  const long = { pane: 'log' as const, logScroll: 0 };
  expect(press('/ K i l l Enter', long).state.search).toBe('Kill');
  expect(press('n', long).state.message).toContain('/');
});

test('J goes anywhere, or says what is wrong', () => {
  const range = { frontNs: 1500 * MS, kills: 2 };
  const to = (text: string) => parseDestination(text, range);
  const at = (ms: number) => ({ to: 'moment', moment: { timeNs: ms * MS, seq: null } });
  expect(to('0.5')).toEqual(at(500));
  expect(to('0.5s')).toEqual(at(500));
  expect(to('20 ms')).toEqual(at(20));
  expect(to('40%')).toEqual(at(600));
  expect(to('9h')).toEqual(at(1500));
  expect(to('start')).toEqual(at(0));
  expect(to('END')).toEqual(at(1500));
  expect(to('kill 2')).toEqual({ to: 'kill', kill: 1 });
  expect(to('event 7')).toEqual({ to: 'moment', moment: { timeNs: 0, seq: 7 } });
  expect(to('kill 3')).toBe('kills are numbered from 1 to 2');
  expect(to('later')).toMatch(/^not a time such as/);
  expect(press('J k 1 Enter').state).toMatchObject({ kill: 0, detail: 'kill' });
  expect(press('J x Enter').state).toMatchObject({ timeNs: 1500 * MS, prompt: null });
});

test('what the state alone cannot do is an effect', () => {
  expect(press('q').effect).toEqual({ type: 'quit' });
  expect(press('Right', { isPlaying: true })).toMatchObject({
    state: { isPlaying: false },
    effect: { type: 'step', by: 1 },
  });
  expect(press('Left').effect).toEqual({ type: 'step', by: -1 });
});

test('Tab shows the other run, then both, then the first again', () => {
  expect(press('Tab').state.shown).toBe('second');
  expect(press('Tab Tab').state.shown).toBe('both');
  expect(press('Tab Tab Tab').state.shown).toBe('first');
  expect(press('Tab', {}, false).state.message).toBe('there is only this run to look at');
});

test('Esc goes back, help opens and closes', () => {
  expect(press('?').state.isHelp).toBe(true);
  expect(press('? Esc').state.isHelp).toBe(false);
  expect(press('j Esc').state).toMatchObject({ selected: null, detail: 'auto' });
  expect(press('ShiftTab').state.pane).toBe('detail');
});

test('keys that mean nothing change nothing', () => {
  for (const key of ['x', '€', 'constructor', '__proto__']) {
    const { state, effect } = press(key);
    expect(state).toEqual(
      initialState(1, { timeNs: TRACK.frontNs, isPlaying: false, isTouched: true }),
    );
    expect(effect).toBeNull();
  }
});
