/** One report while its lines come in, and what they make in the end. */
import { parseCpu, parseCpuset, parseInvoked, parseSummary } from './header.js';
import { parseExiting, parseGroup, parseKill, parseReaper } from './kill.js';
import type { LogRecord } from './lines.js';
import { lostMessages, lostRows } from './lost.js';
import { pageSizeOf, scopeOf } from './scope.js';
import { Sections } from './sections.js';
import type {
  EarlierVictim,
  ExitingVictim,
  KernelInfo,
  KillLine,
  MachineHint,
  OomReport,
  ReaperLine,
  SummaryLine,
  Trigger,
} from './types.js';

/** Group kills of large cgroups print one line a process; pid_max bounds them. */
const MAX_KILLS = 1 << 16;

type MutableTrigger = { -readonly [Key in keyof Trigger]: Trigger[Key] };

/** Gathers the records of one report. */
export class ReportBuilder {
  readonly #first: LogRecord;
  #lowest: number;
  #highest: number;
  readonly #caller: string | null;
  #trigger: MutableTrigger | null = null;
  #headerText: string | null = null;
  #kernel: KernelInfo | null = null;
  #cpus = 0;
  #cpuset: string | null = null;
  #memsAllowed: string | null = null;
  #summary: SummaryLine | null = null;
  #policy: string | null = null;
  #panic: string | null = null;
  #noKillable = false;
  #lost = 0;
  #lastSequence: number | null = null;
  readonly #sections = new Sections();
  readonly #kills: KillLine[] = [];
  readonly #killedPids = new Set<number>();
  readonly #exiting: ExitingVictim[] = [];
  readonly #groups = new Set<string>();
  readonly #reaped: ReaperLine[] = [];

  constructor(first: LogRecord) {
    this.#first = first;
    this.#lowest = Math.min(first.first, first.last);
    this.#highest = Math.max(first.first, first.last);
    this.#caller = first.caller;
  }

  /** Whether the kernel has acted: what follows in the log belongs to something else. */
  get killed(): boolean {
    return this.#killedPids.size > 0 || this.#exiting.length > 0 || this.#panic !== null;
  }

  /** Whether the machine panicked: nothing can follow but the same line on another console. */
  get panicked(): boolean {
    return this.#panic !== null;
  }

  /** Numeric columns of the task table's header; 0 before it. */
  get numericColumns(): number {
    return this.#sections.table.numericColumns;
  }

  /** The same header line again, before anything else came. */
  repeatsHeader(record: LogRecord): boolean {
    return (
      this.#headerText === record.text &&
      this.#first.seconds === record.seconds &&
      this.#first.stamp === record.stamp &&
      !this.#sections.memory.seen &&
      !this.#sections.table.seen
    );
  }

  /** Whether a summary, kill or group line belongs here. */
  takes(record: LogRecord): boolean {
    switch (record.kind) {
      case 'summary': {
        const pid = parseSummary(record.text, record.first).pid;
        if (this.#summary !== null) return this.#summary.pid === pid;
        return !this.killed || (pid !== null && this.#killedPids.has(pid));
      }
      case 'kill':
        return this.#takesKill(record);
      case 'noKillable':
        return !this.killed;
      case 'exiting':
        return !this.killed || this.#groups.size > 0 || this.#exiting.length > 0;
      default:
        return true;
    }
  }

  /** Whether the task table has a row for this process. */
  lists(pid: number): boolean {
    return this.#sections.table.has(pid);
  }

  #takesKill(record: LogRecord): boolean {
    const kill = parseKill(record.text, record.first);
    if (kill === null || !this.killed) return kill !== null && !this.#selectsAnew(kill);
    if (kill.verb === 'sharing' || this.#groups.size > 0) return true;
    return kill.verb !== 'select' && this.#killedPids.has(kill.pid);
  }

  /** A second `Kill process …` selection without a kill between: the first kill line was lost. */
  #selectsAnew(kill: KillLine): boolean {
    return (
      kill.verb === 'select' &&
      this.#kills.some((known) => known.verb === 'select' && known.pid !== kill.pid)
    );
  }

  /** Whether one of its kill lines names this process. */
  kills(pid: number): boolean {
    return this.#killedPids.has(pid);
  }

  /** Whether an oom_reaper line for this process belongs here. */
  reaps(pid: number): boolean {
    return this.kills(pid) || this.#summary?.pid === pid;
  }

  /** Whether a victim has this name: what was reaped under another pid may be a thread of it. */
  killedNamed(comm: string): boolean {
    return this.#kills.some((kill) => kill.verb === 'kill' && kill.comm === comm);
  }

  /** Takes one record that belongs to this report. */
  accept(record: LogRecord): void {
    if (record.caller !== null && this.#caller !== null && record.caller !== this.#caller) {
      // With PRINTK_CALLER the lines of another CPU are known; only the reaper's belong here.
      if (record.kind !== 'reaper') return;
    }
    this.#countSequence(record);
    if (record.kind !== 'stack') {
      this.#lowest = Math.min(this.#lowest, record.last);
      this.#highest = Math.max(this.#highest, record.last);
    }
    if (!this.#sections.accept(record)) this.#acceptOutcome(record);
  }

  #acceptOutcome(record: LogRecord): void {
    const { text, first } = record;
    switch (record.kind) {
      case 'invoked':
        this.#invoked(record);
        return;
      case 'cpu':
        this.#cpu(record);
        return;
      case 'cpuset': {
        const { cpuset, memsAllowed } = parseCpuset(text);
        this.#cpuset ??= cpuset;
        this.#memsAllowed ??= memsAllowed;
        return;
      }
      case 'summary':
        this.#summary ??= parseSummary(text, first);
        return;
      case 'kill':
        this.#kill(record);
        return;
      case 'exiting': {
        const exiting = parseExiting(text, first);
        if (exiting !== null && this.#exiting.length < MAX_KILLS) this.#exiting.push(exiting);
        return;
      }
      case 'group': {
        const path = parseGroup(text);
        if (path !== null && this.#groups.size < 1024) this.#groups.add(path);
        return;
      }
      case 'reaper': {
        const reaper = parseReaper(text, first);
        if (reaper !== null && this.#reaped.length < MAX_KILLS) this.#reaped.push(reaper);
        return;
      }
      case 'policy':
        this.#policy ??= text.slice('oom_policy='.length).trim();
        return;
      case 'noKillable':
        this.#noKillable = true;
        return;
      case 'panic':
        this.#panic ??= text;
        return;
      case 'lost':
        this.#lost += lostMessages(text);
        return;
      default:
        return;
    }
  }

  /** /dev/kmsg numbers every record: a gap inside the table is rows that were lost. */
  #countSequence(record: LogRecord): void {
    if (record.sequence === null) return;
    const gap = this.#lastSequence === null ? 0 : record.sequence - this.#lastSequence - 1;
    if (record.kind === 'row' && gap > 0 && gap < 1e6) this.#lost += gap;
    this.#lastSequence = record.sequence;
  }

  #invoked(record: LogRecord): void {
    if (this.#trigger !== null) return;
    const { oomPolicy, ...invoked } = parseInvoked(record.text);
    this.#policy ??= oomPolicy;
    this.#headerText = record.text;
    this.#trigger = { ...invoked, pid: null, line: record.first };
  }

  #cpu(record: LogRecord): void {
    const { cpu, pid, comm, kernel } = parseCpu(record.text);
    if (cpu !== null && cpu < 65_536) this.#cpus = Math.max(this.#cpus, cpu + 1);
    if (kernel !== null && this.#kernel === null) {
      this.#kernel = { text: kernel, from: 'report', line: record.first };
    }
    const trigger = this.#trigger;
    if (trigger === null || trigger.pid !== null || comm === null) return;
    // An unknown prefix may have stayed in front of the header's name; this one is exact.
    if (trigger.comm.endsWith(comm)) trigger.comm = comm;
    if (trigger.comm === comm) trigger.pid = pid;
  }

  #kill(record: LogRecord): void {
    const kill = parseKill(record.text, record.first);
    if (kill === null || this.#kills.length >= MAX_KILLS) return;
    const repeated = kill.verb === 'kill' && this.#killedPids.has(kill.pid);
    if (kill.verb === 'kill' || kill.verb === 'would') this.#killedPids.add(kill.pid);
    this.#kills.push({ ...kill, repeated });
  }

  /** The report, or null when what came was not one after all. */
  finish(
    kernel: KernelInfo | null,
    hint: MachineHint | null,
    victims: ReadonlyMap<number, EarlierVictim>,
  ): OomReport | null {
    const tasks = this.#sections.table.finish();
    const summary = this.#summary;
    const evident =
      this.#isHeader() ||
      this.#kills.length > 0 ||
      summary !== null ||
      this.#reaped.length > 0 ||
      this.#exiting.length > 0 ||
      this.#panic !== null ||
      (tasks !== null && (tasks.columnsFrom === 'header' || tasks.rows.length > 1)) ||
      this.#sections.memcg.seen;
    if (!evident) return null;
    const memory = this.#sections.memory.finish();
    const kills = this.#namedByTable(tasks?.rows ?? []);
    const [pageSizeKb, pageSizeFrom] = pageSizeOf(kills, tasks, this.#sections.memory.pageSizeKb);
    const found = {
      noKillable: this.#noKillable,
      panic: this.#panic,
      trigger: this.#trigger,
      summary,
      kills,
      memory,
      tasks,
      memcg: this.#sections.memcg.finish(summary?.oomMemcg ?? null, summary?.taskMemcg ?? null),
    };
    const [scope, scopeFrom] = scopeOf(found, this.#sections.memcgInStack);
    return {
      ...found,
      lines: { first: this.#lowest, last: this.#highest },
      atSeconds: this.#first.seconds,
      atText: this.#first.stamp,
      kernel: this.#kernel ?? kernel,
      scope,
      scopeFrom,
      constraint: summary?.constraint ?? null,
      memsAllowed: summary?.memsAllowed ?? this.#memsAllowed,
      cpuset: summary?.cpuset ?? this.#cpuset,
      cpusAtLeast: Math.max(this.#cpus, memory?.cpus ?? 0) || null,
      lostRows: lostRows(found, scope, pageSizeKb, this.#lost),
      exiting: this.#exiting,
      groupKills: [...this.#groups],
      reaped: this.#reaped,
      oomPolicy: this.#policy,
      sysrq: this.#trigger?.order === -1,
      pageSizeKb,
      pageSizeFrom,
      earlierVictims: earlierIn(tasks?.rows ?? [], victims),
      hint: memory?.totalSwapKb === null || memory === null ? hint : null,
    };
  }

  /** Whether its first line is the kernel's, and not a sentence that ends as that begins. */
  #isHeader(): boolean {
    const { gfpMask, order, oomScoreAdj, pid } = this.#trigger ?? {};
    const said = gfpMask ?? order ?? oomScoreAdj ?? pid ?? null;
    const stamp = this.#first.seconds ?? this.#first.stamp;
    return this.#trigger !== null && (said !== null || stamp !== null);
  }

  /** A name broken by wrapping is better in the table, where its own column holds it. */
  #namedByTable(rows: readonly { pid: number; comm: string }[]): readonly KillLine[] {
    const names = new Map(rows.map((row) => [row.pid, row.comm]));
    return this.#kills.map((kill) => {
      const name = names.get(kill.pid);
      const same = name !== undefined && squeeze(name) === squeeze(kill.comm);
      const cut = name !== undefined && kill.comm === '';
      return same || cut ? { ...kill, comm: name } : kill;
    });
  }
}

function squeeze(name: string): string {
  return name.replaceAll(' ', '');
}

function earlierIn(
  rows: readonly { pid: number; tgid: number; comm: string }[],
  victims: ReadonlyMap<number, EarlierVictim>,
): readonly EarlierVictim[] {
  if (victims.size === 0) return [];
  const found: EarlierVictim[] = [];
  for (const row of rows) {
    // Where the leader has gone, the row is of a thread that still has the memory.
    const victim = victims.get(row.pid) ?? victims.get(row.tgid);
    if (victim !== undefined && victim.comm === row.comm) found.push(victim);
  }
  return found;
}
