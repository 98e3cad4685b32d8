import { queueContract, sharedQueueContract } from '../support/queue-contract.ts';
import { queueInATable } from '../support/queue-in-a-table.ts';

queueContract('a table of PostgreSQL', queueInATable);
sharedQueueContract('a table of PostgreSQL', queueInATable);
