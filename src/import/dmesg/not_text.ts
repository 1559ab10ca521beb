/** Input that is no log: told by its first bytes, or by going on and on without any text. */
import { InputError } from '../../workload/problems.js';

/** Beginnings of files that hold logs in a form that is not text, and what makes text of them. */
const OTHER_FORMATS: readonly (readonly [string, string])[] = [
  ['fd377a585a00', 'compressed with xz: pipe it through xz -dc'],
  ['28b52ffd', 'compressed with zstd: pipe it through zstd -dc'],
  ['425a68', 'compressed with bzip2: pipe it through bzip2 -dc'],
  ['4c504b5348485248', "systemd's own journal: print it with journalctl -k --file"],
];

/** @throws {InputError} for a log that is not text */
export function refuseOtherFormats(head: Buffer): void {
  const hex = head.toString('hex', 0, 8);
  const known = OTHER_FORMATS.find(([magic]) => hex.startsWith(magic));
  if (known !== undefined) throw new InputError(`the log is ${known[1]}`);
}

/** One piece in so much input is looked at. */
const SAMPLE_EVERY = 16 << 20;
/** Pieces in a row that are not text before the rest is given up: logs may have holes of NULs. */
const SAMPLES_MAX = 5;
/** NULs and what is not UTF-8, as a share of a piece. */
const SHARE_MAX = 0.3;

/** Looks now and then whether what is read is text: a device would be read for ever. */
export class TextCheck {
  #length = 0;
  #next = 0;
  #bad = 0;

  /** Whether it is certain by now that no more of a log will come. */
  over(text: string): boolean {
    this.#length += text.length;
    if (this.#length < this.#next) return false;
    this.#next = this.#length + SAMPLE_EVERY;
    const garbage = text.length - text.replaceAll(/[\0\ufffd]/g, '').length;
    this.#bad = garbage > text.length * SHARE_MAX ? this.#bad + 1 : 0;
    return this.#bad >= SAMPLES_MAX;
  }

  /** What to say when there was no report before. */
  get why(): string {
    return `not text, and no OOM report in its first ${Math.floor(this.#length / 2 ** 20)} MiB`;
  }
}
