import type { Key } from 'ink';
import type { UiState } from './state.js';

/** A command for each of several names, so that they can be told apart by name. */
type Plain<T extends string> = T extends string ? { readonly type: T } : never;
type Directed<T extends string> = T extends string
  ? { readonly type: T; readonly by: 1 | -1 }
  : never;

/** What a key asks for. */
export type Command =
  | Plain<'quit' | 'suspend' | 'help' | 'back' | 'play' | 'live' | 'why' | 'fold' | 'foldAll'>
  | Plain<'nextPane' | 'nextRun' | 'sort' | 'erase' | 'enter' | 'ignored'>
  | Directed<'speed' | 'step' | 'kill' | 'jump' | 'hit'>
  | { readonly type: 'move'; readonly rows: number }
  | { readonly type: 'page'; readonly pages: number }
  | { readonly type: 'edge'; readonly to: 'first' | 'last' }
  | { readonly type: 'pane'; readonly pane: UiState['pane'] }
  | { readonly type: 'end'; readonly of: 'start' | 'end' }
  | { readonly type: 'prompt'; readonly kind: 'filter' | 'search' | 'seek' }
  | { readonly type: 'type'; readonly text: string };

const LETTERS = new Map<string, Command>(
  Object.entries({
    q: { type: 'quit' },
    '?': { type: 'help' },
    ' ': { type: 'play' },
    w: { type: 'why' },
    s: { type: 'sort' },
    z: { type: 'foldAll' },
    j: { type: 'move', rows: 1 },
    k: { type: 'move', rows: -1 },
    g: { type: 'edge', to: 'first' },
    G: { type: 'edge', to: 'last' },
    '+': { type: 'speed', by: 1 },
    '=': { type: 'speed', by: 1 },
    '-': { type: 'speed', by: -1 },
    _: { type: 'speed', by: -1 },
    m: { type: 'live' },
    t: { type: 'step', by: 1 },
    T: { type: 'step', by: -1 },
    ']': { type: 'kill', by: 1 },
    '[': { type: 'kill', by: -1 },
    '>': { type: 'jump', by: 1 },
    '.': { type: 'jump', by: 1 },
    '<': { type: 'jump', by: -1 },
    ',': { type: 'jump', by: -1 },
    '}': { type: 'end', of: 'end' },
    '{': { type: 'end', of: 'start' },
    '1': { type: 'pane', pane: 'tree' },
    '2': { type: 'pane', pane: 'detail' },
    '3': { type: 'pane', pane: 'log' },
    n: { type: 'hit', by: 1 },
    N: { type: 'hit', by: -1 },
    J: { type: 'prompt', kind: 'seek' },
    ':': { type: 'prompt', kind: 'seek' },
  } satisfies Record<string, Command>),
);

const IGNORED: Command = { type: 'ignored' };

/** The command of a key press, as Ink reports it. */
export function commandOf(input: string, key: Key, state: UiState): Command {
  if (key.ctrl) return controlled(input);
  if (state.prompt !== null) return typed(input, key);
  if (key.tab) return { type: key.shift ? 'nextPane' : 'nextRun' };
  if (key.escape) return { type: 'back' };
  if (key.return) return { type: 'fold' };
  if (key.downArrow) return { type: 'move', rows: 1 };
  if (key.upArrow) return { type: 'move', rows: -1 };
  if (key.rightArrow) return { type: 'step', by: 1 };
  if (key.leftArrow) return { type: 'step', by: -1 };
  if (key.pageDown) return { type: 'page', pages: 1 };
  if (key.pageUp) return { type: 'page', pages: -1 };
  if (key.home) return { type: 'edge', to: 'first' };
  if (key.end) return { type: 'edge', to: 'last' };
  if (input === '/') return { type: 'prompt', kind: state.pane === 'log' ? 'search' : 'filter' };
  return LETTERS.get(input) ?? IGNORED;
}

function controlled(input: string): Command {
  if (input === 'c') return { type: 'quit' };
  if (input === 'z') return { type: 'suspend' };
  return IGNORED;
}

function typed(input: string, key: Key): Command {
  if (key.escape) return { type: 'back' };
  if (key.return) return { type: 'enter' };
  if (key.backspace || key.delete) return { type: 'erase' };
  if (input === '' || key.tab || key.meta) return IGNORED;
  return { type: 'type', text: input };
}
