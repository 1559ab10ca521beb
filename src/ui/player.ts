import type { Key } from 'ink';
import type { ExactCursor } from './exact.js';
import { FRAME_MS } from './ink_options.js';
import { focusedRows, type Screen } from './screen_layout.js';
import { type Command, commandOf } from './state/command.js';
import { arrive, type Effect, reduce, tick } from './state/reduce.js';
import { initialState, type UiState } from './state/state.js';
import type { Glyphs } from './text/glyphs.js';
import type { Moment, Track } from './track.js';
import { initiallyFolded } from './tree_rows.js';
import { type Exact, isAtEnd, type View, viewOf } from './view.js';

/** A run that can be shown. */
export interface Shown {
  readonly track: Track;
  /** null: only what was recorded is known. */
  readonly exact: ExactCursor | null;
}

export interface PlayerOptions {
  readonly speed: number;
  readonly glyphs: Glyphs;
  readonly size: () => { columns: number; rows: number };
  readonly draw: (screen: Screen) => void;
  readonly quit: () => void;
  readonly suspend: () => void;
  /** Starts the second run when somebody wants to see it; null: there is none. */
  readonly second: (() => Shown) | null;
  /** Real ms after which a dashboard closes that is at its end and that nobody touches. */
  readonly closeAfterMs: number | null;
}

/** Real time from which on a wait is worth a word. */
const WAIT_WORTH_MS = 250;

/**
 * Moves through the runs as the keys and the clock say, and has the screen drawn. The runs never
 * wait for it: it shows what they left behind.
 */
export class Player {
  readonly #first: Shown;
  readonly #options: PlayerOptions;
  #second: Shown | null = null;
  #state: UiState;
  #drawn: readonly unknown[] = [];
  #endMs: number | null = null;
  #tickMs: number;
  #waitSinceMs: number | null = null;
  #isFolded = false;

  constructor(first: Shown, options: PlayerOptions, nowMs: number) {
    this.#first = first;
    this.#options = options;
    this.#state = initialState(options.speed);
    this.#tickMs = nowMs;
  }

  get state(): UiState {
    return this.#state;
  }

  key(input: string, key: Key, nowMs: number): void {
    this.do(commandOf(input, key, this.#state), nowMs);
  }

  do(command: Command, nowMs: number): void {
    const [view] = this.#viewsNow(nowMs);
    if (view === undefined) {
      if (command.type === 'quit') this.#options.quit();
      return;
    }
    const canCompare = this.#options.second !== null;
    const pageRows = focusedRows(view, this.#screen([view], null));
    const { state, effect } = reduce(this.#state, command, { view, pageRows, canCompare });
    this.#state = state;
    if (effect !== null) this.#perform(effect, view);
    this.draw(nowMs);
  }

  /** To be called about every FRAME_MS. */
  tick(nowMs: number): void {
    const ms = nowMs - this.#tickMs;
    this.#tickMs = nowMs;
    const [view] = this.#viewsNow(nowMs);
    if (view === undefined) return;
    if (!this.#isFolded) this.#foldBigTree(view);
    this.#state = tick(this.#state, ms, { ...view, frontNs: this.#frontNs() }, this.#isOver());
    this.#closeWhenOver(view, nowMs);
    this.draw(nowMs);
  }

  draw(nowMs: number): void {
    const views = this.#viewsNow(nowMs);
    if (views.length === 0) return;
    const screen = this.#screen(views, this.#closesIn(nowMs));
    const look = this.#lookOf(screen);
    if (look.every((part, i) => part === this.#drawn[i])) return; // nothing is to be seen of it
    this.#drawn = look;
    this.#options.draw(screen);
  }

  /** What makes two screens different. */
  #lookOf({ state, views, columns, rows, closesIn }: Screen): readonly unknown[] {
    const runs = views.flatMap(({ frame, waiting, lastEvent }) => [frame, waiting, lastEvent]);
    const versions = this.#shownRuns().map(({ track }) => track.version);
    return [state, columns, rows, closesIn, runs.length, ...runs, ...versions];
  }

  #foldBigTree(view: View): void {
    this.#isFolded = true;
    this.#state = { ...this.#state, folded: initiallyFolded(view.frame) };
  }

  #screen(views: readonly View[], closesIn: number | null): Screen {
    const { glyphs, second, size } = this.#options;
    const canCompare = second !== null;
    return { state: this.#state, views, ...size(), glyphs, canCompare, closesIn };
  }

  #perform(effect: Effect, view: View): void {
    if (effect.type === 'step') void this.#step(view, effect.by);
    else this.#options[effect.type]();
  }

  async #step(view: View, by: 1 | -1): Promise<void> {
    const { exact, track } = this.#shownRuns()[0]!;
    const from = view.moment;
    const to = exact === null ? neighbour(track, from, by) : await exact.step(from, by);
    this.#state = arrive(this.#state, to.timeNs, to.seq);
    this.draw(performance.now());
  }

  #shownRuns(): readonly Shown[] {
    const { shown } = this.#state;
    if (shown === 'first' || this.#options.second === null) return [this.#first];
    this.#second ??= this.#options.second();
    return shown === 'second' ? [this.#second] : [this.#first, this.#second];
  }

  /** What is shown of each run: exactly where that is wanted and there, else the nearest frame. */
  #viewsNow(nowMs: number): readonly View[] {
    const state = this.#state;
    let isWaiting = false;
    const views: View[] = [];
    for (const [i, { track, exact }] of this.#shownRuns().entries()) {
      if (track.history.frames.length === 0) continue;
      const moment = momentOf(state, track, i === 0);
      let found: Exact | null = null;
      if (exact !== null && this.#wantsExact(track, moment)) {
        found = exact.at(moment, state.detail === 'cgroup' ? state.selected : null);
        if (found === null) isWaiting = true;
      }
      const waiting = found === null && this.#hasWaited(nowMs) ? 'seeking' : '';
      views.push(viewOf(track, moment, found, waiting));
    }
    if (!isWaiting) this.#waitSinceMs = null;
    else this.#waitSinceMs ??= nowMs;
    return views;
  }

  #hasWaited(nowMs: number): boolean {
    return this.#waitSinceMs !== null && nowMs - this.#waitSinceMs >= WAIT_WORTH_MS;
  }

  /**
   * Paused, or so slow that the frames that were kept would stand still in between; but playing it a
   * second time shall not slow down the first.
   */
  #wantsExact(track: Track, { timeNs }: Moment): boolean {
    const { isPlaying, speed } = this.#state;
    if (!isPlaying) return true;
    if (track.endedBy === null) return false;
    return track.history.gapNs(timeNs) > 4 * speed * FRAME_MS * 1e6;
  }

  #frontNs(): number {
    return Math.max(...this.#shownRuns().map(({ track }) => track.frontNs));
  }

  #isOver(): boolean {
    return this.#shownRuns().every(({ track }) => track.endedBy !== null);
  }

  #closeWhenOver(view: View, nowMs: number): void {
    const { isPlaying, isTouched } = this.#state;
    if (!isAtEnd(view) || isPlaying || isTouched) {
      this.#endMs = null;
      return;
    }
    this.#endMs ??= nowMs;
    const { closeAfterMs } = this.#options;
    if (closeAfterMs !== null && nowMs - this.#endMs >= closeAfterMs) this.#options.quit();
  }

  #closesIn(nowMs: number): number | null {
    const { closeAfterMs } = this.#options;
    if (this.#endMs === null || closeAfterMs === null || this.#state.isTouched) return null;
    return Math.max(0, Math.ceil((closeAfterMs - (nowMs - this.#endMs)) / 1000));
  }
}

/** The run that the keys act on is shown to the event, another beside it at the same time. */
function momentOf({ timeNs, seq }: UiState, track: Track, isFirst: boolean): Moment {
  return { timeNs: Math.min(timeNs, track.frontNs), seq: isFirst ? seq : null };
}

/** The frame before or after: without the model there is nothing in between. */
function neighbour({ history }: Track, { timeNs }: Moment, by: 1 | -1): Moment {
  const { frames } = history;
  const at = history.indexAt(timeNs);
  const isBetween = by < 0 && frames[at]!.timeNs < timeNs;
  const next = frames[isBetween ? at : Math.max(0, Math.min(frames.length - 1, at + by))]!;
  return { timeNs: next.timeNs, seq: null };
}
