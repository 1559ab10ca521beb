/** How the numbers of a report came to be, in words that a reviewer can check. */
import { LEVEL, type Summary } from '../results/summary.js';
import { OUTLIER } from '../results/surprises.js';
import { RESAMPLES } from '../statistics/bootstrap.js';
import { EXACT_MAX } from '../statistics/sign_flip.js';
import { escapeHtml } from './markup.js';

export function methodHtml(summary: Summary): string {
  return `<ul>${sentences(summary)
    .map((sentence) => `<li>${escapeHtml(sentence)}</li>`)
    .join('\n')}</ul>`;
}

function sentences({ plan, tests }: Summary): string[] {
  const { replications, compare, fraction, seed } = plan.experiment;
  const { min, max, rule } = replications;
  const list = [
    fraction === 1
      ? 'Every combination of levels was played.'
      : `Every ${fraction}th setting of the grid was played (sum of the level numbers divisible by ${fraction}), each with all levels of the compared factor.`,
    rule === null
      ? `Each cell was played ${max} times. Run i of every cell draws the same random numbers (seed ${seed}, run i): what differs between two cells is not chance.`
      : `Each cell was played ${min} to ${max} times, ${replications.step} at a time, until the 95 % confidence interval (t) of the mean of ${rule.metric} was at most ±${rule.relative ? `${rule.halfWidth * 100} % of the mean` : rule.halfWidth} in every cell of its setting. Stopping early makes intervals slightly too narrow. Run i of every cell draws the same random numbers (seed ${seed}, run i).`,
    `Intervals are for 95 % confidence: BCa bootstrap (Efron 1987) with ${RESAMPLES} resamples of a fixed seed; Wilson’s score interval for shares; t for more than 500 runs. They are not adjusted for their number.`,
  ];
  if (compare !== null) {
    list.push(
      `Each level of ${compare.factor} is compared with ${compare.to}, run by run. p-values are of the two-sided sign-flip test (Fisher 1935), exact for up to ${EXACT_MAX} pairs that differ and by Student’s t beyond, adjusted by Holm’s method over all ${tests} tests of this report. Below ${LEVEL} a difference is called higher or lower, else not significant; a difference of 0 in every run is not tested.`,
      'Effect sizes: Cohen’s d_z, the mean difference in its standard deviations, and dominance, the share of runs in which the level is above less the share in which it is below.',
    );
  }
  list.push(
    `A run is unlike the others if a shown metric is more than ${OUTLIER} scaled median deviations from its cell’s median (Iglewicz and Hoaglin 1993), or if fewer than a tenth of a cell’s runs have its value.`,
    'The seeds are replications of one modelled workload. Nothing here says how often such workloads occur.',
  );
  return list;
}
