// kills the largest leaf in which everybody may be killed
// (the selftest of BPF OOM)
//
//   oomsim run bpf-oom-selftest --policy bpf-selftest.ts
import type { CgroupView, OomPolicyModule } from 'oomsim';

const everybodyMayDie = (cgroup: CgroupView): boolean =>
  cgroup.processes.every((process) => process.oomScoreAdj !== -1000);

const policy: OomPolicyModule = {
  name: 'bpf-selftest',
  handlers: {
    '/oom_test'(oc, ctx) {
      let largest: CgroupView | null = null;
      for (const cgroup of ctx.cgroups) {
        if (cgroup.children.length > 0 || cgroup.processes.length === 0) continue;
        if (!everybodyMayDie(cgroup)) continue;
        if (largest === null || cgroup.usagePages > largest.usagePages) largest = cgroup;
      }
      if (largest === null) return 'decline';
      return { killCgroup: largest, reason: `largest leaf of ${oc.cgroup.path}: ${largest.path}` };
    },
  },
};
export default policy;
