/** The memory cgroup part: who hit which limit, and the cgroup's statistics. */
import { count, limitKb } from './numbers.js';
import type { MemcgCounter, MemcgReport, MemcgStats } from './types.js';

/** More statistics blocks than any subtree prints before the table. */
const MAX_BLOCKS = 1024;
/** v2 prints some 70; the bound is for hostile input. */
const MAX_VALUES = 512;

/** Gathers the lines of one report. */
export class MemcgBuilder {
  #oomMemcg: string | null = null;
  #taskMemcg: string | null = null;
  readonly #counters = new Map<string, MemcgCounter>();
  readonly #blocks: { path: string | null; unit: 'KB' | 'bytes'; values: Map<string, number> }[] =
    [];

  /** Whether any line came that only a memcg OOM prints. */
  get seen(): boolean {
    return this.#counters.size > 0 || this.#oomMemcg !== null || this.#blocks.length > 0;
  }

  /** `Task in A killed as a result of limit of B`, `Memory limit reached of cgroup B`. */
  taskIn(text: string): void {
    const both = /^Task in (.{0,4096}?) killed as a result of limit of ?(.{0,4096})$/.exec(text);
    if (both !== null) {
      this.#taskMemcg ??= path(both[1]);
      // Alibaba's kernels print this line on global OOMs, too: `limit of host`.
      if (both[2] !== 'host') this.#oomMemcg ??= path(both[2]);
      return;
    }
    const limit = /^Memory limit reached of cgroup (.{1,4096})$/.exec(text);
    if (limit !== null) this.#oomMemcg ??= path(limit[1]);
  }

  /** `memory: usage 8388608kB, limit 8388608kB, failcnt 3338` and its three sisters. */
  usage(text: string): void {
    const match =
      /^(\S{1,16}): usage ?(\d{1,20})kB,\s?limit ?(\d{1,20})kB(?:,\s?failcnt ?(\d{1,20}))?/.exec(
        text,
      );
    if (match === null) return;
    const name = match[1] ?? '';
    if (this.#counters.has(name)) return;
    this.#counters.set(name, {
      usageKb: limitKb(match[2] ?? '0'),
      limitKb: limitKb(match[3] ?? '0'),
      failcnt: count(match[4] ?? '0'),
    });
  }

  /** `Memory cgroup stats for /a: cache:0KB rss:…` or, on v2, only the heading. */
  stats(text: string): void {
    if (this.#blocks.length >= MAX_BLOCKS) return;
    const match = /^Memory cgroup stats(?: for (.{0,4096}?))?:(?:\s|$)/.exec(text);
    const values = new Map<string, number>();
    const rest = match === null ? text : text.slice(match[0].length);
    for (const pair of rest.matchAll(/([a-z_]{1,40}):(\d{1,20})KB/g)) {
      if (values.size < MAX_VALUES) values.set(pair[1] ?? '', count(pair[2] ?? '0'));
    }
    const unit = values.size > 0 ? 'KB' : 'bytes';
    this.#blocks.push({ path: path(match?.[1]), unit, values });
  }

  /** One `name value` line of the v2 statistics, bytes or events. */
  stat(text: string): void {
    const block = this.#blocks.at(-1);
    if (block === undefined || block.values.size >= MAX_VALUES) return;
    const space = text.indexOf(' ');
    const name = text.slice(0, space);
    if (!block.values.has(name)) block.values.set(name, count(text.slice(space + 1)));
  }

  /** What was found, completed by the summary line; null when there was nothing. */
  finish(oomMemcg: string | null, taskMemcg: string | null): MemcgReport | null {
    if (!this.seen && oomMemcg === null) return null;
    return {
      oomMemcg: oomMemcg ?? this.#oomMemcg ?? this.#blocks[0]?.path ?? null,
      taskMemcg: taskMemcg ?? this.#taskMemcg,
      memory: this.#counters.get('memory') ?? null,
      memorySwap: this.#counters.get('memory+swap') ?? null,
      swap: this.#counters.get('swap') ?? null,
      kmem: this.#counters.get('kmem') ?? null,
      stats: this.#blocks satisfies readonly MemcgStats[],
    };
  }
}

function path(text: string | undefined): string | null {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? null : trimmed;
}
