import { parseTime } from '../../workload/units.js';
import type { Moment } from '../track.js';

/** Where somebody wants to go; `kill` counts from 0. */
export type Destination =
  | { readonly to: 'moment'; readonly moment: Moment }
  | { readonly to: 'kill'; readonly kill: number };

export interface Range {
  readonly frontNs: number;
  readonly kills: number;
}

/**
 * Reads what was typed after `J`: `1.5s`, `300ms`, `1.5` (seconds), `40%`, `start`, `end`, `kill 3`,
 * `event 1200`.
 * @returns the destination, or what is wrong with it in one line
 */
export function parseDestination(text: string, range: Range): Destination | string {
  const typed = text.trim().toLowerCase();
  if (typed === 'start') return moment(0);
  if (typed === 'end') return moment(range.frontNs);
  const share = /^([0-9]+(?:\.[0-9]+)?)\s*%$/.exec(typed);
  if (share !== null) return moment((Math.min(100, Number(share[1])) / 100) * range.frontNs);
  const numbered = /^([a-z]+)\s*#?([0-9]{1,15})$/.exec(typed);
  if (numbered !== null && 'kill'.startsWith(numbered[1]!))
    return killOf(Number(numbered[2]), range);
  if (numbered !== null && 'event'.startsWith(numbered[1]!)) {
    return { to: 'moment', moment: { timeNs: 0, seq: Number(numbered[2]) } };
  }
  const time = parseTime(/^[0-9.]+$/.test(typed) ? `${typed}s` : typed);
  if (!time.ok) return `not a time such as 1.5s, 40%, kill 3, event 1200, start or end: ${text}`;
  return moment(Math.min(time.value, range.frontNs));
}

function moment(timeNs: number): Destination {
  return { to: 'moment', moment: { timeNs: Math.floor(timeNs), seq: null } };
}

function killOf(number: number, { kills }: Range): Destination | string {
  if (kills === 0) return 'nobody was killed so far';
  if (number < 1 || number > kills) return `kills are numbered from 1 to ${kills}`;
  return { to: 'kill', kill: number - 1 };
}
