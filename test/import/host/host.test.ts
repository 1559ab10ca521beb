import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  anonymised,
  collectHost,
  hostToWorkload,
  readCapture,
  writeCapture,
} from '../../../src/import/host/index.js';
import { decide } from '../../../src/run/decide/decide.js';
import { parseWorkload } from '../../../src/workload/parse.js';
import { workloadToYaml } from '../../../src/workload/write.js';
import { MACHINE, process, serviceTree, tree } from './fake_tree.js';

// Goal: a machine as its /proc and cgroup tree show it, and nothing that is nobody's business.

function imported(root: string) {
  const made = hostToWorkload(collectHost(root), root);
  return {
    ...made,
    workload: parseWorkload(workloadToYaml(made.file, made.comments), 'host.yaml'),
  };
}

const GLOBAL = { memcg: null, triggerPid: null, atNs: null };

describe('a machine with cgroup v2', () => {
  test('zones that do not add up to MemTotal are left alone, and it is said', () => {
    const meminfo = MACHINE['proc/meminfo']!.replace('1048576', '3145728');
    const { assumed, workload } = imported(tree({ ...MACHINE, 'proc/meminfo': meminfo }));
    expect(workload.machine.memoryBytes).toBe(3 * 2 ** 30);
    expect(assumed).toContain(
      'a machine of 3072 MiB, its MemTotal: the zones of /proc/zoneinfo add up to 1024 MiB',
    );
    expect(imported(serviceTree()).assumed).not.toContainEqual(expect.stringContaining('MemTotal'));
  });

  test('strict overcommit is not modelled, and it is said', () => {
    const overcommit = (value: string) =>
      imported(tree({ ...MACHINE, 'proc/sys/vm/overcommit_memory': value })).assumed;
    const told = 'no allocation is refused, although vm.overcommit_memory is 2';
    expect(overcommit('2\n')).toContain(told);
    expect(overcommit('0\n')).not.toContain(told);
  });

  test('its size, its cgroups with their limits and what they hold themselves', () => {
    const { workload, file } = imported(serviceTree());
    expect(workload.machine).toMatchObject({ memoryBytes: 2 ** 30, swapBytes: 2 ** 28, cpus: 2 });
    expect(file.machine.zones).toMatchObject([{ name: 'DMA32', managed: 262_144, min: 2000 }]);
    expect(workload.sysctl.swappiness).toBe(10);
    const [root, slice, web] = workload.cgroups;
    expect(web).toMatchObject({
      path: '/app.slice/web.service',
      memoryMax: 400 * 2 ** 20,
      memorySwapMax: 0,
      oomGroup: true,
      initial: { filePages: 6656, shmemPages: 1024 },
    });
    // Of 50 MiB of files 30 are its child's, of which 4 are shmem.
    expect(slice).toMatchObject({
      path: '/app.slice',
      initial: { filePages: 5120, shmemPages: 0 },
    });
    expect(root?.initial?.shmemPages).toBe(1024);
  });

  test('its processes, without those that have no memory or ended', () => {
    const { workload, missing } = imported(serviceTree());
    const rows = workload.processes.map((p) => [p.pid, p.comm, p.cgroup, p.oomScoreAdj, p.uid]);
    expect(rows).toEqual([
      [1, 'systemd', null, -1000, 0],
      [50, 'sshd', null, -1000, 1000],
      [70, 'web', '/app.slice/web.service', 0, 33],
      [80, 'batch', null, 500, 1000],
    ]);
    expect(workload.processes[2]?.memory).toMatchObject({ anonPages: 51_200, pgtablesPages: 10 });
    expect(missing).toContain('2 processes that ended while they were read');
  });

  test('who would die now: the one with oom_score_adj 500, not the biggest', () => {
    const { workload } = imported(serviceTree());
    const verdict = decide(workload, GLOBAL, { policy: 'process' });
    expect(verdict.victims).toMatchObject([{ pid: 80, comm: 'batch' }]);
    const inWeb = { ...GLOBAL, memcg: '/app.slice/web.service' };
    expect(decide(workload, inWeb, { policy: 'process' }).victims).toMatchObject([{ pid: 70 }]);
  });

  test("the kernel's own scores are compared with ours", () => {
    // (1000 + 1000 × (50k + 500 × 327 + 256) / 327680) × 2/3, worked out by hand.
    const points = 51_200 + 256 + 10;
    const score = Math.trunc(((1000 + Math.trunc((points * 1000) / 327_680)) * 2) / 3);
    const group = '/app.slice/web.service';
    const web = process({ pid: 70, comm: 'web', cgroup: group, anonKb: 204_800, score });
    const off = process({ pid: 80, comm: 'batch', score: 999 });
    const { assumed } = imported(serviceTree({ ...web, ...off }));
    expect(assumed.join('\n')).toContain('1 of 2 come out as /proc/PID/oom_score shows them');
  });
});

describe('other machines', () => {
  const V1 = {
    'sys/fs/cgroup/unified/cgroup.controllers': '\n',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
    'sys/fs/cgroup/memory/docker/memory.limit_in_bytes': '9223372036854771712\n',
    'sys/fs/cgroup/memory/docker/a1/memory.limit_in_bytes': '209715200\n',
    'sys/fs/cgroup/memory/docker/a1/memory.memsw.limit_in_bytes': '314572800\n',
    'sys/fs/cgroup/memory/docker/a1/memory.usage_in_bytes': '104857600\n',
    'sys/fs/cgroup/memory/docker/a1/memory.stat':
      'cache 10485760\nrss 83886080\nshmem 0\ntotal_cache 10485760\ntotal_rss 83886080\ntotal_shmem 0\n',
  };

  test('cgroup v1, also beside v2 (hybrid): the memory controller counts', () => {
    const lines = '5:cpu,cpuacct:/elsewhere\n3:cpuset,memory:/docker/a1\n0::/unified/path';
    const app = process({ pid: 9, comm: 'app', anonKb: 81_920, cgroup: '' }, lines);
    const { workload, assumed } = imported(tree({ ...MACHINE, ...V1, ...app }));
    expect(workload.cgroups.at(-1)).toMatchObject({
      path: '/docker/a1',
      memoryMax: 200 * 2 ** 20,
      memorySwapMax: 100 * 2 ** 20,
      initial: { filePages: 2560 },
    });
    expect(workload.processes).toMatchObject([{ comm: 'app', cgroup: '/docker/a1' }]);
    expect(assumed.join('\n')).toContain('the v1 tree');
  });

  test('no cgroups, no zoneinfo, an old kernel with nothing but VmRSS', () => {
    const status = 'Name:\tjava\nUid:\t0\t0\t0\t0\nVmSize:\t  9000 kB\nVmRSS:\t  8000 kB\n';
    const root = tree({
      'proc/meminfo': MACHINE['proc/meminfo']!,
      'proc/version': 'Linux version 3.10.0-957.el7.x86_64 (builder) #1 SMP\n',
      'proc/33/status': status,
      'proc/33/oom_score_adj': '0\n',
    });
    const { workload } = imported(root);
    expect(workload.kernel).toBe('4.14');
    expect(workload.processes[0]?.memory).toMatchObject({ anonPages: 2000 });
  });

  test('memory shared after fork() is charged once and counted by all', () => {
    const cgroup = '/app.slice/web.service';
    const twin = process({ pid: 71, comm: 'web', cgroup, anonKb: 204_800 });
    const { workload, assumed } = imported(serviceTree(twin));
    const twins = workload.processes.filter(({ comm }) => comm === 'web');
    const rss = twins.map(({ memory: m }) => m!.anonPages + m!.filePages);
    expect(rss).toEqual([51_456, 51_456]);
    expect(twins.reduce((sum, { memory: m }) => sum + m!.anonPages, 0)).toBeLessThanOrEqual(51_200);
    expect(assumed.join('\n')).toMatch(/anonymous pages are shared after fork\(\)/);
  });

  test('links are not followed, and what is no file is not read', () => {
    const root = serviceTree();
    writeFileSync(join(root, 'secret'), 'Name:\tsecret\nVmSize:\t1 kB\n');
    symlinkSync(join(root, 'secret'), join(root, 'proc/91/status'));
    expect(collectHost(root).processes.map(({ comm }) => comm)).not.toContain('secret');
  });

  test('a folder that is no machine', () => {
    expect(() => collectHost(tree({ 'a/b': '' }))).toThrow('no proc/meminfo in it');
  });
});

describe('captures', () => {
  test('hold what is needed and nothing else, and give the same workload', () => {
    const snapshot = collectHost(serviceTree());
    const text = writeCapture(snapshot);
    expect(text).not.toMatch(/hunter2|password|TOKEN/);
    const again = readCapture(text, 'c.jsonl');
    expect(hostToWorkload(again, 'x')).toEqual(hostToWorkload(snapshot, 'x'));
  });

  test('names become numbers, the same for the same; sizes stay', () => {
    const snapshot = collectHost(serviceTree());
    const hidden = anonymised(snapshot);
    expect(writeCapture(hidden)).not.toMatch(/web|batch|app\.slice\/web|amd64/);
    expect(hidden).toEqual(anonymised(snapshot));
    expect(hidden.processes.at(-2)).toMatchObject({
      comm: 'proc-1',
      cgroup: '/app.slice/group-1',
      anonBytes: 204_800 * 1024,
    });
    expect(hidden.cgroups.at(-1)?.path).toBe('/app.slice/group-1');
  });

  test.each([
    ['{"oomsim-host-capture":2}', 'c:1: expected a host capture, version 1'],
    ['{"oomsim-host-capture":1,"machine":{}}', 'c:1: machine.kernel: '],
  ])('%s is refused', (text, message) => {
    expect(() => readCapture(text, 'c')).toThrow(message);
  });

  test('a damaged line is named', () => {
    const lines = writeCapture(collectHost(serviceTree())).split('\n');
    lines[3] = lines[3]!.replace(/"pid":\d+/, '"pid":"x"');
    expect(() => readCapture(lines.join('\n'), 'c')).toThrow('c:4: process.pid: ');
    expect(() => readCapture(`${lines[0]}\nnonsense`, 'c')).toThrow(
      'c:2: expected one JSON object',
    );
  });
});

test.runIf(existsSync('/proc/meminfo'))('this machine, as it is now', () => {
  const { workload } = imported('/');
  const self = workload.processes.find(({ pid }) => pid === globalThis.process.pid);
  expect(self?.memory?.anonPages).toBeGreaterThan(0);
});
