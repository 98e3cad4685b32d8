import { join } from 'node:path';
import { previewProgram } from '../../scripts/opencode2-preview.ts';

/** A double of opencode 2.0.25, with the traps that released versions are known to have. */
export const OPENCODE2_DOUBLE = join(import.meta.dirname, 'opencode2-double.mjs');

/** The preview of opencode 2 that `scripts/opencode2-preview.ts` installs. */
export const OPENCODE2_PREVIEW = previewProgram();
