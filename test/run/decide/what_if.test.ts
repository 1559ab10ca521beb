import { expect, test } from 'vitest';
import { applyChanges, parseChange } from '../../../src/run/decide/what_if.js';
import { parseWorkload } from '../../../src/workload/parse.js';

// Goal: what is asked for is changed, and only that; what cannot be is refused with a reason.

const workload = parseWorkload(
  `
machine: { memory: 1GiB, swap: 64MiB }
cgroups: { /pods/a.slice: { memory.max: 200MiB } }
processes:
  - { name: web, count: 2, oom_score_adj: 300 }
  - { name: db, pid: 77, comm: my.db=1 }
`,
  'w.yaml',
);

function changed(...texts: string[]) {
  return applyChanges(
    workload,
    texts.map((text) => parseChange(text)!),
  );
}

test('oom_score_adj by pid or by name, whatever stands in the name', () => {
  const byPid = changed('pid:77.oom_score_adj=-500');
  expect(byPid.workload.processes.map((process) => process.oomScoreAdj)).toEqual([300, -500]);
  expect(byPid.notes).toEqual(['oom_score_adj of my.db=1 (pid 77) is -500 (was 0)']);
  const byName = changed('comm:my.db=1.oom_score_adj=5', 'comm:web.oom_score_adj=0');
  expect(byName.workload.processes.map((process) => process.oomScoreAdj)).toEqual([0, 5]);
  expect(byName.notes[1]).toBe('oom_score_adj of web (2 processes) is 0 (was 300)');
});

test('limits of a cgroup, whose path may hold dots', () => {
  const { workload: after, notes } = changed(
    'cgroup:/pods/a.slice.memory.max=1GiB',
    'cgroup:/pods/a.slice.memory.swap.max=max',
    'cgroup:/pods/a.slice.memory.oom.group=1',
  );
  const cgroup = after.cgroups.find(({ path }) => path === '/pods/a.slice');
  expect(cgroup).toMatchObject({ memoryMax: 2 ** 30, memorySwapMax: Infinity, oomGroup: true });
  expect(notes[0]).toBe('memory.max of /pods/a.slice is 1GiB (was 200MiB)');
});

test('the machine and its sysctls', () => {
  const { workload: after } = changed(
    'machine.swap=0',
    'machine.memory=2GiB',
    'vm.panic_on_oom=2',
    'vm.oom_kill_allocating_task=1',
  );
  expect(after.machine).toMatchObject({ swapBytes: 0, memoryBytes: 2 ** 31, zones: null });
  expect(after.sysctl).toMatchObject({ panicOnOom: 2, oomKillAllocatingTask: true });
});

test('a kernel switch is none of these', () => {
  expect(parseChange('root_bonus=false')).toBeNull();
});

test.each([
  ['pid:78.oom_score_adj=1', 'no process with pid 78'],
  ['comm:wbe.oom_score_adj=1', 'no process called wbe, did you mean "web"?'],
  ['cgroup:/nope.memory.max=1G', 'no cgroup /nope here; known: /pods, /pods/a.slice'],
  ['pid:77.oom_score_adj=1001', 'expected an integer from -1000 to 1000'],
  ['cgroup:/pods/a.slice.memory.max=lots', 'expected a size'],
  ['machine.memory=1', 'expected at least 16MiB'],
  ['pid:77.memory=1', "can't change pid:77.memory; known: pid:N.oom_score_adj=N"],
  ['vm.swappiness=1', "can't change vm.swappiness"],
])('%s is refused: %s', (text, message) => {
  expect(() => changed(text)).toThrow(message);
});
