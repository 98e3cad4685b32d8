import { sharedQueueContract } from '../support/queue-contract-of-hosts.ts';
import { queueContract } from '../support/queue-contract.ts';
import { queueInATable } from '../support/queue-in-a-table.ts';

queueContract('a table of PostgreSQL', queueInATable);
sharedQueueContract('a table of PostgreSQL', queueInATable);
