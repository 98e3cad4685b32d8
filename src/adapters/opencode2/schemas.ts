import * as z from 'zod/mini';

// What opencode 2 answers, as far as kugetsu reads it; whatever else is in it may change.

const text = z.catch(z.optional(z.string()), undefined);
const moment = z.catch(z.number().check(z.gte(0)), 0);
const amount = z.catch(z.number().check(z.gte(0), z.lte(1e12)), 0);

export const SessionSchema = z.looseObject({
  id: z.string(),
  title: z.catch(z.string(), ''),
  location: z.looseObject({ directory: z.string() }),
  time: z.looseObject({
    created: z.number(),
    updated: z.number(),
    /** When its last turn was over. The early dialect does not say. */
    idle: z.catch(z.optional(z.number()), undefined),
  }),
  fork: z.catch(z.optional(z.nullable(z.looseObject({ sessionID: z.string() }))), undefined),
  agent: text,
  model: z.catch(
    z.optional(z.nullable(z.looseObject({ id: z.string(), providerID: z.string(), variant: text }))),
    undefined,
  ),
  /** How its last turn ended; that of the turn before while one runs. */
  outcome: text,
  permissions: z.catch(z.optional(z.unknown()), undefined),
});
export type Session = z.infer<typeof SessionSchema>;

const ErrorSchema = z.looseObject({ type: z.catch(z.string(), 'unknown'), message: z.catch(z.string(), '') });
export type StructuredError = z.infer<typeof ErrorSchema>;

const ToolStateSchema = z.looseObject({
  status: z.catch(z.string(), ''),
  input: z.catch(z.optional(z.unknown()), undefined),
  content: z.catch(z.optional(z.array(z.looseObject({ type: text, text }))), undefined),
  error: z.catch(z.optional(ErrorSchema), undefined),
  metadata: z.catch(z.optional(z.looseObject({ exit: z.catch(z.optional(z.number()), undefined) })), undefined),
});

const ContentSchema = z.looseObject({
  type: z.string(),
  text,
  name: text,
  state: z.catch(z.optional(ToolStateSchema), undefined),
});
export type Content = z.infer<typeof ContentSchema>;

export const MessageSchema = z.looseObject({
  id: z.string(),
  type: z.string(),
  time: z.catch(z.looseObject({ created: moment, completed: z.catch(z.optional(z.number()), undefined) }), {
    created: 0,
  }),
  text,
  content: z.catch(z.array(ContentSchema), []),
  finish: text,
  cost: amount,
  tokens: z.catch(z.optional(z.unknown()), undefined),
  error: z.catch(z.optional(ErrorSchema), undefined),
  retry: z.catch(
    z.optional(
      z.looseObject({ attempt: z.number(), at: z.catch(z.optional(z.number()), undefined), error: ErrorSchema }),
    ),
    undefined,
  ),
});
export type Message = z.infer<typeof MessageSchema>;

const CursorSchema = z.catch(
  z.optional(z.looseObject({ next: z.catch(z.optional(z.nullable(z.string())), undefined) })),
  undefined,
);

/** A page of a list. */
export const pageOf = <Row extends z.ZodMiniType>(
  row: Row,
): z.ZodMiniObject<{ data: z.ZodMiniArray<Row>; cursor: typeof CursorSchema }> =>
  z.object({ data: z.array(row), cursor: CursorSchema });

export const ActiveSchema = z.looseObject({ data: z.record(z.string(), z.unknown()) });

export const AskSchema = z.looseObject({
  id: z.string(),
  action: z.catch(z.string(), ''),
  resources: z.catch(z.array(z.string()), []),
});
export type Ask = z.infer<typeof AskSchema>;

export const FormSchema = z.looseObject({ id: z.string(), title: text });

export const AgentSchema = z.looseObject({ id: z.string(), mode: z.catch(z.string(), 'primary') });

export const AdmittedSchema = z.looseObject({
  data: z.looseObject({ id: z.string(), timeCreated: z.catch(z.optional(z.number()), undefined) }),
});

/** An event, as far as one is listened to: the sign that there is something to read, and why a turn did not begin. */
export const EventSchema = z.looseObject({
  type: z.string(),
  data: z.catch(z.looseObject({ sessionID: text, error: z.catch(z.optional(ErrorSchema), undefined) }), {}),
});
