import type { TestProject } from 'vitest/node';
import { postgresServer, type PostgresServer } from './postgres-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The URL of the server that the tests of this run share. */
    postgres: string;
    /** The directory of its socket. */
    postgresDirectory: string;
  }
}

let server: PostgresServer | undefined;

/** One server for a run of the tests; each test has tables of its own. */
export async function setup(project: TestProject): Promise<void> {
  server = await postgresServer();
  project.provide('postgres', server.url);
  project.provide('postgresDirectory', server.directory);
}

export async function teardown(): Promise<void> {
  await server?.remove();
}
