/** How much of two CPUs a batch gets out of the machine, and how much two strangers would. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type BatchLoad, batchLoad } from '../batch_load.js';
import { median, type Reading } from '../benchmark.js';

const PROCESS = fileURLToPath(new URL('../batch_process.ts', import.meta.url));
const WARM_UP_MS = 4000;
const ROUND_MS = 1000;
const ROUNDS = 9;

/** Two processes that know nothing of each other: what they lose, the machine takes. */
function twoProcesses(): { load: BatchLoad; end: () => void } {
  const processes = [fork(PROCESS), fork(PROCESS)];
  const load: BatchLoad = async (ms) => {
    const rates = processes.map(async (one) => {
      const answer = once(one, 'message') as Promise<[number]>;
      one.send(ms);
      return (await answer)[0];
    });
    const [first, second] = await Promise.all(rates);
    return first! + second!;
  };
  const end = (): void => {
    for (const one of processes) one.kill();
  };
  return { load, end };
}

/** Warm threads, a round each in turn; every round is compared with its neighbours. */
async function efficiencies(): Promise<number[]> {
  const [one, two] = [batchLoad(1), batchLoad(2)];
  const { load: apart, end } = twoProcesses();
  try {
    for (const load of [one, two, apart]) await load(WARM_UP_MS);
    const threads: number[] = [];
    const machine: number[] = [];
    const alone: number[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      const rate = await one(ROUND_MS);
      alone.push(rate);
      threads.push((await two(ROUND_MS)) / (2 * rate));
      machine.push((await apart(ROUND_MS)) / (2 * rate));
    }
    const [efficiency, ceiling] = [median(threads), median(machine)];
    return [median(alone), efficiency, ceiling, efficiency / ceiling];
  } finally {
    end();
  }
}

export const readings: Reading[] = [
  {
    group: 'whole simulations',
    name: 'a batch on two threads',
    times: 1,
    slow: true,
    parts: [
      { name: 'one thread', unit: 'runs/s', target: { min: 200 } },
      { name: 'parallel efficiency', unit: 'of 1', target: { min: 0.9 } },
      { name: 'the same of two processes: the machine’s ceiling', unit: 'of 1' },
      { name: 'efficiency / ceiling', unit: 'of 1', target: { min: 0.9 } },
    ],
    read: efficiencies,
  },
];
