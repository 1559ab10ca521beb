import { type Key, useInput, useStdin } from 'ink';
import type { ReactNode } from 'react';
import { Dashboard } from './dashboard.js';
import type { Screen } from './screen_layout.js';

export interface AppProps {
  readonly screen: Screen;
  readonly onKey: (input: string, key: Key) => void;
}

/** The dashboard with the keys of its terminal. */
export function App({ screen, onKey }: AppProps): ReactNode {
  const { isRawModeSupported } = useStdin(); // undefined where stdin is a file or a pipe
  useInput(
    (input, key) => {
      if (input.length > 1 && !key.ctrl) for (const letter of input) typed(letter, key, onKey);
      else onKey(input, key);
    },
    { isActive: isRawModeSupported === true },
  );
  return <Dashboard {...screen} />;
}

/** What is typed fast, or pasted, comes as one text. */
function typed(letter: string, key: Key, onKey: AppProps['onKey']): void {
  const isReturn = letter === '\r' || letter === '\n';
  if (isReturn) onKey('', { ...key, return: true });
  else if (letter === '\t') onKey('', { ...key, tab: true });
  else onKey(letter, key);
}
