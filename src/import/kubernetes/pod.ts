/** A pod as far as memory goes, from the API's own form. */
import { printable } from '../../workload/problems.js';
import { BadValue, quantityIn } from './located.js';
import { listOf, mapOf, type Plain, textOf } from './plain.js';

/** Requests and limits of memory, bytes, and of CPU, which only the QoS class asks for. */
export interface Resources {
  readonly memoryRequest: number | null;
  readonly memoryLimit: number | null;
  readonly cpuRequest: number | null;
  readonly cpuLimit: number | null;
}

/** One container. */
export interface Container {
  readonly name: string;
  readonly resources: Resources;
  /** `sidecar`: an init container that is restarted always. */
  readonly kind: 'app' | 'init' | 'sidecar';
  /** The program that its command names, or null. */
  readonly command: string | null;
  /** `containerd://…`, once it runs. */
  readonly id: string | null;
}

/** One pod. */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | null;
  readonly node: string | null;
  readonly containers: readonly Container[];
  /** Pod-level resources (1.32 and later); null where none are written. */
  readonly resources: Resources | null;
  readonly overheadBytes: number;
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never';
  readonly priorityClass: string | null;
  /** As the API server computed it, once the pod exists. */
  readonly qosClass: string | null;
  /** For messages: `Pod web/api-0`. */
  readonly where: string;
}

/**
 * Reads a pod's or a pod template's metadata and spec.
 * @throws InputError for a quantity that is none, or a pod without containers
 */
export function readPod(value: Plain, name: string, namespace: string): Pod {
  const meta = mapOf(value.metadata);
  const spec = mapOf(value.spec);
  const status = mapOf(value.status);
  const where = `Pod ${printable(namespace)}/${printable(name)}`;
  const ids = containerIds(status);
  const containers = [
    ...listOf(spec.initContainers).map((each) => readContainer(mapOf(each), 'init', where, ids)),
    ...listOf(spec.containers).map((each) => readContainer(mapOf(each), 'app', where, ids)),
  ];
  if (!containers.some((container) => container.kind === 'app')) {
    throw new BadValue(
      `${where}: it has no containers`,
      spec,
      'containers',
      'a list of containers',
    );
  }
  const overhead = mapOf(spec.overhead);
  return {
    namespace,
    name,
    uid: textOf(meta.uid),
    node: textOf(spec.nodeName),
    containers,
    resources: spec.resources === undefined ? null : readResources(mapOf(spec.resources), where),
    overheadBytes:
      overhead.memory === undefined ? 0 : quantityIn(overhead, 'memory', `${where}: overhead`),
    restartPolicy: restartPolicyOf(spec.restartPolicy),
    priorityClass: textOf(spec.priorityClassName),
    qosClass: textOf(status.qosClass),
    where,
  };
}

function containerIds(status: Plain): ReadonlyMap<string, string> {
  const statuses = [...listOf(status.containerStatuses), ...listOf(status.initContainerStatuses)];
  const ids = new Map<string, string>();
  for (const each of statuses) {
    const { name, containerID } = mapOf(each);
    if (typeof name === 'string' && typeof containerID === 'string') ids.set(name, containerID);
  }
  return ids;
}

function readContainer(
  value: Plain,
  list: 'init' | 'app',
  pod: string,
  ids: ReadonlyMap<string, string>,
): Container {
  const name = textOf(value.name) ?? 'unnamed';
  const sidecar = list === 'init' && value.restartPolicy === 'Always';
  return {
    name,
    resources: readResources(mapOf(value.resources), `${pod}, container ${printable(name)}`),
    kind: sidecar ? 'sidecar' : list,
    command: programOf(listOf(value.command)[0]),
    id: ids.get(name) ?? null,
  };
}

/** `/usr/bin/java` runs as `java`; what a shell runs is not known. */
function programOf(command: unknown): string | null {
  const base = textOf(command)?.split('/').at(-1) ?? '';
  return base === '' || /^(?:ba|da|a|z|k)?sh$|^env$|^tini$|^dumb-init$/.test(base) ? null : base;
}

function restartPolicyOf(value: unknown): Pod['restartPolicy'] {
  return value === 'OnFailure' || value === 'Never' ? value : 'Always';
}

function readResources(value: Plain, where: string): Resources {
  const requests = mapOf(value.requests);
  const limits = mapOf(value.limits);
  const read = (map: Plain, name: string): number | null =>
    map[name] === undefined || map[name] === null
      ? null
      : quantityIn(map, name, `${where}: ${name}`);
  // CPU in thousandths would lose nothing that the QoS class asks for: whether it is set, and equal.
  const milli = (map: Plain): number | null =>
    map.cpu === undefined || map.cpu === null ? null : milliOf(map, `${where}: cpu`);
  return {
    // The API server takes a limit for the request where only the limit is written.
    memoryRequest: read(requests, 'memory') ?? read(limits, 'memory'),
    memoryLimit: read(limits, 'memory'),
    cpuRequest: milli(requests) ?? milli(limits),
    cpuLimit: milli(limits),
  };
}

function milliOf(map: Plain, where: string): number {
  const text = String(map.cpu);
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  return /^\d+m$/.test(text) ? Number(text.slice(0, -1)) : quantityIn(map, 'cpu', where) * 1000;
}
