// kills the cgroup that is furthest above its memory.low
// (as one would evict what exceeds its request)
import type { CgroupView, OomPolicyModule } from 'oomsim';

const above = (cgroup: CgroupView) => cgroup.usagePages / Math.max(cgroup.lowPages, 1);

export default {
  name: 'ten-lines',
  handle(oc, ctx) {
    if (ctx.inFlight.length > 0) return { kill: ctx.inFlight };
    const leaves = ctx.cgroups.filter((c) => c.processes.some((process) => process.killable));
    const [worst] = leaves.sort((a, b) => above(b) - above(a));
    if (worst === undefined || worst.path === '/') return 'decline';
    return { killCgroup: worst, reason: `${above(worst).toFixed(1)} times its memory.low` };
  },
} satisfies OomPolicyModule;
