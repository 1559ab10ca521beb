/** Runs of a cell, in an experiment file and on the command line. */
export const REPLICATIONS_MAX = 1_000_000;
