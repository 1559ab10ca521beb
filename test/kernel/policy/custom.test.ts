import { describe, expect, it } from 'vitest';
import type { MemCgroup } from '../../../src/kernel/mm/mem_cgroup.js';
import { mark_oom_victim } from '../../../src/kernel/mm/oom_victim.js';
import { custom_policy, type PolicyProgram } from '../../../src/kernel/policy/custom.js';
import type {
  CgroupView,
  OomHandler,
  PolicyContext,
} from '../../../src/kernel/policy/custom_api.js';
import type { OomPolicy } from '../../../src/kernel/policy/policy.js';
import { type World, type WorldSpec, world } from '../fixture.js';

/** What handlers were asked, and what came of it. */
interface Played {
  readonly w: World<string>;
  /** `handler answer problem` of every one that was asked. */
  readonly asked: string[];
  /** `comm reason` of every kill. */
  readonly kills: string[];
  /** One call of out_of_memory() by `me`. @returns what it returns */
  oom(memcg?: string): boolean;
}

/** /pod with two containers and a bystander in /other; `me` asks. */
const TREE: WorldSpec<string> = {
  cgroups: { '/pod': { max: 5000 }, '/pod/a': { low: 100 }, '/pod/b': {}, '/other': {} },
  tasks: {
    me: {},
    a1: { cgroup: '/pod/a', anon: 300 },
    a2: { cgroup: '/pod/a', anon: 200 },
    b1: { cgroup: '/pod/b', anon: 400 },
    big: { cgroup: '/other', anon: 900 },
    safe: { cgroup: '/pod/b', anon: 900, adj: -1000 },
  },
};

function play(handlers: Record<string, OomHandler>, over: Partial<WorldSpec<string>> = {}): Played {
  const w = world<string>({ ...TREE, ...over });
  const program: PolicyProgram = {
    name: 'mine',
    doc: '',
    handlers: new Map(Object.entries(handlers)),
    ask: (handler, oc, ctx, read) => read(handler(oc, ctx)),
    describe: (error) => String(error),
  };
  const random = { below: () => 0, chance: () => false };
  (w.k as { policy: OomPolicy }).policy = custom_policy(program, random);
  const asked: string[] = [];
  w.k.trace.subscribe(['oomsim:oom_policy'], (_name, _context, { handler, answer, problem }) => {
    asked.push(`${handler} ${answer} ${problem}`.trim());
  });
  const kills: string[] = [];
  w.k.trace.subscribe(['oomsim:oom_kill'], (_name, _context, { comm, reason, group }) => {
    kills.push(`${comm} ${reason}${group ? ', in a group' : ''}`);
  });
  const oom = (path?: string): boolean => {
    const memcg: MemCgroup | null = path === undefined ? null : w.memcg(path);
    return w.run(w.tasks.me!, w.oom(w.tasks.me!, { memcg }));
  };
  return { w, asked, kills, oom };
}

/** The context of a handler that declines. */
function contextOf(memcg?: string, over: Partial<WorldSpec<string>> = {}): PolicyContext {
  let seen: PolicyContext | undefined;
  const look: OomHandler = (_oc, ctx) => {
    seen = ctx;
    return 'decline';
  };
  play({ default: look }, over).oom(memcg);
  return seen!;
}

const pid = (ctx: PolicyContext, comm: string): number =>
  ctx.processes.find((process) => process.comm === comm)!.pid;

describe('who is asked', () => {
  const decline: OomHandler = () => 'decline';
  const all = { default: decline, '/': decline, '/pod': decline, '/pod/a': decline };

  it('handlers from the cgroup in OOM up to root, then the system; then the kernel kills', () => {
    const { oom, asked, kills } = play(all);
    expect(oom('/pod/a')).toBe(true);
    expect(asked).toEqual(['/pod/a decline', '/pod decline', '/ decline', 'default decline']);
    expect(kills).toEqual(['a1 highest badness']);
  });

  it('the first that kills is the last that is asked', () => {
    const handlers = { ...all, '/pod': () => ({ killCgroup: '/pod/b' }) };
    const { oom, asked, kills } = play(handlers);
    expect(oom('/pod')).toBe(true);
    expect(asked).toEqual(['/pod kill']);
    expect(kills).toEqual(['b1 chosen by mine, in a group']);
  });

  it('when the machine is out of memory, that of root and the system', () => {
    const { oom, asked } = play(all);
    oom();
    expect(asked).toEqual(['/ decline', 'default decline']);
  });

  it('nobody when vm.oom_kill_allocating_task decides', () => {
    const { oom, asked, kills } = play(all, { sysctl: { oom_kill_allocating_task: true } });
    oom();
    expect([asked, kills]).toEqual([[], ['me highest badness']]);
  });
});

describe('what is done', () => {
  it('kills one or more by view or pid, in that order, with the reason given', () => {
    const { oom, kills, w } = play({
      default: (_oc, ctx) => ({
        kill: [ctx.process(pid(ctx, 'b1'))!, pid(ctx, 'a2'), pid(ctx, 'a2')],
        reason: 'two\nat once',
      }),
    });
    expect(oom('/pod')).toBe(true);
    expect(kills).toEqual(['b1 two at once', 'a2 two at once']);
    expect(w.dmesg).toContain('oom_policy=mine');
    expect(w.dmesg).toContain('oom: mine: handler default kills 2: two at once');
  });

  it('kills with memory.oom.group, as the kernel does', () => {
    const cgroups = { ...TREE.cgroups, '/pod/a': { group: true } };
    const kill: OomHandler = (_oc, ctx) => ({ kill: [pid(ctx, 'a2')], reason: 'x' });
    const { oom, kills } = play({ default: kill }, { kernel: '6.1', cgroups });
    oom('/pod');
    expect(kills).toEqual([
      'a2 x',
      'a1 member of /pod/a, which has memory.oom.group set, in a group',
      'a2 member of /pod/a, which has memory.oom.group set, in a group',
    ]);
  });

  it('spares who has oom_score_adj -1000 when a cgroup dies', () => {
    const { oom, kills, asked } = play({ default: () => ({ killCgroup: '/pod', reason: 'x' }) });
    oom();
    expect(kills.map((kill) => kill.split(' ')[0])).toEqual(['a1', 'a2', 'b1']);
    expect(asked).toEqual(['default kill']);
  });

  it('waits for a victim that is dying already', () => {
    const { oom, kills, asked, w } = play({ default: (_oc, ctx) => ({ kill: ctx.inFlight }) });
    mark_oom_victim(w.k, w.tasks.a1!);
    expect(oom('/pod')).toBe(true);
    expect([asked, kills]).toEqual([['default wait'], []]);
  });

  it('costs a look at every process of the domain', () => {
    const { oom, w } = play({ default: () => ({ killCgroup: '/pod/a' }) });
    const before = w.k.sim.nowNs;
    oom('/pod');
    expect(w.k.sim.nowNs - before).toBeGreaterThanOrEqual(4 * w.k.costs.oomTaskScanNs);
  });
});

/** Every one leaves the kill to the kernel: a1 is the biggest of /pod/a. */
describe('a policy that goes wrong is reported and has declined', () => {
  const wrong: [string, unknown, RegExp][] = [
    ['throws', 'THROW', /^default decline Error: oops$/],
    ['nothing returned', undefined, /returned undefined: neither 'decline' nor/],
    ['a text', 'Decline', /returned "Decline": neither/],
    ['kills nothing', {}, /named nobody to kill/],
    ['an empty list', { kill: [] }, /named nobody to kill/],
    ['no list', { kill: 7 }, /kill is 7, not a list/],
    ['an unknown pid', { kill: [4711] }, /there is no process 4711/],
    ['no pid', { kill: ['a1'] }, /kill has "a1" in it, neither a process nor a pid/],
    ['init', { kill: [1] }, /there is no process 1$/],
    ['an unknown cgroup', { killCgroup: '/nowhere' }, /there is no cgroup "\/nowhere"/],
    ['no cgroup', { killCgroup: 3 }, /killCgroup is 3, neither a cgroup nor a path/],
    ['a cgroup outside', { killCgroup: '/other' }, /nobody in \/other can be killed: process/],
    ['a promise', Promise.resolve({ kill: [3] }), /named nobody to kill/],
  ];
  it.each(wrong)('%s', (_what, answer, problem) => {
    const handler = (): never => {
      if (answer === 'THROW') throw new Error('oops');
      return answer as never;
    };
    const { oom, asked, kills, w } = play({ default: handler });
    expect(oom('/pod/a')).toBe(true);
    expect(asked).toEqual([expect.stringMatching(problem)]);
    expect(asked[0]).toMatch(/^default decline /);
    expect(kills).toEqual(['a1 highest badness']);
    expect(w.dmesg.join('\n')).toContain('oom: mine: handler default went wrong: ');
  });

  it('floods the log', () => {
    const flood: OomHandler = (_oc, ctx) => {
      for (let i = 0; ; i++) ctx.log(`line ${i}`);
    };
    const { oom, asked, kills, w } = play({ default: flood });
    oom('/pod/a');
    expect(asked).toEqual(['default decline Error: wrote more than 100 lines']);
    expect(w.dmesg.filter((line) => line.startsWith('oom: mine: line'))).toHaveLength(100);
    expect(kills).toEqual(['a1 highest badness']);
  });

  it.each([
    ['big', 'is in /other, outside of /pod, which is out of memory'],
    ['safe', 'has oom_score_adj -1000'],
    ['dead', 'is dead'],
    ['reaped', 'was killed before and has no memory left to give'],
  ])('%s cannot be killed, and the others are', (comm, why) => {
    const { tasks, ...rest } = TREE;
    const more = { dead: { cgroup: '/pod/a', mm: false }, reaped: { cgroup: '/pod/a', anon: 1 } };
    let victims: number[] = [];
    const kill: OomHandler = () => ({ kill: victims });
    const spec = { ...rest, tasks: { ...tasks, ...more } } as WorldSpec<string>;
    const { oom, asked, kills, w } = play({ default: kill }, spec);
    w.tasks.reaped!.mm!.oom_skip = true;
    victims = [w.tasks[comm]!.pid, w.tasks.a2!.pid];
    oom('/pod');
    expect(asked).toEqual([`default kill process ${victims[0]} (${comm}) ${why}`]);
    expect(kills).toEqual(['a2 chosen by mine']);
  });
});

describe('what a handler sees', () => {
  it('the OOM', () => {
    let text = '';
    const look: OomHandler = (oc) => {
      const { cgroup, trigger, ...rest } = oc;
      text = JSON.stringify({ cgroup: cgroup.path, comm: trigger.comm, ...rest });
      return 'decline';
    };
    play({ '/pod': look }).oom('/pod');
    expect(JSON.parse(text)).toEqual({
      cgroup: '/pod',
      comm: 'me',
      global: false,
      constraint: 'CONSTRAINT_MEMCG',
      totalPages: 5000,
      order: 0,
      timeNs: expect.any(Number),
    });
  });

  it('the cgroups and processes of the domain, and all of the machine behind them', () => {
    const ctx = contextOf('/pod');
    expect(ctx.cgroups.map(({ path }) => path)).toEqual(['/pod', '/pod/a', '/pod/b']);
    expect(ctx.processes.map(({ comm }) => comm)).toEqual(['a1', 'a2', 'b1', 'safe']);
    const paths = (c: CgroupView): string[] => [c.path, ...c.children.flatMap(paths)];
    expect(paths(ctx.root)).toEqual(['/', '/pod', '/pod/a', '/pod/b', '/other']);
    expect(ctx.root.allProcesses).toHaveLength(6);
    expect(ctx.cgroup('/other')?.processes[0]?.comm).toBe('big');
    expect([ctx.cgroup('/x'), ctx.process(4711)]).toEqual([undefined, undefined]);
  });

  it('usage, limits and events of a cgroup', () => {
    const [pod, a] = contextOf('/pod').cgroups;
    expect(pod).toMatchObject({ usagePages: 1800, maxPages: 5000, highPages: Infinity, psi: null });
    expect(a).toMatchObject({ usagePages: 500, lowPages: 100, oomGroup: false });
    expect([a!.parent, a!.stat.anonPages, a!.events.oom]).toEqual([pod, 500, 0]);
  });

  it('pressure where the kernel measures it', () => {
    expect(contextOf('/pod', { kernel: '6.1' }).root.psi).toMatchObject({ someAvg10: 0 });
  });

  it('memory and badness of a process', () => {
    const { processes } = contextOf('/pod');
    expect(processes[0]).toMatchObject({
      comm: 'a1',
      oomScoreAdj: 0,
      rssPages: 300,
      badnessPages: 300,
      oomScore: 60,
      killable: true,
      inFlight: false,
    });
    expect(processes.at(-1)).toMatchObject({ badnessPages: null, oomScore: 0, killable: false });
  });

  it('nothing that it could change', () => {
    const frozen = new Set<unknown>();
    const check = (value: unknown): void => {
      if (typeof value !== 'object' || value === null || frozen.has(value)) return;
      frozen.add(value);
      expect(Object.isFrozen(value)).toBe(true);
      for (const [key, part] of Object.entries(value)) if (key !== 'random') check(part);
    };
    check(contextOf('/pod'));
    expect(frozen.size).toBeGreaterThan(20);
  });
});
