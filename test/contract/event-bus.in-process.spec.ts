import { InProcessEventBus } from '../../src/core/events/in-process.event-bus.js';
import { describeEventBus } from './event-bus.contract.js';

describeEventBus('in this process', () => new InProcessEventBus());
