/** A process with one thread that plays, for each message so many ms. */
import { batchLoad } from './batch_load.js';

const load = batchLoad(1);

process.on('message', async (ms: number) => {
  process.send!(await load(ms));
});
