import type { Instance, Key } from 'ink';
import type { RunObserver } from '../run/drive.js';
import { FramePainter } from './frame_painter.js';
import { startHeartbeat } from './heartbeat.js';
import { INK_OPTIONS } from './ink_options.js';
import { Player, type PlayerOptions, type Shown } from './player.js';
import { AlternateScreen } from './screen.js';
import type { Screen } from './screen_layout.js';
import { isColorRefused, knowsUnicode } from './terminal.js';
import { ASCII, UNICODE } from './text/glyphs.js';
import { TrackRecorder } from './watch_run.js';

export interface DashboardOptions {
  /** Simulated seconds per real second; Infinity: as fast as it goes. */
  readonly speed: number;
  /** Draws with ASCII only, whatever the terminal can. */
  readonly ascii: boolean;
  /** The run that is shown; given what is to be called when a moment of it has arrived. */
  readonly first: (arrived: () => void) => Shown;
  /** Another run to compare it with, started when it is asked for; null: there is none. */
  readonly second: ((arrived: () => void) => Shown) | null;
  /** Aborted when the program is to end. */
  readonly signal: AbortSignal;
}

/** A dashboard on the terminal, fed by a run. */
export interface OpenDashboard {
  /** Watches the first run. */
  readonly observer: RunObserver;
  /** Resolved when the user has seen enough. */
  readonly done: Promise<void>;
  /** Gives the terminal back as it was. */
  close(): void;
}

/** A dashboard that nobody touches closes so long after the end: it may run in a script. */
const CLOSE_AFTER_MS = 10_000;

/** Takes the terminal over. Ink is loaded only here, after the environment has been prepared. */
export async function openDashboard(options: DashboardOptions): Promise<OpenDashboard> {
  if (isColorRefused(process.env)) process.env.FORCE_COLOR = '0'; // Ink looks at this one only
  // Ink draws nothing where these are set. Whether they forbid a dashboard was asked before.
  delete process.env.CI;
  delete process.env.CONTINUOUS_INTEGRATION;
  process.env.NODE_ENV ??= 'production'; // React's development build is slow and keeps records
  const { createElement } = await import('react');
  const { render } = await import('ink');
  const { App } = await import('./app.js');
  const painter = new FramePainter(process.stdout);
  const screen = new AlternateScreen(process.stdout);
  let app: Instance | null = null;
  let isClosed = false;

  const draw = (drawn: Screen): void => {
    if (isClosed) return; // a moment asked for earlier has arrived: Ink would take the keys again
    const element = createElement(App, { screen: drawn, onKey });
    if (app !== null) app.rerender(element);
    else app = render(element, { ...INK_OPTIONS, stdout: painter as never });
  };
  const onKey = (input: string, key: Key): void => player.key(input, key, performance.now());
  let finish: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  // As a shell's user expects of Ctrl-Z: the terminal is the shell's until `fg`.
  const suspend = (): void => {
    setRawMode(false);
    screen.leave();
    process.once('SIGCONT', () => {
      setRawMode(true);
      screen.enter();
      painter.forget();
      redraw();
    });
    process.kill(process.pid, 'SIGTSTP');
  };
  const redraw = (): void => player.draw(performance.now());
  const { second } = options;
  const first = options.first(redraw);
  const playerOptions: PlayerOptions = {
    speed: options.speed,
    glyphs: options.ascii || !knowsUnicode(process.env) ? ASCII : UNICODE,
    size: () => ({ columns: painter.columns, rows: painter.rows }),
    draw,
    quit: () => finish(),
    suspend,
    second: second === null ? null : () => second(redraw),
    closeAfterMs: process.stdin.isTTY ? CLOSE_AFTER_MS : 0,
  };
  const player = new Player(first, playerOptions, performance.now());
  const onResize = (): void => {
    painter.forget();
    redraw();
  };
  setRawMode(true); // before anything is drawn: what is typed from now on is ours
  screen.enter();
  process.stdout.on('resize', onResize);
  options.signal.addEventListener('abort', finish, { once: true });
  const stopHeart = startHeartbeat((nowMs) => player.tick(nowMs));
  return {
    observer: new TrackRecorder(first.track),
    done,
    close() {
      isClosed = true;
      stopHeart();
      process.stdout.off('resize', onResize);
      app?.unmount();
      setRawMode(false);
      screen.leave();
    },
  };
}

/** Keys one by one and without echo. Node itself gives the terminal back when the program ends. */
function setRawMode(isRaw: boolean): void {
  if (process.stdin.isTTY) process.stdin.setRawMode(isRaw);
}
