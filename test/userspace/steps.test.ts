/** Steps of programs and what the kernel makes of them. */
import { describe, expect, test } from 'vitest';
import { boot } from '../../src/run/boot.js';
import { parseWorkload } from '../../src/workload/parse.js';
import { play } from './play.js';

describe('tmpfs', () => {
  test('writing stops with ENOSPC at the size of the file system', () => {
    const { errors, victims, system } = play(`
      name: tmpfs-full
      machine: { memory: 256MiB, tmpfs: 64MiB }
      processes: [ { name: w, program: [ { tmpfs: 100MiB }, hold ] } ]
      until: 2s`);
    expect(errors).toEqual(['write ENOSPC']);
    expect(victims).toEqual([]);
    expect(system.cgroups()[0]?.shmemPages).toBe(64 * 256);
  });

  test('its pages outlive the writer', () => {
    const { system } = play(`
      name: tmpfs-stays
      machine: { memory: 256MiB }
      processes: [ { name: w, program: [ { tmpfs: 32MiB }, { exit: 0 } ] } ]
      until: 2s`);
    expect(system.cgroups()[0]?.shmemPages).toBe(32 * 256);
    expect(system.tasks().map(({ comm }) => comm)).toEqual(['init']);
  });
});

describe('core dumps', () => {
  const dump = (then: string): string => `
    name: dump
    machine: { memory: 256MiB }
    processes: [ { name: crash, program: [ { anon: 100MiB }, { core_dump: 500ms } ] } ]
    events: [ ${then} ]
    until: 2s`;

  test('memory goes only when the core is written', () => {
    const { of } = play(dump('{ at: 1900ms, sysctl: vm.swappiness, value: 60 }'), [
      'oomsim:exit_mmap',
    ]);
    const [exit] = of('oomsim:exit_mmap');
    expect(exit?.timeNs).toBeGreaterThan(500_000_000);
  });

  test('SIGKILL ends the dump', () => {
    const { of } = play(dump('{ at: 100ms, kill: crash, signal: KILL }'), ['oomsim:exit_mmap']);
    const [exit] = of('oomsim:exit_mmap');
    expect(exit?.timeNs).toBeLessThan(200_000_000);
  });
});

describe('NUMA', () => {
  const bound = (mempolicy: string): string => `
    name: numa
    machine: { memory: 512MiB, nodes: 2 }
    cgroups: { /a: , /b: }
    processes:
      - { name: other, cgroup: /b, mempolicy: [1], program: [ { anon: 150MiB }, hold ] }
      - { name: bound, cgroup: /a, ${mempolicy} start: 500ms,
          program: [ { anon: 300MiB, step: 1MiB, every: 1ms }, hold ] }
    until: 5s`;

  test('a task bound to a full node kills on that node, though the other has room', () => {
    const { of, victims, system } = play(bound('mempolicy: [0],'), ['oomsim:oom_select']);
    expect(victims).toEqual(['bound']);
    expect(of('oomsim:oom_select')[0]?.constraint).toBe('CONSTRAINT_MEMORY_POLICY');
    expect(system.machine().freePages).toBeGreaterThan(64 * 256);
  });

  test('an unbound task goes on to the other node', () => {
    const { of, victims } = play(bound('').replace('anon: 300MiB', 'anon: 250MiB'), [
      'oomsim:oom_select',
    ]);
    expect(victims).toEqual([]);
    expect(of('oomsim:oom_select')).toEqual([]);
  });

  test('a cpuset binds all that live in it', () => {
    const { of, victims } = play(bound('').replace('/a: ,', '/a: { cpuset.mems: [0] },'), [
      'oomsim:oom_select',
    ]);
    expect(victims).toEqual(['bound']);
    expect(of('oomsim:oom_select')[0]?.constraint).toBe('CONSTRAINT_CPUSET');
  });
});

describe('slab', () => {
  test('caches that nobody holds are reclaimed before anybody is killed', () => {
    const { victims, system } = play(`
      name: slab
      machine: { memory: 256MiB }
      cgroups: { /a: { initial: { reclaimable: 80MiB } } }
      processes: [ { name: p, cgroup: /a, program: [ { anon: 180MiB, step: 1MiB, every: 1ms }, hold ] } ]
      until: 3s`);
    expect(victims).toEqual([]);
    const slab = system.kernel.root_mem_cgroup.children[0]?.kmem.slab_reclaimable;
    expect(slab).toBeLessThan(60 * 256);
  });
});

describe('transparent huge pages', () => {
  test('make large victims go faster', () => {
    const exitNs = (thp: boolean): number => {
      const { of } = play(
        `
        name: thp
        machine: { memory: 1GiB, thp: ${thp} }
        processes: [ { name: leak, program: [ { anon: 2GiB, step: 16MiB, every: 1ms }, hold ] } ]
        until: 5s`,
        ['oomsim:exit_mmap'],
      );
      return of('oomsim:exit_mmap')[0]!.timeNs - of('oomsim:oom_kill')[0]!.timeNs;
    };
    expect(exitNs(true) * 10).toBeLessThan(exitNs(false));
  });
});

describe('reclaim parameters of the machine', () => {
  test('pages found in use are not swapped out', () => {
    const swapped = (permille: number): number => {
      const { system } = play(`
        name: referenced
        machine: { memory: 256MiB, swap: 256MiB, referenced_anon: ${permille} }
        cgroups: { /a: { memory.max: 64MiB } }
        processes: [ { name: p, cgroup: /a, program: [ { anon: 100MiB, step: 1MiB, every: 5ms }, hold ] } ]
        until: 5s`);
      return system.kernel.root_mem_cgroup.children[0]!.pgscan;
    };
    expect(swapped(800)).toBeGreaterThan(2 * swapped(0));
  });
});

describe('mmu_notifier', () => {
  /** Whether a victim in D state still has memory when the reaper is done with it. */
  const left = (kernel: string, step: string) => {
    const { system, victims } = play(`
      machine: { memory: 256MiB }
      kernel: "${kernel}"
      processes:
        - { name: guest, oom_score_adj: 900, program: [ ${step} { anon: 100MiB }, { uninterruptible: 20s } ] }
        - { name: other, start: 1s, program: [ { anon: 90MiB, step: 1MiB, every: 1ms }, { anon: 60MiB }, hold ] }
      until: 6s`);
    expect(victims[0]).toBe('guest');
    return system.tasks().find(({ comm }) => comm === 'guest')!.anonPages > 0;
  };

  test.each([
    ['4.15', '', false],
    ['4.15', '{ mmu_notifier: nonblocking },', true],
    ['4.17', '{ mmu_notifier: nonblocking },', false],
    ['4.17', '{ mmu_notifier: blocking },', true],
    ['6.1', '{ mmu_notifier: blocking },', true],
  ])('%s, %s it is kept: %s', (kernel, step, kept) => {
    expect(left(kernel, step)).toBe(kept);
  });
});

describe('memory.high is looked at after each system call or fault of a step', () => {
  const high = (step: string): string => `
    name: high
    machine: { memory: 512MiB }
    kernel: "4.15"
    cgroups: { /a: { memory.high: 40MiB } }
    processes: [ { name: p, cgroup: /a, program: [ { ${step} }, hold ] } ]
    until: 60s`;

  test.each(['read: 200MiB', 'map: 200MiB', 'write: 60MiB'])('%s', (step) => {
    const workload = parseWorkload(high(step), 'test.yaml');
    const system = boot(workload, { seed: '1', run: 1, queue: 'heap', check: true });
    let most_pages = 0;
    for (let ms = 1; ms < 2000; ms++) {
      system.advance(ms * 1_000_000, 5_000_000);
      const a = system.cgroups().find(({ path }) => path === '/a');
      most_pages = Math.max(most_pages, a!.usagePages);
    }
    expect(most_pages).toBeGreaterThan(39 * 256);
    expect(most_pages).toBeLessThan(41 * 256);
  });

  test('each batch of 32 pages above it is an event, however fast the program touches', () => {
    const { of } = play(high('anon: 80MiB'), ['oomsim:memcg_event']);
    expect(of('oomsim:memcg_event').length).toBeCloseTo((40 * 256) / 32, -1);
  });
});

test.each(['4.15', '6.1'])(
  'buffers of unix sockets are charged to whoever fills them: %s',
  (version) => {
    const { errors, victims, system } = play(`
    name: sockets
    machine: { memory: 256MiB }
    kernel: "${version}"
    cgroups: { /a: { memory.max: 4MiB } }
    processes: [ { name: p, cgroup: /a, program: [ { sockets: 100 }, hold ] } ]
    until: 1s`);
    expect(errors).toContain('send ENOBUFS');
    // Up to 4.18 a system call at the limit fails and kills nobody.
    expect(victims).toEqual(version === '4.15' ? [] : ['p']);
    expect(system.cgroups().find(({ path }) => path === '/a')?.events.oom).toBeGreaterThan(0);
  },
);

test('a sleep goes on with what is left after SIGSTOP and SIGCONT at once', () => {
  const { of } = play(
    `
    name: stopped
    machine: { memory: 256MiB }
    processes: [ { name: p, program: [ { sleep: 1s }, { exit: 0 } ] } ]
    events: [ { at: 100ms, kill: p, signal: STOP }, { at: 100ms, kill: p, signal: CONT } ]
    until: 3s`,
    ['sched:sched_process_exit'],
  );
  const [exit] = of('sched:sched_process_exit');
  expect(exit?.timeNs).toBeGreaterThan(1_000_000_000);
});

test('a read that fails is tried again as often as was asked for', () => {
  const { errors, victims } = play(`
    name: reads
    machine: { memory: 256MiB }
    kernel: "4.15"
    cgroups: { /a: { memory.max: 0 } }
    processes: [ { name: r, program: [ { cgroup: /a }, { read: 1MiB, times: 3 }, hold ] } ]
    until: 1s`);
  expect([errors, victims]).toEqual([['read ENOMEM', 'read ENOMEM', 'read ENOMEM'], []]);
});
