/** A thread that plays batches, one for each message. */
import { parentPort } from 'node:worker_threads';
import type { Batch } from './messages.js';
import { BatchPlayer } from './play_batch.js';

const player = new BatchPlayer();

parentPort!.on('message', (batch: Batch) => {
  const runs = player.play(batch);
  parentPort!.postMessage(
    runs,
    runs.map(({ values }) => values.buffer as ArrayBuffer),
  );
});
