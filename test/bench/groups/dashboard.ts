/** The dashboard of 2,000 cgroups and 20,000 processes: what a screen costs, and what it takes from the run. */
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Instance } from 'ink';
import { bootRun, runWorkload } from '../../../src/run/run.js';
import { FramePainter } from '../../../src/ui/frame_painter.js';
import { startHeartbeat } from '../../../src/ui/heartbeat.js';
import { FRAME_MS, INK_OPTIONS } from '../../../src/ui/ink_options.js';
import { Player } from '../../../src/ui/player.js';
import type { Screen } from '../../../src/ui/screen_layout.js';
import { shownRun } from '../../../src/ui/shown_run.js';
import { UNICODE } from '../../../src/ui/text/glyphs.js';
import { Track } from '../../../src/ui/track.js';
import { TrackRecorder } from '../../../src/ui/watch_run.js';
import type { Benchmark, Work } from '../benchmark.js';
import { largePopulation } from '../population.js';

process.env.NODE_ENV = 'production'; // as the program has it: React is told before it is loaded

const SIZES = [
  [80, 24],
  [200, 60],
] as const;

/** Draws on a terminal that takes everything and shows nothing. */
async function drawing(columns: number, rows: number): Promise<(screen: Screen) => void> {
  const { createElement } = await import('react');
  const { render } = await import('ink');
  const { App } = await import('../../../src/ui/app.js');
  const painter = new FramePainter({ columns, rows, write: () => true });
  const stdin = new PassThrough() as never;
  let app: Instance | null = null;
  return (screen) => {
    const element = createElement(App, { screen, onKey: () => {} });
    if (app === null) app = render(element, { ...INK_OPTIONS, stdout: painter as never, stdin });
    else app.rerender(element);
  };
}

/** A player in the middle of the large run, each tick of which shows another frame. */
async function screens(columns: number, rows: number): Promise<Work> {
  const source = largePopulation('1s');
  const system = bootRun(source);
  const track = new Track(shownRun(source, {}, () => {}).track.facts);
  const recorder = new TrackRecorder(track);
  recorder.begin(system);
  for (let ms = 20; ms <= 200; ms += 20) {
    await sleep(300); // it takes no more frames than it may
    recorder.sample(system);
    system.advance(ms * 1e6);
    recorder.slice(system);
  }
  const draw = await drawing(columns, rows);
  let nowMs = 0;
  const options = {
    speed: 0.2,
    glyphs: UNICODE,
    size: () => ({ columns, rows }),
    draw,
    quit: () => {},
    suspend: () => {},
    second: null,
    closeAfterMs: null,
  };
  const player = new Player({ track, exact: null }, options, nowMs);
  const key = (type: 'foldAll') => player.do({ type }, nowMs);
  player.tick(nowMs);
  key('foldAll'); // all 2,000 rows
  return () => {
    nowMs += FRAME_MS;
    if (nowMs % 1000 === 0) player.do({ type: 'end', of: 'start' }, nowMs);
    if (!player.state.isPlaying) player.do({ type: 'play' }, nowMs);
    player.tick(nowMs);
    return 1;
  };
}

/** The large run to its end, alone or under the eyes of a dashboard that draws 10 times a second. */
async function largeRun(isShown: boolean): Promise<Work> {
  const source = largePopulation('500ms');
  const draw = await drawing(200, 60);
  return async () => {
    if (!isShown) return (await runWorkload(source)).events;
    const shown = shownRun(source, {}, () => {});
    const options = {
      speed: Infinity,
      glyphs: UNICODE,
      size: () => ({ columns: 200, rows: 60 }),
      draw,
      quit: () => {},
      suspend: () => {},
      second: null,
      closeAfterMs: null,
    };
    const player = new Player(shown, options, performance.now());
    const stopHeart = startHeartbeat((nowMs) => player.tick(nowMs));
    const { events } = await runWorkload(source, {}, [new TrackRecorder(shown.track)]);
    stopHeart();
    return events;
  };
}

/** 10 of them a second in less than half of a core. */
const SCREEN_NS_MAX = 50_000_000;

export const benchmarks: Benchmark[] = [
  ...SIZES.map(([columns, rows]): Benchmark => {
    return {
      group: 'targeted behaviour',
      comparison: 'a screen of 2,000 cgroups and 20,000 processes',
      name: `${columns}x${rows}`,
      unit: 'screen',
      target: { nsMax: SCREEN_NS_MAX },
      slow: true,
      prepare: () => screens(columns, rows),
    };
  }),
  ...[false, true].map((isShown): Benchmark => {
    return {
      group: 'whole simulations',
      comparison: '2,000 cgroups and 20,000 processes, with and without dashboard',
      name: isShown ? 'with dashboard' : 'alone',
      unit: 'event',
      ...(isShown ? { target: { faster: { than: 'alone', times: 0.6 } } } : {}),
      slow: true,
      prepare: () => largeRun(isShown),
    };
  }),
];
