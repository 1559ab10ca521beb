/** Manifests to pods and nodes: any number of documents, lists and templates, YAML or JSON. */
import { parseAllDocuments, YAMLError } from 'yaml';
import { InputError, printable } from '../../workload/problems.js';
import { BadValue, located, type ManifestDocument, notYaml, quantityIn } from './located.js';
import { countOf, listOf, mapOf, type Plain, textOf } from './plain.js';
import { type Pod, readPod } from './pod.js';

/** A node's size. */
export interface Node {
  readonly name: string;
  readonly memoryBytes: number;
  readonly cpus: number | null;
  readonly kernel: string | null;
}

/** What was found in the manifests. */
export interface Manifests {
  readonly pods: readonly Pod[];
  readonly nodes: readonly Node[];
  /** Objects that have to do with neither, by kind. */
  readonly ignored: ReadonlyMap<string, number>;
  /** In words: what stood in a template and how often it was taken. */
  readonly templates: readonly string[];
  /** Pods that have ended. */
  readonly ended: number;
}

/** YAML trees take some 200 bytes a byte. */
const YAML_BYTES_MAX = 8 * 2 ** 20;
const PODS_MAX = 20_000;
const NESTED_LISTS_MAX = 8;

/** Whether a text has the look of Kubernetes manifests rather than of a workload. */
export function looksLikeManifests(text: string): boolean {
  const head = text.slice(0, 2 ** 16);
  if (/^\s*\{/.test(head)) return /"apiVersion"\s*:/.test(head) && /"kind"\s*:/.test(head);
  return /^apiVersion\s*:/m.test(head) && /^kind\s*:/m.test(head);
}

class Reader {
  readonly pods: Pod[] = [];
  readonly nodes: Node[] = [];
  readonly ignored = new Map<string, number>();
  readonly templates: string[] = [];
  ended = 0;
  readonly #owners = new Set<string>();
  readonly #controllers: { kind: string; value: Plain; id: string }[] = [];

  object(value: Plain, depth: number): void {
    const kind = textOf(value.kind) ?? 'nothing';
    if (kind.endsWith('List') && depth < NESTED_LISTS_MAX) {
      const itemKind = kind === 'List' ? undefined : kind.slice(0, -4);
      for (const item of listOf(value.items)) {
        // Items of a PodList need not repeat their kind.
        const known = itemKind === undefined ? {} : { kind: itemKind };
        this.object({ ...known, ...mapOf(item) }, depth + 1);
      }
      return;
    }
    const { name, namespace, ownerReferences } = mapOf(value.metadata);
    for (const owner of listOf(ownerReferences)) {
      this.#owners.add(idOf(mapOf(owner).kind, mapOf(owner).name, namespace));
    }
    if (kind === 'Pod') this.#pod(value);
    else if (kind === 'Node') this.#node(value);
    else if (templateOf(kind, value) === null) {
      this.ignored.set(kind, (this.ignored.get(kind) ?? 0) + 1);
    } else this.#controllers.push({ kind, value, id: idOf(kind, name, namespace) });
  }

  /** Templates count where nothing of what they make is there itself. */
  finish(): void {
    for (const { kind, value, id } of this.#controllers) {
      if (!this.#owners.has(id)) this.#expand(kind, value);
    }
  }

  #pod(value: Plain): void {
    const phase = textOf(mapOf(value.status).phase);
    if (phase === 'Succeeded' || phase === 'Failed') {
      this.ended++;
      return;
    }
    const { name, namespace } = mapOf(value.metadata);
    this.#add(value, textOf(name) ?? `pod-${this.pods.length}`, textOf(namespace) ?? 'default');
  }

  #add(value: Plain, name: string, namespace: string): void {
    if (this.pods.length >= PODS_MAX) throw new InputError(`more than ${PODS_MAX} pods`);
    this.pods.push(readPod(value, name, namespace));
  }

  #node(value: Plain): void {
    const { capacity, nodeInfo } = mapOf(value.status);
    const name = textOf(mapOf(value.metadata).name) ?? 'node';
    const where = `Node ${printable(name)}`;
    const size = mapOf(capacity);
    if (size.memory === undefined) {
      const message = `${where}: status.capacity.memory is missing`;
      throw new BadValue(message, mapOf(value.status), 'capacity', 'a map with memory');
    }
    this.nodes.push({
      name,
      memoryBytes: quantityIn(size, 'memory', `${where}: capacity`),
      cpus: size.cpu === undefined ? null : Math.max(1, quantityIn(size, 'cpu', `${where}: cpu`)),
      kernel: textOf(mapOf(nodeInfo).kernelVersion),
    });
  }

  /** A controller's template, as often as it asks for. */
  #expand(kind: string, value: Plain): void {
    const { job, template } = templateOf(kind, value) ?? { job: {}, template: {} };
    const meta = mapOf(value.metadata);
    const name = textOf(meta.name) ?? kind.toLowerCase();
    const namespace = textOf(meta.namespace) ?? 'default';
    const wanted = countOf(kind.endsWith('Job') ? job.parallelism : job.replicas, 1);
    const times = kind === 'DaemonSet' ? 1 : wanted;
    for (let at = 0; at < times; at++) {
      this.#add(template, times === 1 ? name : `${name}-${at}`, namespace);
    }
    this.templates.push(`${kind} ${namespace}/${name}: ${times} pod${times === 1 ? '' : 's'}`);
  }
}

function idOf(kind: unknown, name: unknown, namespace: unknown): string {
  return [kind, textOf(namespace) ?? 'default', name].map(String).join('/');
}

/** The pod template of a controller and the spec that it stands in; null when the kind has none. */
function templateOf(kind: string, value: Plain): { job: Plain; template: Plain } | null {
  const spec = mapOf(value.spec);
  const job = kind === 'CronJob' ? mapOf(mapOf(spec.jobTemplate).spec) : spec;
  const template = mapOf(job.template);
  return template.spec === undefined ? null : { job, template };
}

/**
 * Reads the texts of manifests.
 * @throws InputError for what is no YAML or JSON, and for quantities that are none
 */
export function readManifests(files: readonly { name: string; text: string }[]): Manifests {
  const reader = new Reader();
  const documents = files.flatMap(({ name, text }) => documentsOf(name, text));
  try {
    for (const { value } of documents) reader.object(mapOf(value), 0);
    reader.finish();
  } catch (error) {
    throw error instanceof BadValue ? located(error, documents) : error;
  }
  return reader;
}

function documentsOf(name: string, text: string): ManifestDocument[] {
  const shown = printable(name);
  if (/^\s*[{[]/.test(text)) {
    try {
      const value: unknown = JSON.parse(text);
      const whole = { file: name, text, index: 0 };
      if (!Array.isArray(value)) return [{ ...whole, prefix: [], value }];
      return value.map((item, at) => ({ ...whole, prefix: [at], value: item }));
    } catch {
      // YAML may begin with a brace as well.
    }
  }
  if (text.length > YAML_BYTES_MAX) {
    throw new InputError(
      `${shown}: more than ${YAML_BYTES_MAX / 2 ** 20} MiB of YAML; use -o json`,
    );
  }
  try {
    const documents = parseAllDocuments(text, { logLevel: 'error', prettyErrors: false });
    return [...documents].map((document, index) => {
      const [error] = document.errors;
      if (error !== undefined) throw error;
      const value: unknown = document.toJS({ maxAliasCount: 1000 });
      return { file: name, text, index, prefix: [], value };
    });
  } catch (error) {
    if (error instanceof YAMLError) throw notYaml(error, name, text);
    throw new InputError(`${shown}: ${printable(error instanceof Error ? error.message : '')}`);
  }
}
