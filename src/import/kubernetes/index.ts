/** Kubernetes manifests as workloads. */
export type { CgroupDriver } from './cgroups.js';
export { looksLikeManifests, type Manifests, readManifests } from './manifests.js';
export { parseQuantity } from './quantity.js';
export { type KubernetesOptions, kubernetesToWorkload } from './to_workload.js';
export { readUsage, type Usage } from './usage.js';
