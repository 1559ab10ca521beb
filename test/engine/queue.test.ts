import { createQueue } from '../../src/engine/queue.js';
import { testEventQueue } from './queue.contract.js';

testEventQueue('HeapQueue', () => createQueue('heap', 2));
testEventQueue('LadderQueue', () => createQueue('ladder', 2));
