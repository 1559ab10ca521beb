import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Flow } from '../../src/engine/coroutine.js';
import { RwSemaphore } from '../../src/engine/rw_semaphore.js';
import { Actor, PAUSE, Stage } from './actors.js';

function cast(): { stage: Stage; sem: RwSemaphore<Actor>; enter(name: string): Actor } {
  const stage = new Stage();
  const sem = new RwSemaphore<Actor>();
  /** `r…` reads, `w…` writes. */
  const script = (name: string) =>
    function* (self: Actor): Flow {
      if (name.startsWith('r')) {
        yield* sem.downRead(self);
        stage.say(self, 'reads');
        yield PAUSE;
        stage.say(self, 'is done');
        sem.upRead();
      } else {
        yield* sem.downWrite(self);
        stage.say(self, 'writes');
        yield PAUSE;
        stage.say(self, 'is done');
        sem.upWrite(self);
      }
    };
  return { stage, sem, enter: (name) => stage.enter(name, script(name)) };
}

/** What is said when these come in this order. */
function play(...names: string[]): string[] {
  const { stage, enter } = cast();
  for (const name of names) enter(name);
  stage.run();
  return stage.log;
}

describe('RwSemaphore', () => {
  it('lets readers in together', () => {
    expect(play('r1', 'r2')).toEqual(['r1 reads', 'r2 reads', 'r1 is done', 'r2 is done']);
  });

  it('lets one writer in alone', () => {
    expect(play('w1', 'w2', 'r')).toEqual([
      'w1 writes',
      'w1 is done',
      'w2 writes',
      'w2 is done',
      'r reads',
      'r is done',
    ]);
  });

  it('keeps new readers out while a writer waits', () => {
    const { stage, sem, enter } = cast();
    for (const name of ['r1', 'w', 'r2']) enter(name);
    for (let i = 0; i < 3; i++) stage.step();
    expect([sem.readers, sem.contended, sem.tryDownRead()]).toEqual([1, true, false]);
    stage.run();
    expect(stage.log).toEqual([
      'r1 reads',
      'r1 is done',
      'w writes',
      'w is done',
      'r2 reads',
      'r2 is done',
    ]);
  });

  it('lets all readers in that wait side by side', () => {
    expect(play('w', 'r1', 'r2', 'w2').slice(2, 4)).toEqual(['r1 reads', 'r2 reads']);
  });

  it('knows its writer', () => {
    const { stage, sem, enter } = cast();
    const w = enter('w');
    stage.step();
    expect([sem.writer, sem.contended]).toEqual([w, true]);
    stage.run();
    expect([sem.writer, sem.contended]).toEqual([null, false]);
  });

  it('refuses to be released by those who do not have it', () => {
    const { stage, sem } = cast();
    expect(() => sem.upRead()).toThrow('without down_read');
    expect(() => sem.upWrite(new Actor('x', stage))).toThrow('not the writer');
  });

  it('a killed writer leaves the queue, and those behind it go on', () => {
    const { stage, sem, enter } = cast();
    enter('r1');
    let killed = false;
    const w = stage.enter('w', function* (self) {
      stage.say(self, `got it: ${yield* sem.downWrite(self, () => killed)}`);
    });
    enter('r2');
    for (let i = 0; i < 3; i++) stage.step();
    killed = true;
    w.wake();
    stage.step(stage.runnable.indexOf(w));
    stage.step(stage.runnable.length - 1);
    expect(stage.log).toEqual(['r1 reads', 'w got it: false', 'r2 reads']);
    stage.run();
    expect([sem.readers, sem.firstWaiter]).toEqual([0, null]);
  });

  it('never has a writer beside others, and nobody waits for ever', () => {
    const actor = fc.record({
      writes: fc.boolean(),
      pauses: fc.nat({ max: 3 }),
      killed: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(actor, { maxLength: 8 }),
        fc.infiniteStream(fc.nat()),
        (specs, order) => {
          const { stage, sem } = cast();
          let [readers, writers] = [0, 0];
          const actors = specs.map(({ writes, pauses, killed }, i) =>
            stage.enter(`${i}`, function* (self) {
              if (writes && !(yield* sem.downWrite(self, killed ? () => true : undefined))) return;
              if (!writes) yield* sem.downRead(self);
              if (writes) writers++;
              else readers++;
              for (let n = 0; n < pauses; n++) {
                expect([writers <= 1, writers === 0 || readers === 0]).toEqual([true, true]);
                expect([sem.readers, sem.writer === null]).toEqual([readers, writers === 0]);
                yield PAUSE;
              }
              if (writes) {
                writers--;
                sem.upWrite(self);
              } else {
                readers--;
                sem.upRead();
              }
            }),
          );
          while (stage.runnable.length > 0) {
            stage.step(order.next().value % stage.runnable.length);
          }
          expect(actors.map((a) => a.done)).toEqual(actors.map(() => true));
          expect([sem.readers, sem.writer, sem.firstWaiter]).toEqual([0, null, null]);
        },
      ),
    );
  });
});
