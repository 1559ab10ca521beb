/** Reading an experiment from a file, or a shipped one by its name. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { fromIssue } from '../../workload/issues.js';
import { loadWorkload, readText, shippedWorkloads } from '../../workload/load.js';
import { type Located, sentence } from '../../workload/located.js';
import { packageFile } from '../../workload/package_files.js';
import { parseWorkload, readWorkload } from '../../workload/parse.js';
import { InputError, printable, WorkloadError } from '../../workload/problems.js';
import { Source } from '../../workload/source.js';
import { hint } from '../../workload/suggest.js';
import { checkExperiment } from './check.js';
import { factorOf } from './levels.js';
import { experimentSchema } from './schema.js';
import type { BaseWorkload, Container, Experiment, Factor } from './types.js';

const SHIPPED_FOLDER = packageFile('workloads/experiments/');

/** Names of the shipped experiments, sorted. */
export function shippedExperiments(): string[] {
  if (!existsSync(SHIPPED_FOLDER)) return [];
  const names = readdirSync(SHIPPED_FOLDER).filter((name) => /\.ya?ml$/.test(name));
  return names.map((name) => name.replace(/\.ya?ml$/, '')).sort((a, b) => (a < b ? -1 : 1));
}

/** An experiment, and the file that its problems are located in. */
export interface LoadedExperiment {
  readonly experiment: Experiment;
  readonly source: Source;
}

/** The base workload's file as it was when a batch began: it may be out of reach, or changed, by now. */
export type KeptBase = NonNullable<BaseWorkload['file']>;

/**
 * Loads an experiment file, or a shipped experiment by name.
 * @throws InputError if it cannot be read; WorkloadError with every problem found
 */
export function loadExperiment(pathOrName: string): LoadedExperiment {
  const path = resolve(pathOrName);
  return parseExperiment(readText(path), path);
}

function resolve(pathOrName: string): string {
  if (existsSync(pathOrName)) return pathOrName;
  const name = pathOrName.replace(/\.ya?ml$/, '');
  const shipped = shippedExperiments();
  if (shipped.includes(name)) return join(SHIPPED_FOLDER, `${name}.yaml`);
  const suggestion = hint(name, shipped) || `; shipped experiments: ${shipped.join(', ')}`;
  throw new InputError(`${printable(pathOrName)}: no such file${suggestion}`);
}

/** @throws WorkloadError with every problem found, each with its place */
export function parseExperiment(
  text: string,
  fileName: string,
  kept: KeptBase | null = null,
): LoadedExperiment {
  const source = new Source(text, fileName);
  const parsed = experimentSchema.safeParse(source.data);
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue) => fromIssue(issue, source.data));
    throw new WorkloadError(source.locate(problems));
  }
  const file = parsed.data;
  const problems: Located[] = [];
  const base = baseOf(file.workload, fileName, kept, problems);
  const factors = factorsOf(file.factors, problems);
  if (base === null || problems.length > 0) throw new WorkloadError(source.locate(problems));
  const name = file.name ?? basename(fileName).replace(/\.(ya?ml|json)$/i, '');
  const { until, ...counts } = file.replications;
  const experiment: Experiment = {
    name,
    doc: file.doc,
    text,
    path: fileName,
    base,
    factors,
    fraction: file.design === 'full' ? 1 : file.design.fraction,
    replications: { ...counts, rule: ruleOf(until) },
    seed: file.seed,
    containers: containersOf(file.containers, file.requests),
    requests: file.requests,
    metrics: file.metrics ?? null,
    compare: compareOf(file.compare, factors),
    along: file.along ?? factors.find(({ unit }) => unit !== null)?.name ?? null,
    crossover: file.crossover ?? null,
  };
  checkExperiment(experiment, problems);
  if (problems.length > 0) throw new WorkloadError(source.locate(problems));
  return { experiment, source };
}

/** A workload beside the experiment, a shipped one, or the one in the experiment itself. */
function baseOf(
  written: unknown,
  fileName: string,
  kept: KeptBase | null,
  problems: Located[],
): BaseWorkload | null {
  if (typeof written !== 'string') return inlineBase(written, fileName, problems);
  const file = kept ?? baseFile(written, fileName, problems);
  if (file === null) return null;
  const workload = parseWorkload(file.text, file.path);
  const { data } = new Source(file.text, file.path);
  return { name: workload.name, data, file, workload };
}

function baseFile(written: string, fileName: string, problems: Located[]): KeptBase | null {
  const beside = isAbsolute(written) ? written : join(dirname(fileName), written);
  if (existsSync(beside)) return { path: beside, text: readText(beside) };
  if (shippedWorkloads().includes(written)) {
    return { path: written, text: loadWorkload(written).text };
  }
  const message = `no such workload file${hint(written, shippedWorkloads())}`;
  problems.push(sentence(['workload'], message));
  return null;
}

function inlineBase(written: unknown, fileName: string, problems: Located[]): BaseWorkload | null {
  const read = readWorkload(written, fileName);
  for (const problem of read.problems) {
    problems.push({ ...problem, path: ['workload', ...problem.path] });
  }
  const { workload } = read;
  return workload === null ? null : { name: workload.name, data: written, file: null, workload };
}

type Parsed = ReturnType<typeof experimentSchema.parse>;

function factorsOf(written: Parsed['factors'], problems: Located[]): Factor[] {
  return Object.entries(written).flatMap(([name, form]) => {
    try {
      return [factorOf(name, form)];
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problems.push(sentence(['factors', name], error.message));
      return [];
    }
  });
}

function ruleOf(until: Parsed['replications']['until']): Experiment['replications']['rule'] {
  if (until === undefined) return null;
  const { metric, half_width: written } = until;
  const relative = typeof written === 'string';
  const halfWidth = relative ? Number(written.slice(0, -1)) / 100 : written;
  return { metric, halfWidth, relative };
}

function containersOf(
  written: Parsed['containers'],
  requests: Parsed['requests'],
): Container[] | null {
  if (written === undefined) return null;
  return Object.entries(written).map(([name, paths]) => ({
    name,
    paths: Array.isArray(paths) ? paths : [paths],
    requestBytes: requests[name] ?? null,
  }));
}

function compareOf(written: Parsed['compare'], factors: readonly Factor[]): Experiment['compare'] {
  if (written !== undefined) return written;
  const policy = factors.find(({ name }) => name === 'policy');
  return policy === undefined ? null : { factor: 'policy', to: policy.levels[0]!.label };
}
