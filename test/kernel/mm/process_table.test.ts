import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add_mm_counter } from '../../../src/kernel/mm/mm_types.js';
import { INFLIGHT_VICTIM } from '../../../src/kernel/mm/oom_control.js';
import { rescore_process } from '../../../src/kernel/mm/oom_index.js';
import { ineligible, scan_processes } from '../../../src/kernel/mm/oom_kill.js';
import { mark_mmf_oom_skip } from '../../../src/kernel/mm/oom_reaper.js';
import { mark_oom_victim } from '../../../src/kernel/mm/oom_victim.js';
import { complete_vfork_done } from '../../../src/kernel/sched/exit.js';
import type { Task } from '../../../src/kernel/sched/task.js';
import { type TaskSpec, type World, world } from '../fixture.js';

/** Whom the scan of the tables, or of the objects, chooses, with what score, having looked at how many. */
function scanned(w: World<string>, tables: boolean, sysrq: boolean) {
  const { k } = w;
  const oc = w.control(sysrq ? { order: -1, trigger: 'sysrq' } : {});
  oc.chosen_points = ineligible(k);
  k.mms.in_use = tables;
  scan_processes(k, oc);
  k.mms.in_use = true;
  const { chosen_task, chosen_points, visited } = oc;
  if (chosen_task === null || chosen_task === INFLIGHT_VICTIM) return [chosen_task, visited];
  return [chosen_task.comm, chosen_points, visited];
}

describe('the scan of the tables', () => {
  const spec: fc.Arbitrary<TaskSpec> = fc.oneof(
    fc.record({ anon: fc.nat({ max: 9 }), adj: fc.integer({ min: -1000, max: 5 }) }),
    fc.record({ file: fc.integer({ min: 95, max: 100 }), root: fc.boolean() }),
    fc.record({
      anon: fc.nat({ max: 90 }),
      pgtables: fc.nat({ max: 9 }),
      threads: fc.nat({ max: 1 }),
    }),
    fc.constantFrom<TaskSpec>({ adj: -1000 }, { mm: false }, { kthread: true }),
    fc.boolean().map((vfork): TaskSpec => ({ shares: 't0', parent: 't0', vfork })),
  );

  /** Things that happen to processes while the tables are in use. */
  const changes: Record<string, (w: World<string>, t: Task, n: number) => void> = {
    pages(_w, { mm }, n) {
      if (mm !== null) add_mm_counter(mm, n % 2 ? 'anon' : 'swap', n);
    },
    adj(w, { signal }, n) {
      rescore_process(w.k, signal, () => {
        signal.oom_score_adj = n === 0 ? -1000 : -n;
      });
    },
    victim: (w, t) => mark_oom_victim(w.k, t),
    given_up(w, t) {
      if (t.mm !== null) mark_mmf_oom_skip(w.k, t.mm, t.pid, 'gave_up');
    },
    out_of_vfork: (w, t) => complete_vfork_done(w.k, t),
    killed(w, t) {
      if (t.kthread || t.sigkill_pending) return;
      t.sigkill_pending = true;
      w.k.sched.signal_wake_up(t);
      w.advance(1);
    },
  };
  const change = fc.tuple(fc.constantFrom(...Object.keys(changes)), fc.nat(), fc.nat({ max: 9 }));

  it('chooses whom oom_evaluate_task() chooses, one process after the other', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('4.15', '5.2', '5.4', '6.1'),
        fc.array(spec, { minLength: 1, maxLength: 9 }),
        fc.array(change, { maxLength: 9 }),
        fc.boolean(),
        (kernel, specs, happening, sysrq) => {
          const tasks = Object.fromEntries(specs.map((s, i) => [`t${i}`, s]));
          tasks.t0 = { anon: 5 };
          const w = world<string>({ kernel, tasks });
          w.k.mms.use();
          for (const [name, whom, n] of happening) {
            const named = Object.values(w.tasks);
            changes[name]!(w, named[whom % named.length]!, n);
            w.k.mms.verify();
            w.k.processes.verify();
            expect(scanned(w, true, sysrq)).toEqual(scanned(w, false, sysrq));
          }
        },
      ),
    );
  });

  it('counts pages beyond 2³¹, of which 64 TiB have more', () => {
    const w = world<string>({ tasks: { small: { anon: 5 }, large: {} } });
    w.k.mms.use();
    add_mm_counter(w.tasks.large!.mm!, 'file', 2 ** 34);
    expect(scanned(w, true, false).slice(0, 2)).toEqual(['large', 2 ** 34]);
  });
});

describe('the process list', () => {
  it('stays in the order of creation, however many come and go', () => {
    const { k } = world<string>({ tasks: {} });
    const expected = [...k.processes];
    const renumbered = k.processes.renumbered;
    for (let i = 0; i < 500; i++) {
      const leader = k.create_task(`p${i}`, null);
      k.add_process(leader);
      expected.push(leader);
      if (i % 5 > 0) k.release_process(expected.splice((i * 7) % expected.length, 1)[0]!);
    }
    expect(k.processes.renumbered).toBeGreaterThan(renumbered);
    expect([...k.processes]).toEqual(expected);
    expect(k.processes.size).toBe(expected.length);
    k.processes.verify();
  });
});
