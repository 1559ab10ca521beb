import { openDashboard } from './open_dashboard.js';
import { recordedTrack } from './recorded_track.js';

export interface RecordedOptions {
  /** Simulated seconds per real second; default: all of it in ten seconds. */
  readonly speed?: number;
  readonly ascii: boolean;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const SHOW_NS = 10_000_000_000;

/**
 * Shows a recorded run until the user has seen enough. Nothing is simulated: it does not matter which
 * model played it.
 * @throws OutputError when the folder holds no recording, or one that cannot be read
 */
export async function openRecordedRun(dir: string, options: RecordedOptions): Promise<void> {
  const track = recordedTrack(dir);
  const { speed = Math.max(1, track.frontNs) / SHOW_NS, ascii, signal } = options;
  const first = () => ({ track, exact: null });
  const dashboard = await openDashboard({ speed, ascii, first, second: null, signal });
  try {
    await dashboard.done;
  } finally {
    dashboard.close();
  }
}
