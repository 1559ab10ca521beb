import { BLOCK, type Flow, type Waiter } from '../../src/engine/coroutine.js';

/** Somebody who runs a flow, and sleeps where it yields BLOCK. */
export class Actor implements Waiter {
  asleep = false;
  done = false;
  /** How often it was woken; wake-ups of a running actor count for nothing. */
  wakeUps = 0;
  flow: Flow<unknown> | null = null;

  constructor(
    readonly name: string,
    private readonly stage: Stage,
  ) {}

  wake(): void {
    if (!this.asleep) return;
    this.asleep = false;
    this.wakeUps++;
    this.stage.runnable.push(this);
  }
}

/** Lets actors run in turn, in the order in which they became runnable: a stand-in for the scheduler. */
export class Stage {
  readonly log: string[] = [];
  readonly runnable: Actor[] = [];

  /** A new actor; it runs at the next `run`. */
  enter(name: string, script: (self: Actor) => Flow<unknown>): Actor {
    const actor = new Actor(name, this);
    actor.flow = script(actor);
    this.runnable.push(actor);
    return actor;
  }

  say(actor: Actor, what: string): void {
    this.log.push(`${actor.name} ${what}`);
  }

  /** Runs the actor at `index` of the runnable ones until it yields. */
  step(index = 0): void {
    const [actor] = this.runnable.splice(index, 1);
    const step = actor!.flow!.next();
    if (step.done) actor!.done = true;
    else if (step.value === BLOCK) actor!.asleep = true;
    else this.runnable.push(actor!);
  }

  /** Runs everybody until all wait or have finished. */
  run(): void {
    while (this.runnable.length > 0) this.step();
  }
}

/** Yielded to let others run. */
export const PAUSE = 1;
