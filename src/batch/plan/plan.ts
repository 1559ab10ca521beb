/** From an experiment to the ordered list of all cells. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { policyOf } from '../../kernel/policy/index.js';
import { profileOf } from '../../kernel/profile.js';
import { MODEL_VERSION } from '../../run/model_version.js';
import { policyPath } from '../../run/policy/load.js';
import { isPolicyFile } from '../../workload/checkKernel.js';
import { readText } from '../../workload/load.js';
import { type Located, sentence } from '../../workload/located.js';
import { WorkloadError } from '../../workload/problems.js';
import type { WorkloadFile } from '../../workload/write.js';
import { workloadToYaml } from '../../workload/write.js';
import { checkContainers, checkMetrics } from '../experiment/check.js';
import type { LoadedExperiment } from '../experiment/load.js';
import type { Container, Experiment, Factor, Level } from '../experiment/types.js';
import { leafContainers } from '../metrics/containers.js';
import { valueColumns } from '../metrics/definitions.js';
import { buildCell, cellText, sha256 } from './cell_workload.js';
import type { Block, Cell, CellWorkload, Plan } from './types.js';

/** Reading on after so many is of no use to anybody. */
const PROBLEMS_MAX = 20;

/**
 * Plans an experiment: the same experiment gives the same plan, always.
 * @throws WorkloadError with the levels that make no workload
 */
export function planOf({ experiment, source }: LoadedExperiment): Plan {
  const problems: Located[] = [];
  const planner = new Planner(experiment, problems);
  const blocks = planner.blocks();
  if (problems.length > 0) throw new WorkloadError(source.locate(distinctProblems(problems)));
  const cells = blocks.flatMap((block) => block.cells);
  const workloads = [...new Set(cells.map((cell) => cell.workload))];
  const containers = distinct(
    workloads.flatMap((workload) => workload.containers.map(({ name }) => name)),
  );
  checkContainers(experiment, containers, planner.cgroups, problems);
  checkMetrics(experiment, containers, problems);
  if (problems.length > 0) throw new WorkloadError(source.locate(problems));
  return {
    experiment,
    blocks,
    cells,
    workloads,
    containers,
    hash: hashOf(experiment, cells, containers, planner.policies),
  };
}

/** A level that makes no workload does so in every cell that it is part of. */
function distinctProblems(problems: readonly Located[]): Located[] {
  const seen = new Set<string>();
  return problems.filter(({ path, message }) => {
    const key = `${path.join('.')}: ${message}`;
    return !seen.has(key) && seen.add(key);
  });
}

class Planner {
  readonly #experiment: Experiment;
  readonly #problems: Located[];
  readonly #workloads = new Map<string, CellWorkload>();
  readonly #names = new Set<string>();
  /** sha256 of each policy file, by its path. */
  readonly policies = new Map<string, string>();
  /** Of all cells. */
  readonly cgroups = new Set<string>();
  #cells = 0;

  constructor(experiment: Experiment, problems: Located[]) {
    this.#experiment = experiment;
    this.#problems = problems;
  }

  blocks(): Block[] {
    const { factors, compare, fraction } = this.#experiment;
    const compared = factors.find(({ name }) => name === compare?.factor) ?? null;
    const others = factors.filter((factor) => factor !== compared);
    const blocks: Block[] = [];
    for (const choice of combinations(others)) {
      if (this.#problems.length >= PROBLEMS_MAX) break;
      if (choice.reduce((sum, { index }) => sum + index, 0) % fraction !== 0) continue;
      const cells = (compared?.levels ?? [null]).flatMap((level) => {
        const levels = factors.map((factor) =>
          factor === compared ? level! : choice.find((c) => c.factor === factor)!.level,
        );
        const cell = this.#cell(levels);
        return cell === null ? [] : [cell];
      });
      blocks.push({ index: blocks.length, cells });
    }
    return blocks;
  }

  #cell(levels: readonly Level[]): Cell | null {
    const built = buildCell(this.#experiment.base, levels, this.#problems);
    if (built === null) return null;
    const workload = this.#workload(built.changed, levels);
    const { kernel } = built;
    const policy = this.#policy(built.policy);
    const known = this.#checkNames(policy, kernel, levels);
    if (!known) return null;
    return { index: this.#cells++, levels, workload, policy, kernel };
  }

  /** A level's policy, or the workload's where that is a file: runs have to be told which. */
  #policy(asked: string | undefined): string | undefined {
    const { base, path } = this.#experiment;
    if (asked !== undefined) return beside(path, asked);
    const { policy } = base.workload;
    return isPolicyFile(policy) ? beside(base.file?.path ?? path, policy) : undefined;
  }

  /** Whether there are such a policy and kernel; each pair is looked up once. */
  #checkNames(
    policy: string | undefined,
    kernel: string | undefined,
    levels: readonly Level[],
  ): boolean {
    const key = `${policy}\n${kernel}`;
    if (this.#names.has(key)) return true;
    try {
      if (kernel !== undefined) profileOf(kernel, {});
      if (policy !== undefined && !isPolicyFile(policy)) policyOf(policy);
      if (policy !== undefined && isPolicyFile(policy)) {
        this.policies.set(policy, sha256(readText(policyPath(policy))));
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const to = levels.findLast(({ changes }) =>
        changes.some(({ value }) => value === kernel || message.includes(String(value))),
      );
      this.#problems.push(sentence(to?.source ?? ['factors'], message));
      return false;
    }
    this.#names.add(key);
    return true;
  }

  #workload(
    changed: NonNullable<ReturnType<typeof buildCell>>['changed'],
    levels: readonly Level[],
  ): CellWorkload {
    const { base, factors, name } = this.#experiment;
    const settings = factors
      .map((factor, index) => ({ factor, level: levels[index]! }))
      .filter(({ factor }) => changesWorkload(factor));
    const key = settings.map(({ level }) => level.label).join('\n');
    const known = this.#workloads.get(key);
    if (known !== undefined) return known;
    const id = `w${String(this.#workloads.size + 1).padStart(2, '0')}`;
    const isFile = changed === null && base.file !== null;
    const text = isFile
      ? base.file.text
      : changed === null
        ? workloadToYaml(base.data as WorkloadFile)
        : cellText(changed, base, id, name, settings);
    const workload: CellWorkload = {
      id,
      text,
      hash: sha256(text),
      path: isFile ? base.file.path : null,
      containers: this.#containers(changed?.workload ?? base.workload),
    };
    this.#workloads.set(key, workload);
    return workload;
  }

  #containers(workload: Parameters<typeof leafContainers>[0]): Container[] {
    const { containers, requests } = this.#experiment;
    const all = containers ?? leafContainers(workload);
    for (const { path } of workload.cgroups) this.cgroups.add(path);
    return all.map((c) => ({ ...c, requestBytes: c.requestBytes ?? requests[c.name] ?? null }));
  }
}

/** A policy file that lies beside the file that names it; else what was named. */
function beside(path: string, policy: string): string {
  const there = join(dirname(path), policy);
  return isPolicyFile(policy) && existsSync(there) ? there : policy;
}

/** Whether any level changes more than the run's policy and kernel. */
function changesWorkload({ levels }: Factor): boolean {
  const choices = ['kernel.oom_policy', 'kernel.version'];
  return levels.some(({ changes }) =>
    changes.some(
      ({ at, value }) =>
        typeof at !== 'string' || !choices.includes(at) || typeof value !== 'string',
    ),
  );
}

interface Choice {
  readonly factor: Factor;
  readonly level: Level;
  readonly index: number;
}

/** All combinations of levels; the last factor changes fastest. */
function combinations(factors: readonly Factor[]): Choice[][] {
  let all: Choice[][] = [[]];
  for (const factor of factors) {
    all = all.flatMap((before) =>
      factor.levels.map((level, index) => [...before, { factor, level, index }]),
    );
  }
  return all;
}

function hashOf(
  experiment: Experiment,
  cells: readonly Cell[],
  containers: readonly string[],
  policies: ReadonlyMap<string, string>,
): string {
  const described = cells.map(({ levels, workload, policy, kernel }) => [
    levels.map(({ label }) => label),
    workload.hash,
    workload.containers,
    policies.get(policy ?? '') ?? policy ?? null,
    kernel ?? null,
  ]);
  const { seed, factors } = experiment;
  const names = factors.map(({ name }) => name);
  return sha256(
    JSON.stringify([1, MODEL_VERSION, seed, names, valueColumns(containers), described]),
  );
}

const distinct = (names: readonly string[]): string[] => [...new Set(names)];
