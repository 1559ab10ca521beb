/** The smallest workload that still shows a property. */

import { withToken, workloadHash } from '../../workload/load.js';
import { parseWorkload, workloadData, workloadOf } from '../../workload/parse.js';
import { InputError } from '../../workload/problems.js';
import { formatTime } from '../../workload/units.js';
import { type WorkloadFile, workloadToYaml } from '../../workload/write.js';
import { identityOf, RUN_DEFAULT, type RunChoices, type WorkloadSource } from '../identity.js';
import type { NamedRun } from '../named_run.js';
import type { RunResult } from '../result.js';
import { bootRun, runWorkload } from '../run.js';
import { formatIdentity } from '../token.js';
import { countProcesses, PASSES } from './passes.js';
import type { Property } from './property.js';
import { Search, type SearchOptions } from './search.js';
import { type Data, withAt } from './tree.js';
import { type Evidence, Trial } from './trial.js';

export interface ShrinkReport {
  /** The workload file, ready to be run; its token is in it. */
  readonly yaml: string;
  readonly token: string;
  /** Its run; null if it ends in an internal error, as `crash` wants it. */
  readonly result: RunResult | null;
  readonly property: string;
  readonly processesBefore: number;
  readonly processes: number;
  /** Candidates played. */
  readonly runs: number;
  /** It might become smaller still. */
  readonly isInterrupted: boolean;
}

/** More events than the run that is shrunk needs for its property: a smaller one may be slower. */
const EVENTS_FACTOR = 2;
const EVENTS_MORE = 20_000;
const NS_PER_MS = 1_000_000;
/** For messages. */
const FILE = 'shrunk.yaml';

/**
 * Shrinks a run's workload while it shows all properties.
 * @returns null if it does not show them to begin with
 * @throws InputError for a policy that does not exist, a predicate that goes wrong
 */
export async function shrinkRun(
  run: NamedRun,
  properties: readonly Property[],
  options: SearchOptions,
): Promise<ShrinkReport | null> {
  const { data, choices } = baked(run);
  const first = properties.map((property) => play(data, choices, property, Infinity)!);
  if (!properties.every((property, i) => property.isShown(first[i]!))) return null;
  const events = Math.max(...first.flat().map((evidence) => evidence.events));
  const eventsMax = events * EVENTS_FACTOR + EVENTS_MORE;
  const shows = (candidate: Data): boolean =>
    properties.every((property) => {
      const evidence = play(candidate, choices, property, eventsMax);
      return evidence !== null && property.isShown(evidence);
    });
  const search = new Search(data, shows, options);
  await cutTime(search, first.flat());
  for (let before: Data = null; before !== search.best && !search.isOver; ) {
    before = search.best;
    for (const pass of PASSES) await pass(search);
  }
  const facts = {
    property: properties.map(({ text }) => text).join(' and '),
    processesBefore: countProcesses(data),
    processes: countProcesses(search.best),
    runs: search.runs,
    isInterrupted: search.isOver,
  };
  return { ...facts, ...(await finished(search.best, choices, run.source.workload.name, facts)) };
}

/** Nothing is of interest after the property has shown. */
async function cutTime(search: Search, evidence: readonly Evidence[]): Promise<void> {
  const shownNs = Math.max(...evidence.map(({ simulatedNs }) => simulatedNs));
  const untilNs = (Math.floor(shownNs / NS_PER_MS) + 1) * NS_PER_MS;
  await search.take(withAt(search.best, ['until'], formatTime(untilNs)));
}

/** The file of the result, and its run. */
async function finished(
  data: Data,
  choices: RunChoices,
  from: string,
  { property, processesBefore, processes }: Pick<ShrinkReport, Counted>,
): Promise<Pick<ShrinkReport, 'yaml' | 'token' | 'result'>> {
  const command = ['oomsim run FILE'];
  if (choices.run !== undefined && choices.run !== RUN_DEFAULT)
    command.push(`--run ${choices.run}`);
  if (typeof choices.policy === 'object') command.push(`--policy ${choices.policy.path}`);
  const yaml = workloadToYaml(data as WorkloadFile);
  const text = (exitCode: string): string =>
    `# ${from}, shrunk from ${processesBefore} processes to ${processes}; still shows ${property}.\n` +
    `# ${command.join(' ')}   ends with exit code ${exitCode}\n${yaml}`;
  const whole = { workload: parseWorkload(yaml, FILE), text: '', hash: '' };
  const final = text(exitCodeOf(await runOf(whole, choices)));
  const source = { ...whole, text: final, hash: workloadHash(final) };
  const result = await runOf(source, choices);
  const token = result?.token ?? formatIdentity(identityOf(source, choices));
  return { yaml: withToken(final, token), token, result };
}

/** Null if the run ends in an internal error. */
async function runOf(source: WorkloadSource, choices: RunChoices): Promise<RunResult | null> {
  try {
    return await runWorkload(source, choices);
  } catch (error) {
    if (error instanceof InputError) throw error;
    return null;
  }
}

function exitCodeOf(result: RunResult | null): string {
  if (result === null) return '3';
  return result.panic === null ? '0' : '1';
}

type Counted = 'property' | 'processesBefore' | 'processes';

/** The run's own choices written into its workload, as far as a workload can say them. */
function baked({ source, choices }: NamedRun): { data: Data; choices: RunChoices } {
  const { workload } = source;
  const { seed = workload.seed, kernel = workload.kernel, switches, untilNs, run } = choices;
  const { policy = workload.policy } = choices;
  const name = `${workload.name.slice(0, 57)}-shrunk`;
  let data = withAt(workloadData(source.text, name) as Data, ['name'], name);
  data = withAt(data, ['seed'], seed);
  if (untilNs !== undefined) data = withAt(data, ['until'], formatTime(untilNs));
  data = withAt(data, ['kernel'], {
    version: kernel,
    oom_policy: typeof policy === 'string' ? policy : workload.policy,
    ...workload.switches,
    ...(switches as Data as object),
  });
  return {
    data,
    choices: {
      ...(run === undefined ? {} : { run }),
      ...(typeof policy === 'string' ? {} : { policy }),
    },
  };
}

/** One evidence for each play of the property; null for what is no workload. */
function play(
  data: Data,
  own: RunChoices,
  { plays, isEarly, isShown }: Property,
  eventsMax: number,
): Evidence[] | null {
  const workload = workloadOf(data, FILE);
  if (workload === null) return null;
  return plays.map((choices) => {
    const system = bootRun({ workload, text: '', hash: '' }, { ...own, ...choices });
    return new Trial(system).play(eventsMax, (evidence) => isEarly && isShown([evidence]));
  });
}
