/** The report: one HTML file that needs nothing else. */
import { MODEL_VERSION } from '../../run/model_version.js';
import { PROGRAM_VERSION } from '../../run/program_version.js';
import { METRICS, type Metric, titleOf } from '../metrics/definitions.js';
import { replayCommand } from '../plan/replay.js';
import type { Summary } from '../results/summary.js';
import { chartOf, seriesColor } from './charts.js';
import { differenceTable } from './differences.js';
import { escapeHtml, tableHtml } from './markup.js';
import { methodHtml } from './method.js';
import { counted } from './numbers.js';
import { STYLE } from './style.js';
import {
  comparedLevels,
  crossoverLines,
  metricTable,
  overview,
  tooFewRuns,
  untestedMetrics,
} from './tables.js';

/** The same summary gives the same bytes: there is no date in it. */
export function reportHtml(summary: Summary): string {
  const { name, doc } = summary.plan.experiment;
  const sections = [
    headHtml(summary),
    failuresHtml(summary),
    findingsHtml(summary),
    chartsHtml(summary),
    tablesHtml(summary),
    surprisesHtml(summary),
    `<h2 id="method">Method</h2>${methodHtml(summary)}`,
    metricsHtml(summary.metrics),
    `<h2 id="experiment">The experiment</h2><pre>${escapeHtml(summary.plan.experiment.text)}</pre>`,
    footHtml(summary),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="${escapeHtml(doc)}">
<title>${escapeHtml(name)} – oomsim</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${sections.filter((section) => section !== '').join('\n')}
</main>
</body>
</html>
`;
}

function headHtml({ plan, runs, panics }: Summary): string {
  const { name, doc, factors, base } = plan.experiment;
  const varied = factors.map(({ name, levels }) => `${name} (${levels.length})`).join(' × ');
  const facts = [
    `workload ${base.name}`,
    varied,
    counted(plan.cells.length, 'cell'),
    counted(runs, 'run'),
    ...(panics === 0 ? [] : [`${panics} of them panicked`]),
  ];
  return `<h1>${escapeHtml(name)}</h1>
<p class="question">${escapeHtml(doc)}</p>
<p class="facts">${facts.map(escapeHtml).join(' · ')}</p>`;
}

function failuresHtml({ failed }: Summary): string {
  if (failed.length === 0) return '';
  const items = failed.slice(0, 20).map(({ cell, run, error, token }) => {
    const where = `cell ${cell}, run ${run}: ${error}`;
    return `<li>${escapeHtml(where)}<br><code>${escapeHtml(token)}</code></li>`;
  });
  return `<div class="warning"><p><b>${counted(failed.length, 'run')} failed</b> and not part of any number
here. Please report them.</p><ul>${items.join('')}</ul></div>`;
}

function findingsHtml(summary: Summary): string {
  const lines = crossoverLines(summary).map((line) => `<li>${escapeHtml(line)}</li>`);
  const list = lines.length === 0 ? '' : `<ul>${lines.join('')}</ul>`;
  const { compare } = summary.plan.experiment;
  const marks =
    compare === null || comparedLevels(summary).length < 2
      ? ''
      : `<p class="facts">▲ ▼ in how many of ${summary.plan.blocks.length} settings the level differs
significantly from ${escapeHtml(compare.to)}; no mark: not significant anywhere.
${escapeHtml(untestedMetrics(summary) ?? '')}</p>`;
  const few = tooFewRuns(summary);
  const warning = few === null ? '' : `<p class="warning">${escapeHtml(few)}</p>`;
  return `<div class="findings">${list}${tableHtml(overview(summary))}${marks}${warning}</div>`;
}

function legendHtml(summary: Summary): string {
  const levels = comparedLevels(summary);
  if (levels.length < 2) return '';
  const items = levels.map(
    (label, index) =>
      `<span><i style="background:${seriesColor(index)}"></i>${escapeHtml(label)}</span>`,
  );
  return `<div class="legend">${items.join('')}</div>`;
}

function chartsHtml(summary: Summary): string {
  const [lead, ...others] = summary.metrics;
  if (lead === undefined) return '';
  const figures = others.map((metric) => figureHtml(summary, metric, false));
  return `<h2 id="plots">Plots</h2>
<p class="facts">Means with 95 % confidence intervals.</p>
${legendHtml(summary)}
${figureHtml(summary, lead, true)}
<div class="charts">${figures.join('\n')}</div>`;
}

function figureHtml(summary: Summary, metric: Metric, isLarge: boolean): string {
  const chart = chartOf(summary, metric, isLarge);
  if (chart === '') return '';
  const { better } = metric.definition;
  const note = better === null ? '' : ` (${better} is better)`;
  return `<figure${isLarge ? ' class="wide"' : ''}><figcaption><b>${escapeHtml(titleOf(metric))}</b>
<code>${escapeHtml(metric.id)}</code>${note}</figcaption><div class="frame">${chart}</div></figure>`;
}

function tablesHtml(summary: Summary): string {
  const each = summary.metrics.map((metric, index) => {
    const { title, ...table } = metricTable(summary, metric);
    return `<details${index === 0 ? ' open' : ''}><summary><b>${escapeHtml(title)}</b></summary>
${tableHtml({ ...table, title: '' })}</details>`;
  });
  const differences = differenceTable(summary);
  const compared =
    differences.rows.length === 0
      ? ''
      : `<h2 id="differences">Differences</h2>
<p>Against ${escapeHtml(summary.plan.experiment.compare!.to)}, run by run on the same random numbers.
p is adjusted for ${summary.tests} tests.</p>
<details><summary><b>${differences.rows.length} comparisons</b></summary>${tableHtml(differences)}</details>`;
  return `<h2 id="tables">Tables</h2>${each.join('\n')}${compared}`;
}

function surprisesHtml({ surprises, plan }: Summary): string {
  if (surprises.length === 0) return '';
  const factors = plan.experiment.factors;
  const items = surprises.map(({ cell, run, why }) => {
    const levels = cell.levels.map(({ label }, at) => `${factors[at]!.name} ${label}`).join(', ');
    const command = replayCommand(plan, cell, run);
    return `<li>${escapeHtml(`${levels}, run ${run}: ${why}`)}<code>${escapeHtml(command)}</code></li>`;
  });
  return `<h2 id="surprises">Runs unlike the others</h2>
<p>The most surprising first. Each command, given in the folder of this report, plays the run again
with everything recorded.</p>
<ol class="commands">${items.join('\n')}</ol>`;
}

function metricsHtml(metrics: readonly Metric[]): string {
  const shown = new Set(metrics.map(({ definition }) => definition));
  const rows = METRICS.filter((definition) => shown.has(definition)).map(
    ({ id, perContainer, formula, source }) =>
      `<tr><td class="name"><code>${id}${perContainer ? '[c]' : ''}</code></td>` +
      `<td class="text">${escapeHtml(formula)}</td><td class="text">${escapeHtml(source)}</td></tr>`,
  );
  return `<h2 id="metrics">Metrics</h2><div class="scroll"><table>
<tr><th class="name">metric</th><th class="name">formula</th><th class="name">source</th></tr>
${rows.join('\n')}</table></div>`;
}

function footHtml({ plan }: Summary): string {
  return `<footer>oomsim ${PROGRAM_VERSION}, model ${MODEL_VERSION}, plan ${plan.hash.slice(0, 16)},
seed ${escapeHtml(plan.experiment.seed)}. The same experiment and version give this file again, byte for byte.
All numbers: runs.csv, summary.csv.</footer>`;
}
