import type { Tracepoints } from '../kernel/trace.js';
import type { FileCalls } from './append_file.js';
import { parseCsv } from './csv_reader.js';
import { type CsvCell, CsvWriter } from './csv_writer.js';
import { type FollowedKill, isComplete, KillFollower } from './kill_follower.js';

export const KILL_COLUMNS = [
  'time_ns',
  'pid',
  'comm',
  'cgroup',
  'oom_score_adj',
  'points',
  'policy',
  'constraint',
  'trigger_pid',
  'sigkill_ns',
  'reaped_ns',
  'exited_ns',
  'freed_pages',
  'freed_ns',
  'marked_ns',
  'skip_ns',
  'skip_cause',
  'trigger_comm',
  'memcg',
  'process',
  'reason',
  'group',
  'anon_pages',
  'file_pages',
  'shmem_pages',
  'swap_pages',
  'pgtables_pages',
] as const;

/** Whether a row says that its victim was still there when the run ended. */
export function isOpenKill(row: string): boolean {
  const [kill] = parseCsv(`${KILL_COLUMNS.join(',')}\n${row}\n`);
  return kill !== undefined && (kill.exited_ns === '' || kill.freed_ns === '');
}

/**
 * kills.csv: one row a victim, in the order of the kills, be they the kernel's or a userspace
 * killer's, whose name stands in the column `policy`. A row is written once the victim has
 * exited and its memory is free, and so are all before it; what is still open at the end is
 * written with empty cells for what did not happen.
 */
export class KillsCsv {
  readonly #csv: CsvWriter;
  readonly #waiting: FollowedKill[] = []; // in kill order
  readonly #follower = new KillFollower({
    added: (kill) => this.#waiting.push(kill),
    changed: () => this.#writeComplete(),
  });

  /** @throws OutputError when the file cannot be created. */
  constructor(path: string, calls?: FileCalls) {
    this.#csv = new CsvWriter(path, KILL_COLUMNS, calls);
  }

  /** Records from now on. */
  attach(trace: Tracepoints): void {
    this.#follower.attach(trace);
  }

  /** @throws OutputError */
  flush(): void {
    this.#csv.flush();
  }

  /** Writes the rows still open too. @throws OutputError */
  close(): void {
    for (const kill of this.#waiting.splice(0)) this.#csv.row(cellsOf(kill));
    this.#csv.close();
  }

  #writeComplete(): void {
    while (this.#waiting[0] !== undefined && isComplete(this.#waiting[0])) {
      this.#csv.row(cellsOf(this.#waiting.shift()!));
    }
  }
}

function cellsOf(followed: FollowedKill): CsvCell[] {
  const { kill } = followed;
  return [
    followed.timeNs,
    kill.pid,
    kill.comm,
    kill.cgroup,
    kill.oom_score_adj,
    kill.points,
    kill.policy,
    kill.constraint,
    kill.trigger_pid,
    followed.sigkillNs,
    followed.reapedNs,
    followed.exitedNs,
    followed.freedPages,
    followed.freedNs,
    followed.markedNs,
    followed.skipNs,
    followed.skipCause,
    kill.trigger_comm,
    kill.memcg,
    kill.process,
    kill.reason,
    kill.group,
    kill.anon,
    kill.file,
    kill.shmem,
    kill.swap,
    kill.pgtables,
  ];
}
