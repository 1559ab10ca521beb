export type Pane = 'tree' | 'detail' | 'log';
export const PANES: readonly Pane[] = ['tree', 'detail', 'log'];

export type SortKey = 'tree' | 'usage' | 'score' | 'kills' | 'name';
export const SORT_KEYS: readonly SortKey[] = ['tree', 'usage', 'score', 'kills', 'name'];

/** Which of the runs is shown, where there are two of them. */
export type Shown = 'first' | 'second' | 'both';

/** A line of text that is being typed. */
export interface Prompt {
  readonly kind: 'filter' | 'search' | 'seek';
  readonly text: string;
}

/** All that the keys and the clock have made of the dashboard. Replaced, never changed. */
export interface UiState {
  readonly isPlaying: boolean;
  /** Simulated seconds per second; Infinity: as fast as it goes. */
  readonly speed: number;
  /** The moment that is shown: simulated ns … */
  readonly timeNs: number;
  /** … or exactly after this event; null: the end of that instant. */
  readonly seq: number | null;
  readonly shown: Shown;
  readonly pane: Pane;
  /** Path of the chosen cgroup; null: none, and the detail pane chooses by itself. */
  readonly selected: string | null;
  readonly folded: ReadonlySet<string>;
  readonly sort: SortKey;
  /** Only cgroups with this in their path, and those above them. */
  readonly filter: string;
  /** auto: the last kill, or the machine before there is one. */
  readonly detail: 'auto' | 'cgroup' | 'kill';
  /** The kill that was jumped to. */
  readonly kill: number | null;
  /** First row of the detail pane. */
  readonly detailScroll: number;
  /** Rows between the end of the log and what is shown. */
  readonly logScroll: number;
  readonly search: string;
  readonly prompt: Prompt | null;
  readonly isHelp: boolean;
  /** One line for the user, until the next key. */
  readonly message: string;
  /** Whether a key was ever pressed: a dashboard that nobody touches closes after the end. */
  readonly isTouched: boolean;
}

export function initialState(speed: number, some: Partial<UiState> = {}): UiState {
  return {
    isPlaying: true,
    speed,
    timeNs: 0,
    seq: null,
    shown: 'first',
    pane: 'tree',
    selected: null,
    folded: new Set(),
    sort: 'tree',
    filter: '',
    detail: 'auto',
    kill: null,
    detailScroll: 0,
    logScroll: 0,
    search: '',
    prompt: null,
    isHelp: false,
    message: '',
    isTouched: false,
    ...some,
  };
}
