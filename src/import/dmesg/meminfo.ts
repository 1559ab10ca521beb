/** Mem-Info: totals, nodes, zones and their watermarks, swap, installed memory. */
import { count } from './numbers.js';
import type { MemInfo, NodeReport, ZoneReport } from './types.js';

/** Kernels have at most 1024 nodes of six zones; the bound is for hostile input. */
const MAX_ZONES = 6144;
const MAX_VALUES = 256;
/** More pages, or kB, than any machine has: the number was garbled. */
const ABSURD = 2 ** 40;

type MutableZone = { -readonly [Key in keyof ZoneReport]: ZoneReport[Key] };

/** Gathers the lines of one report. The first line of a kind wins: dumps may be interleaved. */
export class MemInfoBuilder {
  readonly #totals = new Map<string, number>();
  readonly #nodes: NodeReport[] = [];
  readonly #zones: MutableZone[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #lineOf = new Map<string, number>();
  #openZone: MutableZone | null = null;
  #cpus: number | null = null;
  /** kB of an order-0 block, from the free lists: the page size. */
  #smallestBlockKb: number | null = null;

  /** Whether anything was found. */
  get seen(): boolean {
    return this.#totals.size > 0 || this.#zones.length > 0 || this.#numbers.size > 0;
  }

  /** kB per page as the free lists tell it. */
  get pageSizeKb(): number | null {
    return this.#smallestBlockKb;
  }

  /** `active_anon:660530 inactive_anon:662520 …`, pages. */
  totals(text: string): void {
    for (const pair of text.matchAll(/([a-z_]{1,40}):(\d{1,19})(?=\s|$)/g)) {
      const name = pair[1] ?? '';
      if (this.#totals.size < MAX_VALUES && !this.#totals.has(name)) {
        this.#totals.set(name, count(pair[2] ?? '0'));
      }
    }
  }

  /** `Node 0 active_anon:…kB …`. */
  node(text: string, line: number): void {
    const node = count(/^Node (\d{1,4})/.exec(text)?.[1] ?? '0');
    if (this.#nodes.length >= 1024 || this.#nodes.some((known) => known.node === node)) return;
    this.#nodes.push({ node, values: kilobytes(text), line });
  }

  /** `Node 0 DMA32 free:…kB min:…kB …`; without NUMA the node is not named. */
  zone(text: string, line: number): void {
    const head = /^(?:Node (\d{1,4}) )?(\w{1,16}) free:/.exec(text);
    if (head === null || this.#zones.length >= MAX_ZONES) return;
    const node = count(head[1] ?? '0');
    const name = head[2] ?? '';
    this.#openZone = null;
    if (this.#zones.some((zone) => zone.node === node && zone.name === name)) return;
    const values = kilobytes(text);
    const value = (key: string): number | null => values.get(key) ?? null;
    this.#openZone = {
      node,
      name,
      freeKb: value('free'),
      boostKb: value('boost'),
      minKb: value('min'),
      lowKb: value('low'),
      highKb: value('high'),
      presentKb: value('present'),
      managedKb: value('managed'),
      lowmemReservePages: null,
      values,
      line,
    };
    this.#zones.push(this.#openZone);
  }

  /** `lowmem_reserve[]: 0 2655 5626`, of the zone above it. */
  reserve(text: string): void {
    const zone = this.#openZone;
    if (zone === null || zone.lowmemReservePages !== null) return;
    const numbers = /^lowmem_reserve\[\]:((?: \d{1,12}){1,16})/.exec(text)?.[1];
    if (numbers !== undefined) zone.lowmemReservePages = numbers.trim().split(' ').map(count);
  }

  /** `Node 0 DMA: 1*4kB (U) 3*8kB …`: the first block is one page. */
  buddy(text: string): void {
    const first = /: \d{1,9}\*(\d{1,7})kB/.exec(text)?.[1];
    if (first !== undefined) this.#smallestBlockKb ??= count(first);
  }

  /** `CPU    3: hi:  186, btch: …`. */
  perCpu(text: string): void {
    const cpu = /^CPU {1,6}(\d{1,6}):/.exec(text)?.[1];
    if (cpu !== undefined) this.#cpus = Math.max(this.#cpus ?? 0, count(cpu) + 1);
  }

  /** `Total swap = …kB`, `… pages RAM`, `… pages reserved` and the like. */
  number(text: string, line: number): void {
    const pages =
      /^(\d{1,12}) (?:total )?(pagecache pages|pages in swap cache|pages of RAM|pages RAM|pages HighMem|reserved pages|pages reserved)/.exec(
        text,
      );
    const swap = /^(Free|Total) swap {0,2}= ?(\d{1,15})kB/.exec(text);
    const name = pages?.[2] ?? swap?.[1];
    const digits = pages?.[1] ?? swap?.[2];
    if (name === undefined || digits === undefined || this.#numbers.has(name)) return;
    const value = count(digits);
    if (value > ABSURD) return;
    this.#numbers.set(name, value);
    this.#lineOf.set(name, line);
  }

  /** What was found; null when there was nothing. */
  finish(): MemInfo | null {
    if (!this.seen) return null;
    const number = (key: string): number | null => this.#numbers.get(key) ?? null;
    return {
      totals: this.#totals,
      nodes: this.#nodes,
      zones: this.#zones,
      pagecachePages: number('pagecache pages'),
      swapCachePages: number('pages in swap cache'),
      freeSwapKb: number('Free'),
      totalSwapKb: number('Total'),
      ramPages: number('pages RAM') ?? number('pages of RAM'),
      highmemPages: number('pages HighMem'),
      reservedPages: number('pages reserved') ?? number('reserved pages'),
      cpus: this.#cpus,
      lineOf: this.#lineOf,
    };
  }
}

/** Every `name:123kB` of a line; `isolated(anon)` and `shmem_thp: 0kB` included. */
function kilobytes(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const pair of text.matchAll(/([a-z_]{1,40}(?:\([a-z]{1,8}\))?):\s?(\d{1,19})[kK]B/g)) {
    const name = pair[1] ?? '';
    if (values.size < MAX_VALUES && !values.has(name)) values.set(name, count(pair[2] ?? '0'));
  }
  return values;
}
