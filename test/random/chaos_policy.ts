/** A policy that does anything that a policy may do, and much that it must not, at random. */
import type {
  OomDecision,
  OomHandler,
  OomView,
  PolicyContext,
} from '../../src/kernel/policy/custom_api.js';
import type { PolicyFile } from '../../src/run/policy/load.js';

/** As a workload names it. */
export const CHAOS = './chaos.ts';

type Whim = (ctx: PolicyContext, oc: OomView) => unknown;

const one_of = <T>({ random }: PolicyContext, items: readonly T[]): T | undefined =>
  items.length === 0 ? undefined : items[random.below(items.length)];

const WHIMS: readonly Whim[] = [
  () => 'decline',
  () => undefined,
  () => ({}),
  () => {
    throw new Error('chaos');
  },
  (ctx) => ({ kill: [one_of(ctx, ctx.processes)], reason: 'one' }),
  (ctx) => ({ kill: [one_of(ctx, ctx.root.allProcesses), 1, 99_999] }),
  (ctx) => ({ kill: ctx.processes.filter(() => ctx.random.chance(500)), reason: 'some' }),
  (ctx) => ({ kill: ctx.processes }),
  (ctx) => ({ killCgroup: one_of(ctx, ctx.cgroups) }),
  (ctx) => ({ killCgroup: one_of(ctx, [ctx.root, ...ctx.root.children]), reason: 'far' }),
  (_ctx, oc) => ({ killCgroup: oc.cgroup.path, reason: 'all of it' }),
  (ctx) => ({ kill: ctx.inFlight }),
  (ctx, oc) => {
    ctx.log(`${ctx.handler} ${oc.cgroup.path}`);
    const small = [...ctx.processes].sort((a, b) => a.rssPages - b.rssPages);
    return { kill: small.slice(0, 1), reason: 'smallest' };
  },
];

const handle: OomHandler = (oc, ctx) => one_of(ctx, WHIMS)!(ctx, oc) as OomDecision;

/** Handlers of the system and of cgroups that random workloads may have. */
export const chaos_policy: PolicyFile = {
  name: 'chaos',
  doc: '',
  path: CHAOS,
  text: '',
  hash: '0'.repeat(64),
  start: () => ({
    name: 'chaos',
    doc: '',
    handlers: new Map(['/', '/a', '/a/b', 'default'].map((at) => [at, handle])),
    ask: (handler, oc, ctx, read) => read(handler(oc, ctx)),
    describe: String,
  }),
};
