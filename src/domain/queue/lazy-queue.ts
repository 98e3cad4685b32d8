import type { QueueStore } from './queue-store.ts';

/** A queue whose store is made, and loaded, at the first call: many commands need none. */
export function lazyQueue(make: () => Promise<QueueStore>): QueueStore {
  let made: Promise<QueueStore> | undefined;
  const store = async (): Promise<QueueStore> => {
    made ??= make();
    return made;
  };
  return {
    add: async (...given) => (await store()).add(...given),
    read: async (...given) => (await store()).read(...given),
    update: async (...given) => (await store()).update(...given),
    keep: async (...given) => (await store()).keep(...given),
    open: async (...given) => (await store()).open(...given),
    finished: async (...given) => (await store()).finished(...given),
    places: async () => (await store()).places(),
    ended: async () => (await store()).ended(),
    all: async () => (await store()).all(),
    ids: async () => (await store()).ids(),
    removeFinished: async (...given) => (await store()).removeFinished(...given),
    host: async () => (await store()).host(),
    takeIssue: async (...given) => (await store()).takeIssue(...given),
    freeIssue: async (...given) => (await store()).freeIssue(...given),
    present: async (...given) => (await store()).present(...given),
    isDraining: async () => (await store()).isDraining(),
    now: async () => (await store()).now(),
    watch: async (...given) => (await store()).watch(...given),
    wake: async () => (await store()).wake(),
    fleet: {
      hosts: async () => (await store()).fleet.hosts(),
      issueHost: async (...given) => (await store()).fleet.issueHost(...given),
      tell: async (...given) => (await store()).fleet.tell(...given),
      tail: async (...given) => (await store()).fleet.tail(...given),
      issues: async (...given) => (await store()).fleet.issues(...given),
      lose: async (...given) => (await store()).fleet.lose(...given),
      moveIssue: async (...given) => (await store()).fleet.moveIssue(...given),
      tellIssue: async (...given) => (await store()).fleet.tellIssue(...given),
      breaker: async () => (await store()).fleet.breaker(),
      putBreaker: async (...given) => (await store()).fleet.putBreaker(...given),
      askToStop: async (...given) => (await store()).fleet.askToStop(...given),
    },
    inbox: {
      send: async (...given) => (await store()).inbox.send(...given),
      mention: async (...given) => (await store()).inbox.mention(...given),
      sendNew: async (...given) => (await store()).inbox.sendNew(...given),
      list: async (...given) => (await store()).inbox.list(...given),
      markAllRead: async () => (await store()).inbox.markAllRead(),
    },
  };
}
