import { Text } from 'ink';
import { memo, type ReactNode } from 'react';
import { LOOKS } from './colors.js';
import { fitted, type Line, type Span } from './text/line.js';

export interface LinesProps {
  readonly lines: readonly Line[];
  readonly width: number;
}

/**
 * Rows of text, each exactly as wide as it may be. One text node for all of them: laying out a node
 * a row costs Ink more than everything else together.
 */
export const Lines = memo(function Lines({ lines, width }: LinesProps): ReactNode {
  const spans: ReactNode[] = [];
  lines.forEach((row, y) => {
    if (y > 0) spans.push('\n');
    fitted(row, width).forEach((part, x) => {
      spans.push(styled(part, `${y}.${x}`));
    });
  });
  return <Text>{spans}</Text>;
});

function styled({ text, style }: Span, key: string): ReactNode {
  if (style === undefined) return text;
  return (
    <Text key={key} {...LOOKS[style]}>
      {text}
    </Text>
  );
}
