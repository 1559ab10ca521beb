/** What the schema can't see: names in an experiment that must exist, or must differ. */
import { type Located, sentence } from '../../workload/located.js';
import { hint } from '../../workload/suggest.js';
import { isWithin } from '../metrics/containers.js';
import { metricNames, metricOf } from '../metrics/definitions.js';
import type { Experiment } from './types.js';

/** More cells are refused: every one of them is planned before the first run. */
const CELLS_MAX = 100_000;

/** More names than that are no help. */
const NAMES_SHOWN_MAX = 8;

/** The name that is likely meant, or else those there are: `; there are few, many`. */
function among(name: string, known: readonly string[]): string {
  const meant = hint(name, known);
  if (meant !== '' || known.length === 0) return meant;
  const more = known.length > NAMES_SHOWN_MAX ? ', …' : '';
  return `; there ${known.length === 1 ? 'is' : 'are'} ${known.slice(0, NAMES_SHOWN_MAX).join(', ')}${more}`;
}

/** Adds what is wrong with an experiment whose parts are right. */
export function checkExperiment(experiment: Experiment, problems: Located[]): void {
  checkFactors(experiment, problems);
  checkMetrics(experiment, experiment.containers?.map(({ name }) => name) ?? null, problems);
}

function checkFactors({ factors, compare, along }: Experiment, problems: Located[]): void {
  const cells = factors.reduce((product, { levels }) => product * levels.length, 1);
  if (cells > CELLS_MAX) {
    problems.push(sentence(['factors'], `${cells} combinations of levels: at most ${CELLS_MAX}`));
  }
  for (const { name, levels } of factors) {
    const seen = new Set<string>();
    for (const { label, source } of levels) {
      if (seen.has(label)) problems.push(sentence(source, `level "${label}" of ${name} twice`));
      seen.add(label);
    }
  }
  const names = factors.map(({ name }) => name);
  if (compare !== null) {
    const factor = factors.find(({ name }) => name === compare.factor);
    const labels = factor?.levels.map(({ label }) => label) ?? [];
    if (factor === undefined) {
      const message = `no such factor${among(compare.factor, names)}`;
      problems.push(sentence(['compare', 'factor'], message));
    } else if (!labels.includes(compare.to)) {
      const message = `${factor.name} has no level "${compare.to}"${among(compare.to, labels)}`;
      problems.push(sentence(['compare', 'to'], message));
    }
  }
  const axis = factors.find(({ name }) => name === along);
  if (along !== null && axis === undefined) {
    problems.push(sentence(['along'], `no such factor${among(along, names)}`));
  } else if (along !== null && along === compare?.factor) {
    problems.push(sentence(['along'], 'the factor that is compared cannot be the axis too'));
  }
}

/**
 * Adds the containers that no cell has a cgroup of, and the requests of none.
 * @param known names of the containers of all cells
 * @param cgroups paths of the cgroups of all cells
 */
export function checkContainers(
  { containers, requests }: Experiment,
  known: readonly string[],
  cgroups: ReadonlySet<string>,
  problems: Located[],
): void {
  const paths = ['/', ...cgroups];
  for (const container of containers ?? []) {
    const lost = container.paths.find((path) => !paths.some((cgroup) => isWithin(cgroup, path)));
    if (lost === undefined) continue;
    const message = `the workload lists no cgroup ${lost}${among(lost, paths)}`;
    problems.push(sentence(['containers', container.name], message));
  }
  for (const name of Object.keys(requests)) {
    if (known.includes(name)) continue;
    problems.push(sentence(['requests', name], `no such container${among(name, known)}`, 'key'));
  }
}

/**
 * Adds the metrics that do not exist, or are of containers that do not.
 * @param known names of containers; null while they are not known
 */
export function checkMetrics(
  experiment: Experiment,
  known: readonly string[] | null,
  problems: Located[],
): void {
  const { metrics, crossover, replications } = experiment;
  const check = (id: string, path: readonly PropertyKey[], pooled: boolean): void => {
    const metric = metricOf(id);
    if (metric === null) {
      const message = `no metric is called "${id}"${hint(id, metricNames()) || '; see oomsim list metrics'}`;
      problems.push(sentence(path, message));
    } else if (metric.container !== null && known !== null && !known.includes(metric.container)) {
      const message = `no such container${among(metric.container, known)}`;
      problems.push(sentence(path, `${id}: ${message}`));
    } else if (metric.definition.pooled && !pooled) {
      problems.push(sentence(path, `${id} is of a whole cell, not of a run`));
    }
  };
  for (const [index, id] of (metrics ?? []).entries()) check(id, ['metrics', index], true);
  if (crossover !== null) check(crossover.metric, ['crossover', 'metric'], false);
  const { rule } = replications;
  if (rule !== null) check(rule.metric, ['replications', 'until', 'metric'], false);
  if (crossover !== null && experiment.along === null) {
    problems.push(sentence(['crossover'], 'no factor of numbers to look along'));
  }
}
