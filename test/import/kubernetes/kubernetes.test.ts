import { describe, expect, test } from 'vitest';
import {
  type KubernetesOptions,
  kubernetesToWorkload,
  parseQuantity,
  readManifests,
  readUsage,
} from '../../../src/import/kubernetes/index.js';
import { parseWorkload } from '../../../src/workload/parse.js';
import { workloadToYaml } from '../../../src/workload/write.js';
import { controller, type FakePod, manifests, node, pod, read } from './manifests.js';

// Goal: what the kubelet would write into the cgroups and /proc is what the workload has.
// Expected values are worked out by hand from kubelet's rules (test names say which).

const GIB = 2 ** 30;
const OPTIONS: KubernetesOptions = { source: 'test', memoryBytes: 8 * GIB };

function imported(objects: readonly object[], options: Partial<KubernetesOptions> = {}) {
  const made = kubernetesToWorkload(read(...objects), { ...OPTIONS, ...options });
  const yaml = workloadToYaml(made.file, made.comments);
  return { ...made, yaml, workload: parseWorkload(yaml, 'made.yaml') };
}

/** oom_score_adj of everything but the pause containers, by name. */
function adjs(
  of: FakePod,
  options: Partial<KubernetesOptions> = {},
): Record<string, number | null> {
  const { processes } = imported([pod(of)], options).workload;
  const own = processes.filter(({ comm }) => comm !== 'pause');
  return Object.fromEntries(own.map(({ name, oomScoreAdj }) => [name.slice(2), oomScoreAdj]));
}

const memory = (amount: string) => ({ memory: amount });
const both = (amount: string) => ({ memory: amount, cpu: 1 });

describe('QoS classes and oom_score_adj', () => {
  test.each<[string, FakePod, Record<string, number>]>([
    ['nothing asked for: BestEffort', {}, { app: 1000 }],
    [
      'CPU and memory, limits like requests: Guaranteed',
      { containers: [{ limits: both('1Gi') }] },
      { app: -997 },
    ],
    ['only memory: Burstable', { containers: [{ limits: memory('1Gi') }] }, { app: 875 }],
    [
      'an eighth of the node: 1000 − 125',
      { containers: [{ requests: memory('1Gi') }] },
      { app: 875 },
    ],
    [
      'rounded down before it is subtracted',
      { containers: [{ requests: memory('1Mi') }] },
      { app: 999 },
    ],
    ['never below 3', { containers: [{ requests: memory('8Gi') }] }, { app: 3 }],
    [
      'each container by its own request',
      { containers: [{ name: 'a', requests: memory('4Gi') }, { name: 'b' }] },
      { a: 500, b: 999 },
    ],
    [
      'a sidecar is as safe as the least of those it serves',
      {
        init: [{ name: 'mesh', restartPolicy: 'Always', requests: memory('64Mi') }],
        containers: [
          { name: 'a', requests: memory('4Gi') },
          { name: 'b', requests: memory('2Gi') },
        ],
      },
      { mesh: 750, a: 500, b: 750 },
    ],
    [
      'system-node-critical',
      { spec: { priorityClassName: 'system-node-critical' } },
      { app: -997 },
    ],
    ['as the API server says', { status: { qosClass: 'Guaranteed' } }, { app: -997 }],
    [
      'pod-level requests are shared out',
      {
        spec: { resources: { requests: memory('4Gi') } },
        containers: [{ name: 'a', requests: memory('2Gi') }, { name: 'b' }],
      },
      { a: 625, b: 875 },
    ],
  ])('%s', (_rule, of, expected) => {
    expect(adjs(of)).toEqual(expected);
  });

  test('the pause container is safer than all', () => {
    const { processes } = imported([pod()]).workload;
    expect(processes.find(({ comm }) => comm === 'pause')?.oomScoreAdj).toBe(-998);
  });
});

describe('cgroups', () => {
  const burstable = {
    containers: [{ limits: memory('1Gi') }, { name: 'b', limits: memory('1Gi') }],
  };
  const paths = (of: FakePod, options: Partial<KubernetesOptions> = {}) =>
    imported([pod(of)], options).workload.cgroups.map(({ path }) => path);

  test('of the systemd driver: dashes are levels, those in names become underscores', () => {
    const uid = '0a1b-2c';
    const id = 'containerd://abcdef0123';
    const metadata = { uid };
    const status = { containerStatuses: [{ name: 'app', containerID: id }] };
    expect(paths({ metadata, status, containers: [{ requests: memory('1Gi') }] })).toEqual([
      '/kubepods.slice',
      '/kubepods.slice/kubepods-burstable.slice',
      '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0a1b_2c.slice',
      '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0a1b_2c.slice/cri-containerd-pause.scope',
      '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0a1b_2c.slice/cri-containerd-abcdef0123.scope',
    ]);
  });

  test('of the cgroupfs driver; guaranteed pods have no class above them', () => {
    const of = { name: 'db', containers: [{ limits: both('1Gi') }] };
    expect(paths(of, { driver: 'cgroupfs' })).toEqual([
      '/kubepods',
      '/kubepods/podns.db',
      '/kubepods/podns.db/pause',
      '/kubepods/podns.db/app',
    ]);
  });

  test('a pod has the limit of its containers together, if each has one', () => {
    const limitOf = (of: FakePod) => imported([pod(of)]).workload.cgroups[2]?.memoryMax;
    expect(limitOf(burstable)).toBe(2 * GIB);
    expect(limitOf({ containers: [...burstable.containers, { name: 'c' }] })).toBe(Infinity);
    expect(limitOf({ ...burstable, init: [{ limits: memory('3Gi') }] })).toBe(3 * GIB);
    const spec = { overhead: memory('100Mi') };
    expect(limitOf({ ...burstable, spec })).toBe(2 * GIB + 100 * 2 ** 20);
  });

  test('memory.oom.group, unless the kubelet is told otherwise', () => {
    const groups = (options: Partial<KubernetesOptions>) =>
      imported([pod(burstable)], options).workload.cgroups.filter(({ oomGroup }) => oomGroup);
    expect(groups({}).map(({ path }) => path.split('/').at(-1))).toEqual([
      'cri-containerd-app.scope',
      'cri-containerd-b.scope',
    ]);
    expect(groups({ singleProcessOomKill: true })).toEqual([]);
  });

  test('what is reserved is not for pods', () => {
    const { cgroups } = imported([pod()], { reservedBytes: GIB }).workload;
    expect(cgroups[0]).toMatchObject({ path: '/kubepods.slice', memoryMax: 7 * GIB });
  });
});

describe('manifests', () => {
  const names = (...objects: object[]) => read(...objects).pods.map(({ name }) => name);

  test('controllers count as often as they ask for', () => {
    const cron = {
      ...pod(),
      kind: 'CronJob',
      metadata: { name: 'cron' },
      spec: { jobTemplate: { spec: { parallelism: 2, template: pod() } } },
    };
    expect(
      names(
        controller('Deployment', 'web', { replicas: 2 }),
        controller('StatefulSet', 'db', {}),
        controller('DaemonSet', 'log', { replicas: 9 }),
        controller('Deployment', 'off', { replicas: 0 }),
        cron,
      ),
    ).toEqual(['web-0', 'web-1', 'db', 'log', 'cron-0', 'cron-1']);
  });

  test('pods that are there stand for the controllers that made them', () => {
    const ownerReferences = [{ kind: 'ReplicaSet', name: 'web-7d' }];
    const set = { ...controller('ReplicaSet', 'web-7d', { replicas: 1 }) } as { metadata: object };
    set.metadata = {
      ...set.metadata,
      ownerReferences: [{ kind: 'Deployment', name: 'web' }],
    };
    const deployment = controller('Deployment', 'web', { replicas: 1 });
    const own = pod({ name: 'web-7d-x', metadata: { ownerReferences } });
    expect(names(deployment, set, own)).toEqual(['web-7d-x']);
  });

  test('lists, also in JSON; what has ended does not count', () => {
    const ended = pod({ name: 'old', status: { phase: 'Succeeded' } });
    const list = { apiVersion: 'v1', kind: 'List', items: [pod({ name: 'a' }), ended] };
    const { kind: _kind, ...kindless } = pod({ name: 'b' }) as { kind: string };
    const podList = { apiVersion: 'v1', kind: 'PodList', items: [kindless] };
    const text = JSON.stringify({ ...list, items: [...list.items, podList] });
    const found = readManifests([{ name: 'x.json', text }]);
    expect(found.pods.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(found.ended).toBe(1);
  });

  test('the fullest node, or the one asked for, with its own size', () => {
    const on = (name: string, nodeName: string) => pod({ name, spec: { nodeName } });
    const objects = [
      node('n1', '4Gi'),
      node('n2', '16Gi'),
      on('a', 'n1'),
      on('b', 'n2'),
      on('c', 'n2'),
    ];
    const { memoryBytes: _none, ...rest } = OPTIONS;
    const on2 = kubernetesToWorkload(read(...objects), rest);
    expect(on2.file.machine).toMatchObject({ memory: '16GiB', cpus: 8 });
    const on1 = kubernetesToWorkload(read(...objects), { ...rest, node: 'n1' });
    expect(on1.file.doc).toBe('1 pod on node n1.');
    expect(() => kubernetesToWorkload(read(...objects), { ...rest, node: 'n9' })).toThrow(
      'no pod on node n9; nodes: n1, n2',
    );
  });

  test.each([
    ['a: [\n\n', /^test\.yaml:1:5: error: not YAML: .*\n {2}a: \[\n {6}\^$/],
    ['a: 1\n---\r\n\tb: 1\r\n', /^test\.yaml:3:1: error: not YAML: Tabs .*\n {3}b: 1\n {2}\^$/],
    [
      'kind: Pod\nmetadata: { name: p, namespace: ns }\nspec: { containers: none }\n',
      /^test\.yaml:3:21: error: spec\.containers: Pod ns\/p: it has no containers\n/,
    ],
    [
      'kind: Pod\nmetadata: { name: p, namespace: ns }\nspec: { restartPolicy: Never }\n',
      /^test\.yaml:3:7: error: spec\.containers: Pod ns\/p: it has no containers\n/,
    ],
    [
      manifests(pod({ containers: [{ requests: memory('lots') }] })),
      /ns\/p, container app: memory: expected a quantity/,
    ],
    [manifests(pod({ containers: [] })), /Pod ns\/p: it has no containers/],
    [manifests({ apiVersion: 'v1', kind: 'Secret' }), /no pod in the manifests/],
  ])('%j is refused', (text, message) => {
    const importIt = () =>
      kubernetesToWorkload(readManifests([{ name: 'test.yaml', text }]), OPTIONS);
    expect(importIt).toThrow(message);
  });
});

describe('sizes of real use', () => {
  test('containers that are not in the table are counted', () => {
    const pods = [pod({ name: 'a', containers: [{}, { name: 'b' }] })];
    const missing = (table: string) =>
      imported(pods, { usage: readUsage(table, 'top.txt') }).missing.filter((text) =>
        text.includes('real sizes'),
      );
    expect(missing('NAMESPACE POD NAME MEMORY(bytes)\nns other app 5Mi\n')).toEqual([
      'real sizes of 2 containers: not in the table of usage',
    ]);
    expect(missing('NAMESPACE POD MEMORY(bytes)\nns a 5Mi\n')).toEqual([]);
  });

  const objects = [
    pod({
      name: 'a',
      containers: [{ requests: memory('1Gi') }, { name: 'b', requests: memory('3Gi') }],
    }),
  ];
  const anon = (table: string) =>
    imported(objects, { usage: readUsage(table, 'top.txt') })
      .workload.processes.filter(({ comm }) => comm !== 'pause')
      .map(({ memory: has }) => ((has?.anonPages ?? 0) + (has?.pgtablesPages ?? 0)) / 256);

  test('kubectl top pods --containers', () => {
    const table = 'POD  NAME  CPU(cores)  MEMORY(bytes)\na  app  1m  100Mi\na  b  1m  7Mi\n';
    expect(anon(table.replace('NAME', 'CONTAINER'))).toEqual([100, 7]);
  });

  test('kubectl top pods: shared out as requested', () => {
    expect(anon('NAME  CPU(cores)  MEMORY(bytes)\na  1m  400Mi\n')).toEqual([100, 300]);
  });

  test('Prometheus CSV, with namespaces', () => {
    const csv =
      'namespace,pod,container,Value\nother,a,app,1\nns,a,app,104857600\n"ns","a","b",1.048576e+06\n';
    expect(anon(csv)).toEqual([100, 1]);
  });

  test('what is no such table', () => {
    expect(() => readUsage('hello\n', 'x.csv')).toThrow('x.csv:1: expected a header');
    expect(() => readUsage('pod,memory\na,much\n', 'x.csv')).toThrow(
      'x.csv:2: expected a quantity',
    );
  });
});

test.each([
  ['128974848', 128974848],
  ['129e6', 129e6],
  ['129M', 129e6],
  ['123Mi', 123 * 2 ** 20],
  ['1.5Gi', 1.5 * GIB],
  ['500m', 1],
  [64, 64],
  ['.5Gi', GIB / 2],
])('quantity %j', (text, bytes) => {
  expect(parseQuantity(text, 'here')).toBe(bytes);
});

test.each(['', '-1', '1MB', '1 Gi', '1e', null, {}])('%j is no quantity', (text) => {
  expect(() => parseQuantity(text, 'here')).toThrow('here: expected a quantity');
});
