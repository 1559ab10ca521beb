/** Pods on one node as a workload: the kubelet's cgroups, its limits and its oom_score_adj. */
import { InputError, pathText, printable } from '../../workload/problems.js';
import { formatSize, PAGE_BYTES } from '../../workload/units.js';
import type { WorkloadFile } from '../../workload/write.js';
import { type ImportedWorkload, type Notes, notesText } from '../imported.js';
import {
  type CgroupDriver,
  containerCgroup,
  podCgroup,
  podsRoot,
  qosCgroup,
  scopeOf,
} from './cgroups.js';
import type { Manifests, Node } from './manifests.js';
import type { Container, Pod } from './pod.js';
import { oomScoreAdjOf, podLimitOf, qosClassOf, SANDBOX_ADJ, sumOfContainers } from './qos.js';
import { type Usage, usageOf } from './usage.js';

/** How to import. */
export interface KubernetesOptions {
  /** Names of the files, for the comments. */
  readonly source: string;
  /** Which node's pods; default: the one with most of them. */
  readonly node?: string;
  /** The node's memory, bytes; default: as its Node object says. */
  readonly memoryBytes?: number;
  readonly swapBytes?: number;
  /** kube-reserved + system-reserved: what the pods' cgroup may not have. */
  readonly reservedBytes?: number;
  readonly driver?: CgroupDriver;
  /** As the kubelet's configuration has it (1.32); true also for kubelets before 1.28 and cgroup v1. */
  readonly singleProcessOomKill?: boolean;
  readonly usage?: Usage;
}

type ProcessFile = NonNullable<WorkloadFile['processes']>[number];
type Cgroups = NonNullable<WorkloadFile['cgroups']>;

const GIB = 2 ** 30;
const CPUS_ASSUMED = 4;
/** What a container without request and measured size is taken to use. */
const SIZE_ASSUMED = 64 * 2 ** 20;
/** How long a container takes to reach its limit in a run. */
const SIZES_ASSUMED = 'a container uses what it requests, or 64 MiB';
const GROWTH_STEPS = 100;
const COMM_MAX = 15;
/** The kernel itself needs some of the node's memory. */
const USABLE_SHARE = 0.95;

/**
 * Makes a workload of the pods of one node.
 * @throws InputError when there are none, or the node is not known
 */
export function kubernetesToWorkload(
  manifests: Manifests,
  options: KubernetesOptions,
): ImportedWorkload {
  const notes: Notes = { comments: new Map(), missing: [], assumed: [] };
  const pods = podsOfNode(manifests, options, notes);
  const node = nodeOf(manifests, pods, options, notes);
  const builder = new Builder(node, scaleToFit(pods, node, options, notes), options, notes);
  for (const pod of pods) builder.pod(pod);
  const file: WorkloadFile = {
    name: 'kubernetes',
    doc: `${pods.length} pod${pods.length === 1 ? '' : 's'} on node ${printable(node.name)}.`,
    machine: {
      memory: sizeText(node.memoryBytes),
      swap: sizeText(options.swapBytes ?? 0),
      cpus: Math.min(1024, node.cpus ?? CPUS_ASSUMED),
      exec: { anon: 0, file: 0, pgtables: 0, slab: 0 },
    },
    kernel: { version: '6.1', oom_policy: 'process' },
    cgroups: builder.cgroups,
    processes: builder.processes,
    until: '60s',
  };
  explain(manifests, options, notes);
  if (options.usage !== undefined && builder.unmeasured > 0) {
    notes.missing.push(`real sizes of ${builder.unmeasured} containers: not in the table of usage`);
    notes.assumed.push(SIZES_ASSUMED);
  }
  notes.comments.set('', headOf(options, notes));
  return { file, ...notes };
}

function podsOfNode(
  { pods, ended }: Manifests,
  { node, source }: KubernetesOptions,
  notes: Notes,
): readonly Pod[] {
  if (pods.length === 0) {
    const why = ended > 0 ? ` (${ended} have ended)` : '';
    throw new InputError(`${printable(source)}: no pod in the manifests${why}`);
  }
  const counts = new Map<string, number>();
  for (const pod of pods) {
    if (pod.node !== null) counts.set(pod.node, (counts.get(pod.node) ?? 0) + 1);
  }
  if (node !== undefined && counts.size > 0 && !counts.has(node)) {
    throw new InputError(
      `no pod on node ${printable(node)}; nodes: ${[...counts.keys()].join(', ')}`,
    );
  }
  const fullest = [...counts].reduce((most, each) => (each[1] > most[1] ? each : most), ['', 0]);
  const chosen = node ?? (counts.size === 0 ? null : fullest[0]);
  if (chosen === null) return pods;
  if (counts.size > 1 && node === undefined) {
    notes.assumed.push(
      `node ${chosen} of ${counts.size}: it has most pods (--node chooses another)`,
    );
  }
  const there = pods.filter((pod) => pod.node === null || pod.node === chosen);
  return there.map((pod) => ({ ...pod, node: chosen }));
}

function nodeOf(
  manifests: Manifests,
  pods: readonly Pod[],
  options: KubernetesOptions,
  notes: Notes,
): Node {
  const name = pods[0]?.node ?? options.node ?? null;
  const known = manifests.nodes.find((node) => node.name === name) ?? onlyNode(manifests, name);
  const asked = options.memoryBytes;
  if (known !== null) {
    notes.comments.set('machine', `Node ${known.name}: status.capacity.`);
    return { ...known, memoryBytes: asked ?? known.memoryBytes };
  }
  const requested = pods.reduce(
    (sum, pod) => sum + (pod.resources?.memoryRequest ?? sumOfContainers(pod, 'memoryRequest')),
    0,
  );
  let gib = 1;
  while (gib * GIB < requested * 1.25) gib *= 2;
  if (asked === undefined) {
    notes.missing.push("the node's memory (a Node object, or --node-memory)");
    notes.assumed.push(`${gib} GiB of memory: room for what the pods request`);
  }
  notes.assumed.push(`${CPUS_ASSUMED} CPUs`);
  return { name: name ?? 'node', memoryBytes: asked ?? gib * GIB, cpus: null, kernel: null };
}

function onlyNode({ nodes }: Manifests, name: string | null): Node | null {
  return name === null && nodes.length === 1 ? (nodes[0] ?? null) : null;
}

/** Gathers cgroups and processes, pod by pod. */
class Builder {
  readonly cgroups: Cgroups = {};
  readonly processes: ProcessFile[] = [];
  readonly #driver: CgroupDriver;
  readonly #names = new Map<string, number>();
  /** Containers that the table of real sizes does not have. */
  unmeasured = 0;

  constructor(
    private readonly node: Node,
    /** What each size is multiplied with, so that all fit. */
    private readonly scale: number,
    private readonly options: KubernetesOptions,
    private readonly notes: Notes,
  ) {
    this.#driver = options.driver ?? 'systemd';
    const root = podsRoot(this.#driver);
    const limit = node.memoryBytes - (options.reservedBytes ?? 0);
    if (limit <= 0) throw new InputError('more memory is reserved than the node has');
    this.cgroups[root] = { 'memory.max': sizeText(limit) };
    const what = "Node allocatable: the node's memory without what is reserved.";
    notes.comments.set(pathText(['cgroups', root]), what);
  }

  pod(pod: Pod): void {
    const qos = qosClassOf(pod);
    const parent = qosCgroup(this.#driver, qos);
    this.cgroups[parent] ??= {};
    const path = podCgroup(this.#driver, qos, pod);
    const limit = podLimitOf(pod);
    this.cgroups[path] = limit === null ? {} : { 'memory.max': sizeText(limit) };
    const why =
      limit === null ? 'no limit, since a container has none' : 'limit: its containers together';
    this.notes.comments.set(
      pathText(['cgroups', path]),
      `${pod.where}: ${qos}${pod.resources === null ? `, ${why}` : ', pod-level resources'}.`,
    );
    this.#sandbox(pod, path);
    // Init containers have ended before the others start.
    for (const container of pod.containers) {
      if (container.kind !== 'init') this.#container(pod, container, path);
    }
  }

  /** The pause container holds the pod's namespaces, and next to no memory. */
  #sandbox(pod: Pod, path: string): void {
    const cgroup = `${path}/${this.#driver === 'systemd' ? scopeOf('containerd', 'pause') : 'pause'}`;
    this.cgroups[cgroup] = {};
    this.processes.push({
      name: this.#unique(`${pod.name}/pause`),
      comm: 'pause',
      cgroup,
      oom_score_adj: SANDBOX_ADJ,
      memory: { anon: '16 pages', file: '100 pages', pgtables: '8 pages' },
    });
  }

  #container(pod: Pod, container: Container, podPath: string): void {
    const cgroup = containerCgroup(this.#driver, podPath, container);
    const limit = container.resources.memoryLimit;
    const requested = container.resources.memoryRequest ?? 0;
    this.cgroups[cgroup] = {
      ...(limit === null || limit === 0 ? {} : { 'memory.max': sizeText(limit) }),
      ...((this.options.swapBytes ?? 0) > 0 ? { 'memory.swap.max': 0 } : {}),
      ...(this.options.singleProcessOomKill === true ? {} : { 'memory.oom.group': 1 }),
    };
    const { bytes, from } = sizeOf(pod, container, this.options.usage);
    if (from !== MEASURED) this.unmeasured++;
    const scaled = Math.floor(bytes * this.scale);
    const index = this.processes.length;
    this.processes.push({
      name: this.#unique(`${pod.name}/${container.name}`),
      comm: commOf(container),
      cgroup,
      oom_score_adj: oomScoreAdjOf(pod, container, this.node.memoryBytes),
      memory: memoryOf(scaled),
      ...growthOf(scaled, limit),
      ...restartOf(pod),
    });
    this.notes.comments.set(
      pathText(['processes', index]),
      `${pod.where}, ${container.kind === 'sidecar' ? 'sidecar ' : ''}container ${container.name}: ` +
        `size ${from}; request ${requested === 0 ? 'none' : formatSize(requested)}, ` +
        `limit ${limit === null ? 'none' : formatSize(limit)}.`,
    );
  }

  #unique(wanted: string): string {
    const name = wanted.slice(-56);
    const times = this.#names.get(name) ?? 0;
    this.#names.set(name, times + 1);
    return times === 0 ? name : `${name}.${times}`;
  }
}

const MEASURED = 'measured';

/** What a container uses: measured, or what it asks for. */
function sizeOf(pod: Pod, container: Container, usage: Usage | undefined) {
  const measured = usage === undefined ? null : usageOf(usage, pod, container);
  if (measured !== null) return { bytes: measured, from: MEASURED };
  const { memoryRequest, memoryLimit } = container.resources;
  if (memoryRequest !== null && memoryRequest > 0) {
    return { bytes: memoryRequest, from: 'its request' };
  }
  return { bytes: Math.min(memoryLimit || SIZE_ASSUMED, SIZE_ASSUMED), from: 'assumed' };
}

/** More than the node has cannot be in use: then all sizes shrink alike. */
function scaleToFit(
  pods: readonly Pod[],
  node: Node,
  { usage }: KubernetesOptions,
  notes: Notes,
): number {
  let sum = 0;
  for (const pod of pods) {
    for (const container of pod.containers) {
      if (container.kind !== 'init') sum += sizeOf(pod, container, usage).bytes;
    }
  }
  const room = node.memoryBytes * USABLE_SHARE;
  if (sum <= room) return 1;
  const percent = Math.floor((room / sum) * 100);
  notes.assumed.push(
    `sizes are ${percent} % of what they should be: together the node is too small`,
  );
  return percent / 100;
}

/** All of it anonymous but what its page tables take. */
function memoryOf(bytes: number): ProcessFile['memory'] {
  const pages = Math.max(1, Math.floor(bytes / PAGE_BYTES));
  const pgtables = Math.min(pages - 1, 8 + Math.ceil(pages / 512));
  return {
    anon: `${pages - Math.max(0, pgtables)} pages`,
    pgtables: `${Math.max(0, pgtables)} pages`,
  };
}

/** In a run, a container with a limit grows until it is there. */
function growthOf(bytes: number, limit: number | null): Pick<ProcessFile, 'program'> {
  const pages = Math.floor(((limit ?? 0) - bytes) / PAGE_BYTES);
  if (pages <= 0) return {};
  const step = Math.max(1, Math.ceil(pages / GROWTH_STEPS));
  return {
    program: [
      { sleep: '1s' },
      { anon: `${pages} pages`, step: `${step} pages`, every: '100ms' },
      'hold',
    ],
  };
}

/** The kubelet starts a container again after ten seconds at first. */
function restartOf(pod: Pod): Pick<ProcessFile, 'restart'> {
  return pod.restartPolicy === 'Never'
    ? {}
    : { restart: { when: 'on-kill', delay: '10s', max: 5 } };
}

/** The kernel keeps 15 bytes of the program's name. */
function commOf(container: Container): string {
  const name = (container.command ?? container.name).replaceAll(/[^\x21-\x7e]/g, '_');
  return name.slice(0, COMM_MAX) || 'container';
}

function sizeText(bytes: number): string | number {
  return bytes === 0 ? 0 : formatSize(bytes);
}

function explain(manifests: Manifests, options: KubernetesOptions, notes: Notes): void {
  const { ignored, templates, ended, pods } = manifests;
  for (const template of templates.slice(0, 20)) notes.assumed.push(`${template} on this node`);
  if (ended > 0) notes.assumed.push(`${ended} pods that have ended are left out`);
  if (ignored.size > 0) {
    const kinds = [...ignored].map(([kind, count]) => `${count} ${kind}`).join(', ');
    notes.assumed.push(`not looked at: ${printable(kinds)}`);
  }
  notes.missing.push('what a container consists of', 'the system outside the pods');
  if (options.usage === undefined) {
    notes.missing.push('real sizes (--usage, e.g. from kubectl top pods --containers)');
    notes.assumed.push(SIZES_ASSUMED);
  }
  notes.assumed.push(
    'one process a container, all of its memory anonymous; one with a limit grows to it in the run',
  );
  if (pods.some((pod) => pod.containers.some((container) => container.kind === 'init'))) {
    notes.assumed.push('init containers have ended');
  }
  const one = options.singleProcessOomKill === true;
  notes.assumed.push(
    one
      ? 'singleProcessOOMKill, a kubelet before 1.28, or cgroup v1: no memory.oom.group'
      : 'a kubelet of 1.28 or later on cgroup v2: memory.oom.group of every container is 1',
  );
}

function headOf({ source }: KubernetesOptions, notes: Notes): string {
  return [
    `Made by oomsim import kubernetes from ${source}.`,
    'QoS classes, oom_score_adj and cgroups as kubelet 1.32 makes them.',
    ...notesText(notes),
  ].join('\n');
}
