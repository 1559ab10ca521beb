/**
 * The user space of a machine: what starts processes, restarts them, and applies the events that
 * come from outside.
 */
import type { Flow } from '../engine/coroutine.js';
import type { RandomStreams } from '../engine/random.js';
import { WaitQueue } from '../engine/wait_queue.js';
import { cgroup_file_write, cgroup_mkdir, cgroup_rmdir } from '../kernel/cgroup/cgroupfs.js';
import type { Kernel } from '../kernel/kernel.js';
import { sysrq_oom } from '../kernel/mm/sysrq.js';
import { do_exit } from '../kernel/sched/exit.js';
import { send_sigcont, send_sigkill, send_sigstop } from '../kernel/sched/signal.js';
import type { Task, UserProgram } from '../kernel/sched/task.js';
import type { EventSpec, ProcessSpec, Workload } from '../workload/types.js';
import { exec_process } from './exec.js';
import { start_killers } from './killers/start.js';
import { burst_pages, draw_variate, Program } from './program.js';
import { eventText, REFUSED_MAX, type Refused } from './refused.js';

/** One of the `count` processes that a spec asks for; survives its process when it is restarted. */
export interface Instance {
  readonly spec: ProcessSpec;
  readonly index: number;
  restarts: number;
  /** A program that is not made of steps. */
  readonly daemon: (() => UserProgram) | null;
}

/** Signals that end a process unless it ignores them; all others are rejected by the schema. */
const FATAL = new Set(['KILL', 'TERM', 'INT', 'HUP', 'QUIT', 'SEGV', 'ABRT']);

export class Host {
  readonly specs = new Map<string, ProcessSpec>();
  readonly #ignored = new Map<Task, Set<string>>();
  /** Leaders of the userspace killers: they poll for ever, so nobody waits for them to be quiet. */
  readonly #daemons = new Map<Task, Instance>();
  /** `ready` steps passed so far. */
  ready = 0;
  /** The file system under /mnt is frozen: writers sleep in D state. */
  frozen = false;
  readonly frozen_waitq = new WaitQueue<Task>();
  /** Starts and restarts that are still to come. */
  pending = 0;
  #shutting_down = false;
  failed_syscalls = 0;
  /** What the kernel refused to do, the first of it. */
  readonly refused: Refused[] = [];
  /** Processes and threads started by others so far: names their random streams. */
  children = 0;
  readonly burst_pages: number;

  constructor(
    readonly k: Kernel,
    readonly streams: RandomStreams,
  ) {
    this.burst_pages = burst_pages(k);
    k.wait_queues.push(this.frozen_waitq);
    k.on_process_exit = this.#on_exit;
  }

  /** Schedules every process and event of a workload. */
  start(workload: Workload): void {
    for (const spec of workload.processes) this.specs.set(spec.name, spec);
    start_killers(this, workload.killers);
    for (const spec of workload.processes) {
      if (!spec.top) continue;
      for (let index = 0; index < spec.count; index++) {
        const instance = { spec, index, restarts: 0, daemon: null };
        this.#start_at(this.#draw_start(spec, index), instance);
      }
    }
    for (const event of workload.events) this.#schedule_event(event);
  }

  /** Starts a daemon that is programmed in TypeScript, as its service manager would. */
  start_daemon(spec: ProcessSpec, daemon: () => UserProgram): void {
    this.#start_at(this.#draw_start(spec, 0), { spec, index: 0, restarts: 0, daemon });
  }

  #draw_start({ name, start }: ProcessSpec, index: number): number {
    if (start.kind === 'constant') return start.value;
    return draw_variate(start, this.streams.passing(`${name}/${index}/start`));
  }

  #start_at(time_ns: number, instance: Instance): void {
    this.pending++;
    this.k.defer(time_ns, this.#launch, instance);
  }

  /** Kills everybody; nothing is started again, and no event happens any more. */
  shut_down(): void {
    this.#shutting_down = true;
    this.frozen = false;
    this.frozen_waitq.wakeAll();
    for (const leader of [...this.k.processes]) {
      if (!leader.kthread && leader !== this.k.init) send_sigkill(this.k, leader);
    }
  }

  /** fork and exec by init: the new task sets itself up in its cgroup and runs its program. */
  readonly #launch = (instance: Instance): void => {
    this.pending--;
    if (this.#shutting_down) return;
    const { k } = this;
    const { spec } = instance;
    const t = k.create_task(spec.comm, null, instance.restarts === 0 ? spec.pid : null);
    if (instance.daemon !== null) {
      t.user = instance.daemon();
      this.#daemons.set(t, instance);
    } else {
      const { name, program: steps } = spec;
      const program = new Program(this, steps, name, instance.index, instance.restarts);
      program.instance = instance;
      t.user = program;
    }
    t.spec_name = spec.name;
    t.uid = spec.uid;
    t.cap_sys_admin = spec.capSysAdmin;
    t.nodemask = spec.mempolicy;
    t.signal.oom_score_adj = spec.oomScoreAdj ?? 0;
    t.signal.parent = k.init;
    k.init.signal.add_child(t);
    k.add_process(t);
    k.attach_task(t, k.cgroups.get(spec.cgroup ?? '/') ?? k.root_cgroup);
    t.flow = exec_process(k, t, spec);
    k.sched.wake_up_new_task(t);
  };

  readonly #on_exit = (leader: Task): void => {
    const { user } = leader;
    const instance = user instanceof Program ? user.instance : this.#daemons.get(leader);
    this.#ignored.delete(leader);
    this.#daemons.delete(leader);
    if (instance === undefined || instance === null) return;
    const { when, delayNs, max } = instance.spec.restart;
    const killed = leader.signal.exit_code !== 0;
    if (this.#shutting_down) return;
    if (when === 'never' || (when === 'on-kill' && !killed) || instance.restarts >= max) return;
    instance.restarts++;
    this.#start_at(this.k.sim.nowNs + delayNs, instance);
  };

  ignore_signal(t: Task, signal: string): void {
    const leader = t.signal.leader;
    const set = this.#ignored.get(leader) ?? new Set();
    set.add(signal);
    this.#ignored.set(leader, set);
  }

  ignores_signal(t: Task, signal: string): boolean {
    return signal !== 'KILL' && this.#ignored.get(t.signal.leader)?.has(signal) === true;
  }

  /** Remembers it, if there is an error. */
  note_refused(what: string, error: string | null): void {
    if (error === null || this.refused.length >= REFUSED_MAX) return;
    this.refused.push({ timeNs: this.k.sim.nowNs, what, error });
  }

  #schedule_event(event: EventSpec): void {
    this.pending++;
    if (event.after === 'start') {
      this.k.defer(event.atNs, () => this.#apply(event));
      return;
    }
    let waiting = true;
    this.k.on_first_kill.push(() => {
      if (!waiting) return;
      waiting = false;
      this.k.defer(this.k.sim.nowNs + event.atNs, () => this.#apply(event));
    });
  }

  #apply(event: EventSpec): void {
    this.pending--;
    if (this.#shutting_down) return;
    const { k } = this;
    switch (event.op) {
      case 'write': {
        const { cgroup, file, value } = event;
        const host = this;
        this.#as_admin(function* (t) {
          const error = yield* cgroup_file_write(k, t, cgroup, file, value);
          host.note_refused(eventText(event), error);
        });
        break;
      }
      case 'sysctl':
        this.#set_sysctl(event.name, event.value);
        break;
      case 'sysrq':
        if (event.key === 'f') this.#as_admin((t) => sysrq_oom(k, t));
        break;
      case 'mkdir':
        this.note_refused(eventText(event), this.#mkdir(event.cgroup));
        break;
      case 'rmdir':
        this.note_refused(eventText(event), cgroup_rmdir(k, event.cgroup));
        break;
      case 'remount':
        k.groupoom = event.groupoom;
        break;
      case 'freeze':
        this.frozen = true;
        break;
      case 'thaw':
        this.frozen = false;
        this.frozen_waitq.wakeAll();
        break;
      case 'kill':
        this.#kill(event.process, event.signal);
        break;
    }
  }

  /** Runs kernel code in the context of an administrator's short-lived process in the root cgroup. */
  #as_admin(work: (t: Task) => Flow): void {
    const { k } = this;
    const t = k.create_task('sh', null);
    t.signal.oom_score_adj = -1000;
    t.signal.parent = k.init;
    k.add_process(t);
    k.attach_task(t, k.root_cgroup);
    t.flow = (function* (): Flow {
      yield* work(t);
      yield* do_exit(k, t);
    })();
    k.sched.wake_up_new_task(t);
  }

  /** Fails, as mkdir(1) would, if it is there already or its parent is not. */
  #mkdir(path: string): 'EEXIST' | 'ENOENT' | null {
    if (this.k.cgroups.has(path)) return 'EEXIST';
    if (!this.k.cgroups.has(path.slice(0, path.lastIndexOf('/')) || '/')) return 'ENOENT';
    cgroup_mkdir(this.k, path);
    return null;
  }

  #set_sysctl(name: string, value: number): void {
    const { sysctl } = this.k;
    if (name === 'vm.swappiness') sysctl.swappiness = value;
    else if (name === 'vm.panic_on_oom') sysctl.panic_on_oom = value;
    else if (name === 'vm.oom_kill_allocating_task') sysctl.oom_kill_allocating_task = value !== 0;
    else if (name === 'vm.oom_dump_tasks') sysctl.oom_dump_tasks = value !== 0;
    else if (name === 'vm.min_free_kbytes') {
      sysctl.min_free_kbytes = value;
      this.k.set_watermarks(null);
    } else if (name === 'vm.watermark_scale_factor') {
      sysctl.watermark_scale_factor = value;
      this.k.set_watermarks(null);
    }
  }

  /** kill(1) of all processes of that name. */
  #kill(name: string, signal: string): void {
    for (const leader of [...this.k.processes]) {
      if (leader.spec_name !== name) continue;
      if (signal === 'STOP') send_sigstop(this.k, leader);
      else if (signal === 'CONT') send_sigcont(this.k, leader);
      else if (FATAL.has(signal)) {
        if (!this.ignores_signal(leader, signal)) send_sigkill(this.k, leader);
      }
    }
  }

  /** Every process sits in pause(), wait() or vfork(), or is stopped, and nothing is to come. */
  quiet(): boolean {
    if (this.pending > 0) return false;
    for (const leader of this.k.processes) {
      if (leader.kthread || leader === this.k.init || this.#daemons.has(leader)) continue;
      for (const thread of leader.signal.threads) if (!at_rest(thread)) return false;
    }
    return true;
  }
}

const AT_REST = new Set(['hold', 'wait', 'wait_for_vfork_done', 'do_signal_stop']);

function at_rest(t: Task): boolean {
  return t.state >= 4 || (t.state !== 0 && AT_REST.has(t.wchan));
}
