import { otherSpeed } from '../text/speed.js';
import { treeRows } from '../tree_rows.js';
import { isAtEnd, type View } from '../view.js';
import type { Command } from './command.js';
import { moveInPane, nextHit, toEdge } from './move.js';
import { parseDestination } from './seek_text.js';
import { PANES, type Prompt, SORT_KEYS, type UiState } from './state.js';

/** What the state is to be understood against. */
export interface Scene {
  /** The run that the keys act on. */
  readonly view: View;
  /** Rows of the pane that has the focus. */
  readonly pageRows: number;
  /** Whether a second run can be shown beside the first. */
  readonly canCompare: boolean;
}

/** Something that the state alone cannot do. */
export type Effect =
  | { readonly type: 'quit' | 'suspend' }
  | { readonly type: 'step'; readonly by: 1 | -1 };

export interface Reduced {
  readonly state: UiState;
  readonly effect: Effect | null;
}

/** The state after a command. Pure: the same arguments always give the same answer. */
export function reduce(before: UiState, command: Command, scene: Scene): Reduced {
  const state: UiState = { ...before, isTouched: true, message: '' };
  switch (command.type) {
    case 'quit':
    case 'suspend':
      return { state, effect: { type: command.type } };
    case 'step':
      return {
        state: { ...stopped(state, scene), kill: null },
        effect: { type: 'step', by: command.by },
      };
    default:
      return { state: next(state, command, scene), effect: null };
  }
}

type Pure = Exclude<Command, { type: 'quit' | 'suspend' | 'step' }>;

function next(state: UiState, command: Pure, scene: Scene): UiState {
  switch (command.type) {
    case 'play':
    case 'speed':
    case 'live':
    case 'end':
    case 'jump':
    case 'kill':
      return controlTime(state, command, scene);
    case 'prompt':
    case 'type':
    case 'erase':
    case 'enter':
      return controlPrompt(state, command, scene);
    case 'help':
      return { ...state, isHelp: !state.isHelp };
    case 'back':
      return back(state);
    case 'why':
      return why(state, scene);
    case 'fold':
      return fold(state);
    case 'foldAll':
      return foldAll(state, scene);
    case 'nextPane':
      return { ...state, pane: PANES[(PANES.indexOf(state.pane) + 1) % PANES.length]! };
    case 'pane':
      return { ...state, pane: command.pane };
    case 'nextRun':
      return nextRun(state, scene);
    case 'sort':
      return nextSort(state);
    case 'move':
      return moveInPane(state, command.rows, scene);
    case 'page':
      return moveInPane(state, command.pages * Math.max(1, scene.pageRows - 1), scene);
    case 'edge':
      return toEdge(state, command.to, scene);
    case 'hit':
      return nextHit(state, command.by, scene);
    case 'ignored':
      return state;
  }
}

/** Real time goes by. @param ms since the last call */
export function tick(state: UiState, ms: number, view: View, isOver: boolean): UiState {
  if (!state.isPlaying) return state;
  const { frontNs } = view;
  const aimNs = state.speed === Infinity ? frontNs : state.timeNs + ms * 1e6 * state.speed;
  const timeNs = Math.floor(Math.min(aimNs, frontNs));
  const isPlaying = !(isOver && timeNs >= frontNs);
  if (timeNs === state.timeNs && isPlaying) return state;
  return { ...state, timeNs, seq: null, isPlaying };
}

/** A step has arrived. */
export function arrive(state: UiState, timeNs: number, seq: number | null): UiState {
  return { ...state, isPlaying: false, timeNs, seq, kill: null };
}

/** Paused at the moment that is on the screen. */
function stopped(state: UiState, { view }: Scene): UiState {
  return { ...state, isPlaying: false, timeNs: Math.min(state.timeNs, view.frontNs) };
}

type TimeCommand = Extract<Pure, { type: 'play' | 'speed' | 'live' | 'end' | 'jump' | 'kill' }>;

function controlTime(state: UiState, command: TimeCommand, scene: Scene): UiState {
  const { view } = scene;
  switch (command.type) {
    case 'play':
      return state.isPlaying ? stopped(state, scene) : play(state, view);
    case 'speed':
      return { ...state, speed: otherSpeed(state.speed, command.by) };
    case 'live':
      return { ...play(state, view), speed: Infinity };
    case 'end':
      return at(state, command.of === 'start' ? 0 : view.frontNs);
    case 'jump':
      return jump(state, command.by, view);
    case 'kill':
      return otherKill(state, command.by, view);
  }
}

/** From the end it starts again: there is nothing behind it. */
function play(state: UiState, view: View): UiState {
  const timeNs = isAtEnd(view) ? 0 : state.timeNs;
  return { ...state, isPlaying: true, timeNs, seq: null, kill: null, detail: autoAfterKill(state) };
}

const autoAfterKill = ({ detail }: UiState): UiState['detail'] =>
  detail === 'kill' ? 'auto' : detail;

function at(state: UiState, timeNs: number): UiState {
  const kept = { ...state, detail: autoAfterKill(state), kill: null, detailScroll: 0 };
  return { ...kept, isPlaying: false, timeNs: Math.floor(timeNs), seq: null };
}

const JUMPS_A_RUN = 40;

function jump(state: UiState, by: 1 | -1, { frontNs }: View): UiState {
  const aimNs = state.timeNs + (by * frontNs) / JUMPS_A_RUN;
  return at(state, Math.max(0, Math.min(frontNs, aimNs)));
}

function otherKill(state: UiState, by: 1 | -1, view: View): UiState {
  const { kills, killsDone } = view;
  if (kills.length === 0) return { ...state, message: 'nobody was killed so far' };
  const before = state.kill ?? (by > 0 ? killsDone - 1 : killsDone);
  const index = before + by;
  if (index < 0) return { ...state, message: 'there is no kill before this moment' };
  if (index >= kills.length) return { ...state, message: 'there is no kill after this one' };
  return toKill(state, index, view);
}

function toKill(state: UiState, index: number, { kills }: View): UiState {
  const story = kills[index]!;
  return {
    ...state,
    isPlaying: false,
    timeNs: story.timeNs,
    seq: story.seq,
    kill: index,
    detail: 'kill',
    detailScroll: 0,
    logScroll: 0,
  };
}

/** The kill that was last, explained. */
function why(state: UiState, { view }: Scene): UiState {
  if (view.killsDone === 0) return { ...state, message: 'nobody was killed up to here' };
  return { ...state, detail: 'kill', kill: state.kill, detailScroll: 0, pane: 'detail' };
}

function back(state: UiState): UiState {
  if (state.isHelp) return { ...state, isHelp: false };
  if (state.prompt !== null) {
    const filter = state.prompt.kind === 'filter' ? '' : state.filter;
    return { ...state, prompt: null, filter };
  }
  if (state.filter !== '' && state.pane === 'tree') return { ...state, filter: '' };
  return { ...state, selected: null, detail: 'auto', detailScroll: 0, logScroll: 0, search: '' };
}

function fold(state: UiState): UiState {
  const { selected, pane } = state;
  if (pane !== 'tree') return state;
  if (selected === null) return { ...state, message: 'choose a cgroup with the arrow keys first' };
  const folded = new Set(state.folded);
  if (!folded.delete(selected)) folded.add(selected);
  return { ...state, folded };
}

function foldAll(state: UiState, { view }: Scene): UiState {
  if (state.folded.size > 0) return { ...state, folded: new Set() };
  const rows = treeRows(view.frame, state);
  const parents = rows.filter(({ isFolded, depth }) => isFolded === false && depth > 0);
  return { ...state, folded: new Set(parents.map(({ cgroup }) => cgroup.path)), selected: null };
}

function nextRun(state: UiState, { canCompare }: Scene): UiState {
  if (!canCompare) return { ...state, message: 'there is only this run to look at' };
  const order: UiState['shown'][] = ['first', 'second', 'both'];
  return { ...state, shown: order[(order.indexOf(state.shown) + 1) % order.length]!, kill: null };
}

function nextSort(state: UiState): UiState {
  const sort = SORT_KEYS[(SORT_KEYS.indexOf(state.sort) + 1) % SORT_KEYS.length]!;
  const order = sort === 'tree' ? 'in the order in which they were made' : `by ${sort}`;
  return { ...state, sort, message: `cgroups ${order}` };
}

type PromptCommand = Extract<Pure, { type: 'prompt' | 'type' | 'erase' | 'enter' }>;

function controlPrompt(state: UiState, command: PromptCommand, scene: Scene): UiState {
  const { prompt } = state;
  if (command.type === 'prompt') {
    const text = command.kind === 'filter' ? state.filter : '';
    return { ...state, prompt: { kind: command.kind, text } };
  }
  if (prompt === null) return state;
  if (command.type === 'enter') return entered({ ...state, prompt: null }, prompt, scene);
  const text = command.type === 'erase' ? prompt.text.slice(0, -1) : prompt.text + command.text;
  const filter = prompt.kind === 'filter' ? text : state.filter; // it works while it is typed
  return { ...state, prompt: { ...prompt, text }, filter };
}

function entered(state: UiState, { kind, text }: Prompt, scene: Scene): UiState {
  if (kind === 'filter') return { ...state, filter: text };
  if (kind === 'search') return nextHit({ ...state, search: text }, -1, scene);
  const { frontNs, kills } = scene.view;
  const destination = parseDestination(text, { frontNs, kills: kills.length });
  if (typeof destination === 'string') return { ...state, message: destination };
  if (destination.to === 'kill') return toKill(state, destination.kill, scene.view);
  return { ...at(state, destination.moment.timeNs), seq: destination.moment.seq };
}
