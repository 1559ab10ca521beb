/**
 * One number for a whole run: a hash over its events. Two runs with the same fingerprint did the
 * same; the letters say in which respects:
 *
 *   t  time      k  kind      a  actor and arg      r  number of random draws so far      v  victims
 *
 * A change that only moves random draws keeps `tka` while `tkar` changes, and so on.
 *
 * Two hashes are kept, both of packed words, a batch at a time: between two events all that happens
 * is that the words are stored. SHA-256 is the one to publish; a call per event would cost more than
 * the event, and more than 16 KiB at a time are no faster. The running hash is five integers: it costs
 * next to nothing to read, so checkpoints and divergence search compare that.
 */
import { createHash, type Hash } from 'node:crypto';

const BATCH_WORDS = 512;
/** Words that one event takes at most. */
const EVENT_WORDS_MAX = 6;
/** Begins a victim, where an event would have the low half of its time or its kind. */
const VICTIM_MARK = -1;

const LETTERS = 'tkarv';
const DIGEST_HEX_DIGITS = 16;
const UINT32_RANGE = 2 ** 32;

const IS_BIG_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0;

export class Fingerprint {
  /** Number of events added. */
  events = 0;

  private readonly time: boolean;
  private readonly kind: boolean;
  private readonly actor: boolean;
  private readonly draws: boolean;
  private readonly victims: boolean;
  private readonly hash: Hash = createHash('sha256');
  private readonly batch = new Int32Array(BATCH_WORDS);
  private used = 0;
  /** Words of the batch that are part of the running hash already. */
  private mixed = 0;
  /** The running hash, a lane for each letter. Any different numbers will do to begin with. */
  private lane0 = 0x243f6a88;
  private lane1 = 0x05a308d3;
  private lane2 = 0x13198a2e;
  private lane3 = 0x03707344;
  private lane4 = 0xa4093822 | 0;

  /**
   * @param letters - what goes in, out of `tkarv`
   * @throws RangeError for other letters, the same one twice, or none
   */
  constructor(readonly letters: string) {
    const known = [...letters].every((letter, i) => {
      return LETTERS.includes(letter) && letters.indexOf(letter) === i;
    });
    if (!known || letters === '') {
      throw new RangeError(`fingerprint letters must be out of "${LETTERS}", not "${letters}"`);
    }
    this.time = letters.includes('t');
    this.kind = letters.includes('k');
    this.actor = letters.includes('a');
    this.draws = letters.includes('r');
    this.victims = letters.includes('v');
  }

  /**
   * Adds an event.
   * @param timeNs - safe integer ≥ 0
   * @param draws - random draws made so far by the whole run
   */
  add(timeNs: number, kind: number, actor: number, arg: number, draws: number): void {
    this.events += 1;
    if (this.used > BATCH_WORDS - EVENT_WORDS_MAX) this.flush();
    const batch = this.batch;
    let used = this.used;
    if (this.time) {
      const high = Math.floor(timeNs / UINT32_RANGE);
      const low = (timeNs - high * UINT32_RANGE) | 0;
      batch[used] = low;
      batch[used + 1] = high;
      used += 2;
    }
    if (this.kind) {
      batch[used] = kind;
      used += 1;
    }
    if (this.actor) {
      batch[used] = actor;
      batch[used + 1] = arg;
      used += 2;
    }
    if (this.draws) {
      batch[used] = draws;
      used += 1;
    }
    this.used = used;
  }

  /** Adds the pid of somebody who is killed for memory. Ignored without letter `v`. */
  addVictim(pid: number): void {
    if (!this.victims) return;
    if (this.used > BATCH_WORDS - EVENT_WORDS_MAX) this.flush();
    this.mixEvents(); // which are told apart from victims by nothing but this
    this.batch[this.used] = VICTIM_MARK;
    this.batch[this.used + 1] = pid;
    this.used += 2;
    this.mixed = this.used;
    this.lane4 = mix(this.lane4, pid);
  }

  /** The running hash: 8 hex digits for each of `tkarv`, whether it goes in or not. */
  lanes(): string[] {
    this.mixEvents();
    return [this.lane0, this.lane1, this.lane2, this.lane3, this.lane4].map(hex);
  }

  /** The running hash, 40 hex digits. */
  running(): string {
    return this.lanes().join('');
  }

  /** First 16 hex digits of the SHA-256 of everything added so far; more may be added after. */
  digest(): string {
    const rest = littleEndian(this.batch.slice(0, this.used));
    return this.hash.copy().update(rest).digest('hex').slice(0, DIGEST_HEX_DIGITS);
  }

  /** `<digest>/<letters>@<events>`, as in repro tokens. */
  toString(): string {
    return `${this.digest()}/${this.letters}@${this.events}`;
  }

  private flush(): void {
    this.mixEvents();
    this.hash.update(littleEndian(this.batch.subarray(0, this.used)));
    this.used = 0;
    this.mixed = 0;
  }

  /** Brings the running hash up to date. */
  private mixEvents(): void {
    const { batch, used, time, kind, actor, draws } = this;
    let { lane0, lane1, lane2, lane3 } = this;
    for (let i = this.mixed; i < used; ) {
      if (time) {
        lane0 = mix(lane0 ^ batch[i]!, batch[i + 1]!);
        i += 2;
      }
      if (kind) {
        lane1 = mix(lane1, batch[i]!);
        i += 1;
      }
      if (actor) {
        lane2 = mix(lane2 ^ batch[i]!, batch[i + 1]!);
        i += 2;
      }
      if (draws) {
        lane3 = mix(lane3, batch[i]!);
        i += 1;
      }
    }
    this.mixed = used;
    this.lane0 = lane0;
    this.lane1 = lane1;
    this.lane2 = lane2;
    this.lane3 = lane3;
  }
}

/** What `Fingerprint.lanes()` holds, in its order. */
export const LANES = ['time', 'kind', 'actor', 'draws', 'victims'] as const;

/** Mixes a word into a lane so that order counts. The multipliers are odd, which loses nothing. */
export function mix(lane: number, word: number): number {
  const product = Math.imul(lane ^ Math.imul(word, 0x9e3779b1), 0x85ebca6b);
  return ((product ^ (product >>> 15)) + 0x27d4eb2f) | 0;
}

export function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

/** The bytes of the words, low byte first on every machine. The words are given up. */
function littleEndian(words: Int32Array): Uint8Array {
  const bytes = Buffer.from(words.buffer, words.byteOffset, words.byteLength);
  return IS_BIG_ENDIAN ? bytes.swap32() : bytes;
}
