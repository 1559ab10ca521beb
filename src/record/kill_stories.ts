import type { MachineSnapshot } from '../kernel/snapshot.js';
import type { Candidate, TraceFields, Tracepoints } from '../kernel/trace.js';
import { type FollowedKill, KillFollower } from './kill_follower.js';

/** Who was considered for one kill, best first; plain data. */
export interface Selection {
  readonly constraint: string;
  readonly totalPages: number;
  readonly chosenMemcg: string;
  /** Processes; cut off at CANDIDATES_MAX, but the victim and the biggest are always in it. */
  readonly tasks: readonly Candidate[];
  readonly tasksTotal: number;
  /**
   * Cgroups that the policy compared before any process, parents before children; those with the
   * highest scores, and empty where it compares none.
   */
  readonly memcgs: readonly Candidate[];
  readonly memcgsTotal: number;
}

/** One kill from its selection to the freed memory. */
export interface KillStory extends FollowedKill {
  /** From 0, in the order of the kills. */
  readonly index: number;
  /** The machine when the signal was sent. */
  readonly machine: MachineSnapshot;
  /** null: nobody was compared (a userspace killer, oom_kill_allocating_task), or too many kills. */
  readonly selection: Selection | null;
}

/** Told of each kill once, then of everything that happens to its victim. */
export interface StoryListener {
  killed(story: KillStory): void;
  changed(story: KillStory): void;
}

const CANDIDATES_MAX = 40;
/** A run with more kills is about something else than each of them. */
const SELECTIONS_MAX = 1000;

type Select = TraceFields['oomsim:oom_select'];

/** Tells the stories of all kills of a run. */
export class KillStories {
  readonly #machine: () => MachineSnapshot;
  readonly #listener: StoryListener;
  readonly #stories = new Map<FollowedKill, KillStory>();
  #count = 0;
  #selection: Selection | null = null;

  /** @param machine takes a snapshot */
  constructor(machine: () => MachineSnapshot, listener: StoryListener) {
    this.#machine = machine;
    this.#listener = listener;
  }

  /** Listens from now on. */
  attach(trace: Tracepoints): void {
    trace.subscribe(['oomsim:oom_select'], (_name, _context, fields) => {
      const select = fields as unknown as Select;
      this.#selection = this.#count < SELECTIONS_MAX ? selectionOf(select) : null;
    });
    trace.subscribe(['oomsim:out_of_memory'], () => {
      this.#selection = null; // that call is over: what follows was not chosen by it
    });
    new KillFollower({
      added: (kill) => this.#add(kill),
      changed: (kill) => this.#change(kill),
    }).attach(trace);
  }

  #add(kill: FollowedKill): void {
    // The follower goes on changing its record; a story shares it, so that there is one truth.
    const story: KillStory = Object.assign(kill, {
      index: this.#count++,
      machine: this.#machine(),
      selection: kill.byKernel ? this.#selection : null,
    });
    this.#stories.set(kill, story);
    this.#listener.killed(story);
  }

  #change(kill: FollowedKill): void {
    const story = this.#stories.get(kill);
    if (story !== undefined) this.#listener.changed(story);
  }
}

/** Waiting for a victim in flight happens often and kills nobody: not worth the candidates. */
function selectionOf(select: Select): Selection | null {
  const chosen = select.chosen !== 'none' && select.chosen !== 'inflight';
  if (!chosen && (select.chosen_memcg === '' || select.chosen_memcg === 'inflight')) return null;
  const tasks = select.candidates().filter(({ why }) => why !== 'kernel thread' && why !== 'init');
  const memcgs = select.memcg_candidates();
  return {
    constraint: select.constraint,
    totalPages: select.totalpages,
    chosenMemcg: select.chosen_memcg,
    tasks: mostTelling(tasks, select),
    tasksTotal: tasks.length,
    memcgs: highest(memcgs),
    memcgsTotal: memcgs.length,
  };
}

/** Those with the highest scores, in the order in which they were. */
function highest(memcgs: readonly Candidate[]): Candidate[] {
  if (memcgs.length <= CANDIDATES_MAX) return [...memcgs];
  const cut = memcgs.map(({ points }) => points).sort((a, b) => b - a)[CANDIDATES_MAX - 1]!;
  return memcgs.filter(({ points }) => points >= cut).slice(0, CANDIDATES_MAX);
}

/** The best, and with them those that the explanation is about. */
function mostTelling(tasks: readonly Candidate[], { chosen, chosen_memcg }: Select): Candidate[] {
  const shown = tasks.slice(0, CANDIDATES_MAX);
  let biggest: Candidate | null = null;
  let ofMemcg = 0;
  for (const [i, task] of tasks.entries()) {
    if (biggest === null || used(task) > used(biggest)) biggest = task;
    if (i < CANDIDATES_MAX) continue;
    const inChosen = chosen_memcg !== '' && task.cgroup === chosen_memcg && ofMemcg++ < 5;
    if (inChosen || `${task.pid}:${task.comm}` === chosen) shown.push(task);
  }
  if (biggest !== null && !shown.includes(biggest)) shown.push(biggest);
  return shown;
}

const used = (task: Candidate): number => task.rssPages + task.swapPages + task.pgtablesPages;
