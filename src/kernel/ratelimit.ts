/** At most `burst` events in `interval_ns` (lib/ratelimit.c). Default: 10 in 5 s, as printk's users. */
export class RateLimit {
  #begin_ns = -1;
  #printed = 0;
  missed = 0;

  constructor(
    private readonly interval_ns = 5_000_000_000,
    private readonly burst = 10,
  ) {}

  /** Whether an event at `now_ns` may go through; counts it either way. */
  allow(now_ns: number): boolean {
    if (this.#begin_ns < 0 || now_ns > this.#begin_ns + this.interval_ns) {
      this.#begin_ns = now_ns;
      this.#printed = 0;
    }
    if (this.#printed < this.burst) {
      this.#printed++;
      return true;
    }
    this.missed++;
    return false;
  }
}
