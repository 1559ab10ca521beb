/** The body of a report: memcg lines, Mem-Info, call trace, task table. */
import type { LogRecord } from './lines.js';
import { MemcgBuilder } from './memcg.js';
import { MemInfoBuilder } from './meminfo.js';
import { TableBuilder } from './table.js';

/** Hands each line of the body to the part that it belongs to. */
export class Sections {
  readonly memcg = new MemcgBuilder();
  readonly memory = new MemInfoBuilder();
  readonly table = new TableBuilder();
  /** The call trace passes through the memory controller. */
  memcgInStack = false;

  /** Takes a line of the body; false when it is not one. */
  accept(record: LogRecord): boolean {
    const { text, first } = record;
    switch (record.kind) {
      case 'row':
        this.table.row(text, record.pieces, first);
        return true;
      case 'columns':
        this.table.header(text);
        return true;
      case 'stat':
        this.memcg.stat(text);
        return true;
      case 'stack':
        this.memcgInStack ||= text.includes('mem_cgroup_o') || text.includes('try_charge');
        return true;
      case 'taskIn':
        this.memcg.taskIn(text);
        return true;
      case 'usage':
        this.memcg.usage(text);
        return true;
      case 'memcgStats':
        this.memcg.stats(text);
        return true;
      case 'totals':
        this.memory.totals(text);
        return true;
      case 'node':
        this.memory.node(text, first);
        return true;
      case 'zone':
        this.memory.zone(text, first);
        return true;
      case 'reserve':
        this.memory.reserve(text);
        return true;
      case 'buddy':
        this.memory.buddy(text);
        return true;
      case 'perCpu':
        this.memory.perCpu(text);
        return true;
      case 'number':
        this.memory.number(text, first);
        return true;
      default:
        return false;
    }
  }
}
