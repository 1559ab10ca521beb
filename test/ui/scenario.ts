import type { TaskSnapshot } from '../../src/kernel/snapshot.js';
import type { Candidate } from '../../src/kernel/trace.js';
import type { CgroupFrame, Frame } from '../../src/record/frames.js';
import type { KillStory } from '../../src/record/kill_stories.js';
import type { RunFacts } from '../../src/record/narrator.js';
import { Track } from '../../src/ui/track.js';
import { oomKill } from '../record/fake_trace.js';
import { cgroupSnapshot, cgroupStanding, machineSnapshot } from '../record/snapshots.js';

const MS = 1_000_000;
const MIB = 256; // pages

export const FACTS: RunFacts = {
  workload: 'small-vs-large',
  kernel: '4.15',
  policy: 'cgroup',
  seed: '1',
  token: 'oomsim1:1:099c3880:1:1',
  untilNs: 2000 * MS,
};

/**
 * A run made by hand, so that no change of the model changes a screen: two cgroups grow for a second
 * and a half, a process of the larger one dies at 1.2 s and another at 1.4 s, whose memory is not
 * free at the end.
 */
export function scenario(facts: Partial<RunFacts> = {}): Track {
  const track = new Track({ ...FACTS, ...facts });
  for (let ms = 0; ms <= 1500; ms += 50) {
    track.addFrame(frameAt(ms));
  }
  track.addKill(killOf(0, 1200));
  track.addKill(killOf(1, 1400));
  const lines: [number, string][] = [
    [1200, 'small invoked oom-killer: gfp_mask=0x14280ca, nodemask=(null), order=0'],
    [1200, 'Out of memory: Kill process 7 (small) score 17 or sacrifice child'],
    [1201, 'Killed process 7 (small) total-vm:9152kB, anon-rss:8180kB, file-rss:0kB'],
    [1400, 'Out of memory: Kill process 8 (small) score 17 or sacrifice child'],
  ];
  for (const [ms, text] of lines) track.addLog({ timeNs: ms * MS, seq: ms, text });
  track.advance(1500 * MS, 'quiet');
  return track;
}

export function frameAt(ms: number): Frame {
  const used = Math.min(436 * MIB, ms * 0.36 * MIB);
  const deaths = ms < 1200 ? 0 : ms < 1400 ? 1 : 2;
  const machine = machineSnapshot({
    timeNs: ms * MS,
    totalPages: 440 * MIB,
    freePages: 440 * MIB - used,
    swapTotalPages: 64 * MIB,
    swapFreePages: 64 * MIB - used / 20,
    zones: [zone(440 * MIB - used)],
    oomLockHolderPid: deaths > 1 ? 9 : 0,
    reaper: { state: deaths > 1 ? 'D' : 'S', pid: deaths > 1 ? 8 : 0 },
    kills: deaths,
  });
  return {
    timeNs: ms * MS,
    events: ms,
    endedBy: null,
    panic: null,
    allocFailures: 0,
    machine,
    cgroups: cgroupsAt(used, deaths),
    tasks: tasksAt(used, deaths),
    processes: 5,
  };
}

const zone = (freePages: number) => ({
  node: 0,
  name: 'DMA32',
  freePages,
  minPages: 2.6 * MIB,
  lowPages: 3.3 * MIB,
  highPages: 3.9 * MIB,
  managedPages: 440 * MIB,
});

function cgroupsAt(used: number, deaths: number): CgroupFrame[] {
  const events = { low: 0, high: 3, max: 0, oom: 0, oom_kill: deaths, oom_group_kill: 0 };
  const stalled = deaths > 1 ? 2 : 0;
  const rows: [string, number, Partial<CgroupFrame>][] = [
    ['/', 1, { processes: 5 - deaths, states: [2, 2, 1, 0, 0, 0, 0], stalled }],
    ['/few', 0.28, { processes: 2, maxPages: 200 * MIB, states: [1, 1, 0, 0, 0, 0, 0] }],
    ['/many', 0.7, { score: null, processes: 3 - deaths, states: [1, 1, 1, 0, 0, 0, 0], stalled }],
    ['/many/web', 0.5, { events, highPages: 230 * MIB, processes: 2 - deaths, oomGroup: true }],
    ['/many/db', 0.2, { processes: 1, lowPages: 10 * MIB }],
  ];
  return rows.map(([path, share, some]) => {
    const usagePages = Math.round(used * share);
    return {
      ...cgroupSnapshot({ path, usagePages, anonPages: Math.round(usagePages * 0.9) }),
      ...cgroupStanding({ score: path === '/' ? 0 : usagePages }),
      pgtablesPages: Math.round(usagePages * 0.02),
      filePages: Math.round(usagePages * 0.05),
      swapPages: Math.round(usagePages / 20),
      ...some,
    };
  });
}

function tasksAt(used: number, deaths: number): TaskSnapshot[] {
  const task = (some: Partial<TaskSnapshot>): TaskSnapshot => ({
    pid: 0,
    tgid: some.pid ?? 0,
    comm: 'small',
    cgroup: '/many/web',
    state: 'R',
    wchan: '',
    oomScoreAdj: 0,
    anonPages: Math.round(used * 0.02),
    filePages: 100,
    shmemPages: 0,
    swapPages: 0,
    pgtablesPages: 16,
    oomVictim: false,
    memdie: false,
    mmfOomSkip: false,
    ...some,
  });
  return [
    task({ pid: 5, comm: 'big', cgroup: '/few', anonPages: Math.round(used * 0.14) }),
    task({ pid: 6, comm: 'big', cgroup: '/few', anonPages: Math.round(used * 0.14), state: 'S' }),
    task({ pid: 8, oomVictim: deaths > 1, memdie: deaths > 1, state: 'D', wchan: 'exit_mm' }),
    task({ pid: 9, comm: 'db', cgroup: '/many/db', oomScoreAdj: -500, state: 'S' }),
    task({ pid: 10, comm: 'sshd', cgroup: '/many/db', oomScoreAdj: -1000, anonPages: 500 }),
  ];
}

function killOf(index: number, ms: number): KillStory {
  const timeNs = ms * MS;
  const pid = 7 + index;
  const isFree = index === 0;
  return {
    index,
    timeNs,
    seq: ms,
    byKernel: true,
    kill: oomKill({
      pid,
      comm: 'small',
      cgroup: '/many/web',
      policy: 'cgroup',
      trigger_pid: 9,
      trigger_comm: 'db',
      reason: 'biggest task of /many/web, the biggest cgroup',
    }),
    sigkillNs: timeNs,
    markedNs: timeNs,
    reapingNs: isFree ? timeNs + 40_000 : null,
    reapedNs: isFree ? timeNs + 1_300_000 : null,
    skipNs: isFree ? timeNs + 1_300_000 : null,
    skipCause: isFree ? 'reaped' : '',
    exitedNs: isFree ? timeNs + 4_120_000 : null,
    freedNs: isFree ? timeNs + 4_120_000 : null,
    freedPages: isFree ? 8 * MIB : null,
    machine: machineSnapshot(),
    selection: {
      constraint: 'CONSTRAINT_NONE',
      totalPages: 504 * MIB,
      chosenMemcg: '/many/web',
      tasks: [
        candidate({ pid: 5, comm: 'big', cgroup: '/few', rssPages: 60 * MIB }),
        candidate({ pid: 6, comm: 'big', cgroup: '/few', rssPages: 59 * MIB }),
        candidate({ pid, comm: 'small', cgroup: '/many/web', rssPages: 8 * MIB, adj: 100 }),
        candidate({ pid: 10, comm: 'sshd', cgroup: '/many/db', adj: -1000, rssPages: 500 }),
      ],
      tasksTotal: 5,
      memcgs: [
        candidate({ kind: 'memcg', cgroup: '/few', points: 122 * MIB }),
        candidate({ kind: 'memcg', cgroup: '/many/web', points: 218 * MIB }),
        candidate({ kind: 'memcg', cgroup: '/many/db', points: 87 * MIB }),
      ],
      memcgsTotal: 3,
    },
  };
}

function candidate(some: Partial<Candidate>): Candidate {
  const { rssPages = 0, adj = 0 } = some;
  const adjPages = adj * 129;
  return {
    kind: 'task',
    pid: 0,
    comm: '',
    cgroup: '/',
    rssPages,
    swapPages: 0,
    pgtablesPages: 20,
    adj,
    adjPages,
    bonusPages: 0,
    points: adj === -1000 ? 0 : rssPages + 20 + adjPages,
    why: adj === -1000 ? 'oom_score_adj is -1000' : '',
    ...some,
  };
}
