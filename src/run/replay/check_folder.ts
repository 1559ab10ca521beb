import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCheckpoints } from '../../record/checkpoints_csv.js';
import { CompareCalls, type ComparedFile } from '../../record/compare_files.js';
import { isOpenKill } from '../../record/kills_csv.js';
import { LineFile } from '../../record/line_file.js';
import type { Manifest } from '../../record/manifest.js';
import { RunRecorder } from '../../record/recorder.js';
import { RUN_FILES } from '../../record/run_folder.js';
import { checkpointOf } from '../checkpoint.js';
import type { RunObserver } from '../drive.js';
import type { ObservedSystem } from '../observed_system.js';
import { formatCount, formatSeconds } from '../summary.js';

/** Where a run was stopped. */
interface Stop {
  readonly events: number;
  readonly timeNs: number;
}

/**
 * Compares the files of a run folder, byte for byte, with those that the run would write now. A run
 * that was interrupted has completed its files where it stopped; one that was killed, or failed, has
 * left as much of them as it had written.
 */
export class FolderCheck implements RunObserver {
  readonly #dir: string;
  readonly #manifest: Manifest;
  readonly #stop: Stop | null;
  readonly #calls = new CompareCalls();
  #recorder: RunRecorder | null = null;
  #sampledNs = 0;
  #checkedEvents = 0;

  /** @param reached called where the record ends */
  constructor(
    { dir, manifest }: { dir: string; manifest: Manifest },
    private readonly reached: () => void,
  ) {
    this.#dir = dir;
    this.#manifest = manifest;
    this.#stop = manifest.state === 'interrupted' ? stopOf(manifest) : null;
  }

  begin(system: ObservedSystem): void {
    this.#recorder = new RunRecorder(this.#dir, this.#manifest.identity, this.#calls);
    this.#recorder.attach(system.trace);
  }

  sample(system: ObservedSystem, timeNs: number): void {
    this.#recorder?.sample(timeNs, system.gauges());
    this.#sampledNs = timeNs;
  }

  checkpoint(system: ObservedSystem): void {
    this.#recorder?.checkpoint(checkpointOf(system));
    this.#checkedEvents = system.events;
  }

  slice(system: ObservedSystem): void {
    const stop = this.#stop;
    if (this.#recorder === null || stop === null) return;
    if (system.events !== stop.events || system.nowNs < stop.timeNs) return;
    if (system.nowNs > this.#sampledNs) this.sample(system, system.nowNs);
    if (system.events > this.#checkedEvents) this.checkpoint(system);
    this.finish();
    this.reached();
  }

  flush(): void {
    this.#recorder?.flush();
    if (this.#calls.isExhausted && this.#stop === null) this.reached();
  }

  /** Nothing more is to be compared. */
  finish(): void {
    this.#recorder?.close();
    this.#recorder = null;
  }

  get files(): readonly ComparedFile[] {
    return this.#calls.result();
  }

  /** What is in the files and should not be, or the other way round. */
  differences(): string[] {
    const wrong = this.files.filter((file) => !this.#isRight(file));
    const place = wrong.some(({ outcome }) => outcome === 'different') ? this.#parting() : null;
    return [...(place === null ? [] : [place]), ...wrong.map(describe)];
  }

  /** Where the record ends of a run that was killed or failed; null if it has no events. */
  lastRecorded(): string | null {
    const { state } = this.#manifest;
    if (state !== 'unfinished' && state !== 'failed') return null;
    const path = join(this.#dir, RUN_FILES.events);
    if (!existsSync(path)) return null;
    const file = new LineFile(path);
    const [timeNs, events] = (file.lastLine() ?? '').split(',').map(Number);
    file.close();
    if (!Number.isSafeInteger(timeNs) || !Number.isSafeInteger(events)) return null; // the header
    return `event ${formatCount(events!)} at ${formatSeconds(timeNs!)}`;
  }

  #isRight({ name, outcome, recorded }: ComparedFile): boolean {
    if (outcome === 'same') return true;
    const { state } = this.#manifest;
    if (state === 'finished' || state === 'interrupted') return false;
    if (outcome === 'shorter' || outcome === 'missing') return true;
    // A run that fails still writes the victims that were not gone yet.
    return (
      state === 'failed' && name === RUN_FILES.kills && recorded !== null && isOpenKill(recorded)
    );
  }

  /** Between which checkpoints the run left the record. */
  #parting(): string | null {
    const file = this.files.find(({ name }) => name === RUN_FILES.checkpoints);
    if (file === undefined || file.equalLines === 0 || file.outcome !== 'different') return null;
    const text = readFileSync(join(this.#dir, RUN_FILES.checkpoints), 'utf8');
    const points = parseCheckpoints(text);
    const at = file.equalLines - 1; // the header is a line too
    const last = points[at - 1] ?? { events: 0, timeNs: 0 };
    const after = `event ${formatCount(last.events)} (${formatSeconds(last.timeNs)})`;
    const first = points[at]!;
    const before = `event ${formatCount(first.events)} (${formatSeconds(first.timeNs)})`;
    return `it left the record after ${after} and before ${before}`;
  }
}

function stopOf({ summary }: Manifest): Stop | null {
  const { events, simulatedNs } = summary ?? {};
  if (typeof events !== 'number' || typeof simulatedNs !== 'number') return null;
  return { events, timeNs: simulatedNs };
}

/** Longer lines would hide what matters. */
const SHOWN_MAX = 160;

function describe({ name, outcome, equalLines, recorded, written }: ComparedFile): string {
  const line = `${name} line ${formatCount(equalLines + 1)}`;
  switch (outcome) {
    case 'missing':
      return `${name} is missing`;
    case 'shorter':
      return `${name} ends after line ${formatCount(equalLines)}, and should go on`;
    case 'longer':
      return `${line} should not be there: ${shown(recorded)}`;
    default:
      return `${line}: recorded ${shown(recorded)}, now ${shown(written)}`;
  }
}

function shown(line: string | null): string {
  const text = line ?? '';
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`;
}
