/** Reasons: a code for programs, a sentence for people. */

/** Names of reasons, for programs. */
export type ReasonCode =
  | 'top-score'
  | 'tie'
  | 'no-task-table'
  | 'nobody-killed'
  | 'panic-on-oom'
  | 'nobody-killable'
  | 'kill-line-missing'
  | 'already-exiting'
  | 'allocating-task'
  | 'row-missing'
  | 'child-sacrifice'
  | 'group-kill'
  | 'bpf-policy'
  | 'oom-origin'
  | 'old-badness'
  | 'vendor-rules'
  | 'total-unknown'
  | 'swap-hidden'
  | 'constrained'
  | 'drift'
  | 'thread-of-victim'
  | 'others-already-killed'
  | 'beginning-lost'
  | 'rules-broken'
  | 'rows-lost';

/** One reason, in words. */
export interface Reason {
  readonly code: ReasonCode;
  readonly text: string;
}

/** A task as sentences name it. */
export function name(task: { readonly pid: number; readonly comm: string }): string {
  return `${task.comm} (${task.pid})`;
}

/** One reason. */
export function reason(code: ReasonCode, text: string): Reason {
  return { code, text };
}
