/** Cells padded to common widths, two spaces between columns, no spaces at the line ends. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  sides: readonly ('left' | 'right')[],
): string[] {
  const widths = sides.map((_side, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0, sides[column] ?? 'left'))
      .join('  ')
      .trimEnd(),
  );
}

function pad(cell: string, width: number, side: 'left' | 'right'): string {
  return side === 'right' ? cell.padStart(width) : cell.padEnd(width);
}
