import * as z from 'zod/mini';
import type { HttpQuestion } from '../engine/http/loopback-client.ts';

/**
 * What kugetsu asks of a server of opencode 2, by the operation ids that released ones and their previews have for it. A
 * preview puts `v2.` before them, and what is new stands behind `experimental.` for a while.
 */
const OPERATIONS = {
  create: ['session.create'],
  get: ['session.get'],
  list: ['session.list'],
  remove: ['session.remove', 'session.delete'],
  fork: ['session.fork'],
  move: ['session.move'],
  prompt: ['session.prompt'],
  interrupt: ['session.interrupt'],
  active: ['session.active'],
  messages: ['session.message.list', 'session.messages', 'message.list'],
  switchAgent: ['session.switchAgent'],
  switchModel: ['session.switchModel'],
  asks: ['session.permission.list'],
  answer: ['session.permission.reply'],
  forms: ['session.form.list'],
  cancelForm: ['session.form.cancel'],
  agents: ['agent.list'],
  events: ['event.subscribe'],
  update: ['session.update'],
  rename: ['session.rename'],
  instruct: ['session.instructions.entry.put'],
  questions: ['session.question.list'],
  rejectQuestion: ['session.question.reject'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Something that a server can be asked to do. */
export type OperationName = keyof typeof OPERATIONS;

// The early dialect renames; the one of 2.0.4 and later updates. Before forms there were questions.
const OPTIONAL: ReadonlySet<OperationName> = new Set(['update', 'rename', 'instruct', 'questions', 'rejectQuestion']);

const METHODS = ['get', 'post', 'patch', 'put', 'delete'] as const;

interface Operation {
  readonly method: Uppercase<(typeof METHODS)[number]>;
  /** With its parameters in braces. */
  readonly path: string;
  /** The names of the members that its body may have. */
  readonly members: ReadonlySet<string>;
}

const object = z.record(z.string(), z.unknown());
const DocumentSchema = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), object),
  components: z.catch(z.optional(z.looseObject({ schemas: z.optional(object) })), undefined),
});
const OperationSchema = z.looseObject({ operationId: z.string(), requestBody: z.optional(z.unknown()) });
const BodySchema = z.looseObject({
  content: z.record(z.string(), z.looseObject({ schema: z.optional(z.unknown()) })),
});
const ShapeSchema = z.looseObject({
  $ref: z.optional(z.string()),
  properties: z.optional(object),
  anyOf: z.optional(z.array(z.unknown())),
  allOf: z.optional(z.array(z.unknown())),
});

type Document = z.infer<typeof DocumentSchema>;

/** What a server can do, as its own document of the interface says: versions differ, and none is asked for what it is. */
export class Contract {
  private readonly operations: ReadonlyMap<string, Operation>;

  /** @param document what the server answers to `GET /openapi.json`. @throws Error when it is no such document */
  constructor(document: unknown) {
    const parsed = DocumentSchema.safeParse(document).data;
    if (parsed === undefined) throw new Error('no OpenAPI document');
    this.operations = operationsOf(parsed);
  }

  has(name: OperationName): boolean {
    return this.find(name) !== undefined;
  }

  /** Whether the body of an operation may have this member. */
  takes(name: OperationName, member: string): boolean {
    return this.find(name)?.members.has(member) ?? false;
  }

  /** Whether sessions have rules of their own; without, each run brings its rules, and asks are answered by them. */
  get keepsRules(): boolean {
    return this.takes('create', 'permissions') && this.takes('update', 'permissions');
  }

  /** The operation ids of what kugetsu needs and this server does not have. */
  lacking(): string[] {
    const names = Object.keys(OPERATIONS) as OperationName[];
    const lacking = names.filter((name) => !OPTIONAL.has(name) && !this.has(name)).map((name) => OPERATIONS[name][0]);
    return this.has('update') || this.has('rename') ? lacking : [...lacking, OPERATIONS.update[0]];
  }

  /**
   * The question for an operation that the server has; `values` go into the path, in its order.
   *
   * @throws Error when it does not have the operation
   */
  question(name: OperationName, values: readonly string[] = []): Pick<HttpQuestion, 'method' | 'path'> {
    const operation = this.find(name);
    if (operation === undefined) throw new Error(`this opencode has no ${OPERATIONS[name][0]}`);
    let at = 0;
    const path = operation.path.replaceAll(/\{[^}]*\}/g, () => encodeURIComponent(values[(at += 1) - 1] ?? ''));
    return { method: operation.method, path };
  }

  private find(name: OperationName): Operation | undefined {
    return OPERATIONS[name].map((id) => this.operations.get(id)).find((found) => found !== undefined);
  }
}

function operationsOf(document: Document): Map<string, Operation> {
  const found = new Map<string, Operation>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = OperationSchema.safeParse(item[method]).data;
      if (operation === undefined) continue;
      const id = operation.operationId.replace(/^(?:(?:v2|experimental)\.)+/, '');
      const members = new Set(bodyMembers(operation.requestBody, document));
      found.set(id, { method: method.toUpperCase() as Operation['method'], path, members });
    }
  }
  return found;
}

function bodyMembers(body: unknown, document: Document): string[] {
  const contents = Object.values(BodySchema.safeParse(body).data?.content ?? {});
  return contents.flatMap(({ schema }) => membersOf(schema, document));
}

/** References may go round in circles. */
function membersOf(schema: unknown, document: Document, depth = 0): string[] {
  const shape = ShapeSchema.safeParse(schema).data;
  if (shape === undefined || depth > 8) return [];
  const { $ref, properties = {}, anyOf = [], allOf = [] } = shape;
  const named = $ref === undefined ? [] : [document.components?.schemas?.[$ref.split('/').at(-1) ?? '']];
  return [
    ...Object.keys(properties),
    ...[...named, ...anyOf, ...allOf].flatMap((part) => membersOf(part, document, depth + 1)),
  ];
}
