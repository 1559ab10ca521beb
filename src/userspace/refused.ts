import type { EventSpec } from '../workload/types.js';

/** Something that a workload asks for and the kernel refuses, as it would refuse an administrator. */
export interface Refused {
  readonly timeNs: number;
  /** `rmdir /a`, `write /a/memory.min`. */
  readonly what: string;
  /** The name of the errno. */
  readonly error: string;
}

/** Nobody reads more, and a loop may ask again and again. */
export const REFUSED_MAX = 20;

/** An event as a user would say it. */
export function eventText(event: EventSpec): string {
  switch (event.op) {
    case 'write':
      return `write ${event.cgroup === '/' ? '' : event.cgroup}/${event.file}`;
    case 'mkdir':
    case 'rmdir':
      return `${event.op} ${event.cgroup}`;
    default:
      return event.op;
  }
}
