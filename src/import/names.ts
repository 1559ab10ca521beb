/** Names of processes as workload files take them. */

/** What task->comm holds (TASK_COMM_LEN − 1). */
const COMM_BYTES_MAX = 15;

/** What the kernel keeps of a name, without what would break a line. */
export function commOf(name: string): string {
  const encoder = new TextEncoder();
  let comm = '';
  let bytes = 0;
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0;
    const printable = code > 31 && (code < 127 || code > 159) && code !== 0x2028 && code !== 0x2029;
    const kept = printable ? character : '?';
    bytes += encoder.encode(kept).length;
    if (bytes > COMM_BYTES_MAX) break;
    comm += kept;
  }
  return comm.trim() === '' ? 'unnamed' : comm;
}
