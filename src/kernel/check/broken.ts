/** Broken bookkeeping: always a bug of the simulator. */
export class InvariantError extends Error {}

/** @throws InvariantError */
export function broken(what: string): never {
  throw new InvariantError(`invariant broken: ${what}`);
}

/** Two ways to count the same thing. @throws InvariantError unless they agree */
export function equal(counted: number, added_up: number, what: () => string): void {
  if (counted !== added_up) broken(`${what()}: counted ${counted}, adds up to ${added_up}`);
}
