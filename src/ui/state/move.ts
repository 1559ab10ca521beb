import { treeRows } from '../tree_rows.js';
import type { Scene } from './reduce.js';
import type { UiState } from './state.js';

/** Moves the selection of the tree, or the text of another pane. @param rows down; up below 0 */
export function moveInPane(state: UiState, rows: number, scene: Scene): UiState {
  switch (state.pane) {
    case 'tree':
      return select(state, rows, scene);
    case 'detail':
      return { ...state, detailScroll: Math.max(0, state.detailScroll + rows) };
    case 'log':
      return scrollLog(state, state.logScroll - rows, scene);
  }
}

/** To the first or last row of the pane. */
export function toEdge(state: UiState, to: 'first' | 'last', scene: Scene): UiState {
  const far = to === 'first' ? -1e9 : 1e9;
  if (state.pane !== 'detail') return moveInPane(state, far, scene);
  return { ...state, detailScroll: to === 'first' ? 0 : 1e9 };
}

function select(state: UiState, rows: number, { view }: Scene): UiState {
  const all = treeRows(view.frame, state);
  if (all.length === 0) return state;
  const before = all.findIndex(({ cgroup }) => cgroup.path === state.selected);
  // The first press only shows where one is.
  const aim = before === -1 && Math.abs(rows) === 1 ? 0 : Math.max(0, before) + rows;
  const at = Math.max(0, Math.min(all.length - 1, aim));
  return { ...state, selected: all[at]!.cgroup.path, detail: 'cgroup', detailScroll: 0 };
}

function scrollLog(state: UiState, scroll: number, { view, pageRows }: Scene): UiState {
  const most = Math.max(0, view.logDone - pageRows);
  return { ...state, logScroll: Math.max(0, Math.min(most, scroll)) };
}

/**
 * The next line of the log, or the next cgroup, that was searched for.
 * @param by 1: further down, −1: further up
 */
export function nextHit(state: UiState, by: 1 | -1, scene: Scene): UiState {
  if (state.pane === 'log') return nextLogHit(state, by, scene);
  return state.filter === ''
    ? { ...state, message: 'type / and a part of a name first' }
    : nextCgroupHit(state, by, scene);
}

function nextLogHit(state: UiState, by: 1 | -1, scene: Scene): UiState {
  const { log, logDone } = scene.view;
  const { search } = state;
  if (search === '') return { ...state, message: 'type / and what to look for first' };
  const bottom = logDone - 1 - state.logScroll;
  for (let i = bottom + by; i >= 0 && i < logDone; i += by) {
    if (log[i]!.text.includes(search)) return scrollLog(state, logDone - 1 - i, scene);
  }
  return { ...state, message: `no ${by > 0 ? 'later' : 'earlier'} line with "${search}"` };
}

function nextCgroupHit(state: UiState, by: 1 | -1, { view }: Scene): UiState {
  const rows = treeRows(view.frame, state);
  const before = rows.findIndex(({ cgroup }) => cgroup.path === state.selected);
  for (let i = before + by; i >= 0 && i < rows.length; i += by) {
    const { path } = rows[i]!.cgroup;
    if (path.includes(state.filter)) return { ...state, selected: path, detail: 'cgroup' };
  }
  return { ...state, message: `no other cgroup with "${state.filter}"` };
}
