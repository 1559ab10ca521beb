/** Runs that break: told, kept apart, and in nobody's way. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { agendaOf, concludeBatch, playBatch } from '../../src/batch/batch.js';
import { formatSummary } from '../../src/batch/report/terminal.js';
import { ResultStore } from '../../src/batch/results/store.js';
import { type Executor, InlineExecutor } from '../../src/batch/runner/executor.js';
import type { Batch } from '../../src/batch/runner/messages.js';
import { failedRun } from '../../src/batch/runner/play_batch.js';
import { tempDir } from '../record/temp_dir.js';
import { fileOf, planTiny } from './tiny.js';

/** Run 3 of cell 1 breaks. */
class Breaking implements Executor {
  readonly size = 1;
  readonly #inner = new InlineExecutor();

  async play(batch: Batch) {
    const played = await this.#inner.play(batch);
    return played.map((one) =>
      batch.cell === 1 && one.run === 3
        ? failedRun(3, '', new Error('a negative number of "pages"\nin zone'))
        : one,
    );
  }

  async close(): Promise<void> {}
}

test('a failed run is reported with its token and hides no other', async () => {
  const plan = planTiny();
  const store = new ResultStore(join(tempDir(), 'tiny'), plan, false);
  await playBatch(agendaOf(plan, store), store, new Breaking(), { check: false });
  const summary = await concludeBatch(store);
  expect(summary.runs).toBe(23);
  expect(summary.failed).toMatchObject([{ cell: 1, run: 3, status: 'failed' }]);
  expect(summary.failed[0]!.token).toMatch(/^oomsim1:.*:1:3:policy=|^oomsim1:.*:1:3$/);
  const text = formatSummary(summary, store.dir);
  expect(text).toContain("FAILED cell 1 run 3: Error: a negative number of 'pages'·in zone");
  expect(fileOf(store.dir, 'report.html')).toContain('1 run failed');
  expect(summary.estimates[1]!.get('kills')!.n).toBe(5);
  expect(summary.estimates[1]!.get('kills')!.compared?.pairs ?? 5).toBe(5);
  // It is deterministic: playing it again would not help.
  const again = agendaOf(plan, store);
  expect(again.isComplete).toBe(true);
  expect(again.failed).toBe(1);
});

test('a policy file that is none is told before anything is played', async () => {
  const path = join(tempDir(), 'broken.ts');
  writeFileSync(path, 'export default { name: "broken" };\n');
  const text = planTiny().experiment.text.replace('[process, cgroup]', `[process, ${path}]`);
  const store = new ResultStore(join(tempDir(), 'tiny'), planTiny(text), false);
  const agenda = agendaOf(store.plan, store);
  const played = playBatch(agenda, store, new InlineExecutor(), { check: false });
  await expect(played).rejects.toThrow(`${path}: it has no handler`);
  expect(agenda.done).toBe(0);
});

test('too few runs to find anything are told, and how many it takes', async () => {
  const plan = planTiny(planTiny().experiment.text.replace('replications: 6', 'replications: 3'));
  const store = new ResultStore(join(tempDir(), 'tiny'), plan, false);
  await playBatch(agendaOf(plan, store), store, new InlineExecutor(), { check: false });
  const summary = await concludeBatch(store);
  const needed = Math.ceil(Math.log2(summary.tests / 0.05) + 1);
  expect(summary.runsNeeded).toBe(needed);
  const told = `significant only from ${needed} runs a cell on`;
  expect(formatSummary(summary, store.dir)).toContain(told);
  expect(fileOf(store.dir, 'report.html')).toContain(told);
});

test('a panic is an outcome', async () => {
  const text = planTiny().experiment.text.replace(
    '  until: 1s',
    '  sysctl: { vm.panic_on_oom: 1 }\n  until: 1s',
  );
  const store = new ResultStore(join(tempDir(), 'tiny'), planTiny(text), false);
  await playBatch(agendaOf(store.plan, store), store, new InlineExecutor(), { check: false });
  const summary = await concludeBatch(store);
  expect(summary.failed).toEqual([]);
  expect(summary.panics).toBeGreaterThan(0);
  const panicked = [...store.rows()].find(({ status }) => status === 'panic')!;
  const at = store.columns.values.indexOf('availability[few]');
  expect(panicked.values[at]).toBeGreaterThan(0);
  expect(panicked.values[at]).toBeLessThan(0.5);
});

test('metrics of all runs together have no test, and it is said', async () => {
  const text = planTiny().experiment.text.replace('kills, regret', 'kills, jain');
  const store = new ResultStore(join(tempDir(), 'tiny'), planTiny(text), false);
  await playBatch(agendaOf(store.plan, store), store, new InlineExecutor(), { check: false });
  const summary = await concludeBatch(store);
  const told = 'Not tested, as they are of all runs of a cell together: jain.';
  expect(formatSummary(summary, store.dir)).toContain(told);
  expect(fileOf(store.dir, 'report.html')).toContain(told);
});
