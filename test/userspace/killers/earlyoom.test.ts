/** earlyoom: KERNEL.md 10.4, and kill.c and main.c of its source. */
import { describe, expect, test } from 'vitest';
import { Earlyoom } from '../../../src/userspace/killers/earlyoom.js';
import { oom_score, si_mem_available } from '../../../src/userspace/killers/proc.js';
import { parseWorkload } from '../../../src/workload/parse.js';
import { type Played, play } from '../play.js';

const SEEN = ['oomsim:userspace_kill', 'signal:signal_generate'] as const;

/** The machine is short of memory from the start: 512 MiB, most of it in the hands of `processes`. */
function shortOfMemory(processes: string, options = '', kernel = '6.1'): Played {
  return play(
    `
    name: short
    machine: { memory: 512MiB, swap: 0 }
    kernel: "${kernel}"
    processes: [ ${processes} ]
    killers: [ { earlyoom: { start: 100ms, ${options} } } ]
    until: 15s`,
    SEEN,
  );
}

const process = (name: string, anon: string, more = ''): string =>
  `{ name: ${name}, memory: { anon: ${anon} }, ${more} }`;

const killed = (played: Played): string[] =>
  played.of('oomsim:userspace_kill').map(({ process, signal }) => `${process} ${signal}`);

const MIB = 256;

describe('when it acts', () => {
  const { system } = shortOfMemory('');
  const spec = parseWorkload('{ machine: { memory: 1GiB }, killers: [ earlyoom ] }', 'w.yaml');
  const earlyoom = new Earlyoom(system.host, spec.killers[0] as never);
  const info = (available: number, swapFree: number, swapTotal = 1000) => ({
    MemTotal: 20_000,
    MemAvailable: available,
    AnonPages: 10_000 - available, // user memory is 10000 pages
    SwapTotal: swapTotal,
    SwapFree: swapFree,
  });

  test.each([
    [1000, 100, 'SIGTERM'], // 10 % of both: at the limit is low enough
    [1001, 100, null],
    [1000, 101, null], // both have to be low
    [500, 50, 'SIGKILL'],
    [501, 50, 'SIGTERM'],
    [500, 51, 'SIGTERM'],
  ])('%i pages available and %i free in swap: %s', (available, swapFree, signal) => {
    expect(earlyoom.lowmem_sig(info(available, swapFree))).toBe(signal);
  });

  test('no swap counts as full swap', () => {
    expect(earlyoom.lowmem_sig(info(1000, 0, 0))).toBe('SIGTERM');
  });

  test('what is available is compared with user memory, not with all memory', () => {
    const kernelHeavy = { ...info(1000, 0), MemTotal: 1_000_000 };
    expect(earlyoom.lowmem_sig(kernelHeavy)).toBe('SIGTERM');
    expect(earlyoom.lowmem_sig({ ...kernelHeavy, AnonPages: 8000 })).toBe(null);
  });

  const gib = (n: number): number => n * 1024 * MIB;
  test.each([
    // 6000 MiB/s into memory and 800 MiB/s into swap, from 100 ms to 1 s.
    ['at the limit', { available: 0, total: gib(10), swap: 0 }, 100],
    ['1 GiB above it', { available: gib(2), total: gib(10), swap: 0 }, 174],
    ['1 GiB above it, and 90 MiB in swap', { available: gib(2), total: gib(10), swap: 100 }, 289],
    ['far away', { available: gib(9), total: gib(10), swap: 0 }, 1000],
  ])('%s it sleeps for %o', (_what, { available, total, swap }, ms) => {
    const swapTotal = 100 * MIB;
    const m = {
      MemTotal: total,
      MemAvailable: available,
      AnonPages: total - available,
      SwapTotal: swapTotal,
      SwapFree: swap * MIB,
    };
    expect(earlyoom.sleep_time_ms(m)).toBe(ms);
  });
});

describe('whom it kills', () => {
  test('the highest oom_score', () => {
    const played = shortOfMemory(`${process('a', '150MiB')}, ${process('b', '285MiB')}`);
    expect(killed(played)).toEqual(['b SIGTERM']);
    expect(played.victims).toEqual([]);
  });

  test('of the same oom_score, the larger', () => {
    const sizes = { a: 27650, b: 27670, c: 27690, d: 27680 };
    const four = Object.entries(sizes).map(([name, n]) => process(name, `${n} pages`));
    const { k } = shortOfMemory(four.join(), 'dryrun: true').system.host;
    const scores = [...k.processes].filter(({ comm }) => comm in sizes).map((p) => oom_score(k, p));
    expect(new Set(scores).size).toBe(1);
    expect(killed(shortOfMemory(four.join()))).toEqual(['c SIGTERM']);
  });

  const two = `${process('big', '230MiB')}, ${process('small', '205MiB')}`;
  test.each([
    ['', 'big'],
    ['prefer: "^small$"', 'small'],
    ['prefer: mal', 'small'], // anywhere in the name
    ['avoid: big', 'small'],
    ['ignore: big', 'small'],
    ['prefer: small, avoid: small', 'big'], // +300 − 300
  ])('with %s it kills %s', (options, victim) => {
    expect(killed(shortOfMemory(two, options))).toEqual([`${victim} SIGTERM`]);
  });

  test('prefer is 300 points: not enough against a much larger oom_score', () => {
    const far = `${process('big', '425MiB')}, ${process('small', '10MiB')}`;
    expect(killed(shortOfMemory(far, 'prefer: small'))).toEqual(['big SIGTERM']);
  });

  test('oom_score_adj counts, and −1000 means never', () => {
    const adj = (n: number) =>
      `${process('big', '230MiB', `oom_score_adj: ${n}`)}, ${process('small', '205MiB')}`;
    expect(killed(shortOfMemory(adj(-500)))).toEqual(['small SIGTERM']);
    const alone = process('big', '435MiB', 'oom_score_adj: -1000');
    expect(killed(shortOfMemory(alone, 'ignore: earlyoom'))).toEqual([]);
  });

  test('ignore_root_user spares uid 0', () => {
    const users = `${process('root', '230MiB')}, ${process('user', '205MiB', 'uid: 1000')}`;
    expect(killed(shortOfMemory(users, 'ignore_root_user: true'))).toEqual(['user SIGTERM']);
  });

  test('a dry run kills nobody', () => {
    expect(killed(shortOfMemory(two, 'dryrun: true'))).toEqual([]);
  });
});

describe('how it kills', () => {
  const growing = (memory: string, ignore: string) =>
    `{ name: deaf, program: [ ${ignore} { anon: ${memory}, step: 1MiB, every: 5ms }, hold ] }`;

  test('whoever ignores SIGTERM gets SIGKILL when the lower limit is passed', () => {
    const played = shortOfMemory(growing('2GiB', '{ ignore: TERM },'));
    expect(killed(played)).toEqual(['deaf SIGTERM', 'deaf SIGKILL']);
    const [term, kill] = played.of('oomsim:userspace_kill');
    expect(term?.ignored).toBe(true);
    expect(kill?.ignored).toBe(false);
    expect(kill?.reason).toContain('after SIGTERM');
    // The limits are 10 % and 5 % of some 490 MiB, and it grows by 1 MiB in 5 ms.
    expect(kill!.timeNs - term!.timeNs).toBeGreaterThan(50e6);
    expect(played.victims).toEqual([]);
    expect(played.of('signal:signal_generate').map(({ sig }) => sig)).toEqual([9]);
  });

  test('it waits ten seconds for the victim, then tries again', () => {
    const played = shortOfMemory(
      `{ name: deaf, program: [ { ignore: TERM }, { anon: 435MiB }, hold ] }`,
    );
    const times = played.of('oomsim:userspace_kill').map(({ timeNs }) => timeNs);
    expect(times).toHaveLength(2);
    expect((times[1]! - times[0]!) / 1e9).toBeGreaterThan(10);
    expect((times[1]! - times[0]!) / 1e9).toBeLessThan(10.3);
  });

  test('SIGTERM reaches a process in D state only when its wait ends', () => {
    const { of } = play(
      `
      name: d-state
      machine: { memory: 512MiB, swap: 0 }
      kernel: "6.1"
      processes: [ { name: d, program: [ { anon: 435MiB }, { uninterruptible: 5s }, hold ] } ]
      killers: [ earlyoom ]
      until: 15s`,
      ['oomsim:userspace_kill', 'sched:sched_process_exit'],
    );
    expect(of('oomsim:userspace_kill')[0]!.timeNs).toBeLessThan(2e9);
    const [exit] = of('sched:sched_process_exit');
    expect(exit).toMatchObject({ comm: 'd', code: 15 });
    expect(exit!.timeNs).toBeGreaterThan(5e9);
  });

  test.each([
    ['5.9', 5],
    ['6.1', 1],
  ])('%s: the memory of a victim in D state is back within %i s', (kernel, seconds) => {
    const { system } = play(`
      machine: { memory: 512MiB, swap: 0 }
      kernel: "${kernel}"
      processes: [ { name: d, program: [ { anon: 435MiB }, { uninterruptible: 5s }, hold ] } ]
      killers: [ earlyoom ]
      until: ${seconds}s`);
    expect(system.machine().freePages > 100 * MIB).toBe(seconds === 1);
  });

  test('its own memory is locked, and its oom_score_adj is −100', () => {
    const { system } = shortOfMemory('');
    const self = system.tasks().find(({ comm }) => comm === 'earlyoom');
    expect(self).toMatchObject({ oomScoreAdj: -100, anonPages: 55 });
    expect(system.cgroups()[0]?.unevictablePages).toBe(55);
  });

  test('killed itself, it is started again', () => {
    const { of, system } = play(
      `
      name: again
      machine: { memory: 512MiB }
      killers: [ earlyoom ]
      events: [ { at: 1s, kill: earlyoom, signal: KILL } ]
      until: 2s`,
      ['sched:sched_process_exit'],
    );
    expect(of('sched:sched_process_exit').map(({ comm }) => comm)).toEqual(['earlyoom']);
    expect(system.tasks().some(({ comm }) => comm === 'earlyoom')).toBe(true);
  });
});

describe('/proc', () => {
  test('MemAvailable counts half of the page cache at least', () => {
    const boot = (cache: string) =>
      play(`{ name: c, machine: { memory: 512MiB, cache: ${cache} }, until: 1ms }`).system.kernel;
    const [without, some] = [boot('0'), boot('100MiB')];
    const low = some.nodes[0]!.zones[0]!.low;
    expect(si_mem_available(without) - si_mem_available(some)).toBe(Math.min(low, 50 * MIB));
  });

  test.each([
    ['4.15', (share: number) => Math.trunc(share * 1000)],
    ['6.1', (share: number) => Math.trunc(((1000 + Math.trunc(share * 1000)) * 2) / 3)],
  ])('oom_score of %s', (kernel, score) => {
    const { system } = shortOfMemory(process('a', '100MiB'), 'dryrun: true', kernel);
    const k = system.kernel;
    const a = [...k.processes].find(({ comm }) => comm === 'a')!;
    expect(oom_score(k, a)).toBe(score((100 * MIB) / k.totalram_pages));
    expect(oom_score(k, k.init)).toBe(0);
  });
});
