import type { TraceContext, TraceFields, TraceName, Tracepoints } from '../kernel/trace.js';
import type { FileCalls } from './append_file.js';
import { parseCsv } from './csv_reader.js';
import { type CsvCell, CsvWriter } from './csv_writer.js';
import { asKill } from './userspace_kill.js';

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

/** What became of a victim; null while it has not happened. */
interface Aftermath {
  readonly timeNs: number;
  readonly kill: TraceFields['oomsim:oom_kill'];
  sigkillNs: number | null;
  markedNs: number | null;
  reapedNs: number | null;
  skipNs: number | null;
  skipCause: string;
  exitedNs: number | null;
  freedNs: number | null;
  freedPages: number | null;
}

const FOLLOWED: readonly TraceName[] = [
  'oomsim:oom_kill',
  'oomsim:userspace_kill',
  'oom:mark_victim',
  'oom:finish_task_reaping',
  'oomsim:mmf_oom_skip',
  'sched:sched_process_exit',
  'oomsim:exit_mmap',
  'signal:signal_generate',
];

const SIGKILL = 9;

/**
 * kills.csv: one row a victim, in the order of the kills, be they the kernel's or a userspace
 * killer's, whose name stands in the column `policy`. A row is written once the victim has
 * exited and its memory is free, and so are all before it; what is still open at the end is
 * written with empty cells for what did not happen.
 */
export class KillsCsv {
  readonly #csv: CsvWriter;
  readonly #waiting: Aftermath[] = []; // in kill order
  readonly #open = new Map<number, Aftermath>(); // by pid
  readonly #signalled = new Map<number, number>(); // pid -> ns of a SIGKILL just before oom_kill

  /** @throws OutputError when the file cannot be created. */
  constructor(path: string, calls?: FileCalls) {
    this.#csv = new CsvWriter(path, KILL_COLUMNS, calls);
  }

  /** Records from now on. */
  attach(trace: Tracepoints): void {
    trace.subscribe(FOLLOWED, (name, context, fields) => this.#follow(name, context, fields));
  }

  /** @throws OutputError */
  flush(): void {
    this.#csv.flush();
  }

  /** Writes the rows still open too. @throws OutputError */
  close(): void {
    for (const aftermath of this.#waiting.splice(0)) this.#csv.row(cellsOf(aftermath));
    this.#csv.close();
  }

  #follow(name: TraceName, { timeNs }: TraceContext, fields: Record<string, unknown>): void {
    if (name === 'oomsim:oom_kill') {
      const kill = fields as unknown as TraceFields['oomsim:oom_kill'];
      if (!kill.repeat) this.#add(timeNs, kill); // one row a victim, however often it is shot at
      return;
    }
    if (name === 'oomsim:userspace_kill') {
      const kill = asKill(fields as unknown as TraceFields['oomsim:userspace_kill']);
      if (kill !== null) this.#add(timeNs, kill);
      return;
    }
    const pid = Number(fields.pid);
    const aftermath = this.#open.get(pid);
    if (aftermath === undefined) {
      if (name === 'signal:signal_generate' && fields.sig === SIGKILL) {
        this.#signalled.set(pid, timeNs);
      }
      return;
    }
    note(aftermath, name, timeNs, fields);
    if (isComplete(aftermath)) this.#open.delete(pid);
    this.#writeComplete();
  }

  /** Whoever shoots first has the row: a victim of earlyoom may be the kernel's too before it dies. */
  #add(timeNs: number, kill: TraceFields['oomsim:oom_kill']): void {
    if (this.#open.get(kill.pid)?.exitedNs === null) return;
    const aftermath: Aftermath = {
      timeNs,
      kill: { ...kill },
      sigkillNs: this.#signalled.get(kill.pid) ?? null,
      markedNs: null,
      reapedNs: null,
      skipNs: null,
      skipCause: '',
      exitedNs: null,
      freedNs: null,
      freedPages: null,
    };
    this.#signalled.clear();
    this.#waiting.push(aftermath);
    this.#open.set(kill.pid, aftermath);
  }

  #writeComplete(): void {
    while (this.#waiting[0] !== undefined && isComplete(this.#waiting[0])) {
      this.#csv.row(cellsOf(this.#waiting.shift()!));
    }
  }
}

function note(
  aftermath: Aftermath,
  name: TraceName,
  timeNs: number,
  fields: Record<string, unknown>,
): void {
  switch (name) {
    case 'signal:signal_generate':
      if (fields.sig === SIGKILL) aftermath.sigkillNs ??= timeNs;
      break;
    case 'oom:mark_victim':
      aftermath.markedNs ??= timeNs;
      break;
    case 'oom:finish_task_reaping':
      aftermath.reapedNs ??= timeNs;
      break;
    case 'oomsim:mmf_oom_skip':
      aftermath.skipNs ??= timeNs;
      aftermath.skipCause ||= String(fields.cause);
      break;
    case 'sched:sched_process_exit':
      aftermath.exitedNs ??= timeNs;
      break;
    case 'oomsim:exit_mmap':
      aftermath.freedNs ??= timeNs;
      aftermath.freedPages ??= Number(fields.freed);
      break;
  }
}

/** The memory is freed by whoever leaves the mm last, which need not be the victim. */
function isComplete(aftermath: Aftermath): boolean {
  return aftermath.exitedNs !== null && aftermath.freedNs !== null;
}

function cellsOf(aftermath: Aftermath): CsvCell[] {
  const { kill } = aftermath;
  return [
    aftermath.timeNs,
    kill.pid,
    kill.comm,
    kill.cgroup,
    kill.oom_score_adj,
    kill.points,
    kill.policy,
    kill.constraint,
    kill.trigger_pid,
    aftermath.sigkillNs,
    aftermath.reapedNs,
    aftermath.exitedNs,
    aftermath.freedPages,
    aftermath.freedNs,
    aftermath.markedNs,
    aftermath.skipNs,
    aftermath.skipCause,
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
