/** Made-up /proc and cgroup trees on disk for the tests. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tempDir } from '../../record/temp_dir.js';

export interface FakeProcess {
  readonly pid: number;
  readonly comm: string;
  readonly cgroup?: string;
  readonly anonKb?: number;
  readonly fileKb?: number;
  readonly swapKb?: number;
  readonly pteKb?: number;
  readonly adj?: number;
  readonly uid?: number;
  readonly score?: number;
}

/** A tree of files; names are paths below the root. */
export function tree(files: Readonly<Record<string, string>>): string {
  const root = tempDir();
  for (const [path, text] of Object.entries(files)) {
    const full = join(root, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
  }
  return root;
}

/** /proc of a machine of 1 GiB with 256 MiB of swap. */
export const MACHINE: Readonly<Record<string, string>> = {
  'proc/meminfo': [
    'MemTotal:        1048576 kB',
    'MemFree:          409600 kB',
    'Buffers:            4096 kB',
    'Cached:            61440 kB',
    'AnonPages:        460800 kB',
    'Shmem:              8192 kB',
    'SReclaimable:      10240 kB',
    'SwapTotal:        262144 kB',
    'SwapFree:         262144 kB',
    '',
  ].join('\n'),
  'proc/zoneinfo': [
    'Node 0, zone    DMA32',
    '  per-node stats',
    '      nr_inactive_anon 1',
    '  pages free     102400',
    '        boost    0',
    '        min      2000',
    '        low      2500',
    '        high     3000',
    '        spanned  262144',
    '        present  262144',
    '        managed  262144',
    '        protection: (0, 0, 0)',
    'Node 0, zone  Movable',
    '  pages free     0',
    '        managed  0',
    '',
  ].join('\n'),
  'proc/stat': 'cpu  1 2 3\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5\n',
  'proc/sys/kernel/osrelease': '6.1.0-18-amd64\n',
  'proc/sys/vm/swappiness': '10\n',
};

/** The files of one process, with secrets that must never be read. */
export function process(p: FakeProcess, cgroupLine = '0::'): Record<string, string> {
  const { pid, comm, cgroup = '/', anonKb = 4096, fileKb = 1024, swapKb = 0, pteKb = 40 } = p;
  const status = [
    `Name:\t${comm}`,
    'State:\tS (sleeping)',
    `Uid:\t${p.uid ?? 1000}\t1000\t1000\t1000`,
    `VmSize:\t${(anonKb + fileKb) * 2} kB`,
    `VmRSS:\t${anonKb + fileKb} kB`,
    `RssAnon:\t${anonKb} kB`,
    `RssFile:\t${fileKb} kB`,
    'RssShmem:\t0 kB',
    `VmPTE:\t${pteKb} kB`,
    `VmSwap:\t${swapKb} kB`,
    'CapEff:\t0000000000200000',
    '',
  ].join('\n');
  return {
    [`proc/${pid}/status`]: status,
    [`proc/${pid}/oom_score_adj`]: `${p.adj ?? 0}\n`,
    ...(p.score === undefined ? {} : { [`proc/${pid}/oom_score`]: `${p.score}\n` }),
    [`proc/${pid}/cgroup`]: `${cgroupLine}${cgroup}\n`,
    [`proc/${pid}/cmdline`]: 'server\0--password=hunter2\0',
    [`proc/${pid}/environ`]: 'TOKEN=hunter2\0',
  };
}

/** A cgroup of the v2 hierarchy. */
export function cgroup2(path: string, files: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [`sys/fs/cgroup${path}/${name}`, `${text}\n`]),
  );
}

/** A machine with cgroup v2, a service with a limit, and one process outside it. */
export function serviceTree(more: Readonly<Record<string, string>> = {}): string {
  return tree({
    ...MACHINE,
    'sys/fs/cgroup/cgroup.controllers': 'cpu io memory pids\n',
    ...cgroup2('/app.slice', {
      'memory.max': 'max',
      'memory.current': '314572800',
      'memory.stat': 'anon 209715200\nfile 52428800\nshmem 4194304',
    }),
    ...cgroup2('/app.slice/web.service', {
      'memory.max': '419430400',
      'memory.swap.max': '0',
      'memory.oom.group': '1',
      'memory.current': '262144000',
      'memory.stat': 'anon 209715200\nfile 31457280\nshmem 4194304',
    }),
    ...process({ pid: 1, comm: 'systemd', uid: 0, anonKb: 8192 }),
    ...process({ pid: 50, comm: 'sshd', adj: -1000, anonKb: 2048 }),
    ...process({
      pid: 70,
      comm: 'web',
      cgroup: '/app.slice/web.service',
      anonKb: 204_800,
      uid: 33,
    }),
    ...process({ pid: 80, comm: 'batch', anonKb: 102_400, adj: 500, swapKb: 0 }),
    // A kernel thread, a zombie, and one that ends while it is looked at.
    'proc/2/status': 'Name:\tkthreadd\nUid:\t0\t0\t0\t0\n',
    'proc/90/status': 'Name:\tgone\nVmSize:\t1 kB\n',
    'proc/91/comm': 'gone\n',
    'proc/self': 'not a folder',
    ...more,
  });
}
