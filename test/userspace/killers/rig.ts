/** A machine on which a test sets memory.pressure and pgscan itself, to try rules to the digit. */
import type { TraceFields } from '../../../src/kernel/trace.js';
import { boot, type System } from '../../../src/run/boot.js';
import { parseWorkload } from '../../../src/workload/parse.js';

export type Kill = TraceFields['oomsim:userspace_kill'] & { readonly timeNs: number };

export class Rig {
  readonly system: System;
  readonly kills: Kill[] = [];

  /** `processes`: `/a/x: 10MiB` for a process of that size called like its cgroup. */
  constructor(processes: Record<string, string>, killer: string, cgroups = '') {
    const entries = Object.entries(processes);
    const unlisted = entries
      .filter(([path]) => !cgroups.includes(`${path}:`))
      .map(([path]) => `${path}: {}`);
    const text = `
      name: rig
      machine: { memory: 2GiB, swap: 1GiB }
      kernel: "6.1"
      cgroups: { ${[cgroups, ...unlisted].filter(Boolean).join()} }
      processes: [ ${entries.map(([path, size]) => `{ name: ${path}, cgroup: ${path}, memory: { anon: ${size} } }`).join()} ]
      killers: [ ${killer} ]
      until: 1h`;
    const workload = parseWorkload(text, 'rig.yaml');
    this.system = boot(workload, { seed: '1', run: 1, queue: 'heap', check: true });
    this.system.trace.subscribe(['oomsim:userspace_kill'], (_name, { timeNs }, fields) => {
      this.kills.push({ ...(fields as unknown as Kill), timeNs });
    });
  }

  /** `full avg10` (and avg60) of a cgroup, in percent, from now on. */
  pressure(path: string, avg10: number, avg60 = avg10): this {
    const k = this.system.kernel;
    const group = k.psi!.group(k.cgroups.get(path)!);
    group.update_averages = () => {};
    group.avg[1]![0] = Math.ceil(avg10 * 2048);
    group.avg[1]![1] = Math.ceil(avg60 * 2048);
    return this;
  }

  /** Adds to pgscan. */
  scan(path: string, pages: number): this {
    this.system.kernel.cgroups.get(path)!.memcg.pgscan += pages;
    return this;
  }

  to(seconds: number): this {
    this.system.advance(seconds * 1e9);
    return this;
  }

  /** Who was killed, and in which second. */
  get killed(): string[] {
    return this.kills.map(({ process, timeNs }) => `${process} ${Math.floor(timeNs / 1e9)}`);
  }
}
