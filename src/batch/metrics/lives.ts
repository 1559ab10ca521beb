/** Who lives in each container, who was killed and is not back, and for how long. */

interface Process {
  readonly container: number;
  readonly comm: string;
  readonly restarted: boolean;
}

/** One container over time. */
class Presence {
  living = 0;
  /** Killed and not back, by command name. */
  readonly missing = new Map<string, number>();
  missingCount = 0;
  firstNs: number | null = null;
  #lastNs = 0;
  upNs = 0;
  wholeNs = 0;
  brokenNs = 0;

  /** Accounts for the time up to now, before something changes. */
  advance(nowNs: number): void {
    const passedNs = nowNs - this.#lastNs;
    this.#lastNs = nowNs;
    const wanted = this.living + this.missingCount;
    if (this.firstNs === null || passedNs === 0) return;
    // Between two lives nobody is wanted: what has done its work is not unavailable.
    if (this.missingCount === 0) this.wholeNs += passedNs;
    else if (this.living > 0) this.brokenNs += passedNs;
    this.upNs += wanted === 0 ? passedNs : (passedNs * this.living) / wanted;
  }
}

/**
 * A process is born when it has started its program (exec), and is gone with the SIGKILL that it
 * gets, not when it has left. It is a restart if one of its name was killed in its container and is
 * not back. Children that only fork belong to nobody's wishes.
 */
export class Lives {
  readonly #presences: readonly Presence[];
  readonly #processes = new Map<number, Process>();
  readonly #startsNs = new Map<number, number>();

  constructor(containers: number) {
    this.#presences = Array.from({ length: containers }, () => new Presence());
  }

  fork(pid: number, nowNs: number): void {
    this.#startsNs.set(pid, nowNs);
  }

  exec(pid: number, comm: string, container: number, nowNs: number): void {
    if (!this.#startsNs.has(pid)) this.#startsNs.set(pid, nowNs);
    const presence = this.#presences[container];
    if (presence === undefined || this.#processes.has(pid)) return;
    presence.advance(nowNs);
    presence.firstNs ??= nowNs;
    presence.living++;
    const missing = presence.missing.get(comm) ?? 0;
    if (missing > 0) {
      presence.missing.set(comm, missing - 1);
      presence.missingCount--;
    }
    this.#processes.set(pid, { container, comm, restarted: missing > 0 });
  }

  /** @returns since when it had lived, and whether it had been started again */
  kill(pid: number, nowNs: number): { startNs: number; restarted: boolean } {
    const startNs = this.#startsNs.get(pid) ?? nowNs;
    const process = this.#processes.get(pid);
    if (process === undefined) return { startNs, restarted: false };
    this.#processes.delete(pid);
    const presence = this.#presences[process.container]!;
    presence.advance(nowNs);
    presence.living--;
    presence.missing.set(process.comm, (presence.missing.get(process.comm) ?? 0) + 1);
    presence.missingCount++;
    return { startNs, restarted: process.restarted };
  }

  /** Somebody has left of its own will, or after a kill. */
  exit(pid: number, nowNs: number): void {
    this.#startsNs.delete(pid);
    const process = this.#processes.get(pid);
    if (process === undefined) return;
    this.#processes.delete(pid);
    const presence = this.#presences[process.container]!;
    presence.advance(nowNs);
    presence.living--;
  }

  /** Everything stands still for ever: all that lived are gone. */
  panic(nowNs: number): void {
    for (const [pid] of [...this.#processes]) this.kill(pid, nowNs);
  }

  /** Shares of the time from the first process of a container to the end; NaN if it had none. */
  shares(container: number, endNs: number): { up: number; whole: number; broken: number } {
    const presence = this.#presences[container]!;
    presence.advance(endNs);
    const totalNs = endNs - (presence.firstNs ?? endNs);
    const share = (ns: number): number => (totalNs > 0 ? ns / totalNs : Number.NaN);
    const { upNs, wholeNs, brokenNs } = presence;
    return { up: share(upNs), whole: share(wholeNs), broken: share(brokenNs) };
  }
}
