/**
 * QoS classes and oom_score_adj as kubelet 1.32 computes them (pkg/apis/core/v1/helper/qos,
 * pkg/kubelet/qos/policy.go).
 */
import type { Container, Pod, Resources } from './pod.js';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const GUARANTEED_ADJ = -997;
const BEST_EFFORT_ADJ = 1000;
/** The pause container. */
export const SANDBOX_ADJ = -998;
/** policy.go: a burstable container is never as safe as a guaranteed one that uses all memory. */
const BURSTABLE_ADJ_MIN = 1000 + GUARANTEED_ADJ;

/** The pod's class: as its status says, or by its requests and limits. */
export function qosClassOf(pod: Pod): QosClass {
  const { qosClass } = pod;
  if (qosClass === 'Guaranteed' || qosClass === 'Burstable' || qosClass === 'BestEffort') {
    return qosClass;
  }
  const all = pod.resources === null ? pod.containers.map((c) => c.resources) : [pod.resources];
  const set = (amount: number | null): boolean => amount !== null && amount > 0;
  const nothing = all.every(
    (r) => !set(r.memoryRequest) && !set(r.memoryLimit) && !set(r.cpuRequest) && !set(r.cpuLimit),
  );
  if (nothing) return 'BestEffort';
  return all.every(equalsItsLimits) ? 'Guaranteed' : 'Burstable';
}

function equalsItsLimits(r: Resources): boolean {
  const whole = (r.memoryLimit ?? 0) > 0 && (r.cpuLimit ?? 0) > 0;
  return whole && r.memoryRequest === r.memoryLimit && r.cpuRequest === r.cpuLimit;
}

/** oom_score_adj of a container's processes, on a node with that much memory. */
export function oomScoreAdjOf(pod: Pod, container: Container, capacityBytes: number): number {
  if (pod.priorityClass === 'system-node-critical') return GUARANTEED_ADJ;
  const qos = qosClassOf(pod);
  if (qos === 'Guaranteed') return GUARANTEED_ADJ;
  if (qos === 'BestEffort') return BEST_EFFORT_ADJ;
  const share = unassignedShare(pod);
  const adjFor = (bytes: number): number =>
    1000 - Math.floor((1000 * (bytes + share)) / capacityBytes);
  let adj = adjFor(container.resources.memoryRequest ?? 0);
  // A sidecar is no likelier a victim than the containers that it serves.
  if (container.kind === 'sidecar') adj = Math.min(adj, adjFor(smallestRequest(pod)));
  return Math.max(BURSTABLE_ADJ_MIN, Math.min(BEST_EFFORT_ADJ - 1, adj));
}

function smallestRequest(pod: Pod): number {
  const apps = pod.containers.filter((container) => container.kind === 'app');
  return apps.reduce(
    (least, { resources }) => Math.min(least, resources.memoryRequest ?? 0),
    Number.POSITIVE_INFINITY,
  );
}

/** Pod-level requests beyond those of the containers are shared out among them all. */
function unassignedShare(pod: Pod): number {
  const request = pod.resources?.memoryRequest ?? 0;
  if (request === 0) return 0;
  return Math.max(
    0,
    Math.floor((request - sumOfContainers(pod, 'memoryRequest')) / pod.containers.length),
  );
}

/**
 * What the pod's containers come to: those that run together add up; an init container runs beside
 * the sidecars before it only (component-helpers resource).
 */
export function sumOfContainers(pod: Pod, which: 'memoryRequest' | 'memoryLimit'): number {
  let together = 0;
  let sidecars = 0;
  let most = 0;
  for (const { kind, resources } of pod.containers) {
    const bytes = resources[which] ?? 0;
    if (kind === 'init') {
      most = Math.max(most, sidecars + bytes);
      continue;
    }
    together += bytes;
    if (kind === 'sidecar') sidecars += bytes;
  }
  return Math.max(together, most);
}

/** memory.max of the pod's cgroup (ResourceConfigForPod); null: none, since a container has none. */
export function podLimitOf(pod: Pod): number | null {
  const podLevel = pod.resources?.memoryLimit ?? null;
  if (podLevel !== null) return podLevel + pod.overheadBytes;
  const running = pod.containers.filter((container) => container.kind !== 'init');
  if (running.some(({ resources }) => (resources.memoryLimit ?? 0) === 0)) return null;
  return sumOfContainers(pod, 'memoryLimit') + pod.overheadBytes;
}
