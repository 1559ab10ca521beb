/**
 * Small machines for tests of the kernel. A test reads as an example: `world({...})` describes cgroups
 * and the memory that tasks have already, something is done, and one literal is compared.
 *
 * All tasks sleep until a test makes one run kernel code: `run` plays simulated time until the code
 * returns, `now` insists that it returns without waiting. CPU time costs next to nothing, so that times
 * are those of sleeps, but something where the kernel spins, so that time goes on.
 */
import { BLOCK, type Flow } from '../../src/engine/coroutine.js';
import { createQueue } from '../../src/engine/queue.js';
import { Simulation } from '../../src/engine/simulation.js';
import { WaitQueue } from '../../src/engine/wait_queue.js';
import {
  cgroup_attach_process,
  cgroup_file_write,
  cgroup_mkdir,
} from '../../src/kernel/cgroup/cgroupfs.js';
import type { Costs, SysctlValues, ZoneConfig } from '../../src/kernel/config.js';
import { Kernel } from '../../src/kernel/kernel.js';
import { GFP_KERNEL } from '../../src/kernel/mm/gfp.js';
import { user_fault } from '../../src/kernel/mm/memory.js';
import type { Mm, Vma } from '../../src/kernel/mm/mm_types.js';
import type { OomControl, OomRequest } from '../../src/kernel/mm/oom_control.js';
import { ineligible, out_of_memory } from '../../src/kernel/mm/oom_kill.js';
import { policyOf } from '../../src/kernel/policy/index.js';
import { profileOf } from '../../src/kernel/profile.js';
import { ENTER } from '../../src/kernel/sched/core.js';
import { mm_alloc } from '../../src/kernel/sched/fork.js';
import { send_sigcont, send_sigkill, send_sigstop } from '../../src/kernel/sched/signal.js';
import {
  TASK_INTERRUPTIBLE,
  TASK_KILLABLE,
  TASK_UNINTERRUPTIBLE,
  type Task,
} from '../../src/kernel/sched/task.js';
import type { TraceName } from '../../src/kernel/trace.js';
import {
  type CgroupMemory,
  place_cgroup,
  place_memory,
  type TaskMemory,
  take,
} from './placement.js';

export const MS = 1_000_000;

const FREE: Costs = {
  touchPageNs: 0,
  freePageNs: 0,
  reapPageNs: 0,
  scanPageNs: 0,
  swapPageNs: 0,
  readPageNs: 0,
  syscallNs: 1000,
  forkNs: 0,
  contextSwitchNs: 0,
  oomTaskScanNs: 100,
  oomReportNs: 0,
  oomReportTaskNs: 0,
  oomKillNs: 0,
  reclaimVisitNs: 1000,
};

/** Limits and settings in pages. */
export interface CgroupSpec extends CgroupMemory {
  readonly max?: number;
  readonly high?: number;
  readonly low?: number;
  readonly min?: number;
  readonly swap_max?: number;
  readonly group?: boolean;
  /** cpuset.mems: nodes that its tasks may use. */
  readonly mems?: readonly number[];
}

export interface TaskSpec extends TaskMemory {
  readonly cgroup?: string;
  readonly pid?: number;
  readonly uid?: number;
  readonly adj?: number;
  /** Has CAP_SYS_ADMIN. */
  readonly root?: boolean;
  /** Threads beside the leader. */
  readonly threads?: number;
  /** CLONE_VM: has the mm of the task of that name. */
  readonly shares?: string;
  /** Default: init. */
  readonly parent?: string;
  /** In vfork(): the parent, whose mm it shares, waits. */
  readonly vfork?: boolean;
  readonly kthread?: boolean;
  /** How it sleeps: interruptibly, killably or (D) not to be woken by SIGKILL. */
  readonly state?: 'S' | 'K' | 'D';
  readonly nodemask?: readonly number[];
}

export interface WorldSpec<Name extends string> {
  readonly kernel?: string;
  readonly policy?: string;
  readonly switches?: Readonly<Record<string, string | number | boolean>>;
  /** Managed pages of the only zone. Default 100,000: one thousandth is 100. */
  readonly pages?: number;
  /** Free pages of the (first) zone after everything has been placed. */
  readonly free?: number;
  readonly zones?: readonly (Partial<ZoneConfig> & { managedPages: number })[];
  readonly swap?: number;
  readonly swap_page_ns?: number;
  readonly disk_page_ns?: number;
  /** Permille of scanned file pages that are found in use. */
  readonly referenced_file?: number;
  readonly hz?: number;
  readonly cpus?: number;
  readonly costs?: Partial<Costs>;
  readonly sysctl?: Partial<SysctlValues>;
  /** false: kswapd has given up and does not run. */
  readonly kswapd?: boolean;
  readonly hand_off?: 'barging' | 'fifo';
  readonly cgroups?: Readonly<Record<string, CgroupSpec>>;
  readonly tasks?: Readonly<Record<Name, TaskSpec>>;
}

/** Kernel code that a task has been given to run. */
export class Running<T> {
  done = false;
  value: T | undefined;
  /** When it returned. */
  ns = -1;
}

export class World<Name extends string> {
  readonly tasks: Record<Name, Task>;
  /** The kernel log. */
  readonly dmesg: string[] = [];
  /** Names of the processes that got an OOM SIGKILL, in order. */
  readonly kills: string[] = [];

  constructor(
    readonly k: Kernel,
    tasks: Record<string, Task>,
    private readonly beds: WaitQueue<Task>,
  ) {
    this.tasks = tasks as Record<Name, Task>;
    k.trace.subscribe(['oomsim:printk'], (_name, _context, { line }) => {
      this.dmesg.push(line as string);
    });
    k.trace.subscribe(['oomsim:oom_kill'], (_name, _context, { comm }) => {
      this.kills.push(comm as string);
    });
  }

  /** Simulated time in ms. */
  get ms(): number {
    return this.k.sim.nowNs / MS;
  }

  memcg(path: string): Kernel['root_mem_cgroup'] {
    return this.k.cgroups.get(path)!.memcg;
  }

  /** Events of the given kinds from now on, as `name value value…`; pids are shown as names. */
  watch(...names: TraceName[]): string[] {
    return this.#subscribe(names, () => '');
  }

  /** As `watch`, with the time in whole ms before each event. */
  timeline(...names: TraceName[]): string[] {
    return this.#subscribe(names, () => `${Math.floor(this.ms)}ms `);
  }

  #subscribe(names: readonly TraceName[], prefix: () => string): string[] {
    const log: string[] = [];
    this.k.trace.subscribe(names, (name, _context, fields) => {
      const values = Object.entries(fields).map(([key, value]) =>
        key === 'pid' ? this.#comm(value as number) : String(value),
      );
      log.push(`${prefix()}${[name.replace(/^\w+:/, ''), ...values].join(' ')}`);
    });
    return log;
  }

  #comm(pid: number): string {
    for (const leader of this.k.processes) {
      for (const t of leader.signal.threads) if (t.pid === pid) return t.comm;
    }
    return `${pid}`;
  }

  /** Gives a sleeping task kernel code to run; returns at once. */
  start<T>(t: Task, flow: Flow<T>): Running<T> {
    const running = new Running<T>();
    const { sim } = this.k;
    t.flow = (function* (): Flow {
      running.value = yield* flow;
      running.done = true;
      running.ns = sim.nowNs;
    })();
    get_up(t, this.beds);
    t.wake();
    return running;
  }

  /** Lets simulated time pass. */
  advance(ms: number): void {
    const end_ns = this.k.sim.nowNs + ms * MS;
    this.k.defer(end_ns, () => {}); // where nothing happens, no time passes
    this.k.sim.run(end_ns);
  }

  /** Runs kernel code in the context of a task, for as much simulated time as it takes. */
  run<T>(t: Task, flow: Flow<T>, limit_ms = 10_000): T {
    const running = this.start(t, flow);
    const limit_ns = this.k.sim.nowNs + limit_ms * MS;
    while (!running.done) {
      const end = this.k.sim.run(limit_ns, 1);
      if (this.k.panicked !== null) throw new Error(`panic: ${this.k.panicked}`);
      if (end !== 'budget') throw new Error(`${t.comm} is still waiting: ${t.wchan || 'asleep'}`);
    }
    return running.value as T;
  }

  /** Runs kernel code in the context of a task; it must return without waiting. */
  now<T>(t: Task, flow: Flow<T>): T {
    this.k.sched.current = t;
    for (;;) {
      const step = flow.next();
      if (!step.done && step.value === BLOCK) throw new Error(`${t.comm} would wait: ${t.wchan}`);
      if (!step.done) continue;
      this.k.sched.current = null;
      return step.value;
    }
  }

  /** Sleeps until `ms`; what a memcg has been charged for when the task has the CPU again. */
  *usage_at(t: Task, path: string, ms: number): Flow<number> {
    yield this.k.sched.sleep_until(t, ms * MS, TASK_UNINTERRUPTIBLE);
    return this.memcg(path).memory.usage;
  }

  /** Writes to a file of a cgroup; a number is pages. Takes as much simulated time as it takes. */
  write(t: Task, path: string, file: string, value: string | number): string | null {
    const text = typeof value === 'number' ? `${value * 4096}` : value;
    return this.run(t, cgroup_file_write(this.k, t, path, file, text));
  }

  kill(name: Name): void {
    send_sigkill(this.k, this.tasks[name]);
  }

  stop(name: Name): void {
    send_sigstop(this.k, this.tasks[name]);
  }

  cont(name: Name): void {
    send_sigcont(this.k, this.tasks[name]);
  }

  move(name: Name, path: string): void {
    cgroup_attach_process(this.k, this.tasks[name], this.k.cgroups.get(path)!);
  }

  /** State of a call of out_of_memory() before its scan. */
  control(over: Partial<OomControl> = {}): OomControl {
    return {
      ...GLOBAL_REQUEST,
      constraint: over.memcg ? 'CONSTRAINT_MEMCG' : 'CONSTRAINT_NONE',
      totalpages: this.k.totalram_pages + this.k.swap.total,
      chosen_task: null,
      chosen_memcg: null,
      chosen_points: ineligible(this.k),
      visited: 0,
      ...over,
    };
  }

  /** User code that touches new pages of an area, one fault after the other, until it is killed. */
  *touch(t: Task, vma: Vma, pages: number): Flow<number> {
    let done = 0;
    while (done < pages && !t.sigkill_pending) {
      if (yield* user_fault(this.k, t, vma)) done++;
    }
    return done;
  }

  /** out_of_memory() under oom_lock, as its callers call it: a global GFP_KERNEL request by default. */
  *oom(t: Task, request: Partial<OomRequest> = {}): Flow<boolean> {
    yield* this.k.oom_lock_take(t, false);
    const ret = yield* out_of_memory(this.k, t, { ...GLOBAL_REQUEST, ...request });
    this.k.oom_lock_release(t);
    return ret;
  }
}

const GLOBAL_REQUEST: OomRequest = {
  memcg: null,
  gfp: GFP_KERNEL,
  order: 0,
  nodemask: null,
  node: 0,
  trigger: 'alloc',
};

const SLEEP = { S: TASK_INTERRUPTIBLE, K: TASK_KILLABLE, D: TASK_UNINTERRUPTIBLE } as const;

/** Sleeps until it is killed; in D state, until somebody wakes it after that. */
function* rest(t: Task, state: number, beds: WaitQueue<Task>): Flow {
  t.sleep_state = state;
  t.wchan = 'hold';
  beds.add(t);
  while (!t.sigkill_pending && !t.stop_pending) yield BLOCK;
  get_up(t, beds);
}

function get_up(t: Task, beds: WaitQueue<Task>): void {
  beds.delete(t);
  t.wchan = '';
  t.sleep_state = TASK_UNINTERRUPTIBLE;
}

/** Builds a machine, with everybody asleep and no time passed. */
export function world<Name extends string = never>(spec: WorldSpec<Name> = {}): World<Name> {
  const sim: Simulation = new Simulation(createQueue('heap'), (kind, actor) =>
    k.dispatch(kind, actor),
  );
  const k: Kernel = new Kernel(sim, {
    profile: profileOf(spec.kernel ?? '4.15', spec.switches),
    policy: policyOf(spec.policy ?? 'process'),
    release: spec.kernel ?? '4.15',
    cpus: spec.cpus ?? 1,
    hz: spec.hz ?? 250,
    zones: (spec.zones ?? [{ managedPages: spec.pages ?? 100_000 }]).map(zone_config),
    swapPages: spec.swap ?? 0,
    swapDevice: { pageNs: spec.swap_page_ns ?? 0, latencyNs: 0 },
    disk: { pageNs: spec.disk_page_ns ?? 0, latencyNs: 0 },
    cachePages: 0,
    tmpfsPages: 1_000_000,
    exec: { anonPages: 0, shmemPages: 0, filePages: 0, pgtablesPages: 0, slabPages: 0 },
    costs: { ...FREE, ...spec.costs },
    sysctl: {
      swappiness: 60,
      panic_on_oom: 0,
      oom_kill_allocating_task: false,
      oom_dump_tasks: true,
      min_free_kbytes: null,
      watermark_scale_factor: 10,
      ...spec.sysctl,
    },
    referencedAnon: 0,
    referencedFile: spec.referenced_file ?? 0,
    oomLockHandOff: spec.hand_off ?? 'barging',
  });
  const tasks: Record<string, Task> = {};
  const beds = new WaitQueue<Task>();
  k.wait_queues.push(beds);
  for (const [path, knobs] of Object.entries(spec.cgroups ?? {})) make_cgroup(k, path, knobs);
  const specs = Object.entries<TaskSpec>(spec.tasks ?? {});
  for (const [name, of] of specs) tasks[name] = make_task(k, name, of, tasks, beds);
  sim.run(0); // everybody goes to sleep
  for (const [name, of] of specs) place_memory(k, tasks[name]!, of);
  for (const [path, knobs] of Object.entries(spec.cgroups ?? {})) place_cgroup(k, path, knobs);
  if (spec.free !== undefined) occupy(k, spec.free);
  if (spec.kswapd === false) for (const pgdat of k.nodes) pgdat.kswapd_failures = 16;
  return new World<Name>(k, tasks, beds);
}

function zone_config(zone: Partial<ZoneConfig> & { managedPages: number }): ZoneConfig {
  return {
    node: 0,
    name: 'Normal',
    presentPages: zone.managedPages,
    freePages: null,
    minPages: null,
    lowPages: null,
    highPages: null,
    protectionPages: null,
    ...zone,
  };
}

function make_cgroup(k: Kernel, path: string, spec: CgroupSpec): void {
  const cgroup = path === '/' ? k.root_cgroup : cgroup_mkdir(k, path);
  if (spec.mems !== undefined) cgroup.mems_allowed = spec.mems;
  const { memcg } = cgroup;
  memcg.memory.max = spec.max ?? Number.POSITIVE_INFINITY;
  memcg.high = spec.high ?? Number.POSITIVE_INFINITY;
  memcg.low = spec.low ?? 0;
  memcg.min = spec.min ?? 0;
  memcg.swap.max = spec.swap_max ?? Number.POSITIVE_INFINITY;
  memcg.oom_group = spec.group ?? false;
}

function make_task(
  k: Kernel,
  comm: string,
  spec: TaskSpec,
  tasks: Record<string, Task>,
  beds: WaitQueue<Task>,
): Task {
  const t = k.create_task(comm, null, spec.pid ?? null);
  t.uid = spec.uid ?? 0;
  t.signal.oom_score_adj = spec.adj ?? 0;
  t.cap_sys_admin = spec.root ?? false;
  t.kthread = spec.kthread ?? false;
  t.nodemask = spec.nodemask ?? null;
  t.vfork_done = spec.vfork !== true;
  const parent = spec.parent === undefined ? k.init : tasks[spec.parent]!;
  t.signal.parent = parent;
  parent.signal.add_child(t);
  if (spec.shares !== undefined) share_mm(t, tasks[spec.shares]!.mm!);
  else if (spec.mm !== false && spec.kthread !== true) mm_alloc(k, t);
  k.add_process(t);
  settle(k, t, spec, beds);
  for (let i = 0; i < (spec.threads ?? 0); i++) {
    const thread = k.create_task(comm, t);
    if (t.mm !== null) share_mm(thread, t.mm);
    settle(k, thread, spec, beds);
  }
  return t;
}

function share_mm(t: Task, mm: Mm): void {
  t.mm = mm;
  mm.mm_users++;
  mm.add_user(t);
}

/** Puts a task into its cgroup and lets it go to sleep. */
function settle(k: Kernel, t: Task, spec: TaskSpec, beds: WaitQueue<Task>): void {
  k.attach_task(t, k.cgroups.get(spec.cgroup ?? '/')!);
  const state = SLEEP[spec.state ?? 'S'];
  t.user = {
    run(task) {
      task.flow = rest(task, state, beds);
      return ENTER;
    },
  };
  k.sched.wake_up_new_task(t);
}

/** Takes pages as unreclaimable kernel memory of nobody, or gives some of it back, until `free` are left. */
function occupy(k: Kernel, free: number): void {
  const zone = k.nodes[0]!.zones[0]!;
  const n = zone.free - free;
  if (n < 0) throw new Error(`only ${zone.free} pages are free`);
  take(k, k.root_mem_cgroup, n);
  k.count_kmem(k.root_mem_cgroup, 'slab', 0, n);
}
