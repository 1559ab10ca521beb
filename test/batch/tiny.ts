/** A small experiment that is played in milliseconds, and what tests do with it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { agendaOf, concludeBatch, playBatch } from '../../src/batch/batch.js';
import { parseExperiment } from '../../src/batch/experiment/load.js';
import { planOf } from '../../src/batch/plan/plan.js';
import type { Shard } from '../../src/batch/plan/shard.js';
import type { Plan } from '../../src/batch/plan/types.js';
import { ResultStore } from '../../src/batch/results/store.js';
import type { Summary } from '../../src/batch/results/summary.js';
import { InlineExecutor } from '../../src/batch/runner/executor.js';

/** Two large processes against ten small ones; the third container eats up what is left. */
export const TINY = `
name: tiny
workload:
  machine: { memory: 128MiB, swap: 0, cpus: 2 }
  kernel: { version: "4.15", oom_policy: cgroup }
  cgroups: { /few: {}, /many: {}, /filler: {} }
  processes:
    - name: big
      cgroup: /few
      count: 2
      program: [{ anon: { uniform: [14MiB, 18MiB] } }, hold]
    - name: small
      cgroup: /many
      count: 10
      program: [{ anon: { uniform: [4MiB, 8MiB] } }, hold]
    - name: filler
      cgroup: /filler
      oom_score_adj: -1000
      program: [{ at: 100ms }, { anon: 40MiB, step: 1MiB, every: 1ms }, hold]
  until: 1s
factors:
  policy: [process, cgroup]
  processes.small.count: [5, 10]
replications: 6
containers: { few: /few, many: /many }
metrics: ["first[few]", kills, regret]
`;

export const planTiny = (text = TINY): Plan => planOf(parseExperiment(text, 'tiny.yaml'));

/** Plays a plan, or a shard of it, into a folder, in this thread. */
export async function playInto(dir: string, plan: Plan, shard?: Shard): Promise<ResultStore> {
  const store = new ResultStore(dir, plan, false);
  const agenda = agendaOf(plan, store, shard);
  await playBatch(agenda, store, new InlineExecutor(), { check: false });
  return store;
}

/** Plays a plan and says what it came to. */
export async function summaryOf(dir: string, plan: Plan): Promise<Summary> {
  return await concludeBatch(await playInto(dir, plan));
}

export const fileOf = (dir: string, name: string): string => readFileSync(join(dir, name), 'utf8');
