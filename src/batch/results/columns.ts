/** The columns of runs.csv. */
import { valueColumns } from '../metrics/definitions.js';
import type { Plan } from '../plan/types.js';

const BEFORE_FACTORS = ['cell', 'run'] as const;
const BEFORE_VALUES = ['status', 'ended_by', 'events', 'simulated_ns'] as const;
const AFTER_VALUES = ['token', 'error'] as const;

export interface Columns {
  readonly names: readonly string[];
  /** Names of the metrics among them, and where the first of them stands. */
  readonly values: readonly string[];
  readonly statusAt: number;
  readonly valuesAt: number;
  readonly tokenAt: number;
}

export function columnsOf(plan: Plan): Columns {
  const factors = plan.experiment.factors.map(({ name }) => name);
  const values = valueColumns(plan.containers);
  const statusAt = BEFORE_FACTORS.length + factors.length;
  const valuesAt = statusAt + BEFORE_VALUES.length;
  return {
    names: [...BEFORE_FACTORS, ...factors, ...BEFORE_VALUES, ...values, ...AFTER_VALUES],
    values,
    statusAt,
    valuesAt,
    tokenAt: valuesAt + values.length,
  };
}
