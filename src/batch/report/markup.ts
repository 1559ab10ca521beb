import type { Table } from './tables.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

export function tableHtml({ title, head, rows, names }: Table): string {
  const cells = (row: readonly string[], tag: 'th' | 'td'): string =>
    row
      .map((cell, at) => `<${tag}${at < names ? ' class="name"' : ''}>${cellHtml(cell)}</${tag}>`)
      .join('');
  const caption = title === '' ? '' : `<h3>${escapeHtml(title)}</h3>`;
  const body = rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('\n');
  return `${caption}<div class="scroll"><table><tr>${cells(head, 'th')}</tr>\n${body}</table></div>`;
}

/** Intervals smaller, marks bolder. */
function cellHtml(text: string): string {
  return escapeHtml(text)
    .replace(/\[[^\]]*, [^\]]*\]/, (interval) => `<span class="ci">${interval}</span>`)
    .replace(
      /[▲▼]\d*/g,
      (mark) => `<span class="${mark[0] === '▲' ? 'up' : 'down'}">${mark}</span>`,
    );
}
