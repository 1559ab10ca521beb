import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Flow } from '../../src/engine/coroutine.js';
import { type HandOff, Mutex } from '../../src/engine/mutex.js';
import { type Actor, PAUSE, Stage } from './actors.js';

/** Takes the mutex, says so, pauses, and gives it back. */
function visit(stage: Stage, mutex: Mutex<Actor>) {
  return function* (self: Actor): Flow {
    yield* mutex.lock(self);
    stage.say(self, 'has it');
    yield PAUSE;
    mutex.unlock(self);
  };
}

describe.each<HandOff>(['barging', 'fifo'])('Mutex, %s', (handOff) => {
  it('is taken at once when it is free', () => {
    const mutex = new Mutex<Actor>(handOff);
    const stage = new Stage();
    const a = stage.enter('a', visit(stage, mutex));
    stage.step();
    expect([mutex.owner, stage.log]).toEqual([a, ['a has it']]);
    expect(mutex.tryLock(a)).toBe(false); // not recursive
  });

  it('goes to those who wait, in order', () => {
    const mutex = new Mutex<Actor>(handOff);
    const stage = new Stage();
    for (const name of 'abc') stage.enter(name, visit(stage, mutex));
    stage.run();
    expect([stage.log, mutex.owner]).toEqual([['a has it', 'b has it', 'c has it'], null]);
  });

  it('can be released by its owner only', () => {
    const mutex = new Mutex<Actor>(handOff);
    const stage = new Stage();
    const [a, b] = ['a', 'b'].map((name) => stage.enter(name, visit(stage, mutex)));
    stage.step();
    expect(() => mutex.unlock(b!)).toThrow('does not own');
    mutex.unlock(a!);
    expect(() => mutex.unlock(a!)).toThrow('does not own');
  });

  it('a killable wait ends without it, and leaves the queue as it was', () => {
    const mutex = new Mutex<Actor>(handOff);
    const stage = new Stage();
    let killed = false;
    const owner = stage.enter('owner', visit(stage, mutex));
    const victim = stage.enter('victim', function* (self) {
      stage.say(self, `got it: ${yield* mutex.lock(self, () => killed)}`);
    });
    stage.enter('next', visit(stage, mutex));
    stage.step();
    stage.step();
    stage.step();
    victim.wake(); // for nothing: it waits on
    stage.step(stage.runnable.indexOf(victim));
    killed = true;
    victim.wake();
    stage.step(stage.runnable.indexOf(victim));
    expect([stage.log.at(-1), mutex.owner]).toEqual(['victim got it: false', owner]);
    stage.run();
    expect(stage.log.at(-1)).toBe('next has it');
  });

  it('a waiter that is killed and has the mutex by then keeps it', () => {
    const mutex = new Mutex<Actor>(handOff);
    const stage = new Stage();
    let killed = false;
    const owner = stage.enter('owner', visit(stage, mutex));
    const victim = stage.enter('victim', function* (self) {
      stage.say(self, `got it: ${yield* mutex.lock(self, () => killed)}`);
    });
    stage.step();
    stage.step();
    killed = true;
    mutex.unlock(owner);
    stage.step(stage.runnable.indexOf(victim));
    expect([stage.log.at(-1), mutex.owner]).toEqual(['victim got it: true', victim]);
  });

  it('whoever has been killed before does not begin to wait', () => {
    const mutex = new Mutex<Actor>(handOff);
    const stage = new Stage();
    stage.enter('owner', visit(stage, mutex));
    stage.enter('victim', function* (self) {
      stage.say(self, `got it: ${yield* mutex.lock(self, () => true)}`);
    });
    stage.step();
    stage.step();
    expect([stage.log.at(-1), mutex.waiters.size]).toEqual(['victim got it: false', 0]);
  });

  it('has one owner at a time, and nobody waits for ever, whatever the order of steps', () => {
    const actor = fc.record({
      kind: fc.constantFrom('lock', 'trylock', 'killable'),
      pauses: fc.nat({ max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(actor, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (cast, order) => {
        const mutex = new Mutex<Actor>(handOff);
        const stage = new Stage();
        let inside = 0;
        const actors = cast.map(({ kind, pauses }, i) =>
          stage.enter(`${i}`, function* (self) {
            let got = true;
            if (kind === 'trylock') got = mutex.tryLock(self);
            else yield* mutex.lock(self, kind === 'killable' ? () => i % 2 === 0 : undefined);
            if (kind === 'killable') got = mutex.owner === self;
            if (!got) return;
            inside++;
            for (let n = 0; n < pauses; n++) {
              expect([inside, mutex.owner]).toEqual([1, self]);
              yield PAUSE;
            }
            inside--;
            mutex.unlock(self);
          }),
        );
        while (stage.runnable.length > 0) {
          stage.step(order.next().value % stage.runnable.length);
        }
        expect(actors.map((a) => a.done)).toEqual(actors.map(() => true));
        expect([mutex.owner, mutex.waiters.size]).toEqual([null, 0]);
      }),
    );
  });
});

describe('hand-off', () => {
  /** The owner releases, and takes the mutex again before the waiter has run; how often? */
  const robbed = (handOff: HandOff): string[] => {
    const mutex = new Mutex<Actor>(handOff);
    const stage = new Stage();
    stage.enter('greedy', function* (self) {
      for (let i = 0; i < 4; i++) {
        if (mutex.tryLock(self)) stage.say(self, 'has it');
        else stage.say(self, 'is late');
        yield PAUSE;
        if (mutex.owner === self) mutex.unlock(self);
      }
    });
    stage.enter('patient', visit(stage, mutex));
    stage.run();
    return stage.log;
  };

  it('barging: a waiter is robbed once, then it is handed the mutex', () => {
    expect(robbed('barging')).toEqual([
      'greedy has it',
      'greedy has it', // the waiter was woken, but too slow
      'greedy is late',
      'patient has it',
      'greedy is late',
    ]);
  });

  it('fifo: a waiter cannot be robbed', () => {
    expect(robbed('fifo')).toEqual([
      'greedy has it',
      'greedy is late',
      'patient has it',
      'greedy is late',
      'greedy has it',
    ]);
  });
});
