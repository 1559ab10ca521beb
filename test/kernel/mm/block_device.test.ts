import { expect, test } from 'vitest';
import { BlockDevice } from '../../../src/kernel/mm/block_device.js';

test('one page takes its share of the bandwidth and the latency', () => {
  const device = new BlockDevice({ pageNs: 4, latencyNs: 80 });
  expect(device.submit(1000, 1)).toBe(1084);
});

test('transfers go one after the other, and the latency of one hides behind the next', () => {
  const device = new BlockDevice({ pageNs: 4, latencyNs: 80 });
  expect(device.submit(0, 100)).toBe(480);
  expect(device.submit(0, 100)).toBe(880);
  expect(device.submit(800, 1)).toBe(884);
  expect(device.submit(5000, 1)).toBe(5084);
});
