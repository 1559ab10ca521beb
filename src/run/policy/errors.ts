/**
 * A policy used up what the machine that runs the simulation allows, rather than what the simulation
 * allows. That differs between machines, so the run ends: it must not go on in two ways.
 */
export class PolicyLimitError extends Error {
  override readonly name = 'PolicyLimitError';
}
