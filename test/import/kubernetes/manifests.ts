/** Made-up manifests for the tests. */
import { stringify } from 'yaml';
import { type Manifests, readManifests } from '../../../src/import/kubernetes/index.js';

type Amounts = Readonly<Record<string, string | number>>;

export interface FakeContainer {
  readonly name?: string;
  readonly requests?: Amounts;
  readonly limits?: Amounts;
  readonly restartPolicy?: 'Always';
  readonly command?: readonly string[];
}

export interface FakePod {
  readonly name?: string;
  readonly containers?: readonly FakeContainer[];
  readonly init?: readonly FakeContainer[];
  readonly spec?: object;
  readonly metadata?: object;
  readonly status?: object;
}

function container({ name = 'app', requests, limits, ...rest }: FakeContainer): object {
  return { name, image: 'image', resources: { requests, limits }, ...rest };
}

/** A pod as the API has it. */
export function pod({ name = 'p', containers = [{}], init = [], ...rest }: FakePod = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'ns', ...rest.metadata },
    spec: {
      initContainers: init.map(container),
      containers: containers.map(container),
      ...rest.spec,
    },
    status: rest.status,
  };
}

/** A controller with that pod as its template. */
export function controller(kind: string, name: string, spec: object, of: FakePod = {}): object {
  const { spec: podSpec } = pod(of) as { spec: object };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: 'ns' },
    spec: { ...spec, template: { metadata: {}, spec: podSpec } },
  };
}

/** A node of that much memory. */
export function node(name: string, memory: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    status: { capacity: { memory, cpu: '8' } },
  };
}

/** One file of many documents. */
export function manifests(...objects: readonly object[]): string {
  return objects.map((object) => stringify(object)).join('---\n');
}

/** The same, read. */
export function read(...objects: readonly object[]): Manifests {
  return readManifests([{ name: 'test.yaml', text: manifests(...objects) }]);
}
