import type { DeviceConfig } from '../config.js';

/**
 * A disk or a swap device. Transfers wait their turn and keep the device busy for as long as its bandwidth
 * asks for; each is done a latency later, while the next one is already going on.
 */
export class BlockDevice {
  readonly #page_ns: number;
  readonly #latency_ns: number;
  /** When everything that was handed to it has gone through, ns. */
  #busy_until_ns = 0;

  constructor({ pageNs, latencyNs }: DeviceConfig) {
    this.#page_ns = pageNs;
    this.#latency_ns = latencyNs;
  }

  /** Queues a transfer of `n` pages; returns when it will be done, ns. Never before an earlier one. */
  submit(now_ns: number, n: number): number {
    this.#busy_until_ns = Math.max(now_ns, this.#busy_until_ns) + n * this.#page_ns;
    return this.#busy_until_ns + this.#latency_ns;
  }
}
