/** One machine's kernel: its state, and the plumbing that the modelled functions share. */
import { BLOCK, type Flow } from '../engine/coroutine.js';
import { Jiffies } from '../engine/jiffies.js';
import { Mutex } from '../engine/mutex.js';
import type { Simulation } from '../engine/simulation.js';
import { WaitQueue } from '../engine/wait_queue.js';
import { Cgroup } from './cgroup/cgroup.js';
import { policy_nodemask } from './cgroup/cpuset.js';
import type { Costs, ExecConfig, KernelConfig, SysctlValues } from './config.js';
import { exit_to_user_mode } from './entry.js';
import { type Gfp, mask_4_19 } from './mm/gfp.js';
import { place_charge, place_pages } from './mm/in_flight.js';
import { kswapd } from './mm/kswapd.js';
import { for_each_mem_cgroup_tree, type KmemKind, MemCgroup } from './mm/mem_cgroup.js';
import { MemcgIndex } from './mm/memcg_index.js';
import { free_kmem, type MemcgStock } from './mm/memcontrol.js';
import type { PageSet } from './mm/mm_types.js';
import {
  default_min_free_kbytes,
  type Pgdat,
  setup_per_zone_wmarks,
  type Zone,
} from './mm/mmzone.js';
import { build_nodes, build_zonelists } from './mm/node_setup.js';
import type { OomControl } from './mm/oom_control.js';
import { rescore_memcg } from './mm/oom_index.js';
import type { KillNote } from './mm/oom_kill.js';
import { OomReaper, oom_reaper } from './mm/oom_reaper.js';
import { ProcessIndex } from './mm/process_index.js';
import { MmTable, ProcessTable } from './mm/process_table.js';
import { SwapDevice, swap_write_done } from './mm/swap.js';
import { Writeback } from './mm/writeback.js';
import type { OomPolicy } from './policy/policy.js';
import { logs_since, type Profile } from './profile.js';
import { RateLimit } from './ratelimit.js';
import { EVENT_CPU, EVENT_TIMER, Scheduler } from './sched/core.js';
import { Psi } from './sched/psi_groups.js';
import { TASK_KILLABLE, TASK_UNINTERRUPTIBLE, Task } from './sched/task.js';
import { type TraceContext, Tracepoints } from './trace.js';
import { K } from './units.js';

/** Engine event: a deferred call; the actor is its index. */
export const EVENT_CALL = 3;

/** In the place of a call that was made, so that nothing keeps it. */
const DONE = (): void => {};

export class Kernel {
  readonly profile: Profile;
  readonly policy: OomPolicy;
  readonly release: string;
  readonly costs: Costs;
  readonly exec: ExecConfig;
  readonly sysctl: SysctlValues;
  readonly jiffies: Jiffies;
  readonly sched: Scheduler;
  readonly trace: Tracepoints;
  readonly reclaim: { referencedAnon: number; referencedFile: number };

  readonly nodes: readonly Pgdat[];
  /** Zones by preference for each node. */
  readonly zonelists: readonly (readonly Zone[])[];
  /** LRU pages by node and list: the sums over all memcgs. */
  readonly node_lru: readonly number[][];
  /** Pages under writeback and kernel pages, by node. */
  readonly writeback: number[];
  readonly kmem_node: number[];
  /** Pages handed out and not yet placed, by node (mm/in_flight.ts). */
  readonly pages_in_flight: number[];
  /** Slab that reclaim could free, over all memcgs. */
  slab_freeable = 0;
  readonly totalram_pages: number;
  readonly swap: SwapDevice;
  readonly flusher: Writeback;

  readonly root_cgroup: Cgroup;
  readonly root_mem_cgroup: MemCgroup;
  readonly cgroups = new Map<string, Cgroup>();
  readonly memcg_stocks: readonly MemcgStock[];
  readonly memcg_oom_waitq = new WaitQueue<Task>();
  /** Changes of the memcg tree so far. */
  #memcg_tree_changes = 0;

  /** Thread-group leaders in creation order: the process list. */
  readonly processes = new ProcessTable(this);
  readonly init: Task;
  /** Address spaces that exist. */
  readonly mms = new MmTable();
  #next_pid = 1;

  readonly oom_lock: Mutex<Task>;
  readonly process_index = new ProcessIndex(this);
  readonly memcg_index = new MemcgIndex(this);
  /** Selections by index are compared with the scan. */
  checked = false;
  readonly reaper = new OomReaper();
  oom_killer_disabled = false;
  /** Callbacks that may free memory before anybody is killed; each returns the pages it freed. */
  readonly oom_notify_list: (() => number)[] = [];
  oom_victims = 0;
  kills = 0;
  alloc_failures = 0;
  readonly oom_ratelimit = new RateLimit();
  readonly warn_alloc_ratelimit = new RateLimit();
  readonly pagefault_ratelimit = new RateLimit();
  panicked: string | null = null;
  /** Mount option of cgroup2 (patch 5/7 of the series): a remount changes it. */
  groupoom: boolean;
  /** null on kernels without pressure stall information. */
  readonly psi: Psi | null;

  /** Set by whoever manages processes: called when a process is gone for good. */
  on_process_exit: (leader: Task) => void = () => {};
  /** Called once each, at the first OOM kill. */
  readonly on_first_kill: (() => void)[] = [];

  readonly #congestion_waitq = new WaitQueue<Task>();
  /** Every queue that tasks wait on and that is not part of a process. */
  readonly wait_queues: WaitQueue<Task>[] = [this.memcg_oom_waitq, this.#congestion_waitq];
  readonly #calls: ((of: never) => void)[] = [];
  readonly #called_of: unknown[] = [];
  #last_context: TraceContext = { timeNs: 0, seq: -1, pid: 0, comm: '', cgroup: '/' };
  readonly #free_calls: number[] = [];

  constructor(
    readonly sim: Simulation,
    config: KernelConfig,
  ) {
    this.profile = config.profile;
    this.policy = config.policy;
    this.groupoom = config.profile.groupoom;
    this.release = config.release;
    this.costs = config.costs;
    this.exec = config.exec;
    this.sysctl = config.sysctl;
    this.reclaim = config;
    this.jiffies = new Jiffies(config.hz);
    this.trace = new Tracepoints(() => this.#trace_context());
    this.sched = new Scheduler(sim, this.jiffies, config.cpus, config.costs.contextSwitchNs, {
      exit_to_user_mode: (task) => exit_to_user_mode(this, task),
      task_change: (task) => this.psi?.task_change(task),
      memstall_burst: (task, start_ns) => this.psi?.memstall_ticks(task, start_ns, sim.nowNs),
    });
    this.nodes = build_nodes(config.zones);
    this.zonelists = build_zonelists(this.nodes);
    this.set_watermarks(config.zones);
    this.totalram_pages = this.#sum_zones((zone) => zone.managed);
    this.node_lru = this.nodes.map(() => [0, 0, 0, 0, 0]);
    this.writeback = this.nodes.map(() => 0);
    this.kmem_node = this.nodes.map(() => 0);
    this.pages_in_flight = this.nodes.map(() => 0);
    this.swap = new SwapDevice(config.swapPages, config.swapDevice);
    this.flusher = new Writeback(config.disk, config.tmpfsPages);
    this.oom_lock = new Mutex(config.oomLockHandOff);
    this.wait_queues.push(this.oom_lock.waiters);
    for (const pgdat of this.nodes) {
      this.wait_queues.push(pgdat.kswapd_wait, pgdat.pfmemalloc_wait);
    }

    this.root_cgroup = new Cgroup('/', null);
    this.root_mem_cgroup = new MemCgroup('/', null, this.root_cgroup, this.nodes.length);
    this.root_cgroup.memcg = this.root_mem_cgroup;
    // With Rientjes' default, none, there would be nothing to compare.
    this.root_mem_cgroup.oom_policy = 'cgroup';
    this.cgroups.set('/', this.root_cgroup);
    this.memcg_stocks = Array.from({ length: config.cpus }, () => ({ cached: null, nr_pages: 0 }));

    this.psi = config.profile.psi === 'none' ? null : new Psi(this);
    this.init = this.create_task('init', null);
    this.add_process(this.init);
    this.attach_task(this.init, this.root_cgroup);
    this.#start_kernel_threads();
  }

  /** Engine dispatch. */
  dispatch(kind: number, actor: number): void {
    switch (kind) {
      case EVENT_CPU:
        this.sched.on_cpu(actor);
        break;
      case EVENT_TIMER:
        this.sched.on_timer(actor);
        break;
      case EVENT_CALL: {
        const call = this.#calls[actor]!;
        const of = this.#called_of[actor];
        this.#calls[actor] = DONE;
        this.#called_of[actor] = null;
        this.#free_calls.push(actor);
        call(of as never);
        break;
      }
      default:
        throw new Error(`unknown event kind ${kind}`);
    }
  }

  /**
   * Calls `call(of)` at `time_ns`, outside any task: an interrupt, a timer callback, a work item. Where
   * there are many, one function for all of them and what it is to be called of take least memory.
   */
  defer(time_ns: number, call: () => void): void;
  defer<T>(time_ns: number, call: (of: T) => void, of: T): void;
  defer(time_ns: number, call: (of: never) => void, of: unknown = null): void {
    const index = this.#free_calls.pop() ?? this.#calls.length;
    this.#calls[index] = call;
    this.#called_of[index] = of;
    this.sim.schedule(time_ns, EVENT_CALL, index, 0);
  }

  #start_kernel_threads(): void {
    for (const pgdat of this.nodes) {
      pgdat.kswapd = this.kthread_run(`kswapd${pgdat.id}`, (t) => kswapd(this, t, pgdat));
    }
    this.reaper.thread = this.kthread_run('oom_reaper', (t) => oom_reaper(this, t));
    this.flusher.start(this);
  }

  /** A kernel thread that runs `flow` for ever. */
  kthread_run(comm: string, flow: (t: Task) => Flow): Task {
    const t = this.create_task(comm, null);
    t.kthread = true;
    t.flow = flow(t);
    this.add_process(t);
    this.attach_task(t, this.root_cgroup);
    this.sched.wake_up_new_task(t);
    return t;
  }

  /** One for all tasks. */
  readonly #wake = (task: Task): void => this.sched.wake(task);

  create_task(comm: string, leader: Task | null, pid: number | null = null): Task {
    if (pid !== null) this.#next_pid = Math.max(this.#next_pid, pid + 1);
    return new Task(pid ?? this.#next_pid++, comm, leader, this.#wake);
  }

  attach_task(task: Task, cgroup: Cgroup): void {
    task.cgroup = cgroup;
    cgroup.add_task(task);
    rescore_memcg(cgroup.memcg);
    if (cgroup.mems_allowed !== null) task.mems_allowed = cgroup.mems_allowed;
  }

  /** A process, or a kernel thread, joins the end of the process list. */
  add_process(leader: Task): void {
    this.processes.add(leader);
    this.process_index.add(leader);
  }

  /** Frees a dead thread's stack and task_struct. */
  free_task_struct(t: Task): void {
    const memcg = t.kmem_charged;
    if (memcg === null) return;
    t.kmem_charged = null;
    free_kmem(this, memcg, 'kernel_stack', t.stack_pages);
    free_kmem(this, memcg, 'slab', t.slab_pages);
  }

  /** The process's last thread is gone: its parent has waited for it. */
  release_process(leader: Task): void {
    this.process_index.remove(leader);
    this.processes.delete(leader);
    const parent = leader.signal.parent;
    if (parent !== null) {
      parent.signal.remove_child(leader);
      parent.signal.wait_chldexit?.wakeAll();
    }
    this.on_process_exit(leader);
  }

  // --- oom_lock -------------------------------------------------------------------------------

  oom_lock_try(t: Task): boolean {
    const got = this.oom_lock.tryLock(t);
    this.trace.on['oomsim:oom_lock']?.({ op: got ? 'lock' : 'trylock_failed', pid: t.pid });
    return got;
  }

  /** Waits for oom_lock; a killable wait returns false if the task was killed meanwhile. */
  *oom_lock_take(t: Task, killable: boolean): Flow<boolean> {
    t.wchan = 'oom_lock';
    const before = t.sleep_state;
    if (killable) t.sleep_state = TASK_KILLABLE;
    const got = yield* this.oom_lock.lock(t, killable ? () => t.sigkill_pending : undefined);
    t.sleep_state = before;
    t.wchan = '';
    if (got) this.trace.on['oomsim:oom_lock']?.({ op: 'lock', pid: t.pid });
    return got;
  }

  oom_lock_release(t: Task): void {
    this.trace.on['oomsim:oom_lock']?.({ op: 'unlock', pid: t.pid });
    this.oom_lock.unlock(t);
  }

  oom_notify(): number {
    return this.oom_notify_list.reduce((freed, call) => freed + call(), 0);
  }

  // --- pages ------------------------------------------------------------------------------------

  /** Where a task's memory comes from first: the node of its CPU, if its policy and cpuset allow. */
  numa_node(t: Task): number {
    if (this.nodes.length === 1) return 0;
    const home = Math.max(0, t.cpu) % this.nodes.length;
    const { mems_allowed } = t;
    const nodemask = policy_nodemask(t);
    const may_use = (node: number): boolean =>
      (nodemask === null || nodemask.includes(node)) &&
      (mems_allowed === null || mems_allowed.includes(node));
    if (may_use(home)) return home;
    return this.nodes.find(({ id }) => may_use(id))?.id ?? home;
  }

  node_spanned_pages(node: number): number {
    return this.nodes[node]!.zones.reduce((sum, zone) => sum + zone.present, 0);
  }

  nr_writeback(node: number): number {
    return this.writeback[node]!;
  }

  nr_free_pages(): number {
    return this.#sum_zones((zone) => zone.free);
  }

  present_pages(): number {
    return this.#sum_zones((zone) => zone.present);
  }

  /** Pages that were allocated and charged become kernel memory. */
  count_kmem(memcg: MemCgroup, kind: KmemKind, node: number, n: number): void {
    memcg.kmem[kind] += n;
    rescore_memcg(memcg);
    this.kmem_node[node]! += n;
    place_pages(this, node, n);
    place_charge(this, memcg, n);
  }

  /** Recomputes min, low and high, then applies what the machine's description fixes. */
  set_watermarks(zones: KernelConfig['zones'] | null): void {
    const all = this.nodes.flatMap((pgdat) => pgdat.zones);
    const lowmem_kbytes = K(all.reduce((sum, zone) => sum + zone.managed, 0));
    const min_free = this.sysctl.min_free_kbytes ?? default_min_free_kbytes(lowmem_kbytes);
    setup_per_zone_wmarks(all, min_free, this.sysctl.watermark_scale_factor);
    zones?.forEach((config, i) => {
      const zone = all[i]!;
      if (config.minPages !== null) zone.min = config.minPages;
      if (config.lowPages !== null) zone.low = config.lowPages;
      if (config.highPages !== null) zone.high = config.highPages;
    });
  }

  /** Sends swapped-out pages to the device; they come back to the LRU when they are written. */
  submit_swap_write(set: PageSet, n: number): void {
    const done_ns = this.swap.submit(this.sim.nowNs, n);
    this.swap.writes.push({ set, n, done_ns });
    this.defer(done_ns, this.#swap_write_arrives);
  }

  readonly #swap_write_arrives = (): void => {
    const { set, n } = this.swap.writes.shift()!;
    swap_write_done(this, set, n);
    this.clear_congested();
  };

  wakeup_flusher(): void {
    this.flusher.wake();
  }

  /** congestion_wait(): until some I/O completes, or the timeout. */
  *congestion_wait(t: Task, jiffies: number): Flow {
    this.#congestion_waitq.add(t);
    t.wchan = 'congestion_wait';
    const expiry = this.jiffies.timeoutExpiryNs(this.sim.nowNs, Math.ceil(jiffies));
    yield this.sched.sleep_until(t, expiry, TASK_UNINTERRUPTIBLE);
    t.wchan = '';
    this.#congestion_waitq.delete(t);
  }

  clear_congested(): void {
    this.#congestion_waitq.wakeAll();
  }

  *wait_for_core_dump(t: Task): Flow {
    while (t.signal.coredump && t.signal.core_dumper !== t) {
      t.signal.core_done ??= new WaitQueue();
      t.signal.core_done.add(t);
      yield BLOCK;
    }
  }

  // --- cgroups ----------------------------------------------------------------------------------

  /** The subtree in pre-order, kept for repeated use while the tree does not change. */
  memcg_preorder(root: MemCgroup): readonly MemCgroup[] {
    if (root.preorder_of !== this.#memcg_tree_changes) {
      root.preorder = [...for_each_mem_cgroup_tree(root)];
      root.preorder_of = this.#memcg_tree_changes;
    }
    return root.preorder;
  }

  /** The tree changed. */
  forget_preorder(): void {
    this.#memcg_tree_changes++;
  }

  /** A dead memcg goes with its last charge. */
  css_put_if_dead(memcg: MemCgroup): void {
    if (memcg.online || memcg.memory.usage > 0 || memcg.swap_pages > 0) return;
    if (memcg.refs > 0 || memcg.children.length > 0 || memcg.parent === null) return;
    const siblings = memcg.parent.children;
    const at = siblings.indexOf(memcg);
    if (at < 0) return;
    siblings.splice(at, 1);
    this.forget_preorder();
    this.css_put_if_dead(memcg.parent);
  }

  // --- reporting --------------------------------------------------------------------------------

  printk(line: string): void {
    this.trace.on['oomsim:printk']?.({ line });
  }

  /** `0x14280ca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO)` */
  gfp_mask(gfp: Gfp): string {
    const old = logs_since(this.profile.log_format, '4.19') ? mask_4_19(gfp) : gfp.mask_4_15;
    const mask = logs_since(this.profile.log_format, '5.2') ? gfp.mask_5_2 : old;
    return mask === 0 ? '0x0()' : `0x${mask.toString(16)}(${gfp.text})`;
  }

  panic(message: string): void {
    this.panicked = message;
    this.printk(`Kernel panic - not syncing: ${message}`);
    this.trace.on['oomsim:panic']?.({ message });
    this.sim.stop();
  }

  trace_oom_kill(t: Task, victim: Task, oc: OomControl, note: KillNote): void {
    const mm = victim.mm!;
    this.trace.on['oomsim:oom_kill']?.({
      pid: victim.tgid,
      comm: victim.comm,
      cgroup: victim.cgroup.path,
      process: victim.signal.leader.spec_name,
      oom_score_adj: victim.signal.oom_score_adj,
      points: Number.isFinite(oc.chosen_points) ? oc.chosen_points : 0,
      policy: this.policy.name,
      constraint: oc.constraint,
      memcg: oc.memcg?.path ?? '',
      trigger_pid: t.pid,
      trigger_comm: t.comm,
      anon: mm.anon_pages,
      file: mm.file_pages,
      shmem: mm.shmem_pages,
      swap: mm.swapents,
      pgtables: mm.pgtables_pages,
      group: note.group,
      repeat: victim.signal.oom_mm !== null,
      reason: note.reason,
    });
  }

  /** Made anew only where it is another than at the tracepoint before. */
  #trace_context(): TraceContext {
    const { seq, nowNs: timeNs } = this.sim;
    const t = this.sched.current;
    const pid = t?.pid ?? 0;
    const comm = t?.comm ?? 'swapper/0';
    const cgroup = t?.cgroup.path ?? '/';
    const last = this.#last_context;
    const same_event = last.seq === seq && last.timeNs === timeNs;
    if (same_event && last.pid === pid && last.comm === comm && last.cgroup === cgroup) return last;
    this.#last_context = { timeNs, seq, pid, comm, cgroup };
    return this.#last_context;
  }

  #sum_zones(of: (zone: Zone) => number): number {
    let sum = 0;
    for (const pgdat of this.nodes) for (const zone of pgdat.zones) sum += of(zone);
    return sum;
  }
}
