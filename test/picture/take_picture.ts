import { TerminalSession } from '../ui/terminal_session.js';
import { screenToSvg } from './svg.js';

const COLUMNS = 120;
const ROWS = 36;

/**
 * The dashboard as the program really shows it: small-vs-large on a pseudo-terminal, paused 6 ms
 * after its first kill and at that moment exactly.
 * @param cwd where the run leaves its files
 */
export async function takePicture(cwd: string): Promise<{ svg: string; text: string }> {
  const session = new TerminalSession('run small-vs-large --speed max', {
    columns: COLUMNS,
    rows: ROWS,
    cwd,
    env: { COLORTERM: 'truecolor' },
  });
  try {
    await session.shows('ended: idle');
    session.press('J560ms\r');
    await session.shows(/paused {2}max +0\.560 s of [\s\S]*Why small \(7\) died/);
    return { svg: screenToSvg(session.terminal), text: session.text };
  } finally {
    session.press('q');
    session.close();
  }
}
