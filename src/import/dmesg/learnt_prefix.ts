/**
 * A prefix that is none of the known ones: appliances, phones and forwarders have their own. It is
 * learnt from a line of the report whose text is always the same, and then taken off the others.
 */

/** Where the kernel's own text begins on lines that no other program writes so. */
const ANCHOR =
  /(?:CPU: ?\d{1,6} (?:UID: ?\d{1,10} )?PID: ?\d{1,10} Comm: |Pid: \d{1,10}, comm: |Mem-[Ii]nfo:$|oom-kill:constraint=|oom_reaper: (?:reaped|unable))/;
/** A longer prefix is no prefix. */
const MAX_LENGTH = 200;

/** Remembers the form of the prefix that the last anchored line had. */
export class LearntPrefix {
  #source = '';
  #form: RegExp | null = null;

  /** The text behind the prefix; null when there is none. */
  strip(text: string): string | null {
    const at = text.includes(':') ? text.search(ANCHOR) : -1;
    if (at > 0 && at <= MAX_LENGTH) {
      this.#learn(text.slice(0, at), /[Cc]omm: (.{1,16}?) (?:[A-Z]|$)/.exec(text)?.[1]);
      return text.slice(at);
    }
    const found = this.#form?.exec(text);
    return found == null ? null : text.slice(found[0].length);
  }

  /** Numbers differ from line to line, and so does the task where the prefix names it. */
  #learn(prefix: string, comm: string | undefined): void {
    const words = comm === undefined ? [prefix] : prefix.split(comm);
    const source = words.map(formOf).join('.{1,16}?');
    if (source === this.#source) return;
    this.#source = source;
    this.#form = new RegExp(`^${source}`);
  }
}

function formOf(text: string): string {
  return text
    .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/ *\d+/g, ' *\\d+')
    .replaceAll(/ {2,}/g, ' +');
}
