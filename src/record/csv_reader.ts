/**
 * Reads RFC 4180 text as `csv_writer.ts` writes it. The last row counts only when its line ends:
 * a run that was killed in the middle of a write may have left a part of one.
 *
 * @returns the rows with the header's names as keys, in file order.
 */
export function parseCsv(text: string): Record<string, string>[] {
  const [header, ...rows] = splitRows(text);
  if (header === undefined) return [];
  return rows.map((cells) =>
    Object.fromEntries(header.map((name, index) => [name, cells[index] ?? ''])),
  );
}

function splitRows(text: string): string[][] {
  const rows: string[][] = [];
  let cells: string[] = [];
  let position = 0;
  while (position < text.length) {
    const { cell, end } = readCell(text, position);
    if (end >= text.length) break; // neither a comma nor a line end follows: not complete
    cells.push(cell);
    if (text[end] === '\n') {
      rows.push(cells);
      cells = [];
    }
    position = end + 1;
  }
  return rows;
}

/** @returns the cell's text and the index of the comma or line end after it. */
function readCell(text: string, start: number): { cell: string; end: number } {
  if (text[start] !== '"') {
    let end = start;
    while (end < text.length && text[end] !== ',' && text[end] !== '\n') end++;
    return { cell: text.slice(start, end), end };
  }
  let position = start + 1;
  for (;;) {
    const quote = text.indexOf('"', position);
    if (quote < 0) return { cell: '', end: text.length };
    if (text[quote + 1] !== '"') {
      return { cell: text.slice(start + 1, quote).replaceAll('""', '"'), end: quote + 1 };
    }
    position = quote + 2;
  }
}
