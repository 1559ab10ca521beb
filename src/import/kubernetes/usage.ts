/**
 * What containers really use: the output of `kubectl top pods [-A] [--containers]`, or CSV as
 * Prometheus queries are exported, with a header line that names the columns.
 */
import { InputError, printable } from '../../workload/problems.js';
import type { Container, Pod } from './pod.js';
import { parseQuantity } from './quantity.js';

interface Row {
  readonly namespace: string | null;
  readonly pod: string;
  readonly container: string | null;
  readonly bytes: number;
}

/** Sizes by pod and container. */
export interface Usage {
  readonly rows: readonly Row[];
}

const ROWS_MAX = 1_000_000;
/** Names of columns, as kubectl and Prometheus have them; the first that is there counts. */
const COLUMNS = {
  namespace: ['namespace', 'exported_namespace'],
  pod: ['pod', 'pod_name', 'exported_pod', 'name'],
  container: ['container', 'container_name', 'exported_container'],
  bytes: ['memory(bytes)', 'memory', 'memory_bytes', 'bytes', 'usage', 'value'],
} as const;

/**
 * Reads a table of sizes.
 * @throws InputError when a column is missing or a size is none
 */
export function readUsage(text: string, file: string): Usage {
  const lines = text.split(/\r?\n/);
  const head = lines.findIndex((line) => line.trim() !== '');
  const cellsOf = (line: string): string[] => splitLine(line, (lines[head] ?? '').includes(','));
  const names = cellsOf(lines[head] ?? '').map((name) => name.toLowerCase());
  const at = (of: readonly string[]): number =>
    of.map((name) => names.indexOf(name)).find((index) => index >= 0) ?? -1;
  const [namespace, pod, container, bytes] = [
    at(COLUMNS.namespace),
    at(COLUMNS.pod),
    at(COLUMNS.container),
    at(COLUMNS.bytes),
  ];
  if (pod < 0 || bytes < 0) {
    throw new InputError(
      `${printable(file)}:${Math.max(0, head) + 1}: expected a header with the columns pod and ` +
        `memory, found ${printable(JSON.stringify(lines[head] ?? ''))}`,
    );
  }
  const rows: Row[] = [];
  lines.slice(head + 1, head + 1 + ROWS_MAX).forEach((line, index) => {
    if (line.trim() === '') return;
    const cells = cellsOf(line);
    const where = `${printable(file)}:${head + 2 + index}`;
    rows.push({
      namespace: cells[namespace] || null,
      pod: cells[pod] ?? '',
      container: cells[container] || null,
      bytes: parseQuantity(cells[bytes], where),
    });
  });
  return { rows };
}

function splitLine(line: string, csv: boolean): string[] {
  if (!csv) return line.trim().split(/\s+/);
  const cells = line.match(/"(?:[^"]|"")*"|[^,]+|(?<=,)(?=,|$)|^(?=,)/g) ?? [];
  return cells.map((cell) => cell.trim().replace(/^"|"$/g, '').replaceAll('""', '"'));
}

/** What one container uses; null when the table does not say. */
export function usageOf(usage: Usage, pod: Pod, container: Container): number | null {
  const rows = usage.rows.filter(
    (row) => row.pod === pod.name && (row.namespace === null || row.namespace === pod.namespace),
  );
  const own = rows.filter((row) => row.container === container.name);
  if (own.length > 0) return Math.max(...own.map((row) => row.bytes));
  const whole = rows.find((row) => row.container === null);
  return whole === undefined ? null : shareOf(pod, container, whole.bytes);
}

/** A pod's size, shared out as its containers ask for memory; equally if they ask for none. */
function shareOf(pod: Pod, container: Container, bytes: number): number {
  const running = pod.containers.filter(({ kind }) => kind !== 'init');
  if (!running.includes(container)) return 0;
  const asked = (each: Container): number => each.resources.memoryRequest ?? 0;
  const sum = running.reduce((total, each) => total + asked(each), 0);
  return Math.floor(sum === 0 ? bytes / running.length : (bytes * asked(container)) / sum);
}
