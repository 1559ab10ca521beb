import { Text } from 'ink';
import { memo, type ReactNode } from 'react';
import { LOOKS } from './colors.js';
import { fitted, type Line, merged, type Span, span } from './text/line.js';

export interface LinesProps {
  readonly lines: readonly Line[];
  readonly width: number;
}

/**
 * Rows of text, each exactly as wide as it may be. One text node for all of them, with as few spans
 * as possible: laying out a node a row costs Ink more than everything else together.
 */
export const Lines = memo(function Lines({ lines, width }: LinesProps): ReactNode {
  const spans: Span[] = [];
  lines.forEach((row, y) => {
    if (y > 0) spans.push(NEW_ROW);
    spans.push(...fitted(row, width));
  });
  return <Text>{merged(spans).map(styled)}</Text>;
});

const NEW_ROW = span('\n');

function styled({ text, style }: Span, at: number): ReactNode {
  if (style === undefined) return text;
  return (
    <Text key={at} {...LOOKS[style]}>
      {text}
    </Text>
  );
}
