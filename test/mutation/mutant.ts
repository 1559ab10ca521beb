/** One change to the model that some test must notice. */
export interface Mutant {
  /** What is disturbed: a switch, or a row of a table. */
  readonly rule: string;
  /** How. */
  readonly change: string;
  /** From the package's folder. */
  readonly file: string;
  /** Text of the file, which must occur once, and what it becomes. */
  readonly from: string;
  readonly to: string;
}

/** A change, and the test that noticed it first, as `file: test`. */
export interface Judged {
  readonly rule: string;
  readonly change: string;
  /** null: it survived. */
  readonly noticed: string | null;
}

/** What may notice a mutant, quick ones first. profile.test.ts repeats the table: it does not count. */
export const KERNEL_TESTS: readonly (readonly string[])[] = [
  ['test/kernel'],
  ['test/userspace', 'test/workloads', 'test/fidelity'],
];
