/** The kubelet's cgroups (pkg/kubelet/cm), as the systemd or the cgroupfs driver names them. */
import type { Container, Pod } from './pod.js';
import type { QosClass } from './qos.js';

export type CgroupDriver = 'systemd' | 'cgroupfs';

/** The cgroup of all pods. */
export function podsRoot(driver: CgroupDriver): string {
  return driver === 'systemd' ? '/kubepods.slice' : '/kubepods';
}

/** The cgroup of a QoS class; guaranteed pods stand directly in the root. */
export function qosCgroup(driver: CgroupDriver, qos: QosClass): string {
  const root = podsRoot(driver);
  if (qos === 'Guaranteed') return root;
  const name = qos.toLowerCase();
  return driver === 'systemd' ? `${root}/kubepods-${name}.slice` : `${root}/${name}`;
}

/** The pod's cgroup: by its uid, or by its name where it has none yet. */
export function podCgroup(driver: CgroupDriver, qos: QosClass, pod: Pod): string {
  const parent = qosCgroup(driver, qos);
  const id = pod.uid ?? `${pod.namespace}.${pod.name}`;
  if (driver === 'cgroupfs') return `${parent}/pod${usable(id)}`;
  // A dash stands for a level of the tree in the name of a slice.
  const prefix = qos === 'Guaranteed' ? 'kubepods' : `kubepods-${qos.toLowerCase()}`;
  return `${parent}/${prefix}-pod${usable(id).replaceAll('-', '_')}.slice`;
}

/** The container's cgroup below its pod's: by its id, or by its name where it has none yet. */
export function containerCgroup(driver: CgroupDriver, pod: string, container: Container): string {
  const match = /^([a-z-]{1,20}):\/\/([0-9a-f]{8,64})$/.exec(container.id ?? '');
  const runtime = match?.[1] ?? 'containerd';
  const id = match?.[2] ?? usable(container.name);
  return `${pod}/${driver === 'systemd' ? scopeOf(runtime, id) : id}`;
}

/** Each runtime names its scopes in its own way. */
export function scopeOf(runtime: string, id: string): string {
  const prefix =
    runtime === 'containerd' ? 'cri-containerd' : runtime === 'cri-o' ? 'crio' : runtime;
  return `${prefix}-${id}.scope`;
}

function usable(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 200);
}
