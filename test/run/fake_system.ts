import { Fingerprint } from '../../src/engine/fingerprint.js';
import type { MachineSnapshot } from '../../src/kernel/snapshot.js';
import type { WorkloadSource } from '../../src/run/identity.js';
import type { ObservedSystem } from '../../src/run/observed_system.js';
import { workloadHash } from '../../src/workload/load.js';
import type { Workload } from '../../src/workload/types.js';
import { FakeTrace, oomKill } from '../record/fake_trace.js';
import { cgroupSnapshot, cgroupStanding, gaugesOf, machineSnapshot } from '../record/snapshots.js';

const MS = 1_000_000;

/** What play() asks of a workload. */
export function fakeWorkload(some: Partial<Workload> = {}): Workload {
  const facts = {
    name: 'fake',
    kernel: '4.15',
    policy: 'cgroup',
    switches: {},
    seed: '1',
    processes: [],
  };
  return { ...facts, untilNs: 100 * MS, ...some } as Workload;
}

/** A file of that text, said to have been parsed into that workload. */
export function fakeSource(text: string, workload = fakeWorkload()): WorkloadSource {
  return { workload, text, hash: workloadHash(text) };
}

/** One event each millisecond; each tenth of them is a kill. Nothing is simulated. */
export class FakeSystem implements ObservedSystem {
  readonly workload: Workload;
  readonly kernelName = '4.15';
  readonly policyName = 'cgroup';
  readonly fingerprint = new Fingerprint('tk');
  readonly allocFailures = 2;
  readonly refused = [];
  readonly panic = null;
  readonly trace;
  nowNs = 0;
  events = 0;
  endedBy: string | null = null;
  readonly #fake = new FakeTrace();

  constructor(workload: Workload = fakeWorkload()) {
    this.workload = workload;
    this.trace = this.#fake.trace;
  }

  advance(untilNs: number, maxEvents = Infinity): 'budget' | 'until' | 'ended' {
    for (let played = 0; played < maxEvents; played++) {
      const nextNs = this.nowNs + MS;
      if (nextNs > this.workload.untilNs) {
        this.endedBy = 'until';
        return 'ended';
      }
      if (nextNs > untilNs) return 'until';
      this.nowNs = nextNs;
      this.events++;
      this.fingerprint.add(this.nowNs, 1, 0, 0, 0);
      this.#play();
    }
    return 'budget';
  }

  machine(): MachineSnapshot {
    return machineSnapshot({ timeNs: this.nowNs });
  }

  cgroups() {
    return [cgroupSnapshot({ path: '/', usagePages: this.events }), cgroupSnapshot({ path: '/a' })];
  }

  gauges() {
    return gaugesOf(this.machine(), this.cgroups());
  }

  standings() {
    return this.cgroups().map(() => cgroupStanding());
  }

  tasks() {
    return [];
  }

  digest() {
    return { memory: this.events, cgroups: 0, tasks: -this.events };
  }

  #play(): void {
    const pid = 100 + this.events;
    this.#fake.at(this.nowNs, { pid, comm: 'small', cgroup: '/a' });
    if (this.events % 10 !== 0) return;
    this.#fake.hit('oomsim:oom_kill', oomKill({ pid }));
    this.#fake.hit('oomsim:printk', { line: `Killed process ${pid} (big)` });
  }
}
