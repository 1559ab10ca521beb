/**
 * Jiffies, and the rounding of low-resolution timers (kernel/time/timer.c since v4.8: the wheel
 * that doesn't cascade).
 *
 * A timer isn't moved to a finer level as its time comes near: it fires when its bucket does, late
 * by up to one granule of the level it was put on. The wheel never fires early, so that even a
 * sleep of one jiffy lasts more than one tick, and at most two.
 */

/** Buckets of a level (LVL_SIZE), and how much coarser it is than the one below (LVL_CLK_SHIFT: 8 times). */
const BUCKETS = 64;
const LEVEL_SHIFT = 3;

const NS_PER_SECOND = 1_000_000_000;

export class Jiffies {
  /** Length of a tick, in ns. Tick k is at k × tickNs. */
  readonly tickNs: number;
  /** Longest sleep that fits the wheel (WHEEL_TIMEOUT_MAX), 49 days at 250 Hz; others are cut. */
  private readonly timeoutJiffiesMax: number;

  /**
   * @param hz - ticks per second (CONFIG_HZ)
   * @throws RangeError unless hz is an integer from 1 to 10000
   */
  constructor(readonly hz: number) {
    if (!Number.isInteger(hz) || hz < 1 || hz > 10_000) {
      throw new RangeError(`hz must be an integer from 1 to 10000, not ${hz}`);
    }
    this.tickNs = Math.floor(NS_PER_SECOND / hz);
    const levels = hz > 100 ? 9 : 8;
    this.timeoutJiffiesMax = levelEnd(levels - 1) - granuleOf(levels - 1);
  }

  /** The kernel's `jiffies` at a time: the number of ticks so far. */
  at(nowNs: number): number {
    return Math.floor(nowNs / this.tickNs);
  }

  /**
   * When `schedule_timeout(jiffies)` called at `nowNs` comes back, in absolute ns, if nothing wakes
   * the task before.
   * @throws RangeError unless jiffies is an integer ≥ 0
   */
  timeoutExpiryNs(nowNs: number, jiffies: number): number {
    if (!Number.isSafeInteger(jiffies) || jiffies < 0) {
      throw new RangeError(`a timeout must be an integer number of jiffies ≥ 0, not ${jiffies}`);
    }
    return this.expiryTick(this.at(nowNs), jiffies) * this.tickNs;
  }

  /** `msecs_to_jiffies()`: rounded up. */
  msToJiffies(ms: number): number {
    return Math.ceil((ms * this.hz) / 1000);
  }

  /** The least number of jiffies that lasts `ns`. */
  nsToJiffiesUp(ns: number): number {
    return Math.ceil(ns / this.tickNs);
  }

  /** `calc_wheel_index()`: the tick at which the bucket of a timer fires. */
  private expiryTick(nowTick: number, jiffies: number): number {
    // The wheel has done the current tick already: its clock stands at the next one.
    const clock = nowTick + 1;
    const expires = nowTick + Math.min(jiffies, this.timeoutJiffiesMax);
    if (expires < clock) return clock;
    let level = 0;
    while (expires - clock >= levelEnd(level)) level += 1;
    const granule = granuleOf(level);
    return (Math.floor(expires / granule) + 1) * granule;
  }
}

/** Ticks from the clock at which a level is too fine, and the next one begins (LVL_START). */
function levelEnd(level: number): number {
  return (BUCKETS - 1) * granuleOf(level);
}

/** Ticks of a bucket of a level (LVL_GRAN). */
function granuleOf(level: number): number {
  return 1 << (LEVEL_SHIFT * level);
}
