import { expect, test, vi } from 'vitest';
import { TRACE_NAMES } from '../../src/kernel/trace.js';
import { takeFrame } from '../../src/record/frames.js';
import { bootRun } from '../../src/run/run.js';
import { ExactCursor } from '../../src/ui/exact.js';
import type { Moment } from '../../src/ui/track.js';
import type { Exact } from '../../src/ui/view.js';
import { loadWorkload } from '../../src/workload/load.js';

const WORKLOAD = loadWorkload('small-vs-large');

function cursor(): { exact: ExactCursor; at: (moment: Moment) => Promise<Exact> } {
  const exact = new ExactCursor(
    () => bootRun(WORKLOAD),
    () => {},
  );
  const at = (moment: Moment) =>
    vi.waitFor(
      () => {
        const found = exact.at(moment, null);
        if (found === null) throw new Error('not there yet');
        return found;
      },
      { timeout: 20_000, interval: 5 },
    );
  return { exact, at };
}

/** Where tracepoints are hit, from a run of its own. */
function eventsWithTracepoints(): Moment[] {
  const system = bootRun(WORKLOAD);
  const moments: Moment[] = [];
  const names = TRACE_NAMES.filter((name) => name !== 'oomsim:printk');
  system.trace.subscribe(names, (_name, { timeNs, seq }) => {
    if (moments.at(-1)?.seq !== seq) moments.push({ timeNs, seq });
  });
  system.advance(Number.POSITIVE_INFINITY);
  return moments;
}

test('any moment, in any order, is what a run that stops there shows', async () => {
  const { at } = cursor();
  for (const seq of [100, 3000, 1500, 1501, 5]) {
    const system = bootRun(WORKLOAD);
    system.advance(Number.POSITIVE_INFINITY, seq);
    const { frame } = await at({ timeNs: 0, seq });
    expect(frame).toEqual(takeFrame(system));
  }
  for (const timeNs of [300_000_000, 100_000_000]) {
    const system = bootRun(WORKLOAD);
    system.advance(timeNs);
    expect((await at({ timeNs, seq: null })).frame).toEqual(takeFrame(system));
  }
});

test('single steps go from tracepoint to tracepoint, forward and back', async () => {
  const { exact } = cursor();
  const all = eventsWithTracepoints();
  const first = 40;
  let moment = all[first]!;
  for (let i = 1; i <= 5; i++) {
    moment = await exact.step(moment, 1);
    expect(moment).toEqual(all[first + i]);
  }
  for (let i = 4; i >= -3; i--) {
    moment = await exact.step(moment, -1);
    expect(moment).toEqual(all[first + i]);
  }
});

test('before the first event there is only the start, after the last one the end', async () => {
  const { exact } = cursor();
  const all = eventsWithTracepoints();
  expect(await exact.step(all[0]!, -1)).toEqual({ timeNs: 0, seq: null });
  const last = await exact.step(all.at(-1)!, 1);
  expect(last.seq).toBeGreaterThanOrEqual(all.at(-1)!.seq!);
});

test('the last event is told in words', async () => {
  const { at } = cursor();
  const kill = await at(eventsWithTracepoints().find(({ seq }) => seq! > 2900)!);
  expect(kill.lastEvent).toMatch(/^\S+ \(\d+\): \w+:\w+/);
});
