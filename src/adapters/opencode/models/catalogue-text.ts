import * as z from 'zod/mini';
import { isLooseObject, parseJson, type LooseObject } from '../../../util/loose-object.ts';

/** The variables of each provider of a catalogue, by the provider's id: with one of them set, opencode can use it. */
export type KnownProviders = Readonly<Record<string, readonly string[]>>;

/** A catalogue of models, in opencode's order. */
export interface Catalogue {
  readonly providers: KnownProviders;
  /** The same with these providers alone, as the text of a file: in the same order, and nothing of them left out. */
  readonly only: (ids: ReadonlySet<string>) => string;
}

const ProviderSchema = z.looseObject({
  id: z.string(),
  env: z.optional(z.array(z.string())),
  models: z.record(z.string(), z.unknown()),
});

/** The catalogue that a text has (`models.json` of opencode's cache); undefined for anything that is not surely one. */
export function parseCatalogue(text: string): Catalogue | undefined {
  const json = parseJson(text);
  if (!isLooseObject(json)) return undefined;
  const providers = new Map<string, readonly string[]>();
  for (const [id, entry] of Object.entries(json)) {
    const provider = ProviderSchema.safeParse(entry).data;
    if (provider === undefined || provider.id !== id) return undefined;
    providers.set(id, provider.env ?? []);
  }
  if (providers.size === 0) return undefined;
  const only = (ids: ReadonlySet<string>): string =>
    JSON.stringify(Object.fromEntries(Object.entries(json).filter(([id]) => ids.has(id))));
  return { providers: Object.fromEntries(providers), only };
}

const ModelSchema = z.looseObject({
  experimental: z.optional(z.looseObject({ modes: z.optional(z.record(z.string(), z.unknown())) })),
});

/** The ids of the models of each provider that the text of a catalogue has; opencode makes one more of each mode. */
export function modelsIn(text: string): ReadonlyMap<string, ReadonlySet<string>> {
  const json = parseJson(text);
  const entries = isLooseObject(json) ? Object.entries(json) : [];
  return new Map(entries.map(([id, provider]) => [id, new Set(modelIds(isLooseObject(provider) ? provider : {}))]));
}

function modelIds({ models }: LooseObject): string[] {
  if (!isLooseObject(models)) return [];
  return Object.entries(models).flatMap(([id, model]) => {
    const modes = ModelSchema.safeParse(model).data?.experimental?.modes ?? {};
    return [id, ...Object.keys(modes).map((mode) => `${id}-${mode}`)];
  });
}
