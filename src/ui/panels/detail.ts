import type { KillStory } from '../../record/kill_stories.js';
import { cgroupOf } from '../history.js';
import type { UiState } from '../state/state.js';
import type { Glyphs } from '../text/glyphs.js';
import { fitted, type Line, plain } from '../text/line.js';
import type { View } from '../view.js';
import { cgroupLines } from './cgroup_detail.js';
import { killLines } from './kill_detail.js';
import { titleLine } from './title.js';

/** The kill that the detail pane explains; null: it shows a cgroup. */
export function explainedKill(view: View, state: UiState): KillStory | null {
  if (state.detail === 'cgroup') return null;
  const index = state.kill ?? view.killsDone - 1;
  return view.kills[index] ?? null;
}

/** A kill explained, or a cgroup with its processes. */
export function detailLines(
  view: View,
  state: UiState,
  { width, rows }: { width: number; rows: number },
  g: Glyphs,
): Line[] {
  const story = explainedKill(view, state);
  const { title, body, right } =
    story === null ? ofCgroup(view, state, width, g) : ofKill(story, view, { width, rows }, g);
  const room = Math.max(0, rows - 1);
  const first = Math.max(0, Math.min(state.detailScroll, body.length - room));
  const below = body.length - first - room;
  const hidden = below > 0 || first > 0 ? `${Math.max(0, below)} below` : '';
  const notes = [right, hidden].filter((note) => note !== '').join(', ');
  const isFocused = state.pane === 'detail';
  return [
    titleLine({ key: '2', text: title, right: notes, isFocused }, width, g),
    ...body.slice(first, first + room).map((row) => fitted(row, width, g.more)),
  ];
}

interface Content {
  readonly title: string;
  readonly right: string;
  readonly body: readonly Line[];
}

function ofKill(
  story: KillStory,
  view: View,
  { width, rows }: { width: number; rows: number },
  g: Glyphs,
): Content {
  return {
    title: `Why ${plain(story.kill.comm)} (${story.kill.pid}) died`,
    right: `kill ${story.index + 1} of ${view.kills.length}`,
    body: killLines(
      { story, together: victimsOf(story, view.kills), moment: view.moment, width, rows },
      g,
    ),
  };
}

function ofCgroup(view: View, { selected }: UiState, width: number, g: Glyphs): Content {
  const path = selected ?? '/';
  const cgroup = cgroupOf(view.frame, path);
  const title = path === '/' ? 'The machine' : `Cgroup ${plain(path)}`;
  if (cgroup === undefined) return { title, right: 'not there at this moment', body: [] };
  return { title, right: '', body: cgroupLines(cgroup, view, width, g) };
}

/** Who died of the same decision: with oom.group or shared memory it is more than one. */
function victimsOf(story: KillStory, kills: readonly KillStory[]): { pid: number }[] {
  const { selection } = story;
  const others =
    selection === null
      ? []
      : kills.filter((other) => other !== story && other.selection === selection);
  return [story, ...others].map(({ kill }) => ({ pid: kill.pid }));
}
