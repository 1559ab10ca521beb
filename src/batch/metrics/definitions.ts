/** Every metric of a batch: what it is called, how it is computed, where it is from. */

export interface MetricDefinition {
  /** Of a container: `killed` stands for `killed[NAME]`. */
  readonly id: string;
  readonly title: string;
  /** '' for counts and shares. */
  readonly unit: '' | 'MiB' | 'ms' | 's';
  /** Whether less or more of it is good; null where neither is. */
  readonly better: 'lower' | 'higher' | null;
  readonly perContainer: boolean;
  /** Computed from all runs of a cell together, not from one: it has no value in runs.csv. */
  readonly pooled: boolean;
  /** 1 or 0 in every run: its mean is a share of runs. */
  readonly indicator: boolean;
  readonly formula: string;
  readonly source: string;
}

const INDICATORS: readonly string[] = ['panic', 'first', 'hit'];

/** Metrics of a run, then of each container, then of a cell: the order of the columns. */
export const METRICS: readonly MetricDefinition[] = [
  run(
    'kills',
    'processes killed',
    '',
    'lower',
    'K: processes that got an OOM SIGKILL, each once, by the kernel or a userspace killer.',
    'Documentation/admin-guide/cgroup-v2.rst, memory.events: oom_kill',
  ),
  run(
    'kernel_kills',
    'processes killed by the kernel',
    '',
    'lower',
    'those of K that the kernel killed; the others a userspace killer.',
    'as kills',
  ),
  run(
    'small_bias',
    'bias against small containers',
    '',
    null,
    '(1/K) Σₖ (1[victim k is of a small container] − memory share of the small containers at k). A container is small at k if it has less than the mean memory of the containers that have any. Above 0: small containers pay more than their share.',
    'observed minus expected share, as in demographic parity: Dwork et al., Fairness through awareness, ITCS 2012',
  ),
  run(
    'regret',
    'regret by process',
    '',
    'lower',
    'mean over victims that were chosen, not killed with a group, of 1 − m(victim)/m(largest), m = RSS + swap + page tables, largest of all processes that could have been killed at that moment.',
    'regret of a decision, relative: Savage, The theory of statistical decision, JASA 46, 1951',
  ),
  run(
    'container_regret',
    'regret by container',
    '',
    'lower',
    'mean over all victims of 1 − m(container of the victim)/m(largest container that has somebody to kill), m = memory and swap.',
    'Savage 1951, as above',
  ),
  run(
    'innocent',
    'innocent kills',
    '',
    'lower',
    'processes killed while their container had no more than it is entitled to: its request; by default memory.min or memory.low, else memory.high, else memory.max, else an equal share of the machine. A container that ran into its own limit is not innocent.',
    'requests and limits: Kubernetes, Node-pressure eviction; memory.low: cgroup-v2.rst',
  ),
  run(
    'collateral',
    'collateral kills',
    '',
    'lower',
    'per OOM episode the greatest j such that the memory of its last j victims together fits into what is free when all of it has come back: above the high watermarks, and below the limit of the memcg. Without these j kills the OOM would have been over too.',
    'operational definition of this project; after LKML 2016–2018, “unnecessary kills” (Handa, Hocko)',
  ),
  run(
    'freed_per_kill',
    'memory freed per kill',
    'MiB',
    'higher',
    '(1/K) Σₖ (anonymous pages + page tables of victim k at its SIGKILL).',
    '“Killed process …, anon-rss”: mm/oom_kill.c',
  ),
  run(
    'oom_time',
    'time under OOM',
    'ms',
    'lower',
    'length of the union of [first selection of a victim, memory of the last victim in flight is free] over all OOM episodes.',
    'busy period: Kleinrock, Queueing Systems I, 1975, section 5.8',
  ),
  run(
    'stall_p50',
    'allocation stall, median',
    'ms',
    'lower',
    'median of the allocation stalls: time that a task spends in direct or memcg reclaim, with the waits of at most two jiffies between two passes. Empty if there was none.',
    'tracepoints vmscan:mm_vmscan_{direct,memcg}_reclaim_{begin,end}; allocstall in vmstat; BCC drsnoop',
  ),
  run(
    'stall_p95',
    'allocation stall, 95th percentile',
    'ms',
    'lower',
    'the same, 95th percentile (nearest rank).',
    'as stall_p50',
  ),
  run(
    'stall_p99',
    'allocation stall, 99th percentile',
    'ms',
    'lower',
    'the same, 99th percentile (nearest rank).',
    'as stall_p50',
  ),
  run(
    'stall_total',
    'allocation stall, sum',
    's',
    'lower',
    'sum of the allocation stalls of all tasks.',
    'as stall_p50',
  ),
  run(
    'alloc_failures',
    'allocation failures',
    '',
    'lower',
    'page allocations that failed (warn_alloc), and charges that failed with ENOMEM.',
    'mm/page_alloc.c: warn_alloc(); mm/memcontrol.c: try_charge()',
  ),
  run(
    'reap_time',
    'from kill to reaped, mean',
    'ms',
    'lower',
    'mean over victims of the time from SIGKILL to the memory being free: by the reaper or by the victim’s own exit, whichever is first. Those never reaped count to the end of the run.',
    'tracepoints oom:mark_victim, oom:finish_task_reaping; mm/oom_kill.c',
  ),
  run(
    'reap_time_max',
    'from kill to reaped, longest',
    'ms',
    'lower',
    'the same, the longest.',
    'as reap_time',
  ),
  run(
    'work_lost',
    'work lost',
    's',
    'lower',
    'Σₖ (time of the SIGKILL − start of the victim): process seconds that have to be done again.',
    'work lost by a failure: Young, CACM 17(9), 1974',
  ),
  run(
    'repeat_kills',
    'repeat kills',
    '',
    'lower',
    'kills of processes that were started again after a process of the same name and container had been killed.',
    'CrashLoopBackOff: Kubernetes, Pod lifecycle',
  ),
  run(
    'availability',
    'availability, mean of containers',
    '',
    'higher',
    'unweighted mean of availability[c] over the containers.',
    'as availability[c]',
  ),
  run(
    'panic',
    'panics',
    '',
    'lower',
    '1 if the kernel panicked, else 0.',
    'vm.panic_on_oom: Documentation/admin-guide/sysctl/vm.rst',
  ),
  per('killed', 'processes killed', '', 'lower', 'K(c): the kills of c.', 'as kills'),
  per(
    'expected',
    'kills by share of memory',
    '',
    null,
    'E(c) = Σₖ share of c in the memory of all containers at kill k: what a policy without regard to anything else would take from c.',
    'proportional share: Jain 1991, section 3.3',
  ),
  per(
    'killed_memory',
    'memory killed',
    'MiB',
    'lower',
    'anonymous pages + page tables of the victims of c.',
    'as freed_per_kill',
  ),
  per(
    'first',
    'is hit first',
    '',
    null,
    '1 if the first victim is of c, 0 if it is of another; empty without a kill.',
    'indicator',
  ),
  per('hit', 'is hit', '', 'lower', '1 if anybody of c is killed, else 0.', 'indicator'),
  per(
    'availability',
    'availability',
    '',
    'higher',
    'mean over [first process of c, end of the simulated time] of living(c, t) / wanted(c, t); wanted: those that live and those that were killed and are not back. After a panic nobody lives.',
    'availability = uptime / (uptime + downtime): Trivedi, Probability and Statistics with Reliability, 2002',
  ),
  per(
    'whole',
    'all of it runs',
    '',
    'higher',
    'share of that time in which everybody wanted lives.',
    'as availability[c], of a series system',
  ),
  per(
    'broken',
    'half dead',
    '',
    'lower',
    'share of that time in which some of c live and some are gone: memory held by what may serve nobody.',
    'Kubernetes issue 117793 and memory.oom.group: cgroup-v2.rst',
  ),
  cell(
    'jain',
    'fairness of kills (Jain)',
    '',
    'higher',
    'J = (Σ x)² / (n Σ x²), x(c) = Σ K(c) / Σ E(c) over the runs of a cell, c over the n containers with E > 0. 1: everybody pays in proportion to memory; 1/n: one pays all.',
    'Jain, Chiu, Hawe, A quantitative measure of fairness and discrimination, DEC-TR-301, 1984',
  ),
  cell(
    'unfairness',
    'discrimination of kills',
    '',
    'lower',
    '1 − J. With burden[c] next to the containers’ sizes it says who pays too much.',
    'Jain, Chiu, Hawe 1984: discrimination index',
  ),
  {
    ...per(
      'burden',
      'kills per share of memory',
      '',
      null,
      'x(c) = Σ K(c) / Σ E(c) over the runs of a cell. 1: its share.',
      'as jain',
    ),
    pooled: true,
  },
];

type Text = readonly [
  id: string,
  title: string,
  unit: MetricDefinition['unit'],
  better: MetricDefinition['better'],
  formula: string,
  source: string,
];

function define(text: Text, perContainer: boolean, pooled: boolean): MetricDefinition {
  const [id, title, unit, better, formula, source] = text;
  const indicator = INDICATORS.includes(id);
  return { id, title, unit, better, perContainer, pooled, indicator, formula, source };
}

function run(...text: Text): MetricDefinition {
  return define(text, false, false);
}

function per(...text: Text): MetricDefinition {
  return define(text, true, false);
}

function cell(...text: Text): MetricDefinition {
  return define(text, false, true);
}

/** What is shown where an experiment does not say. */
export const USUAL_METRICS: readonly string[] = [
  'kills',
  'small_bias',
  'container_regret',
  'collateral',
  'freed_per_kill',
  'oom_time',
  'availability',
];

/** A metric as it is asked for: `killed[few]` is `killed` of the container few. */
export interface Metric {
  readonly id: string;
  readonly definition: MetricDefinition;
  readonly container: string | null;
}

/** Every id, those of containers as `killed[NAME]`. */
export function metricNames(): string[] {
  return METRICS.map(({ id, perContainer }) => (perContainer ? `${id}[NAME]` : id));
}

/** The metric of that id, or null if there is none. */
export function metricOf(id: string): Metric | null {
  const match = /^([a-z0-9_]+)(?:\[([^[\]]+)\])?$/.exec(id);
  if (match === null) return null;
  const container = match[2] ?? null;
  const definition = METRICS.find(
    ({ id: known, perContainer }) => known === match[1] && perContainer === (container !== null),
  );
  return definition === undefined ? null : { id, definition, container };
}

/** `killed[few]: processes killed of few` without its id, for headings. */
export function titleOf({ definition, container }: Metric): string {
  const unit = definition.unit === '' ? '' : `, ${definition.unit}`;
  return container === null
    ? `${definition.title}${unit}`
    : `${container}: ${definition.title}${unit}`;
}

/** Names of the columns of a run's values, in order. */
export function valueColumns(containers: readonly string[]): string[] {
  const perRun = METRICS.filter((m) => !m.perContainer && !m.pooled).map(({ id }) => id);
  const each = METRICS.filter((m) => m.perContainer && !m.pooled).map(({ id }) => id);
  return [...perRun, ...containers.flatMap((name) => each.map((id) => `${id}[${name}]`))];
}
